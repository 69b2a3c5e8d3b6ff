"""What the callback plays, sample by sample, with the test as the sound card."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.playback.plan import NO_WRAP, Plan, fade_in, stretch
from app.playback.playhead import heard
from app.playback.renderer import Renderer

RATE = 48_000
FADE = 240  # 5 ms


def noise(frames: int, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return rng.uniform(-0.5, 0.5, (frames, 2)).astype(np.float32)


def sine(frames: int, hz: float = 441.0, phase: float = 0.0) -> NDArray[np.float32]:
    wave = 0.5 * np.sin(2 * np.pi * hz * np.arange(frames) / RATE + phase)
    return np.stack([wave, wave], axis=1).astype(np.float32)


def plan(
    audio: NDArray[np.float32],
    *,
    serial: int = 1,
    playing: bool = True,
    periodic: bool = False,
    loop: bool = False,
    region: tuple[int, int] | None = None,
    seek: tuple[int, int] = (1, 0),
    gain: float = 1.0,
    volume: float = 1.0,
    take: int = 0,
) -> Plan:
    part = stretch(audio, periodic=periodic, loop=loop, region=region, fade_frames=FADE)
    return Plan(
        serial=serial,
        playing=playing,
        take=take,
        audio=audio,
        gain=gain,
        end=part.end,
        wrap_to=part.wrap_to,
        tail=part.tail,
        seek_serial=seek[0],
        seek_frame=seek[1],
        volume=volume,
    )


def play(
    renderer: Renderer, frames: int, block: int = 512, channels: int = 2
) -> NDArray[np.float32]:
    out = np.full((frames, channels), np.nan, np.float32)
    for start in range(0, frames, block):
        renderer.render(out[start : start + block])
    return out


def largest_step(audio: NDArray[np.float32]) -> float:
    return float(np.max(np.abs(np.diff(audio, axis=0))))


def test_nothing_is_silence() -> None:
    assert np.array_equal(play(Renderer(RATE), 3000), np.zeros((3000, 2)))


@pytest.mark.parametrize("block", [1, 64, 441, 1024, 4096])
def test_a_clip_is_played_as_it_is_and_then_silence(block: int) -> None:
    renderer, audio = Renderer(RATE), noise(5000)
    audio[0] = audio[-1] = 0  # nothing to click at either end
    renderer.publish(plan(audio))
    out = play(renderer, 6000, block)
    assert np.array_equal(out[:5000], audio)
    assert not out[5000:].any()


@given(
    frames=st.integers(2, 3000),
    block=st.integers(1, 2500),
    turns=st.integers(1, 4),
)
def test_a_loop_wraps_to_the_sample(frames: int, block: int, turns: int) -> None:
    renderer, audio = Renderer(RATE), noise(frames)
    audio[0] = 0
    renderer.publish(plan(audio, periodic=True, loop=True))
    total = turns * frames + frames // 2
    expected = np.take(audio, np.arange(total), axis=0, mode="wrap")
    assert np.array_equal(play(renderer, total, block), expected)


def test_a_looped_region_keeps_its_length_and_does_not_click() -> None:
    renderer, audio = Renderer(RATE), sine(48_000)
    start, end = 10_007, 20_055  # no whole number of periods
    renderer.publish(plan(audio, periodic=True, loop=True, region=(start, end), seek=(1, start)))
    out = play(renderer, 5 * (end - start))
    assert largest_step(out) < 1.5 * largest_step(audio)
    raw = np.take(audio[start:end], np.arange(out.shape[0]), axis=0, mode="wrap")
    assert largest_step(raw) > 5 * largest_step(audio)  # it would have clicked
    period = end - start
    again = out[period + FADE : 2 * period - FADE]
    assert np.array_equal(again, out[2 * period + FADE : 3 * period - FADE])
    assert np.array_equal(again, audio[start + FADE : end - FADE])


def test_a_region_played_once_ends_where_it_ends() -> None:
    renderer, audio = Renderer(RATE), sine(48_000)
    renderer.publish(plan(audio, region=(1000, 9000), seek=(1, 1000)))
    out = play(renderer, 10_000)
    assert not out[8000:].any()
    assert np.array_equal(out[100 : 8000 - FADE], audio[1100 : 9000 - FADE])
    assert largest_step(out) < 1.5 * largest_step(audio)


def test_starting_inside_a_sound_is_a_millisecond_of_fade() -> None:
    renderer, audio = Renderer(RATE), sine(48_000, phase=1.2)
    renderer.publish(plan(audio))
    out = play(renderer, 2000)
    assert largest_step(out) < 1.5 * largest_step(audio)
    assert np.array_equal(out[48:], audio[48:2000])


def test_pausing_fades_out_and_resuming_goes_on() -> None:
    renderer, audio = Renderer(RATE), sine(48_000)
    renderer.publish(plan(audio))
    play(renderer, 1024)
    renderer.publish(plan(audio, serial=2, playing=False))
    out = play(renderer, 1024)
    assert not out[FADE:].any()
    assert np.abs(out[:FADE]).max() > 0.1
    assert largest_step(np.vstack([audio[1023:1024], out])) < 1.5 * largest_step(audio)
    renderer.publish(plan(audio, serial=3, seek=(2, 4000)))
    assert np.array_equal(play(renderer, 1024)[48:], audio[4048:5024])


def test_switching_takes_keeps_the_position_and_crossfades_in_5_ms() -> None:
    renderer, first, second = Renderer(RATE), noise(20_000, 1), noise(20_000, 2)
    first[0] = 0
    renderer.publish(plan(first))
    play(renderer, 3000, 100)
    renderer.publish(plan(second, serial=2, take=1))
    out = play(renderer, 2000, 100)
    rise = fade_in(FADE)
    expected = second[3000:3240] * rise + first[3000:3240] * (1 - rise)
    assert np.allclose(out[:FADE], expected, atol=1e-7)
    assert np.array_equal(out[FADE:], second[3240:5000])


def test_a_crossfade_of_a_sound_with_itself_changes_nothing() -> None:
    renderer, audio = Renderer(RATE), noise(20_000)
    audio[0] = 0
    renderer.publish(plan(audio))
    play(renderer, 1000)
    renderer.publish(plan(audio.copy(), serial=2))
    assert np.allclose(play(renderer, 1000), audio[1000:2000], atol=1e-7)


def test_a_new_plan_that_says_the_same_is_heard_by_nobody() -> None:
    renderer, audio = Renderer(RATE), noise(20_000)
    audio[0] = 0
    out = []
    for serial in range(10):
        renderer.publish(plan(audio, serial=serial, loop=bool(serial % 2)))
        out.append(play(renderer, 500))
    assert np.array_equal(np.vstack(out), audio[:5000])


def test_plans_that_come_within_a_fade_are_taken_up_after_it() -> None:
    renderer = Renderer(RATE)
    sounds = [sine(48_000, hz, 0.0) for hz in (220, 330, 440, 550)]
    renderer.publish(plan(sounds[0]))
    out = [play(renderer, 700)]
    for serial, sound in enumerate(sounds[1:], 2):
        renderer.publish(plan(sound, serial=serial))
        out.append(play(renderer, 64, 64))
    out.append(play(renderer, 2000))
    heard_audio = np.vstack(out)
    assert largest_step(heard_audio) < 0.06
    end = heard_audio.shape[0]
    assert np.array_equal(heard_audio[-1000:], sounds[3][end - 1000 : end])


def test_takes_are_played_with_their_gain() -> None:
    renderer, audio = Renderer(RATE), noise(5000)
    audio[0] = 0
    renderer.publish(plan(audio, gain=0.25))
    assert np.array_equal(play(renderer, 1000), audio[:1000] * np.float32(0.25))


def test_volume_glides_and_arrives_exactly() -> None:
    renderer = Renderer(RATE)
    audio = np.full((20_000, 2), 0.5, np.float32)
    renderer.publish(plan(audio))
    play(renderer, 1000)
    renderer.publish(plan(audio, serial=2, volume=0.0))
    down = play(renderer, 1000, 37)
    assert largest_step(down) < 0.5 / FADE * 1.01
    assert not down[FADE:].any()
    renderer.publish(plan(audio, serial=3, volume=1.0))
    up = play(renderer, 1000, 37)
    assert np.array_equal(up[FADE:], audio[: 1000 - FADE])


def test_the_meters_see_the_sound_before_the_volume() -> None:
    renderer, audio = Renderer(RATE), noise(5000)
    audio[0] = 0
    renderer.publish(plan(audio, volume=0.1))
    play(renderer, 3000)
    assert np.array_equal(renderer.tap[:3000], audio[:3000])


def test_one_channel_hears_both() -> None:
    renderer, audio = Renderer(RATE), noise(5000)
    audio[0] = 0
    renderer.publish(plan(audio))
    out = play(renderer, 1000, channels=1)
    assert np.allclose(out[:, 0], audio[:1000].mean(axis=1), atol=1e-7)


def test_the_playhead_is_what_leaves_the_speaker() -> None:
    renderer, audio = Renderer(RATE), noise(48_000)
    renderer.publish(plan(audio, serial=7, loop=True, periodic=True, region=(0, 4800)))
    play(renderer, 4800 + 1024, 1024)
    block_frame, block_s = renderer.block
    assert block_frame == 5 * 1024
    # the block's first frame leaves the speaker 50 ms after the callback: the loop's end is heard
    now = heard(renderer, block_s + 0.05, 0.05)
    assert now.position_s == pytest.approx((5 * 1024 - 4800) / RATE)
    before = heard(renderer, block_s + 0.04, 0.05)
    assert before.position_s == pytest.approx((5 * 1024 - 480) / RATE)
    assert before.moving
    assert before.serial == 7
    # what is not rendered cannot be heard
    assert heard(renderer, block_s + 9.0, 0.05).position_s == pytest.approx(1024 / RATE)


def test_the_end_is_told_when_it_is_heard() -> None:
    renderer, audio = Renderer(RATE), noise(1000)
    renderer.publish(plan(audio, serial=3))
    play(renderer, 1024, 1024)
    _, block_s = renderer.block
    assert not heard(renderer, block_s + 0.02, 0.01).ended
    assert heard(renderer, block_s + 0.04, 0.01).ended


def test_a_seek_past_the_end_of_a_loop_goes_to_its_start() -> None:
    renderer, audio = Renderer(RATE), noise(10_000)
    audio[2000] = 0
    renderer.publish(plan(audio, loop=True, region=(2000, 5000), seek=(1, 9000)))
    assert np.array_equal(play(renderer, 1000), audio[2000:3000])


def test_the_callback_keeps_no_memory_and_makes_no_arrays() -> None:
    renderer, audio = Renderer(RATE), noise(48_000)
    out = np.zeros((1024, 2), np.float32)
    plans = [
        plan(audio, serial=n, loop=True, seek=(n, 997 * n), volume=1 / (n + 1)) for n in range(8)
    ]
    for chosen in plans:
        renderer.publish(chosen)
        renderer.render(out)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        for turn in range(200):
            renderer.publish(plans[turn % 8])
            renderer.render(out)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 2_000  # a few numbers that were replaced
    assert peak - before < 4_000  # views and numbers: one block of audio is 8 KiB


def test_a_stretch_never_leaves_the_sound() -> None:
    audio = noise(1000)
    part = stretch(audio, periodic=False, loop=True, region=(-50, 5000), fade_frames=FADE)
    assert (part.start, part.end, part.wrap_to) == (0, 1000, 0)
    part = stretch(audio, periodic=False, loop=False, region=(900, 100), fade_frames=FADE)
    assert (part.start, part.end, part.wrap_to) == (0, 1000, NO_WRAP)
