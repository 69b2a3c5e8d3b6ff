"""The grain of a stereo image: as much as is missing, where there is an image, and no more."""

import numpy as np
import pytest

from engine.audio.grain import flicker, image_rms, with_grain

FRAMES = 4000


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_flicker_is_what_changes_from_frame_to_frame(rng: np.random.Generator) -> None:
    slow = np.sin(2 * np.pi * np.arange(FRAMES) / 400).astype(np.float32)[None]
    fast = rng.standard_normal((1, FRAMES)).astype(np.float32)
    assert np.abs(flicker(slow, loop=True)).max() < 0.01
    assert flicker(fast, loop=True).var() == pytest.approx(1 - 1 / 9, rel=0.05)


def test_an_image_has_an_rms_of_its_own_in_every_place() -> None:
    image = np.concatenate([np.full(500, 0.1), np.full(500, -0.4)]).astype(np.float32)[None]
    local = image_rms(image, loop=False)
    assert local[0, :480] == pytest.approx(0.1, rel=1e-3)
    assert local[0, 520:] == pytest.approx(0.4, rel=1e-3)
    around = image_rms(image, loop=True)
    assert around[0, 0] > 0.25  # a loop's beginning hears its end


def test_grain_is_a_share_of_the_image_and_nothing_is_drawn_beside_it(
    rng: np.random.Generator,
) -> None:
    mels = np.zeros((1, 4, FRAMES), np.float32)
    mels[:, 0] = -0.7  # levels
    mels[:, 2] = 0.2
    mels[:, 3] = 0.1
    noise = rng.standard_normal(mels.shape).astype(np.float32)
    shares = np.array([0, 0.5, 0.5, 0.25], np.float32)
    before = mels.copy()
    made = with_grain(mels, shares, noise, loop=False)
    np.testing.assert_array_equal(mels, before)
    np.testing.assert_array_equal(made[:, :2], mels[:, :2])  # no share, and no image
    assert (made - mels)[0, 2].std() == pytest.approx(0.1, rel=0.05)
    assert (made - mels)[0, 3].std() == pytest.approx(0.025, rel=0.05)
    assert with_grain(mels * 4.9, shares, noise * 9, loop=False)[0, 2].max() == 1


def test_what_finer_steps_have_decided_is_not_drawn_again(rng: np.random.Generator) -> None:
    mels = np.full((1, 1, FRAMES), 0.2, np.float32)
    noise = rng.standard_normal(mels.shape).astype(np.float32)
    shares = np.array([0.5], np.float32)

    def drawn(known: float) -> float:
        return float((with_grain(mels, shares, noise, loop=False, known=known) - mels).std())

    assert drawn(100) == pytest.approx(drawn(0) / np.sqrt(2), rel=0.01)  # 0.1² · 100 = 1
    assert drawn(1e6) < 0.002


def test_a_turned_loop_has_the_same_grain_turned(rng: np.random.Generator) -> None:
    mels = rng.uniform(-0.3, 0.3, (1, 2, 300)).astype(np.float32)
    noise = rng.standard_normal(mels.shape).astype(np.float32)
    shares = np.array([0.4, 0.4], np.float32)
    made = with_grain(mels, shares, noise, loop=True)
    turned = with_grain(np.roll(mels, 77, -1), shares, np.roll(noise, 77, -1), loop=True)
    np.testing.assert_allclose(turned, np.roll(made, 77, -1), atol=1e-5)
