import numpy as np
import pytest
from numpy.typing import NDArray

from engine.corpus.render.canvas import RATE_HZ, Played, Signal
from engine.corpus.render.tables import Cache, cycle, partials, pitch_hz, read, saw
from engine.corpus.render.voices import FLAVOURS, VOICES, Phrase
from engine.corpus.render.voices.kits import KITS, PIECES, stroke
from engine.music.instruments import INSTRUMENTS

PITCHED = {
    instrument.voice: instrument
    for instrument in INSTRUMENTS.values()
    if instrument.source == "synth" and instrument.family != "drum machine"
}
TUNED = sorted(set(PITCHED) - {"riser", "impact"})
CACHE = Cache(64 << 20)


def play(voice: str, notes: list[Played], *, flavour: int = 0, seconds: float = 2.0) -> Signal:
    phrase = Phrase(notes, round(seconds * RATE_HZ), flavour, CACHE, np.random.default_rng(1))
    return VOICES[voice](phrase)


def note(pitch: int, velocity: int = 100, *, held_s: float = 1.6, start: int = 0) -> Played:
    return Played(start, round(held_s * RATE_HZ), pitch, velocity)


def power(sound: NDArray[np.float32]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    mono = sound.mean(axis=0) * np.blackman(sound.shape[1])
    spectrum = np.abs(np.fft.rfft(mono, 1 << 17)) ** 2
    return np.fft.rfftfreq(1 << 17, 1 / RATE_HZ), spectrum


def centroid_hz(sound: Signal) -> float:
    hz, spectrum = power(sound)
    return float(np.sum(hz * spectrum) / np.sum(spectrum))


def test_every_synth_instrument_has_a_voice_and_every_voice_an_instrument() -> None:
    named = {row.voice for row in INSTRUMENTS.values() if row.source == "synth"}
    assert named == set(VOICES)


@pytest.mark.parametrize("voice", TUNED)
def test_a_voice_is_in_tune_over_its_range(voice: str) -> None:
    instrument = PITCHED[voice]
    pitches = np.linspace(instrument.low, instrument.high, 4).astype(int)
    for index, pitch in enumerate(pitches):
        long = note(int(pitch), held_s=3.2)  # longer than the loop of a pad, which is narrow noise
        sound = play(voice, [long], flavour=index % FLAVOURS, seconds=3.2)[:, 9_000:]
        hz, spectrum = power(sound)
        errors, weights = [], []
        for number in (1, 2, 3, 4):
            base_hz = number * pitch_hz(int(pitch))
            near = np.abs(hz - base_hz) < max(5.0, base_hz * 0.025)
            weight = np.sum(spectrum[near])
            if weight < 1e-6 * np.sum(spectrum):
                continue
            errors.append(1200 * np.log2(np.sum(hz[near] * spectrum[near]) / weight / base_hz))
            weights.append(weight)
        allowed = 4.0 if voice == "reese" else 3.0  # beats: its three saws are 20 cents apart
        assert abs(np.average(errors, weights=weights)) < allowed, (pitch, errors)


@pytest.mark.parametrize("voice", ["saw", "square", "chip", "pluck", "acid", "supersaw", "fm"])
def test_what_is_not_a_partial_is_60_db_down(voice: str) -> None:
    instrument = PITCHED[voice]
    pitch = instrument.high - 5
    sound = play(voice, [note(pitch, 127, held_s=1.9)])[:, 12_000:36_000]
    hz, spectrum = power(sound)
    base_hz = pitch_hz(pitch)
    distance = np.abs(hz / base_hz - np.round(hz / base_hz)) * base_hz
    width = np.maximum(40.0, 0.04 * hz)  # vibrato, detuning and the window
    stray = np.sum(spectrum[(distance > width) & (hz > 0.5 * base_hz)])
    assert 10 * np.log10(stray / np.sum(spectrum)) < -50


@pytest.mark.parametrize("voice", sorted(PITCHED))
def test_a_voice_has_no_offset_no_click_and_ends(voice: str) -> None:
    pitch = (PITCHED[voice].low + PITCHED[voice].high) // 2
    sound = play(voice, [note(pitch, held_s=0.5)], seconds=4.0)
    assert np.max(np.abs(sound[:, -1200:])) < 1e-3
    assert abs(float(sound.mean())) < 2e-3
    peak = float(np.max(np.abs(sound)))
    assert peak > 0.2
    assert np.max(np.abs(sound[:, :8])) < 0.2 * peak  # starts from silence
    assert np.all(np.isfinite(sound))


@pytest.mark.parametrize("voice", sorted(set(TUNED) - {"glass"}))
def test_velocity_makes_a_voice_louder_and_no_darker(voice: str) -> None:
    pitch = PITCHED[voice].low + 12
    soft = play(voice, [note(pitch, 40)])[:, : RATE_HZ // 2]
    hard = play(voice, [note(pitch, 120)])[:, : RATE_HZ // 2]
    gain_db = 10 * np.log10(np.mean(hard**2) / np.mean(soft**2))
    assert 8 < gain_db < 24
    assert centroid_hz(hard) > 0.98 * centroid_hz(soft)


@pytest.mark.parametrize("voice", ["supersaw", "pad", "glass", "saw", "pluck"])
def test_wide_voices_survive_mono(voice: str) -> None:
    sound = play(voice, [note(PITCHED[voice].low + 24)])
    left, right = sound
    assert sound.shape[0] == 2
    assert 0.2 < float(np.corrcoef(left, right)[0, 1]) < 0.99


def test_a_bass_glides_where_notes_overlap_and_not_where_they_do_not() -> None:
    legato = play("sub", [note(40, held_s=0.7), note(52, held_s=1.0, start=RATE_HZ // 2)])
    apart = play("sub", [note(40, held_s=0.4), note(52, held_s=1.0, start=RATE_HZ // 2)])
    window = slice(RATE_HZ // 2 + 200, RATE_HZ // 2 + 1400)

    def crossings(sound: Signal) -> int:
        return int(np.sum(np.diff(np.signbit(sound[0, window])) != 0))

    assert crossings(legato) < crossings(apart)


def test_chords_in_a_monophonic_voice_play_one_note() -> None:
    both = play("acid", [note(36), note(43)])
    one = play("acid", [note(43)])
    np.testing.assert_array_equal(both, one)


def test_the_same_phrase_gives_the_same_samples_with_a_cold_cache() -> None:
    notes = [note(60, held_s=0.3), note(64, 70, held_s=0.3, start=4000)]
    for voice in ("supersaw", "pad", "riser", "kit909"):
        warm = play(voice, notes)
        phrase = Phrase(notes, warm.shape[1], 0, Cache(1 << 20), np.random.default_rng(9))
        np.testing.assert_array_equal(VOICES[voice](phrase), warm)


@pytest.mark.parametrize("kit", sorted(KITS))
def test_every_percussion_key_sounds(kit: str) -> None:
    for key in range(35, 82):
        sound = stroke(kit, key, 3, 1)
        assert sound.shape[0] == 2
        assert 0.02 < np.max(np.abs(sound)) < 3.0, key
        assert np.sqrt(np.mean(sound[:, -24:] ** 2)) < 0.02, key
        assert 0.015 < sound.shape[1] / RATE_HZ < 5.0, key
    assert set(PIECES) == set(range(35, 82))


def test_kick_is_low_hats_are_high_and_toms_ascend() -> None:
    for kit in ("kit808", "kit909", "kittrap"):
        assert centroid_hz(stroke(kit, 36, 3, 0)) < 300
        assert centroid_hz(stroke(kit, 42, 3, 0)) > 6000
        assert 150 < centroid_hz(stroke(kit, 38, 3, 0)) < 5000
        toms = [centroid_hz(stroke(kit, key, 1, 0)) for key in (41, 43, 45, 47, 48, 50)]
        assert toms == sorted(toms)
        assert stroke(kit, 46, 3, 0).shape[1] > 2 * stroke(kit, 42, 3, 0).shape[1]


def test_a_drum_is_struck_on_its_sample() -> None:
    for key in (36, 38, 42):
        start = 5000
        sound = play("kit909", [Played(start, 2400, key, 120)], seconds=1.0)
        loud = np.max(np.abs(sound), axis=0)
        assert np.all(loud[:start] == 0)
        assert np.argmax(loud > 0.2 * loud.max()) - start < 0.003 * RATE_HZ


def test_a_closed_hat_chokes_an_open_one() -> None:
    open_hat = Played(0, 2400, 46, 120)
    alone = play("kit808", [open_hat], seconds=1.0)
    choked = play("kit808", [open_hat, Played(4800, 2400, 42, 1)], seconds=1.0)
    tail = slice(4800 + 1200, 12_000)
    assert np.mean(choked[:, tail] ** 2) < 0.01 * np.mean(alone[:, tail] ** 2)


def test_a_cycle_read_at_a_steady_speed_is_the_sum_of_its_partials() -> None:
    numbers = partials(220.0)
    turns = np.arange(4800) * (220.0 / RATE_HZ)
    expected = np.sum(saw(numbers)[:, None] * np.sin(2 * np.pi * numbers[:, None] * turns), axis=0)
    (wave,) = read(turns, cycle(saw(numbers)))
    assert np.max(np.abs(wave - expected)) < 0.01
