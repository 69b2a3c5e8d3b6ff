from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

from engine.audio.loudness import integrated_lufs, true_peak_dbtp
from engine.corpus.render import Renderer
from engine.corpus.render.effects import EFFECTS
from engine.corpus.render.master import TREATMENTS
from engine.music.score import Note, Part, Role, Score

RENDERER = Renderer(soundfonts={})
BARS = 2

DRUMS = tuple(Note(beat / 2, 0.1, 42, 80) for beat in range(8 * BARS)) + tuple(
    Note(4 * bar + beat, 0.1, key, 110)
    for bar in range(BARS)
    for beat, key in ((0, 36), (1, 38), (2, 36), (3, 38))
)
BASS = tuple(Note(beat, 0.9, 36 + 5 * (beat % 2), 100) for beat in range(4 * BARS))
CHORDS = tuple(Note(4 * bar, 3.9, key, 80) for bar in range(BARS) for key in (60, 64, 67))
TUNE = tuple(Note(beat + 0.5, 0.5, 72 + beat % 5, 90) for beat in range(4 * BARS))


def part(role: Role, instrument: str, notes: tuple[Note, ...], **more: object) -> Part:
    ordered = tuple(sorted(notes, key=lambda note: note.start_q))
    return replace(Part(instrument, role, instrument, ordered), **more)  # type: ignore[arg-type]


BAND = (
    part("drums", "909 kit", DRUMS),
    part("bass", "sub bass", BASS, width=0.0),
    part("pad", "detuned pad", CHORDS, effects={"sidechain": 0.7}),
    part("melody", "saw lead", TUNE, delay=0.2),
)


def score(
    parts: tuple[Part, ...] = BAND,
    *,
    loop: bool = False,
    bpm: float = 117.3,
    master: dict[str, float] | None = None,
    seed: int = 5,
    meter: Literal["4/4", "3/4"] = "4/4",
) -> Score:
    return Score(
        seed=seed, genre="house", bpm=bpm, meter=meter, bars=BARS, tonic=0, mode="major",
        key="C major", swing=0.0, sections=(), chords=(), parts=parts, energy=0.5, moods=(),
        era="", texture="full", master=master or {}, loop=loop,
    )  # fmt: skip


@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("bpm", [61.7, 117.3, 174.0])
def test_length_loudness_and_peak(loop: bool, bpm: float) -> None:
    rendering = RENDERER.render(score(bpm=bpm, loop=loop))
    seconds = 4 * BARS * 60 / bpm
    audio = rendering.audio_24k
    assert audio.dtype == np.float32
    assert audio.shape == (round(seconds * 24_000), 2)
    assert rendering.audio_16k.shape == (round(seconds * 16_000), 2)
    loudness = integrated_lufs(audio, 24_000, periodic=loop)
    peak = true_peak_dbtp(audio, periodic=loop)
    assert loudness is not None
    assert peak is not None
    assert loudness == pytest.approx(-16.0, abs=0.3)
    assert peak <= -0.95
    assert abs(float(audio.mean())) < 1e-3


def test_drums_alone_with_a_huge_crest_factor_still_meet_both() -> None:
    sparse = tuple(
        Note(float(bar * 4 + beat), 0.1, 38, velocity)
        for bar in range(BARS)
        for beat, velocity in ((0, 127), (1, 50), (2, 70), (3, 40))
    )
    audio = RENDERER.render(score((part("drums", "909 kit", sparse, reverb=0.0),))).audio_24k
    peak, loudness = true_peak_dbtp(audio), integrated_lufs(audio, 24_000)
    assert peak is not None
    assert loudness is not None
    assert peak <= -0.95
    assert loudness == pytest.approx(-16.0, abs=0.3)


def test_the_low_rate_clip_is_the_same_sound() -> None:
    rendering = RENDERER.render(score())
    high = np.abs(np.fft.rfft(rendering.audio_24k[:, 0]))
    low = np.abs(np.fft.rfft(rendering.audio_16k[:, 0])) * 1.5
    bins = np.arange(400, 20_000)
    np.testing.assert_allclose(np.sum(low[bins] ** 2), np.sum(high[bins] ** 2), rtol=0.01)


def test_the_same_score_gives_the_same_samples_in_any_order() -> None:
    vinyl = score(master={"vinyl": 0.5, "tape": 0.5}, seed=8)
    first = RENDERER.render(vinyl)
    RENDERER.render(score(loop=True, bpm=140, seed=9))
    again = Renderer(soundfonts={}).render(vinyl)
    np.testing.assert_array_equal(first.audio_24k, again.audio_24k)
    np.testing.assert_array_equal(first.audio_16k, again.audio_16k)


def test_stems_add_up_to_the_mix() -> None:
    rendering = RENDERER.render(score(), stems=True)
    assert sorted(rendering.stems_24k) == ["bass", "drums", "harmony", "melody"]
    total = sum(rendering.stems_24k.values(), np.zeros_like(rendering.audio_24k))
    error = np.sqrt(np.mean((total - rendering.audio_24k) ** 2))
    assert error < 10 ** (-60 / 20) * np.sqrt(np.mean(rendering.audio_24k**2))
    assert np.array_equal(rendering.stems_24k["bass"].shape, rendering.audio_24k.shape)


def test_stems_follow_a_tapes_speed() -> None:
    rendering = RENDERER.render(score(master={"tape": 0.6}), stems=True)
    total = sum(rendering.stems_24k.values(), np.zeros_like(rendering.audio_24k))
    assert np.corrcoef(total[:, 0], rendering.audio_24k[:, 0])[0, 1] > 0.95


def test_a_loop_has_no_seam_and_its_tail_is_on_its_start() -> None:
    late = (Note(4 * BARS - 0.25, 0.25, 72, 110),)
    lead = part("melody", "fm bell", late, reverb=0.6)
    loop = RENDERER.render(score((lead,), loop=True)).audio_24k
    once = RENDERER.render(score((lead,), loop=False)).audio_24k
    start = slice(0, 12_000)
    assert np.mean(loop[start] ** 2) > 100 * np.mean(once[start] ** 2)
    around = np.concatenate([loop[-200:], loop[:200]])
    steps = np.abs(np.diff(around, axis=0))
    assert steps[199].max() <= 1.5 * np.delete(steps, 199, axis=0).max()


def test_a_note_before_the_start_of_a_loop_sounds_at_its_end() -> None:
    early = (Note(-0.5, 0.2, 36, 120), Note(2.0, 0.2, 36, 120))
    loop = RENDERER.render(score((part("drums", "909 kit", early),), loop=True)).audio_24k
    quarter = loop.shape[0] / (4 * BARS)
    end = loop[round(-0.5 * quarter) : round(-0.25 * quarter)]
    assert np.abs(end).max() > 0.3 * np.abs(loop).max()


@pytest.mark.parametrize("key", [36, 38, 42])
def test_drums_fall_on_the_grid(key: int) -> None:
    hits = tuple(Note(beat + 0.25, 0.1, key, 110) for beat in range(4 * BARS))
    dry = part("drums", "909 kit", hits, reverb=0.0)
    audio = RENDERER.render(score((dry,), bpm=97.0)).audio_24k
    loud = np.abs(audio).max(axis=1)
    for hit in hits:
        at = round(hit.start_q * 60 / 97.0 * 24_000)
        window = loud[at - 1200 : at + 1200]
        onset = int(np.argmax(window > 0.25 * window.max())) - 1200
        assert abs(onset) < 0.003 * 24_000


def test_every_effect_and_treatment_changes_the_sound_and_none_breaks_it() -> None:
    amounts = {"lowpass_hz": 900.0, "highpass_hz": 500.0, "lofi_hz": 4000.0, "reverb_room": 0.9}
    plain_part = part("harmony", "supersaw", CHORDS)
    plain = RENDERER.render(score((plain_part,))).audio_24k
    for name in EFFECTS:
        changed = replace(plain_part, effects={name: amounts.get(name, 0.6)})
        audio = RENDERER.render(score((changed,))).audio_24k
        assert np.all(np.isfinite(audio)), name
        assert np.sqrt(np.mean((audio - plain) ** 2)) > 0.002, name
    for name in TREATMENTS:
        audio = RENDERER.render(
            score((plain_part,), master={name: amounts.get(name, 0.6)})
        ).audio_24k
        assert np.all(np.isfinite(audio)), name
        assert np.sqrt(np.mean((audio - plain) ** 2)) > 0.0005, name


@pytest.mark.parametrize(
    "wrong",
    [
        score((replace(BAND[0], effects={"flanger": 1.0}),)),
        score(master={"sparkle": 1.0}),
        score((replace(BAND[0], instrument="theremin"),)),
    ],
)
def test_unknown_names_are_errors(wrong: Score) -> None:
    with pytest.raises(ValueError, match="unknown"):
        RENDERER.render(wrong)


def test_silence_is_a_floor_of_noise() -> None:
    audio = RENDERER.render(score((part("melody", "saw lead", ()),))).audio_24k
    level_db = 20 * np.log10(np.sqrt(np.mean(audio**2)))
    assert -90 < level_db < -80


def test_bass_is_mono_and_pan_goes_where_it_is_asked() -> None:
    stems = RENDERER.render(score((replace(BAND[1], reverb=0.0), BAND[0])), stems=True).stems_24k
    assert np.max(np.abs(stems["bass"][:, 0] - stems["bass"][:, 1])) < 1e-5
    lead = replace(BAND[3], pan=-0.8, width=0.0, reverb=0.0, delay=0.0)
    left, right = RENDERER.render(score((lead,))).audio_24k.T
    assert np.mean(left**2) > 20 * np.mean(right**2)


def test_roles_keep_their_balance_whatever_plays_them() -> None:
    for bass, tune in (("808 bass", "chip lead"), ("acid bass", "pluck synth")):
        band = (BAND[0], part("bass", bass, BASS), BAND[2], part("melody", tune, TUNE))
        stems = RENDERER.render(score(band), stems=True).stems_24k
        level = {name: integrated_lufs(stem, 24_000) or -70.0 for name, stem in stems.items()}
        assert -6 < level["bass"] - level["drums"] < 2, level
        assert -6 < level["melody"] - level["drums"] < 4, level
        assert -12 < level["harmony"] - level["drums"] < 0, level


def test_sidechain_ducks_on_the_kick() -> None:
    pad = replace(BAND[2], effects={"sidechain": 0.9}, reverb=0.0)
    kick = part("drums", "909 kit", tuple(Note(float(b), 0.1, 36, 110) for b in range(4 * BARS)))
    harmony = RENDERER.render(score((kick, pad)), stems=True).stems_24k["harmony"]
    quarter = harmony.shape[0] / (4 * BARS)
    power = harmony[:, 0] ** 2
    beats = [round(beat * quarter) for beat in (1, 2, 3, 5, 6)]
    on = np.mean([power[at + 120 : at + 1200].mean() for at in beats])
    off = np.mean([power[at - 1700 : at - 400].mean() for at in beats])
    assert on < 0.15 * off
