from pathlib import Path

import numpy as np
import pytest

from engine.audio.loudness import integrated_lufs as reference_lufs
from engine.audio.loudness import true_peak_dbtp
from engine.corpus.render.canvas import RATE_HZ, Canvas
from engine.corpus.render.curves import low_pass_gains, moments, moving_filter, spread
from engine.corpus.render.effects import Scene, chorus, delayed, saturate
from engine.corpus.render.loudness import (
    active_level_db,
    integrated_lufs,
    limiter_curve,
    peaks,
    true_peak,
)
from engine.corpus.render.soundfonts import ENVIRONMENT_VARIABLE, find_soundfonts
from engine.corpus.render.space import ROOM_SIZES, echo, impulse_response, reverb
from engine.corpus.render.strip import place
from engine.errors import UserError
from engine.music.score import Note

RNG = np.random.default_rng(3)
NOISE = (0.1 * RNG.standard_normal((2, 3 * RATE_HZ))).astype(np.float32)


def canvas(*, loop: bool = False, quarters: float = 8.0) -> Canvas:
    return Canvas(120.0, quarters, round(quarters * 12_000), round(quarters * 8_000), loop)


def scene(*, loop: bool = False) -> Scene:
    return Scene(canvas(loop=loop), np.zeros(0, np.int64), (), 1)


def sine(hz: float, *, seconds: float = 2.0, level: float = 0.5) -> np.ndarray:
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.asarray(level * np.sin(2 * np.pi * hz * time), np.float32)


def test_loudness_agrees_with_the_standard_on_noise_tones_and_gated_music() -> None:
    gated = NOISE * np.repeat((1.0, 0.001, 0.4), RATE_HZ).astype(np.float32)
    for sound in (NOISE, gated, np.stack([sine(997.0)] * 2), np.stack([sine(60.0)] * 2)):
        expected = reference_lufs(np.ascontiguousarray(sound.T), RATE_HZ)
        assert integrated_lufs(sound) == pytest.approx(expected, abs=0.15)
    assert integrated_lufs(np.zeros((2, RATE_HZ), np.float32)) == -np.inf


def test_true_peak_agrees_with_the_standard() -> None:
    for sound in (NOISE, np.stack([sine(5999.0), sine(3001.0)])):
        expected = true_peak_dbtp(np.ascontiguousarray(sound.T), periodic=True)
        assert 20 * np.log10(true_peak(sound)) == pytest.approx(expected, abs=0.03)


def test_the_limiter_holds_its_ceiling() -> None:
    spikes = NOISE.copy()
    spikes[:, ::7000] = 1.5
    curve = limiter_curve(peaks(spikes), 0.5, spikes.shape[1], periodic=False)
    assert np.max(np.abs(spikes * curve)) <= 0.5 + 1e-6
    assert np.max(np.abs(np.diff(curve))) < 0.002  # gentle
    assert curve.max() <= 1.0


def test_active_level_ignores_rests() -> None:
    half = NOISE.copy()
    half[:, RATE_HZ:] = 0
    assert active_level_db(half) == pytest.approx(active_level_db(NOISE), abs=0.5)
    assert active_level_db(np.zeros((1, 9000), np.float32)) == -np.inf


def test_the_moving_filter_passes_all_with_ones_and_cuts_where_told() -> None:
    ones = np.ones((moments(NOISE.shape[1]), 513), np.float32)
    np.testing.assert_allclose(moving_filter(NOISE, ones), NOISE, atol=1e-6)
    cutoff = np.full(moments(NOISE.shape[1]), 500.0, np.float32)
    high = moving_filter(np.stack([sine(4000.0, seconds=3.0)]), low_pass_gains(cutoff))
    low = moving_filter(np.stack([sine(100.0, seconds=3.0)]), low_pass_gains(cutoff))
    assert 20 * np.log10(np.std(high) / 0.354) < -30
    assert 20 * np.log10(np.std(low) / 0.354) == pytest.approx(0, abs=1.0)


def test_saturation_adds_a_third_harmonic_and_no_aliases() -> None:
    bent = saturate(np.stack([sine(1500.0)]), 1.0, scene())[0, 12_000:36_000]
    spectrum = np.abs(np.fft.rfft(bent * np.blackman(bent.size))) ** 2
    hz = np.fft.rfftfreq(bent.size, 1 / RATE_HZ)
    near = np.abs(hz / 1500 - np.round(hz / 1500)) * 1500 < 20
    third = spectrum[np.abs(hz - 4500) < 20].sum() / spectrum.sum()
    assert 10 * np.log10(third) > -40
    assert 10 * np.log10(spectrum[~near].sum() / spectrum.sum()) < -60


def test_delays_are_exact_for_whole_samples() -> None:
    row = NOISE[0]
    later = delayed(row, np.full(row.size, 100.0, np.float32))
    np.testing.assert_array_equal(later[200:], row[100:-100])


def test_chorus_makes_stereo_and_keeps_the_level() -> None:
    wide = chorus(np.stack([sine(300.0, seconds=4.0)]), 0.6, scene())
    assert wide.shape[0] == 2
    assert 0.3 < np.corrcoef(*wide)[0, 1] < 0.999
    assert 20 * np.log10(np.std(wide) / 0.354) == pytest.approx(0, abs=3)


def test_rooms_grow_have_unit_energy_and_little_low_end() -> None:
    lengths = [impulse_response(size, 0).shape[1] for size in range(ROOM_SIZES)]
    assert lengths == sorted(lengths)
    response = impulse_response(5, 1)
    np.testing.assert_allclose(np.sum(response**2, axis=1), 1.0, rtol=1e-3)
    assert 0.1 < np.corrcoef(*response)[0, 1] < 0.45
    power = np.abs(np.fft.rfft(response[0], 1 << 16)) ** 2
    hz = np.fft.rfftfreq(1 << 16, 1 / RATE_HZ)
    assert power[hz < 90].mean() < 0.15 * power[(hz > 300) & (hz < 1000)].mean()


def test_reverb_is_the_convolution_with_its_room() -> None:
    bus = np.zeros((2, 60_000), np.float32)
    bus[:, 100] = 1.0
    bus[:, 50_000] = -0.5
    wet = reverb(bus, 3, 0)
    response = impulse_response(3, 0)
    expected = np.zeros((2, 60_000 + response.shape[1]), np.float32)
    expected[:, 100 : 100 + response.shape[1]] += response
    expected[:, 50_000 : 50_000 + response.shape[1]] -= 0.5 * response
    np.testing.assert_allclose(wet, expected[:, :60_000], atol=1e-5)


def test_echoes_fall_on_the_grid_and_die_away() -> None:
    bus = np.zeros((2, 96_000), np.float32)
    bus[:, 10] = 1.0
    out = np.abs(echo(bus, canvas(), 1)).max(axis=0)  # variant 1: eighths of 6,000 samples
    heights = [out[10 + 6000 * repeat - 20 : 10 + 6000 * repeat + 20].max() for repeat in (1, 2, 3)]
    assert heights == sorted(heights, reverse=True)
    assert out[10:5000].max() == 0


def test_placing_keeps_the_mono_sum_of_a_mono_source() -> None:
    mono = NOISE[:1]
    placed = place(mono.copy(), 0.0, 0.5)
    np.testing.assert_allclose(placed.mean(axis=0), mono[0], atol=1e-6)
    assert 0.2 < np.corrcoef(*placed)[0, 1] < 0.99


def test_sides_out_of_phase_are_narrowed() -> None:
    left = NOISE[0]
    placed = place(np.stack([left, -0.6 * left + 0.5 * NOISE[1]]), 0.0, 0.8)
    assert np.corrcoef(*placed)[0, 1] > 0.25


def test_a_canvas_wraps_loops_and_cuts_one_shots() -> None:
    notes = [Note(-0.25, 1.0, 60, 90), Note(7.5, 4.0, 62, 90), Note(9.0, 1.0, 64, 90)]
    once = canvas().place(notes)
    assert [(note.start, note.held) for note in once] == [(0, 9000), (90_000, 48_000)]
    looped = canvas(loop=True).place(notes)
    assert sorted(note.start for note in looped) == [12_000, 90_000, 93_000]


def test_folding_puts_the_tail_on_the_start_and_the_end_before_it() -> None:
    loop = canvas(loop=True)
    dry = np.zeros((1, loop.frames + 5000), np.float32)
    dry[0, loop.frames + 10] = 1.0
    dry[0, loop.frames - 7] = 0.5
    folded = loop.fold(dry)
    assert folded.shape == (1, loop.total)
    assert folded[0, loop.lead + 10] == 1.0
    assert folded[0, loop.lead - 7] == 0.5
    assert loop.cycles(0.33) * loop.frames / RATE_HZ == pytest.approx(1.0)


def test_spread_joins_control_values_by_lines() -> None:
    np.testing.assert_allclose(
        spread(np.array([0.0, 1.0, 1.0]), 10, step=4),
        [0, 0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1],
    )


def test_missing_soundfonts_are_told_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError) as trouble:
        find_soundfonts([tmp_path])
    assert str(tmp_path) in trouble.value.why
    assert "Install" in trouble.value.remedy
    bank = tmp_path / "FluidR3_GM.sf2"
    bank.write_bytes(b"RIFF")
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path))
    assert find_soundfonts()["FluidR3"] == bank
