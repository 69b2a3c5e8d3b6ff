"""Sounds before they are played: rates, loudness, and the playhead's arithmetic."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.playback.levelling import REACH_DB, loudness_lufs, matching_gains
from app.playback.playhead import Playhead
from app.playback.resample import to_rate
from app.playback.shelf import Held, Shelf
from app.playback.sound import Sound
from engine.audio.resample import soxr_resample


def tone(rate_hz: int, seconds: float, hz: float) -> np.ndarray:
    at = np.arange(round(rate_hz * seconds)) / rate_hz
    wave = np.stack([np.sin(2 * np.pi * hz * at), np.cos(2 * np.pi * hz * at)], axis=1)
    return (0.5 * wave).astype(np.float32)


@pytest.mark.parametrize("rate_in", [16_000, 24_000, 44_100, 48_000])
@pytest.mark.parametrize("rate_out", [44_100, 48_000, 96_000])
def test_a_loop_is_resampled_with_its_period(rate_in: int, rate_out: int) -> None:
    out = to_rate(tone(rate_in, 2.0, 440.0), rate_in, rate_out, periodic=True)
    assert out.shape == (2 * rate_out, 2)
    assert np.abs(out - tone(rate_out, 2.0, 440.0)).max() < 1e-5  # right up to the seam


def test_a_clip_is_resampled_as_the_hand_off_does() -> None:
    rng = np.random.default_rng(0)
    audio = rng.uniform(-0.5, 0.5, (5000, 2)).astype(np.float32)
    out = to_rate(audio, 24_000, 44_100, periodic=False)
    assert np.array_equal(out, soxr_resample(audio, 24_000, 44_100))


def test_the_devices_own_rate_changes_nothing() -> None:
    audio = tone(48_000, 0.1, 440.0)
    assert to_rate(audio, 48_000, 48_000, periodic=False) is audio


def test_takes_are_brought_to_the_quietest() -> None:
    gains = matching_gains({0: -14.0, 1: -20.0, 2: -17.0})
    assert gains == pytest.approx({0: 10 ** (-6 / 20), 1: 1.0, 2: 10 ** (-3 / 20)})


def test_a_nearly_silent_take_does_not_silence_the_others() -> None:
    gains = matching_gains({0: -14.0, 1: -60.0, 2: -np.inf})
    assert gains == pytest.approx({0: 10 ** (-REACH_DB / 20), 1: 1.0, 2: 1.0})


@given(st.dictionaries(st.integers(0, 3), st.floats(-70, 0)))
def test_nothing_is_ever_amplified(lufs: dict[int, float]) -> None:
    gains = matching_gains(lufs)
    assert gains.keys() == lufs.keys()
    assert all(0 < gain <= 1 for gain in gains.values())


def test_loudness_is_estimated_where_nobody_measured() -> None:
    audio = tone(48_000, 1.0, 1000.0)
    sound = Sound(audio=audio, rate_hz=48_000)
    assert loudness_lufs(sound) == pytest.approx(-0.691 + 10 * np.log10(0.25), abs=0.01)
    assert loudness_lufs(Sound(audio=audio, rate_hz=48_000, loudness_lufs=-9.0)) == -9.0
    assert loudness_lufs(Sound(audio=audio * np.float32(0), rate_hz=48_000)) == -np.inf


@pytest.mark.parametrize(
    "audio", [np.zeros(5, np.float32), np.zeros((5, 1), np.float32), np.zeros((5, 2)),
              np.zeros((0, 2), np.float32)]
)  # fmt: skip
def test_what_is_no_sound_is_refused(audio: np.ndarray) -> None:
    with pytest.raises(ValueError, match="sound"):
        Sound(audio=audio, rate_hz=48_000)


def test_the_playhead_goes_on_and_wraps() -> None:
    playhead = Playhead()
    playhead.set_span(wrap=(1.0, 3.0), end_s=3.0)
    playhead.put(0.5, 100.0, moving=True)
    assert playhead.at(100.5) == pytest.approx(1.0)
    assert playhead.at(103.0) == pytest.approx(1.5)  # 3.5 wrapped
    playhead.set_span(wrap=None, end_s=3.0)
    assert playhead.at(110.0) == 3.0


def test_the_playhead_takes_small_errors_up_softly_and_large_ones_at_once() -> None:
    playhead = Playhead()
    playhead.set_span(wrap=None, end_s=100.0)
    playhead.put(0.0, 0.0, moving=True)
    playhead.report(1.01, 1.0, 1.0, moving=True)
    assert playhead.at(1.0) == pytest.approx(1.002)
    playhead.report(5.0, 2.0, 2.0, moving=True)
    assert playhead.at(2.0) == 5.0
    playhead.report(5.0, 2.0, 2.5, moving=False)
    assert playhead.at(9.0) == 5.0


def test_a_late_conversion_never_replaces_a_newer_sound() -> None:
    later: list[Callable[[], None]] = []
    shelf = Shelf(later.append, lambda task: task())
    shelf.set_rate(48_000)
    first, second = tone(24_000, 0.1, 100.0), tone(24_000, 0.1, 200.0)
    for audio in (first, second):
        shelf.put(0, Held(audio=audio, rate_hz=24_000, periodic=False))
    assert shelf.get(0) is None
    later.pop(1)()
    newer = shelf.get(0)
    assert newer is not None
    assert newer.audio is second
    later.pop(0)()
    assert shelf.get(0) is newer
    shelf.set_rate(44_100)
    assert shelf.get(0) is None
    later.pop()()
    converted = shelf.get(0)
    assert converted is not None
    assert converted.ready_rate_hz == 44_100
