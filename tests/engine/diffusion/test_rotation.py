"""Rotating the view changes nothing that has no seam, and spreads the seam of what has one."""

import numpy as np
import pytest

from engine.diffusion.noise import NoiseStream, offset_stream
from engine.diffusion.noise_schedule import noise_schedule
from engine.diffusion.rotation import rotated, seen_from
from engine.diffusion.samplers import SAMPLERS
from engine.diffusion.signatures import Array

LENGTH = 96
LOOP: Array = np.random.default_rng(3).standard_normal((2, 3, LENGTH)).astype(np.float32)


def _circular_blur(x: Array, t: float) -> Array:
    return (x + np.roll(x, 1, axis=-1) + np.roll(x, -2, axis=-1)) * np.float32(0.3 * (1 - t) + 0.01)


def test_view_starts_at_the_offset() -> None:
    x = np.arange(6, dtype=np.float32)[None, None]
    np.testing.assert_array_equal(seen_from(2, x)[0, 0], [2, 3, 4, 5, 0, 1])
    np.testing.assert_array_equal(seen_from(-2, seen_from(2, x)), x)


@pytest.mark.parametrize("sampler", [*SAMPLERS])
def test_an_equivariant_denoiser_is_not_disturbed(sampler: str) -> None:
    # Multistep samplers too: the history is not rotated.
    noise = noise_schedule("linear")
    turning = rotated(lambda x, t, offset: _circular_blur(x, t), offset_stream(9, "test"))
    plain, turned = (
        SAMPLERS[sampler](
            denoise, LOOP, np.linspace(1, 0, 8), noise=noise, draw=NoiseStream(1, 1, "t").draw
        )
        for denoise in (_circular_blur, turning)
    )
    np.testing.assert_array_equal(turned, plain)


def test_conditioning_seen_from_the_same_offset_stays_in_place() -> None:
    beat = np.sin(2 * np.pi * np.arange(LENGTH) / 24).astype(np.float32)
    offsets = []

    def denoise_at(x: Array, t: float, offset: int) -> Array:
        offsets.append(offset)
        return x * 0 + seen_from(offset, beat)

    denoise = rotated(denoise_at, offset_stream(9, "test"))
    for _ in range(5):
        np.testing.assert_array_equal(denoise(LOOP, 0.5), np.broadcast_to(beat, LOOP.shape))
    assert len(set(offsets)) > 1


def test_a_zero_padded_networks_seam_moves() -> None:
    def darkens_its_ends(x: Array, t: float, offset: int) -> Array:
        answer = np.ones_like(x)
        answer[..., [0, -1]] = 0
        return answer

    denoise = rotated(darkens_its_ends, offset_stream(1, "test"))
    dark = np.sum([denoise(LOOP, 0.5)[0, 0] == 0 for _ in range(200)], axis=0)
    assert dark.sum() == 400
    assert dark.max() <= 20  # 400 over 96 places is 4.2 each; without rotation two have 200


def test_offsets_repeat_by_seed_and_obey_the_hop() -> None:
    def drawn(seed: int, stage: str, multiple: int) -> list[int]:
        draw_offset = offset_stream(seed, stage, multiple=multiple)
        return [draw_offset(LENGTH) for _ in range(300)]

    assert drawn(1, "vocoder", 8) == drawn(1, "vocoder", 8)
    assert drawn(1, "vocoder", 8) != drawn(2, "vocoder", 8)
    assert drawn(1, "vocoder", 8) != drawn(1, "generator", 8)
    assert set(drawn(1, "vocoder", 8)) == set(range(0, LENGTH, 8))
    with pytest.raises(ValueError, match="no multiple of 97 fits into 96"):
        drawn(1, "vocoder", 97)
