"""What is played, through a corpus: from a score to MIDI and labels to prepared data."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.composer import compose
from engine.composer.request import Request
from engine.corpus.annotate import annotate
from engine.corpus.store import open_corpus
from engine.corpus.store.layout import FORMAT, Versions
from engine.corpus.store.make import Settings, make_corpus
from engine.corpus.store.seeds import clip_seed
from engine.errors import UserError
from engine.music.midi import midi_bytes, score_to_midi
from engine.music.roll import PLAYER_NAMES, ROW_NAMES, VOICES, Played, played
from engine.music.score import Note, Part, Score
from engine.music.signals import GLOBALS, SIGNALS
from engine.training.train.batches import Batches, Needs
from engine.training.train.data import Dataset, notes_of, open_data
from engine.training.train.played import clip_played
from engine.training.train.prepare import grid_frames, prepare
from engine.training.train.settings import settings_for
from tests.engine.corpus.store.plain_renderer import HERE, Plain

CORPUS_SEED = 3


def read_back(score: Score) -> tuple[Played, Played]:
    """What a score plays, and what is read of it in a corpus."""
    labels = annotate(score)
    frames = grid_frames(round(labels.seconds * 24_000), loop=score.loop)
    return (
        played(score, frames=frames),
        clip_played(labels, midi_bytes(score_to_midi(score)), frames=frames),
    )


def in_order(notes: np.ndarray) -> np.ndarray:
    """By voice, pitch and start, for voices of two parts that play the same."""
    return notes[np.lexsort((notes[:, 4], notes[:, 2], notes[:, 1], notes[:, 0]))]


def same(found: Played, expected: Played) -> None:
    assert len(found.notes) == len(expected.notes)
    ours, theirs = in_order(found.notes), in_order(expected.notes)
    np.testing.assert_array_equal(ours[:, :2], theirs[:, :2])
    np.testing.assert_allclose(ours[:, 2:4], theirs[:, 2:4], rtol=0, atol=0.01)
    np.testing.assert_allclose(ours[:, 4], theirs[:, 4], rtol=0.01)
    assert len(found.players) == len(expected.players)
    for player, other in zip(found.players, expected.players, strict=True):
        assert (player.voice, player.instrument) == (other.voice, other.instrument)
        assert (player.width, player.reverb) == (other.width, other.reverb)
        assert player.pan == pytest.approx(other.pan, abs=1 / 63)


def test_what_is_played_is_read_back_from_midi_and_labels() -> None:
    heard = set()
    for seed in range(24):
        score = compose(seed, request=Request(bars=4, loop=True) if seed % 3 == 0 else None)
        expected, found = read_back(score)
        same(found, expected)
        heard |= {(VOICES[int(voice)], score.loop) for voice in expected.notes[:, 0]}
    assert heard >= {(voice, False) for voice in VOICES}  # risers and impacts too
    assert heard >= {(voice, True) for voice in VOICES[:4]}


def test_a_note_struck_again_and_one_under_another_are_read_in_the_order_they_began() -> None:
    notes = (Note(0, 1, 60, 100), Note(1, 1, 60, 50), Note(2, 1.5, 60, 90), Note(3, 1, 60, 70))
    parts = (Part("lead", "melody", "flute", notes, gain_db=-6, pan=0.4),)
    score = Score(
        seed=0, genre="pop", bpm=120, meter="4/4", bars=1, tonic=0, mode="major", key="C",
        swing=0, sections=(), chords=(), parts=parts, energy=0.5, moods=(), era="",
        texture="solo", loop=False,
    )  # fmt: skip
    expected, found = read_back(score)
    same(found, expected)
    assert found.notes[:, 2:4].tolist() == [[0, 50], [50, 100], [100, 175], [150, 200]]
    assert found.notes[0, 4] == pytest.approx(100 / 127 * 10**-0.15, rel=0.01)


def test_a_track_that_the_labels_do_not_know_is_refused() -> None:
    score = next(s for s in map(compose, range(9)) if len(s.parts) > 1)
    labels = annotate(score)
    other = type(labels)(
        **{f: getattr(labels, f) for f in labels.__struct_fields__} | {"parts": ()}
    )
    with pytest.raises(KeyError):
        clip_played(other, midi_bytes(score_to_midi(score)), frames=3000)


# ── prepared data ─────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Mels of a small corpus whose clips last a tenth of their scores."""
    folder = tmp_path_factory.mktemp("played")
    make_corpus(
        Settings(
            hours=0.02, folder=folder / "corpus", seed=CORPUS_SEED, workers=0,
            renderer=f"{HERE}:Plain", versions=Versions(format=FORMAT, code="test", soundfonts={}),
        )
    )  # fmt: skip
    prepare(folder / "corpus", folder / "data", arrays=("mel",), seconds_per_part=40.0)
    Plain.played.clear()
    return folder / "data"


def every_split(folder: Path) -> list[Dataset]:
    splits = sorted({path.name.rpartition("-")[0] for path in folder.iterdir()})
    return [open_data(folder, split) for split in splits]


def test_prepared_clips_carry_their_notes_and_players(prepared: Path) -> None:
    stored = open_corpus(prepared.parent / "corpus").clips()
    numbers = {clip.key: clip.info.number for clip in stored}
    seen = 0
    for data in every_split(prepared):
        for index in range(len(data)):
            part, clip = data.clip(index)
            score = compose(clip_seed(CORPUS_SEED, numbers.pop(clip.key)))
            notes = notes_of(part, clip)
            assert notes is not None
            assert notes.dtype == np.float32
            same(Played(notes, clip.players), played(score, frames=clip.frames))
            seen += len(notes)
        for part in data.parts:
            places = [clip.notes for clip in part.clips]
            assert places[0] is not None
            assert places[0][0] == 0
            assert sum(p[1] for p in places if p) == len(part.arrays["notes"])
    assert seen > 500
    assert not numbers


def batches_of(folder: Path, split: str = "train") -> Batches:
    need = Needs(arrays=("mel",), frames=64, rate_hz=100, signals=True)
    run = settings_for("generator", "tiny-generator", batch=2)
    return Batches(open_data(folder, split), need, run, augment=False)


def test_data_from_before_there_were_notes_are_silent_there(make_data: Any, tmp_path: Path) -> None:
    arrays = batches_of(make_data(tmp_path)).batch(0, first=0, count=2)
    first = list(SIGNALS).index("notes_present")
    assert arrays["signals"].shape == (2, len(SIGNALS), 64)
    assert not arrays["signals"][:, first:].any()
    assert arrays["signals"][:, :first].any()
    assert not arrays["globals"][:, -len(PLAYER_NAMES) - 1 :].any()
    assert arrays["globals"][:, list(GLOBALS).index("bpm_present")].all()


def test_notes_that_are_gone_are_silent(make_data: Any, tmp_path: Path) -> None:
    make_data(tmp_path, notes=True)
    first = list(SIGNALS).index("notes_present")
    there = batches_of(tmp_path).batch(0, first=0, count=2)["signals"]
    assert there[:, first].any()
    assert there[:, first + 1 :].max() > 0.3
    (tmp_path / "train-0000" / "notes.npy").unlink()
    assert not batches_of(tmp_path).batch(0, first=0, count=2)["signals"][:, first:].any()


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (np.zeros((100, 5), np.float64), "it holds float64"),
        (np.zeros((100, 4), np.float32), r"it holds float32 \(100, 4\)"),
        (np.zeros((3, 5), np.float32), r"it holds float32 \(3, 5\)"),
        (np.zeros(500, np.float32), r"it holds float32 \(500,\)"),
    ],
)
def test_damaged_notes_are_refused(
    make_data: Any, tmp_path: Path, array: np.ndarray, told: str
) -> None:
    make_data(tmp_path, notes=True)
    np.save(tmp_path / "train-0000" / "notes.npy", array)
    with pytest.raises(UserError, match=told):
        batches_of(tmp_path).item(0, 0)


def test_a_file_of_notes_that_is_no_array_is_refused(make_data: Any, tmp_path: Path) -> None:
    make_data(tmp_path, notes=True)
    (tmp_path / "train-0000" / "notes.npy").write_bytes(b"\x93NUMPY and no more")
    with pytest.raises(UserError, match="training data were not read"):
        batches_of(tmp_path).item(0, 0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("notes", [1]), ("notes", "x"), ("notes", [1, 2, 3]), ("notes", 5),
        ("notes", [0, float("inf")]),
        ("players", [{"voice": "bass", "instrument": "sub bass", "solo": 1}]),
        ("players", [3]), ("players", [{"voice": "bass"}]),
    ],
)  # fmt: skip
def test_damaged_labels_of_notes_are_refused(
    make_data: Any, tmp_path: Path, field: str, value: object
) -> None:
    make_data(tmp_path, notes=True)
    path = tmp_path / "train-0000" / "clips.json"
    data = json.loads(path.read_text())
    data["clips"][0][field] = value
    path.write_text(json.dumps(data))
    with pytest.raises(UserError, match="training data were not read"):
        open_data(tmp_path, "train")


def test_rows_are_those_of_the_roll() -> None:
    names = list(SIGNALS)
    assert names[names.index("notes_present") + 1 :] == list(ROW_NAMES)
    assert list(GLOBALS)[-len(PLAYER_NAMES) :] == list(PLAYER_NAMES)
