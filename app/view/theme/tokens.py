"""Every length, type size and colour of the window; nothing in app.view states its own.

Lengths are multiples of 4 device-independent pixels. There is one type family in four sizes, one
accent, and one colour for danger, which never stands without a sign or a word.

Rejected: the system's palette (a spectrogram needs a ground whose lightness is known, and two
accents in one window shout), and a theming library (five times the size of this file).
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

UNIT_PX: Final = 4


class Space(IntEnum):
    """Distances and paddings, in device-independent pixels."""

    HAIR = UNIT_PX
    SMALL = 2 * UNIT_PX
    MEDIUM = 3 * UNIT_PX
    LARGE = 4 * UNIT_PX
    WIDE = 6 * UNIT_PX


class Size(IntEnum):
    """Heights of controls, in device-independent pixels."""

    SMALL_CONTROL = 6 * UNIT_PX
    CONTROL = 8 * UNIT_PX
    TALL_CONTROL = 11 * UNIT_PX
    ICON = 4 * UNIT_PX


class TypeSize(IntEnum):
    """The four type sizes, in device-independent pixels."""

    CAPTION = 11
    BODY = 13
    LEAD = 17
    DISPLAY = 22


RADIUS_PX: Final = 6
FOCUS_WIDTH_PX: Final = 2
FAMILY: Final = "Inter"


@dataclass(frozen=True)
class Palette:
    """Colours as #rrggbb.

    Attributes:
        window: the ground; panel: what lies on it; raised: a control; sunken: a field;
            hover: a control under the mouse; line: borders and grid lines.
        text, muted: text and secondary text, on any of the five grounds.
        accent: what can be acted on or is on; on_accent: text on it; tint: a wash of it.
        danger: clipping and trouble, always beside a sign or word.
        map_stops: (L*, a*, b*) in CIELAB from silence to full level, equally spaced in L*.
        dark: whether light text is on a dark ground.
    """

    name: str
    dark: bool
    window: str
    panel: str
    raised: str
    sunken: str
    hover: str
    line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    tint: str
    danger: str
    map_stops: tuple[tuple[float, float, float], ...]


# The maps run in lightness alone, evenly; hue only helps. Dark: night blue → violet → the accent's
# amber → near white. Light: paper → amber → violet → ink.
_RISING: Final = (
    (5.0, 0.0, -6.0), (14.0, 12.0, -24.0), (24.0, 28.0, -36.0), (35.0, 40.0, -26.0),
    (47.0, 44.0, -2.0), (58.0, 42.0, 26.0), (70.0, 28.0, 48.0), (82.0, 8.0, 52.0),
    (95.0, -3.0, 22.0),
)  # fmt: skip
_FALLING: Final = (
    (97.5, 0.0, 2.0), (89.0, 4.0, 16.0), (79.0, 16.0, 32.0), (68.0, 30.0, 32.0),
    (56.0, 40.0, 14.0), (44.0, 42.0, -12.0), (33.0, 34.0, -30.0), (22.0, 22.0, -30.0),
    (11.0, 6.0, -14.0),
)  # fmt: skip

DARK: Final = Palette(
    name="dark",
    dark=True,
    window="#111318",
    panel="#181b21",
    raised="#242831",
    sunken="#0c0e12",
    hover="#2d323d",
    line="#2f3440",
    text="#eceef2",
    muted="#a2aab8",
    accent="#f5ac5c",
    on_accent="#201203",
    tint="#3a2c1d",
    danger="#ff8274",
    map_stops=_RISING,
)

LIGHT: Final = Palette(
    name="light",
    dark=False,
    window="#eeedea",
    panel="#f8f7f5",
    raised="#e6e4df",
    sunken="#ffffff",
    hover="#dcd9d2",
    line="#cfccc4",
    text="#1b1d22",
    muted="#53585f",
    accent="#9c4606",
    on_accent="#ffffff",
    tint="#f6e3d0",
    danger="#b3261e",
    map_stops=_FALLING,
)

PALETTES: Final = {palette.name: palette for palette in (DARK, LIGHT)}

# (foreground, ground) pairs that carry text; a test measures each at 4.5:1 or more
TEXT_PAIRS: Final = (
    *((ink, ground) for ink in ("text", "muted") for ground in
      ("window", "panel", "raised", "sunken", "hover")),
    *((ink, ground) for ink in ("accent", "danger") for ground in ("window", "panel", "sunken")),
    ("accent", "raised"),
    ("on_accent", "accent"),
    ("text", "tint"),
    ("accent", "tint"),
)  # fmt: skip


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, 0–1 (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance)."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1–21 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
