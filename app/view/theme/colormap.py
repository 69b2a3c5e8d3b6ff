"""The spectrogram's colours: 256 steps of equal lightness difference, computed in CIELAB.

Equal steps in level look like equal steps of brightness, so the picture reads the same in grey and
to a colour-blind eye. Rejected: jet-like hue maps (they draw edges that are not there), and a
borrowed table (ours ends in the window's own accent).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

STEPS = 256
_WHITE_D65 = np.array([0.95047, 1.0, 1.08883])
# CIE XYZ (D65) → linear sRGB, IEC 61966-2-1
_XYZ_TO_RGB = np.array(
    [[3.2404542, -1.5371385, -0.4985314], [-0.9692660, 1.8760108, 0.0415560],
     [0.0556434, -0.2040259, 1.0572252]]
)  # fmt: skip


def lab_to_srgb(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIELAB (…, 3), D65, to sRGB (…, 3) in [0, 1], clipped to the gamut."""
    fy = (lab[..., 0] + 16) / 116
    f = np.stack([fy + lab[..., 1] / 500, fy, fy - lab[..., 2] / 200], axis=-1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * _WHITE_D65
    linear = np.clip(xyz @ _XYZ_TO_RGB.T, 0, 1)
    rgb: NDArray[np.float64] = np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055
    )
    return rgb


def srgb_to_lightness(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lightness L* of sRGB (…, 3) in [0, 1]."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    y = linear @ np.array([0.2126729, 0.7151522, 0.0721750])
    lightness: NDArray[np.float64] = np.where(
        y > (6 / 29) ** 3, 116 * np.cbrt(y) - 16, y * (29 / 3) ** 3
    )
    return lightness


def colour_table(stops: Sequence[tuple[float, float, float]]) -> list[int]:
    """256 colours as 0xffrrggbb through the CIELAB `stops`, evenly in L*."""
    points = np.asarray(stops, dtype=np.float64)
    lightness = np.linspace(points[0, 0], points[-1, 0], STEPS)
    rising = np.argsort(points[:, 0])
    hue = [np.interp(lightness, points[rising, 0], points[rising, k]) for k in (1, 2)]
    rgb = np.rint(lab_to_srgb(np.stack([lightness, *hue], axis=-1)) * 255).astype(np.int64)
    return [0xFF000000 | int(r) << 16 | int(g) << 8 | int(b) for r, g, b in rgb]
