"""What needs FluidSynth and a SoundFont; skipped where they are not installed."""

from pathlib import Path

import numpy as np
import pytest

from engine.corpus.render.canvas import RATE_HZ, Played
from engine.corpus.render.fluid import DRUM_BANK, FluidSynth, Strike
from engine.corpus.render.sampled import sampled_parts
from engine.corpus.render.soundfonts import find_soundfonts
from engine.corpus.render.tables import Cache, pitch_hz
from engine.errors import UserError
from engine.music.instruments import INSTRUMENTS


@pytest.fixture(scope="module")
def bank() -> str:
    try:
        return str(find_soundfonts()["FluidR3"])
    except (UserError, KeyError):
        pytest.skip("FluidR3 is not installed")


@pytest.fixture(scope="module")
def fluid(bank: str) -> FluidSynth:
    try:
        return FluidSynth()
    except UserError as trouble:
        pytest.skip(trouble.why)


def test_notes_are_stereo_in_tune_and_end(fluid: FluidSynth, bank: str) -> None:
    held = round(1.5 * RATE_HZ)
    strikes = [Strike(0, program, 69, 90, held) for program in (0, 33, 48, 56, 73)]
    for strike, sound in zip(strikes, fluid.play(bank, strikes), strict=True):
        assert sound.shape[0] == 2
        assert held * 0.5 < sound.shape[1] <= strike.frames
        assert np.all(sound[:, -1] == 0)
        piece = sound[:, 6000:30_000].mean(axis=0)
        spectrum = np.abs(np.fft.rfft(piece * np.hanning(piece.size), 1 << 18)) ** 2
        hz = np.fft.rfftfreq(1 << 18, 1 / RATE_HZ)
        near = np.abs(hz - 440) < 12
        measured = np.sum(hz[near] * spectrum[near]) / np.sum(spectrum[near])
        assert abs(1200 * np.log2(measured / pitch_hz(69))) < 8


def test_the_same_strikes_give_the_same_samples_in_any_company(
    fluid: FluidSynth, bank: str
) -> None:
    one = Strike(0, 0, 60, 80, 9000)
    others = [Strike(0, 48, pitch, 80, 20_000) for pitch in range(40, 80)]
    alone = fluid.play(bank, [one])[0]
    together = fluid.play(bank, [*others, one, *others])[len(others)]
    np.testing.assert_array_equal(alone, together)


def test_a_part_is_put_together_on_the_sample_and_kits_are_remembered(
    fluid: FluidSynth, bank: str
) -> None:
    kit = INSTRUMENTS["standard kit"]
    cache = Cache(64 << 20)
    starts = (1000, 13_001, 30_017)
    notes = [Played(start, 2000, 36, 100) for start in starts]
    (first,) = sampled_parts(fluid, bank, {0: (kit, notes, 48_000)}, cache)
    (again,) = sampled_parts(fluid, bank, {0: (kit, notes, 48_000)}, cache)
    np.testing.assert_array_equal(first[1], again[1])
    loud = np.abs(first[1]).max(axis=0)
    for start in starts:
        window = loud[start - 500 : start + 500]
        onset = int(np.argmax(window > 0.25 * window.max())) - 500
        assert 0 <= onset < 0.005 * RATE_HZ


def test_louder_notes_are_louder_by_their_exact_velocity(fluid: FluidSynth, bank: str) -> None:
    piano = INSTRUMENTS["grand piano"]
    levels = []
    for velocity in (60, 64, 68):
        notes = [Played(0, 12_000, 60, velocity)]
        ((_, sound),) = sampled_parts(fluid, bank, {0: (piano, notes, 24_000)}, Cache(1 << 20))
        levels.append(float(np.sqrt(np.mean(sound**2))))
    assert levels[0] < levels[1] < levels[2]


@pytest.mark.parametrize("kit", ["standard kit", "jazz kit", "brush kit", "orchestra kit"])
def test_kits_have_a_kick_a_snare_and_a_hat(fluid: FluidSynth, bank: str, kit: str) -> None:
    program = INSTRUMENTS[kit].program
    strikes = [Strike(DRUM_BANK, program, key, 100, 12_000) for key in (36, 38, 42)]
    assert all(np.abs(sound).max() > 0.003 for sound in fluid.play(bank, strikes))


def test_a_bad_soundfont_is_a_user_error(fluid: FluidSynth, tmp_path: Path) -> None:
    broken = tmp_path / "broken.sf2"
    broken.write_bytes(b"RIFF....sfbk")
    with pytest.raises(UserError, match="cannot read"):
        fluid.play(str(broken), [Strike(0, 0, 60, 90, 1000)])
