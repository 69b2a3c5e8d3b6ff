"""PNGs of at most 150 kB: up to 256 colours chosen by median cut, packed as tightly as zlib can.

Rejected: ImageMagick and pngquant (another program to install for the same picture), and Qt's own
256 colours (a fixed cube, which makes bands of every dark grey).
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage, QImageWriter

COLOURS = (256, 160, 112, 80, 56)
MOST_BYTES = 150_000
_PLAIN = 24  # colours of grounds and type, kept as they are


def save_small(image: QImage, path: Path) -> int:
    """Write a picture with as many colours as MOST_BYTES allow; its size in bytes."""
    for colours in COLOURS:
        size = _save(image, path, colours)
        if size <= MOST_BYTES:
            break
    return size


def _save(image: QImage, path: Path, most: int) -> int:
    rgb = image.convertToFormat(QImage.Format.Format_RGB32)
    height, width, stride = rgb.height(), rgb.width(), rgb.bytesPerLine()
    pixels = np.frombuffer(rgb.constBits(), np.uint32).reshape(height, stride // 4)[:, :width]
    colours, indices = quantised((pixels & 0xFFFFFF).astype(np.uint32), most)
    padded = np.zeros((height, (width + 3) // 4 * 4), np.uint8)
    padded[:, :width] = indices
    small = QImage(padded.data, width, height, padded.shape[1], QImage.Format.Format_Indexed8)
    small.setColorTable([0xFF000000 | int(colour) for colour in colours])
    writer = QImageWriter(str(path))
    writer.setCompression(100)
    if not writer.write(small):
        raise OSError(writer.errorString())
    return path.stat().st_size


def quantised(
    pixels: NDArray[np.uint32], most: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    """(height, width) 0xrrggbb → at most `most` ≤ 256 colours, and each pixel's index."""
    unique, inverse, counts = np.unique(pixels, return_inverse=True, return_counts=True)
    rgb = np.stack([unique >> shift & 255 for shift in (16, 8, 0)], axis=-1).astype(np.float64)
    weight = counts.astype(np.float64)
    frequent = np.argsort(-counts, kind="stable")
    boxes = [box for box in (frequent[_PLAIN:], *frequent[:_PLAIN, None]) if box.size]
    spread = [_spread(rgb[box], weight[box]) for box in boxes]
    while len(boxes) < min(most, unique.size):
        worst = int(np.argmax([value for value, _ in spread]))
        gain, channel = spread.pop(worst)
        if gain <= 0:
            break
        box = boxes.pop(worst)
        box = box[np.argsort(rgb[box, channel], kind="stable")]
        share = np.cumsum(weight[box]) / weight[box].sum()
        cut = min(max(int(np.searchsorted(share, 0.5)), 1), box.size - 1)
        halves = [box[:cut], box[cut:]]
        boxes += halves
        spread += [_spread(rgb[half], weight[half]) for half in halves]
    table = np.zeros(unique.size, np.uint8)
    colours = np.zeros(len(boxes), np.uint32)
    for number, box in enumerate(boxes):
        table[box] = number
        mean = np.rint(np.average(rgb[box], axis=0, weights=counts[box])).astype(np.uint32)
        colours[number] = mean[0] << 16 | mean[1] << 8 | mean[2]
    return colours, table[inverse].reshape(pixels.shape)


def _spread(rgb: NDArray[np.float64], weight: NDArray[np.float64]) -> tuple[float, int]:
    """How much a box of colours would gain by a cut, and along which channel."""
    if rgb.shape[0] < 2:
        return 0.0, 0
    middle = np.average(rgb, axis=0, weights=weight)
    variance = (weight[:, None] * (rgb - middle) ** 2).sum(axis=0)
    return float(variance.max()), int(variance.argmax())
