"""Frame tracks agree with the generator's signals and with the score."""

import numpy as np
import pytest

from engine.composer import Request, compose
from engine.corpus.annotate import ROLES, TRACKS, annotate, frame_tracks
from engine.music.chords import tones
from engine.music.grid import loop_timeline, timeline
from engine.music.meter import METER_TABLE
from engine.music.signals import Conditions, signal_rows

PHASES = ("beat_sin", "beat_cos", "bar_sin", "bar_cos")


@pytest.mark.parametrize("meter", ["4/4", "3/4", "6/8"])
@pytest.mark.parametrize("loop", [False, True])
def test_phases_are_the_signals_own(meter: str, loop: bool) -> None:
    labels = annotate(compose(3, request=Request(genre="pop", meter=meter, loop=loop, bpm=97.0)))
    frames = round(labels.seconds * 100)
    if loop:
        line = loop_timeline(frames, 100, bars=labels.bars, meter=meter)
    else:
        line = timeline(frames, 100, bpm=97.0, meter=meter)
    wanted = signal_rows(PHASES, Conditions(line, 97.0, labels.key, loop))
    tracks = frame_tracks(labels, frames)
    np.testing.assert_array_equal(np.stack([tracks[name] for name in PHASES]), wanted)


@pytest.mark.parametrize(("meter", "bpm"), [("4/4", 120.0), ("6/8", 133.0), ("3/4", 171.0)])
def test_every_beat_and_bar_is_marked_once(meter: str, bpm: float) -> None:
    labels = annotate(compose(5, request=Request(genre="pop", meter=meter, bpm=bpm, bars=8)))
    tracks = frame_tracks(labels, round(labels.seconds * 100))
    assert tracks["downbeats"].sum() == 8
    assert tracks["beats"].sum() == 8 * METER_TABLE[meter][1]
    assert tracks["downbeats"][0] == 1
    assert np.all(tracks["beats"] >= tracks["downbeats"])


def test_beats_fall_where_a_click_would() -> None:
    labels = annotate(compose(5, request=Request(genre="pop", meter="4/4", bpm=120.0, bars=4,
                                                 loop=False)))  # fmt: skip
    beats = np.flatnonzero(frame_tracks(labels, 800)["beats"])
    np.testing.assert_array_equal(beats, np.arange(16) * 50)


def test_chroma_holds_the_sounding_chord() -> None:
    labels = annotate(compose(11, request=Request(genre="jazz ballad", loop=False)))
    tracks = frame_tracks(labels, round(labels.seconds * 100))
    for chord in labels.chords:
        middle = int((chord.start_s + chord.end_s) * 50)
        sounding = set(np.flatnonzero(tracks["chroma"][:, middle]))
        assert sounding == {*tones(chord.root, chord.quality), chord.bass}


def test_drums_alone_have_no_chroma() -> None:
    request = Request(genre="techno", texture="solo", instruments=("909 kit",))
    labels = annotate(compose(2, request=request))
    assert labels.key is None
    assert not frame_tracks(labels, 1000)["chroma"].any()


def test_padding_after_the_end_is_silent() -> None:
    labels = annotate(compose(4, request=Request(genre="rock and roll", loop=False, bars=8)))
    frames = round(labels.seconds * 100)
    tracks = frame_tracks(labels, frames + 200)
    assert set(tracks) == set(TRACKS)
    assert tracks["active"].shape == (len(ROLES), frames + 200)
    assert not tracks["active"][:, frames + 1 :].any()
    assert not tracks["chroma"][:, frames + 1 :].any()
    assert set(tracks["section"][frames + 1 :].tolist()) == {-1.0}
    assert tracks["section"][: frames - 1].min() >= 0
    assert tracks["active"][:, : frames - 1].max(axis=0).mean() > 0.9
    assert all(track.dtype == np.float32 for track in tracks.values())
