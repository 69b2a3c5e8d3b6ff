"""HandOff as the window asks it: a clip's file in, another one out, the recipe in both."""

import numpy as np
import pytest

from engine.audio.read import read_audio
from engine.audio.wav import encode_wav, parse_wav
from engine.errors import UserError
from engine.protocol.messages import HandOff
from engine.recipe import Recipe, to_json
from engine.worker.handoff import answered
from engine.worker.tags import wav_tags

RECIPE = Recipe(prompt="house", bpm=120.0, key="Am", bars=1, loop=True)  # 2 s
AUDIO = np.random.default_rng(0).uniform(-0.5, 0.5, (48_000, 2)).astype(np.float32)
CLIP = memoryview(encode_wav(AUDIO, 24_000, tags=wav_tags(RECIPE)))


def test_the_master_is_the_same_bytes() -> None:
    name, samples, wav = answered(CLIP, HandOff(job=1, rate_hz=24_000, bits="24"))
    assert (name, samples, wav) == ("house_120bpm_Am_loop_take1.wav", 48_000, bytes(CLIP))


def test_a_loop_at_another_rate_is_exact_and_carries_its_recipe() -> None:
    _, samples, wav = answered(CLIP, HandOff(job=1, rate_hz=44_100, bits="16"))
    parsed = parse_wav(wav)
    assert (samples, parsed.format.rate_hz, parsed.format.bits) == (88_200, 44_100, 16)
    assert parsed.smpl_loops == ((0, 88_199),)
    assert parsed.recipe == to_json(RECIPE)


def test_a_part_is_cut_to_the_sample_and_is_no_loop() -> None:
    asked = HandOff(job=1, rate_hz=24_000, bits="24", region_s=(0.5, 1.0))
    name, samples, wav = answered(CLIP, asked)
    assert (name, samples) == ("house_120bpm_Am_loop_take1_0.50-1.00s.wav", 12_000)
    audio, _ = read_audio(wav)
    assert np.abs(audio - AUDIO[12_000:24_000]).max() <= 2**-23
    parsed = parse_wav(wav)
    assert parsed.smpl_loops == ()
    assert parsed.acid is not None
    assert (parsed.acid.beats, parsed.acid.bpm) == (1, 120)


@pytest.mark.parametrize("region", [(1.0, 0.5), (-1.0, 1.0), (0.0, 9.0), (0.5, 0.5)])
def test_a_part_outside_is_refused(region: tuple[float, float]) -> None:
    with pytest.raises(UserError, match="was not cut"):
        answered(CLIP, HandOff(job=1, rate_hz=24_000, bits="24", region_s=region))


def test_another_rate_or_a_foreign_file_is_refused() -> None:
    with pytest.raises(UserError, match="96000 Hz"):
        answered(CLIP, HandOff(job=1, rate_hz=96_000, bits="24"))
    foreign = wav_tags(RECIPE)
    plain = encode_wav(AUDIO, 24_000, tags=type(foreign)())
    with pytest.raises(UserError, match="no recipe"):
        answered(memoryview(plain), HandOff(job=1, rate_hz=48_000, bits="24"))
