"""What a bundle says of the corpus's chords."""

from math import isclose

import msgspec

from engine.bundle.harmony import read_harmony
from engine.composer.genres import GENRES
from engine.composer.theory.keyfit import key_margin
from engine.music.keys import key_index
from engine.music.progression import pitch_classes, read_bars
from engine.training.export.harmony import composed_harmony


def test_every_genre_has_chords_with_the_weights_of_a_draw() -> None:
    file = composed_harmony()
    assert read_harmony(msgspec.json.encode(file)) == file
    assert set(file.genres) == set(GENRES)
    for genre in (file.any, *file.genres.values()):
        whole = sum(weight for _, weight in (*genre.major, *genre.minor))
        assert isclose(whole, 1, abs_tol=0.01)
    assert "808 kit" in file.unpitched
    assert "steel drums" not in file.unpitched


def test_most_progressions_say_their_key() -> None:
    any_genre = composed_harmony().any
    for key, rows in (("C", any_genre.major), ("Cm", any_genre.minor)):
        saying = 0.0
        for text, weight in rows:
            notes = [0.0] * 12
            for chord in (chord for bar in read_bars(text) for chord in bar):
                for note in pitch_classes(chord, key):
                    notes[note] += 1
            saying += weight * (key_margin(notes, key_index(key)) > 0)
        assert saying > 0.8 * sum(weight for _, weight in rows)
