"""The pictures' own packing."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage

from tests.app.proofs.small_png import MOST_BYTES, quantised, save_small


def image(pixels: "np.ndarray[tuple[int, ...], np.dtype[np.uint32]]") -> QImage:
    height, width = pixels.shape
    return QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGB32).copy()


def test_few_colours_stay_what_they_are(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.choice(np.arange(0, 0xFFFFFF, 0x33333, dtype=np.uint32), (40, 61))
    save_small(image(pixels), tmp_path / "a.png")
    back = QImage(str(tmp_path / "a.png"))
    assert (back.width(), back.height()) == (61, 40)
    at = ((0, 0), (60, 39), (17, 5))
    assert [back.pixel(x, y) & 0xFFFFFF for x, y in at] == [int(pixels[y, x]) for x, y in at]


def test_many_colours_become_near_ones() -> None:
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 1 << 24, (64, 64), np.uint32)
    colours, indices = quantised(pixels, 256)
    assert len(colours) == 256
    assert indices.max() == 255

    def rgb(
        values: "np.ndarray[tuple[int, ...], np.dtype[np.uint32]]",
    ) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
        return np.stack([values >> shift & 255 for shift in (16, 8, 0)]).astype(np.float64)

    error = rgb(colours[indices]) - rgb(pixels)
    assert np.sqrt(np.mean(error**2)) < 20


@pytest.mark.parametrize("seed", [0, 1])
def test_it_is_small(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shades = rng.integers(0, 256, (420, 500), np.uint32)
    assert save_small(image(shades << 16 | shades << 8 | shades), tmp_path / "b.png") <= MOST_BYTES
