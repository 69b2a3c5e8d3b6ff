"""Colour maps that are even to the eye, and the colours of the roles.

Lightness rises in a straight line in OKLab (Björn Ottosson, https://bottosson.github.io/posts/oklab/)
while hue and chroma pass through anchors; the levels of a mel are compared by lightness alone.
Rejected: matplotlib's maps (a dependency for 256 colours).
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.music.score import Role

# (place 0–1, lightness, chroma, hue in degrees)
_LEVEL: Final = (
    (0.0, 0.06, 0.02, 285.0),
    (0.25, 0.28, 0.13, 290.0),
    (0.5, 0.50, 0.20, 340.0),
    (0.75, 0.73, 0.16, 400.0),
    (1.0, 0.96, 0.07, 460.0),
)
_SIDE: Final = (
    (0.0, 0.75, 0.13, 235.0),
    (0.499, 0.12, 0.0, 235.0),
    (0.501, 0.12, 0.0, 50.0),
    (1.0, 0.75, 0.13, 50.0),
)
_LMS_FROM_LAB: Final = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
_RGB_FROM_LMS: Final = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)

ROLE_COLOURS: Final[dict[Role, str]] = {
    "drums": "#9aa3ad", "bass": "#5b8ff0", "harmony": "#4fb286", "pad": "#8fd0b5",
    "arpeggio": "#e0b34c", "melody": "#ef7d57", "fx": "#b98be0",
}  # fmt: skip

Palette = NDArray[np.uint8]  # (256, 3) sRGB


def _palette(anchors: tuple[tuple[float, float, float, float], ...]) -> Palette:
    places, lightness, chroma, hue = np.array(anchors).T
    at = np.linspace(0, 1, 256)
    angle = np.deg2rad(np.interp(at, places, hue))
    colour = np.interp(at, places, chroma)
    lab = np.stack(
        [np.interp(at, places, lightness), colour * np.cos(angle), colour * np.sin(angle)]
    )
    linear = np.clip(_RGB_FROM_LMS @ (_LMS_FROM_LAB @ lab) ** 3, 0, 1)  # (3, 256)
    gamma = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.round(255 * gamma.T), np.uint8)


@lru_cache(maxsize=1)
def level_palette() -> Palette:
    """Black, violet, magenta, orange, cream: quiet to loud."""
    return _palette(_LEVEL)


@lru_cache(maxsize=1)
def side_palette() -> Palette:
    """Blue (right), black (middle), orange (left)."""
    return _palette(_SIDE)
