"""What is played in each take: a score composed for the prompt, the grid and the chords.

The composer (engine.composer) writes the notes, as it wrote those that the starter learnt from; the
generator is told them, and makes the sound that the prompt asks for. A take's score follows from
its recipe alone, so that a clip repeats it. Rejected: notes that the generator finds by itself (in
the hours of training that the starter had, it never found any), and a score in the recipe (a
hundred times its size, and nobody could read it).
"""

from collections.abc import Container, Sequence
from dataclasses import replace
from math import ceil
from typing import Final

from engine.bundle.manifest import StageSpec
from engine.cascade.alone import DRUMS, names_a_song, players_said, refused_roles, sure
from engine.composer import compose
from engine.composer.dice import Dice
from engine.composer.genres import ERAS, GENRES, MOODS, Genre
from engine.composer.harmony import chord_weights, given_chords
from engine.composer.request import METERS, Request, Texture
from engine.composer.theory.keyfit import best_key
from engine.music.instruments import DRUM_FAMILIES, INSTRUMENTS, Players
from engine.music.keys import KEYS
from engine.music.meter import METER_TABLE, seconds_per_bar
from engine.music.roll import DRUMS as KIT
from engine.music.score import Chord, Note, Part, Score
from engine.recipe import Recipe, duration_s, has_chords
from engine.text.phrases import refused_in
from engine.text.understanding import Guess, Understanding

# Raised whenever the same recipe would get other notes: a clip's recipe says who wrote its notes.
COMPOSER_VERSION: Final = 5

_HIGHEST_BASS: Final = 64  # what plays no higher is a bass
_PIECE_S: Final = 16.0  # from here on a take has a form: it may begin with an intro, and close
_CRASH_BARS: Final = 8  # a loop of so many may open with one
# How many play where the prompt leaves it open: as in the music of captions that do and name up to
# three players (907 of 3,238 long ones in 14 shards of `corpus make --hours 24 --seed 2028`). With
# everybody in each of them, takes are other notes of one sound, and what the prompt names is heard
# less well.
_TEXTURES: Final[dict[Texture, float]] = {"full": 0.72, "sparse": 0.28}
# One name among tags, as in "flamenco, gut-string guitar", is one player, a few or a band: of 97
# such wordings of the validation clips' labels 29, 33 and 35.
_TEXTURES_OF_ONE: Final[dict[Texture, float]] = {"full": 0.36, "sparse": 0.34, "solo": 0.3}
_TEXTURE_OF: Final[dict[Players, Texture]] = {
    "one": "solo", "drums only": "solo", "few": "sparse", "all": "full",
}  # fmt: skip
_BAND: Final = 4  # so many players in a prompt are everybody
_TAKES: Final = 1 << 16  # more than there are
_BREATH_Q: Final = 1.0  # before a loop comes round, that a last note may be held over
_GAP_Q: Final = 0.1  # between any note and the next
# a meter that the composer does not write → one that it does, and how many of its bars are one
_WRITTEN_AS: Final = {"12/8": ("6/8", 2)}
_DRUMMERS: Final = frozenset((*DRUMS, *DRUM_FAMILIES))  # as prompts are understood to name them


def hears_notes(spec: StageSpec) -> bool:
    """Whether a stage's network takes notes."""
    return "notes_present" in spec.signals


def refused(recipe: Recipe) -> str:
    """What a recipe's prompt and negative prompt want nothing of, as a text to be understood."""
    texts = (refused_in(recipe.prompt), recipe.negative_prompt.strip())
    return ", ".join(text for text in texts if text)


def composed(
    recipe: Recipe, understood: Understanding | None, unwanted: Understanding | None = None
) -> Score | None:
    """The score of one take.

    Args:
        recipe: of one take, its chords drawn.
        understood: of its prompt, None where the bundle cannot say.
        unwanted: of what is `refused`.

    Returns:
        A score at least as long as the recipe asks; None in a meter that the composer does not
        write.
    """
    meter, times = _WRITTEN_AS.get(recipe.meter, (recipe.meter, 1))
    if meter not in METERS:
        return None
    meant = understood or Understanding()
    seed = recipe.seed * _TAKES + recipe.first_take
    genre = _genre(meant, recipe.bpm, meter, Dice(seed, "genre"))
    bpm = recipe.bpm or _tempo(GENRES[genre], Dice(seed, "tempo"))
    bars = max(1, ceil(round(duration_s(recipe) / seconds_per_bar(bpm, meter), 4)))
    players = players_said(recipe.prompt, understood)
    drums = players == "drums only"
    chords = () if drums else _chords(recipe, ceil(bars / times))
    instruments = _instruments(meant, GENRES[genre], Dice(seed, "instruments"))
    score = compose(
        seed,
        request=Request(
            genre=genre,
            bpm=bpm,
            key=recipe.key or _key_of(chords),
            meter=meter,
            bars=bars,
            texture=_texture(recipe, meant, players, Dice(seed, "texture")),
            loop=recipe.loop,
            instruments=instruments or (("standard kit",) if drums else ()),
            moods=_names(meant.moods, MOODS)[:2],
            era=next(iter(_names(meant.era, ERAS)), None),
            without=_without(recipe, unwanted or Understanding()),
            chords=chords,
            excerpt=duration_s(recipe) < _PIECE_S,
            keeps_beat=True,
        ),
    )
    if not recipe.loop:
        return score
    return _held_round(_without_first_crash(score) if bars < _CRASH_BARS else score)


def _without_first_crash(score: Score) -> Score:
    """Cymbals that open a song are not struck again each time that a short loop comes round.

    Taken out here, and not left unwritten: the composer's loops are in corpora, which seeds repeat.
    """

    def sounds(part: Part, note: Note) -> bool:
        return part.role != "drums" or note.start_q > 0.5 or note.pitch not in KIT["crash"]

    parts = (
        replace(part, notes=tuple(note for note in part.notes if sounds(part, note)))
        for part in score.parts
    )
    return replace(score, parts=tuple(parts))


def _held_round(score: Score) -> Score:
    """A loop whose last notes sound until it comes round, for at most twice their length.

    Where all breathe before the first beat and then enter together, that beat is the strongest
    change of the loop, and one hears where it ends. Done here for the same reason as above.
    """
    length_q = score.bars * METER_TABLE[score.meter][0]

    def held(note: Note, last_q: float) -> Note:
        """`last_q`: where the last note of its part ends."""
        end_q = note.start_q + note.duration_q
        longest_q = min(_BREATH_Q, max(_GAP_Q, note.duration_q))
        if end_q < last_q - _GAP_Q or not 0 < length_q - end_q <= longest_q:
            return note
        return replace(note, duration_q=length_q - note.start_q)

    def rung_out(part: Part) -> Part:
        if part.role in ("drums", "fx"):
            return part
        last_q = max((note.start_q + note.duration_q for note in part.notes), default=0.0)
        return replace(part, notes=tuple(held(note, last_q) for note in part.notes))

    return replace(score, parts=tuple(rung_out(part) for part in score.parts))


def _texture(recipe: Recipe, meant: Understanding, players: Players | None, dice: Dice) -> Texture:
    """What the prompt says of it; everybody, or a few, where it leaves that open.

    Where it names nobody, the first take has everybody: a genre is known by its band.
    """
    if players is not None:
        return _TEXTURE_OF[players]
    named = [guess.name for guess in sure(meant.instruments)]
    if len(named) >= _BAND or (not named and recipe.first_take == 1):
        return "full"
    one = len(named) == 1 and named[0] not in _DRUMMERS and not names_a_song(recipe.prompt)
    return dice.weighted(_TEXTURES_OF_ONE if one else _TEXTURES)


def _names(guesses: Sequence[Guess], known: Container[str]) -> tuple[str, ...]:
    return tuple(guess.name for guess in sure(guesses) if guess.name in known)


def _genre(meant: Understanding, bpm: float | None, meter: str, dice: Dice) -> str:
    """The genre that the prompt names; else one that suits what else it says."""
    for guess in meant.genre:
        if guess.name in GENRES:
            return guess.name
    moods = _names(meant.moods, MOODS)
    wanted = [_meant_by(guess.name) for guess in sure(meant.instruments)]

    def suits(row: Genre) -> float:
        offered = _offered(row)
        in_range = bpm is None or row.bpm[0] <= bpm <= row.bpm[1]
        return (
            sum(mood in row.moods for mood in moods)
            + 2 * sum(not offered.isdisjoint(names) for names in wanted)
            + in_range
            + 2 * (meter in row.meters)
        )

    scores = {name: suits(row) for name, row in GENRES.items()}
    best = max(scores.values())
    return dice.pick([name for name, score in scores.items() if score == best])


def _offered(row: Genre) -> frozenset[str]:
    return frozenset(name for seat in row.seats for name in seat.instruments)


def _meant_by(name: str) -> tuple[str, ...]:
    """The instruments that a name stands for: itself, or those of a family."""
    if name in INSTRUMENTS:
        return (name,)
    return tuple(known for known, row in INSTRUMENTS.items() if row.family == name)


def _instruments(meant: Understanding, row: Genre, dice: Dice) -> tuple[str, ...]:
    """Who must play: of a family one that the genre has a seat for, else any."""
    found: list[str] = []
    for guess in sure(meant.instruments):
        names = _meant_by(guess.name)
        seated = [name for name in names if name in _offered(row)]
        if names and not any(name in found for name in names):
            found.append(dice.weighted(_usual(row, seated)) if seated else dice.pick(names))
    return tuple(found)


def _usual(row: Genre, names: Sequence[str]) -> dict[str, float]:
    """How often each of some instruments sits in a genre's seats."""
    return {
        name: sum(seat.chance * seat.instruments.get(name, 0.0) for seat in row.seats)
        for name in names
    }


def _without(recipe: Recipe, unwanted: Understanding) -> frozenset[str]:
    """Who must not play: what is refused by name or family, and whole roles."""
    roles = refused_roles(refused(recipe), recipe.prompt)
    names = {name for guess in sure(unwanted.instruments) for name in _meant_by(guess.name)}
    if "drums" in roles:
        names.update(DRUMS)
    if "bass" in roles:
        names.update(name for name, row in INSTRUMENTS.items() if row.high <= _HIGHEST_BASS)
    return frozenset(names)


def _tempo(row: Genre, dice: Dice) -> float:
    return float(round(dice.between(*row.bpm)))


def _chords(recipe: Recipe, bars: int) -> tuple[Chord, ...]:
    """The recipe's chords over some of its bars; where it wants none, the tonic's fifth alone."""
    bar_q = METER_TABLE[recipe.meter][0]
    if has_chords(recipe.chords):
        return given_chords(recipe.chords, recipe.key, bars=bars, bar_q=bar_q)
    if recipe.chords:
        return given_chords("I5", recipe.key or "C", bars=bars, bar_q=bar_q)
    return ()


def _key_of(chords: Sequence[Chord]) -> str | None:
    """The key that chords say, their roots counted twice and the first of them thrice."""
    if not chords:
        return None
    weights = chord_weights(chords)
    weights[chords[0].root] += chords[0].duration_q
    return KEYS[best_key(weights)]
