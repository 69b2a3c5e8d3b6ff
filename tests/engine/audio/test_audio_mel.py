"""Mel: the manifest's parameters, levels in dB, the inverse, wrapping."""

import numpy as np
import pytest

from engine.audio.bands import MelParameters, band_powers
from engine.audio.mel import mel_of_powers, mel_power, stereo_mel
from engine.bundle.manifest import MelSpec

DEFAULT = MelParameters()


def _sine(hz: float, amplitude: float, samples: int = 16_000) -> np.ndarray:
    time_s = np.arange(samples) / 16_000
    return (amplitude * np.sin(2 * np.pi * hz * time_s)).astype(np.float32)


def test_parameters_are_the_manifests_mel_spec() -> None:
    spec = MelSpec()
    fields = MelSpec.__struct_fields__
    assert set(fields) == set(DEFAULT.__dataclass_fields__)
    assert {name: getattr(spec, name) for name in fields} == {
        name: getattr(DEFAULT, name) for name in fields
    }


@pytest.mark.parametrize("hz", [110.0, 500.0, 1000.0, 1990.0, 3210.0])
@pytest.mark.parametrize("level_dbfs", [0.0, -20.0, -60.0])
def test_a_sines_bands_add_up_to_its_mean_square(hz: float, level_dbfs: float) -> None:
    sine = _sine(hz, 10 ** (level_dbfs / 20))
    power = mel_power(np.stack([sine, sine], axis=1), DEFAULT)
    total_db = 10 * np.log10(power[0, :, 50].sum())
    assert total_db == pytest.approx(level_dbfs - 3.0103, abs=0.1)


@pytest.mark.parametrize("hz", [290.0, 300.0, 310.0, 1950.0, 2050.0])
def test_little_is_lost_between_two_windows(hz: float) -> None:
    sine = _sine(hz, 1.0)
    total_db = 10 * np.log10(mel_power(sine[:, None], DEFAULT)[0, :, 50].sum())
    assert total_db == pytest.approx(-3.0103, abs=0.5)


def test_levels_and_differences_are_the_definition() -> None:
    left, right = _sine(1000, 0.5), _sine(1000, 0.125)  # 12.04 dB apart
    mel = stereo_mel(np.stack([left, right], axis=1), DEFAULT)
    assert mel.shape == (160, 100)
    assert mel.dtype == np.float32
    band = int(np.argmax(mel[:80, 50]))
    power = mel_power(np.stack([left, right], axis=1), DEFAULT)[:, band, 50]
    level_db = (mel[band, 50] + 1) / 2 * 100 - 100  # −100 … 0 dB onto −1 … 1
    assert level_db == pytest.approx(10 * np.log10(power.mean()), abs=1e-3)
    assert mel[80 + band, 50] * 24 == pytest.approx(12.0412, abs=0.01)


def test_silence_is_the_floor_and_has_no_side() -> None:
    mel = stereo_mel(np.zeros((1000, 2), np.float32), DEFAULT)
    assert mel.shape == (160, 7)
    assert np.all(mel[:80] == -1)
    assert np.all(mel[80:] == 0)


def test_hard_panned_sound_clips_at_the_range() -> None:
    mel = stereo_mel(np.stack([_sine(1000, 0.5), np.zeros(16_000, np.float32)], axis=1), DEFAULT)
    band = int(np.argmax(mel[:80, 50]))
    assert mel[80 + band, 50] == 1


def test_band_powers_invert_the_mel() -> None:
    rng = np.random.default_rng(1)
    audio = (rng.standard_normal((8000, 2)) * (0.1, 0.04)).astype(np.float32)
    power = mel_power(audio, DEFAULT)
    left, right = band_powers(stereo_mel(audio, DEFAULT), DEFAULT)
    in_range = np.abs(10 * np.log10(power[0] / power[1])) < 23.9
    assert in_range.mean() > 0.95
    assert np.abs(10 * np.log10(left / power[0]))[in_range].max() < 0.01
    assert np.abs(10 * np.log10(right / power[1]))[in_range].max() < 0.01
    batch = band_powers(np.zeros((3, 160, 5), np.float32), DEFAULT)
    assert batch[0].shape == (3, 80, 5)


def test_the_mel_of_powers_is_the_mel_of_their_sound() -> None:
    audio = np.random.default_rng(3).standard_normal((3200, 2)).astype(np.float32) * 0.1
    powers = mel_power(audio, DEFAULT)
    assert powers.shape == (2, 80, 20)
    assert np.array_equal(mel_of_powers(powers, DEFAULT), stereo_mel(audio, DEFAULT))


def test_circular_mel_turns_with_the_loop() -> None:
    audio = np.random.default_rng(2).standard_normal((3200, 2)).astype(np.float32) * 0.1
    mel = stereo_mel(audio, DEFAULT, circular=True)
    turned = stereo_mel(np.roll(audio, 800, axis=0), DEFAULT, circular=True)
    assert np.abs(np.roll(mel, 5, axis=1) - turned).max() < 1e-3


def test_mono_is_refused() -> None:
    with pytest.raises(ValueError, match="stereo"):
        stereo_mel(np.zeros((100, 1), np.float32), DEFAULT)
