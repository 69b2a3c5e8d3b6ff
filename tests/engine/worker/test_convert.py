import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.audio.read import read_audio
from engine.audio.wav import parse_wav
from engine.cascade.events import ClipReady, MelPreview, StageProgress, TakeReady
from engine.errors import UserError
from engine.protocol.messages import Clip, Measured, Preview, Progress, Take
from engine.protocol.parts import take_parts
from engine.recipe import Recipe, checked, from_json
from engine.worker.convert import Converter, take_audio
from engine.worker.outbox import Throttle
from engine.worker.tags import dither_seed, file_name, wav_tags

# a busy machine is no failure
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def recipe(**fields: object) -> Recipe:
    return checked(Recipe(**{"prompt": "slow lo-fi guitar", **fields}))  # type: ignore[arg-type]  # the caller's fields


def test_previews_are_throttled_and_the_last_always_comes() -> None:
    now_s = 0.0
    convert = Converter(3, throttle=Throttle(0.125, clock=lambda: now_s))
    shown = []
    for step in range(1, 37):
        now_s = step / 64
        message = convert(MelPreview(np.zeros((2, 160, 4), np.float32), 1, step, 36))
        if message is not None:
            event, blob = message
            assert isinstance(event, Preview)
            assert event.shape == (2, 160, 4)
            assert len(blob) == 2 * 160 * 4 * 2
            shown.append(event.step)
    assert shown == [1, 9, 17, 25, 33, 36]


def test_progress_and_its_eta_pass_through() -> None:
    message = Converter(3)(StageProgress("vocoder", 2, 5, 1.5))
    assert message == (Progress(job=3, stage="vocoder", step=2, steps=5, eta_s=1.5), b"")


def test_a_take_is_interleaved_float32_and_reads_back() -> None:
    audio = np.random.default_rng(1).standard_normal((800, 2)).astype(np.float32)
    message = Converter(1)(TakeReady(audio, 16_000, 2, recipe(), Measured()))
    assert message is not None
    take, blob = message
    assert isinstance(take, Take)
    assert (take.samples, take.rate_hz) == (800, 16_000)
    assert np.frombuffer(blob, "<f4", count=4).tolist() == audio[:2].ravel().tolist()
    np.testing.assert_array_equal(take_audio(memoryview(blob)), audio)
    with pytest.raises(UserError, match="12 bytes"):
        take_audio(memoryview(bytes(12)))


def test_a_takes_notes_follow_its_audio_and_read_back() -> None:
    audio = np.random.default_rng(1).standard_normal((80, 2)).astype(np.float32)
    midi = b"MThd" + bytes(10)
    message = Converter(1)(TakeReady(audio, 16_000, 2, recipe(bpm=90), Measured(), midi))
    assert message is not None
    take, blob = message
    assert isinstance(take, Take)
    assert (take.midi_bytes, len(blob)) == (14, 80 * 8 + 14)
    assert take.name == "slow-lofi-guitar_90bpm_take1.wav"
    sound, notes = take_parts(take, memoryview(blob))
    assert notes == midi
    np.testing.assert_array_equal(take_audio(sound), audio)


def test_a_clip_is_a_whole_24_bit_file() -> None:
    rng = np.random.default_rng(1)
    audio = rng.uniform(-0.9, 0.9, (48_000, 2)).astype(np.float32)
    own = recipe(bpm=120.0, key="F#m", bars=1, loop=True, first_take=3, seed=4)
    message = Converter(1)(ClipReady(audio, 24_000, 3, own, Measured(bpm=120.0)))
    assert message is not None
    clip, blob = message
    assert isinstance(clip, Clip)
    assert clip.name == "slow-lofi-guitar_120bpm_F#m_loop_take3.wav"
    read, rate_hz = read_audio(bytes(blob))
    assert rate_hz == 24_000
    assert np.abs(read - audio).max() <= 2**-24 * 1.01
    wav = parse_wav(bytes(blob))
    assert wav.acid is not None
    assert (wav.acid.bpm, wav.acid.beats, wav.acid.root_note) == (120.0, 4, 66)
    assert wav.smpl_loops == ((0, 47_999),)
    assert wav.info["ICMT"] == "slow lo-fi guitar"
    assert from_json(wav.recipe or b"") == own


@CALM
@given(
    bpm=st.none() | st.floats(60, 200),
    key=st.none() | st.sampled_from(["C", "F#", "Bbm"]),
    meter=st.sampled_from(["4/4", "7/8", "6/8"]),
    bars=st.none() | st.integers(1, 4),
)
def test_tags_agree_with_their_recipe(
    bpm: float | None, key: str | None, meter: str, bars: int | None
) -> None:
    own = recipe(bpm=bpm, key=key, meter=meter, bars=bars)
    tags = wav_tags(own)
    assert f"{tags.title}.wav" == file_name(own)
    assert tags.meter == tuple(int(part) for part in meter.split("/"))
    assert (tags.root_note is None) == (key is None)
    assert tags.bpm == own.bpm
    if bars is not None:
        numerator, denominator = tags.meter
        assert tags.quarter_notes == pytest.approx(bars * numerator * 4 / denominator)
    assert from_json(tags.recipe or b"") == own


def test_every_take_has_a_dither_of_its_own() -> None:
    seeds = {dither_seed(recipe(seed=s, first_take=t)) for s in range(20) for t in range(1, 5)}
    assert len(seeds) == 80
