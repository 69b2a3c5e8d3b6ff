"""Frames to sound: parts that add up, and phases that fit real magnitudes."""

import numpy as np
import pytest

from engine.audio.bands import MelParameters, frame_bins
from engine.audio.frames import FrameSpace, _analysed, _made, _parts
from engine.audio.mel import stereo_mel

DEFAULT = MelParameters()
PARTS = _parts(DEFAULT)
BINS = frame_bins(DEFAULT)
FRAMES = 64


def _noise(samples: int, channels: int = 2, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((samples, channels)).astype(np.float32)


def _music(frames: int = FRAMES) -> np.ndarray:
    """(samples, 2): a chord, a hit every 160 ms on the right, and some wide noise; a loop."""
    samples = frames * 160
    time_s = np.arange(samples) / 16_000
    laps = [round(hz * samples / 16_000) for hz in (82.4, 220.0, 554.4, 1318.5)]
    chord = sum(np.sin(2 * np.pi * lap * np.arange(samples) / samples + lap) for lap in laps)
    hits = _noise(samples, 1)[:, 0] * np.exp(-40 * (time_s % 0.16))
    sides = np.stack([chord + 0.2 * hits, 0.5 * chord + hits], axis=1)
    return np.asarray(0.1 * sides + 0.002 * _noise(samples, seed=1), np.float32)


def _magnitudes(channel: np.ndarray) -> np.ndarray:
    """(frames, bins) of one circular channel."""
    spectra = _analysed(np.ascontiguousarray(channel, np.float32), PARTS)
    return np.concatenate([np.abs(spectrum) for spectrum in spectra], axis=1)


def _gains(audio: np.ndarray, space: FrameSpace) -> np.ndarray:
    """(3·bins, T): a loop's left and right above the envelope of its mel, its side above them."""
    side = (audio[:, 0] - audio[:, 1]) / 2
    left, right, apart = (_magnitudes(channel) + 1e-9 for channel in (*audio.T, side))
    envelopes = [np.log(powers @ space._spread + 1e-18) / 2 for powers in space._powers]
    rows = [
        *(np.log(one) - below for one, below in zip((left, right), envelopes, strict=True)),
        np.log(apart / np.sqrt((left**2 + right**2) / 2)),
    ]
    return np.concatenate([row.T for row in rows]).astype(np.float32)


def _loop(audio: np.ndarray) -> tuple[FrameSpace, np.ndarray, np.ndarray]:
    """A loop's space, real gains, and noise."""
    space = FrameSpace(stereo_mel(audio, DEFAULT, circular=True), DEFAULT, loop=True)
    return space, _gains(audio, space), _noise(space.samples, seed=7).T


def _mel_error_db(made: np.ndarray, real: np.ndarray) -> float:
    """Mean difference of levels, those below −80 dB raised to it."""
    levels = [
        np.maximum((stereo_mel(audio, DEFAULT, circular=True)[:80] + 1) * 50 - 100, -80)
        for audio in (made, real)
    ]
    return float(np.abs(levels[0] - levels[1]).mean())


@pytest.mark.parametrize("frames", [1, 7, 64])
def test_the_parts_of_a_sound_add_up_to_it(frames: int) -> None:
    sound = _noise(frames * 160, 1)[:, 0]
    spectra = _analysed(sound, PARTS)
    assert sum(spectrum.shape[1] for spectrum in spectra) == BINS
    assert all(len(spectrum) == frames for spectrum in spectra)
    off = _made(spectra, PARTS, len(sound)) - sound
    assert 10 * np.log10(np.mean(off**2) / np.mean(sound**2)) < -50


def test_decimated_parts_have_the_magnitudes_of_the_full_rate() -> None:
    assert [part.factor for part in PARTS] == [16, 2, 1]
    sound = _music()[:, 0]
    for part, spectrum in zip(PARTS, _analysed(sound, PARTS), strict=True):
        left = (part.window.n_fft - 160) // 2
        places = np.arange(part.window.n_fft) - left + 160 * np.arange(FRAMES)[:, None]
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(part.window.n_fft) / part.window.n_fft)
        whole = np.abs(np.fft.rfft(sound[places % len(sound)] * hann))[:, part.window.bins]
        assert np.abs(np.abs(spectrum) - whole).max() < 1e-3 * whole.max()


def test_phases_are_found_for_real_magnitudes() -> None:
    audio = _music()
    space, gains, noise = _loop(audio)
    errors = [_mel_error_db(space.sound(gains, noise, n), audio) for n in (0, 6, 24)]
    assert errors[1] < 1.3
    assert errors[2] < 0.7
    assert errors[0] > 2


def test_a_turned_loop_is_the_loop_turned() -> None:
    audio, turn = _music(), 11
    space, gains, noise = _loop(audio)
    mel = stereo_mel(audio, DEFAULT, circular=True)
    turned_space = FrameSpace(np.roll(mel, turn, axis=1), DEFAULT, loop=True)
    made = space.sound(gains, noise, 4)
    turned = turned_space.sound(np.roll(gains, turn, axis=1), np.roll(noise, turn * 160, axis=1), 4)
    assert made.shape == (FRAMES * 160, 2)
    assert np.abs(np.roll(made, turn * 160, axis=0) - turned).max() < 1e-2 * np.abs(made).max()


@pytest.mark.parametrize("frames", [1, 2, 10, 40])
@pytest.mark.parametrize("iterations", [0, 3])
def test_a_one_shot_is_as_long_as_its_mel(frames: int, iterations: int) -> None:
    audio = np.float32(0.1) * _noise(frames * 160)
    space = FrameSpace(stereo_mel(audio, DEFAULT), DEFAULT, loop=False)
    gains = np.zeros((3 * BINS, frames), np.float32)
    made = space.sound(gains, _noise(space.samples).T, iterations)
    assert made.shape == (frames * 160, 2)
    assert made.dtype == np.float32
    assert space.frames == frames + 2 * min(16, frames - 1)
    assert 0.03 < float(np.sqrt(np.mean(made**2))) < 0.3


def test_silence_stays_silent() -> None:
    space = FrameSpace(stereo_mel(np.zeros((3200, 2), np.float32), DEFAULT), DEFAULT, loop=False)
    made = space.sound(np.zeros((3 * BINS, 20), np.float32), _noise(space.samples).T, 3)
    assert np.isfinite(made).all()
    assert float(np.abs(made).max()) < 1e-3


def test_the_same_noise_makes_the_same_sound() -> None:
    space, gains, noise = _loop(_music())
    made = [space.sound(gains, noise, 5) for _ in range(3)]
    assert np.array_equal(made[0], made[1])
    assert np.array_equal(made[0], made[2])
    assert not np.array_equal(made[0], space.sound(gains, noise[::-1], 5))


def _correlation(audio: np.ndarray) -> float:
    return float(np.corrcoef(audio.T)[0, 1])


def test_without_a_side_both_channels_are_one() -> None:
    mono = np.repeat(_music()[:, :1], 2, axis=1)
    space, gains, noise = _loop(mono)
    made = space.sound(gains, noise, 6)
    assert np.abs(made[:, 0] - made[:, 1]).max() < 1e-2 * np.abs(made).max()


def test_independent_channels_are_kept_apart() -> None:
    wide = 0.1 * _noise(4 * FRAMES * 160)
    space, gains, noise = _loop(wide)
    assert abs(_correlation(space.sound(gains, noise, 6))) < 0.1


def test_opposite_sides_stay_opposite() -> None:
    left = 0.1 * _noise(FRAMES * 160, 1)
    space, gains, noise = _loop(np.concatenate([left, -0.8 * left], axis=1))
    assert _correlation(space.sound(gains, noise, 6)) < -0.9


def test_every_iteration_is_told_in_order() -> None:
    space, gains, noise = _loop(_music())
    told: list[int] = []
    space.sound(gains, noise, 7, on_iteration=told.append)
    assert told == [1, 2, 3, 4, 5, 6, 7]
    space.sound(gains, noise, 0, on_iteration=told.append)
    assert len(told) == 7
