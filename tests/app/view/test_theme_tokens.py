"""Measured: contrast, the grid, the colour map, the icons."""

import numpy as np
import pytest
from PySide6.QtCore import QSize

from app.view.theme.colormap import colour_table, srgb_to_lightness
from app.view.theme.resources import resources_dir
from app.view.theme.style import style_sheet
from app.view.theme.theme import Theme
from app.view.theme.tokens import (
    FAMILY,
    PALETTES,
    TEXT_PAIRS,
    UNIT_PX,
    Palette,
    Size,
    Space,
    TypeSize,
    contrast,
)

ICONS = sorted(path.stem for path in (resources_dir() / "icons").glob("*.svg"))


@pytest.mark.parametrize("palette", PALETTES.values(), ids=list(PALETTES))
@pytest.mark.parametrize("pair", TEXT_PAIRS, ids="-on-".join)
def test_text_can_be_read(palette: Palette, pair: tuple[str, str]) -> None:
    assert contrast(getattr(palette, pair[0]), getattr(palette, pair[1])) >= 4.5


def test_contrast_of_known_pairs() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_lengths_lie_on_the_grid() -> None:
    assert all(length % UNIT_PX == 0 for length in (*Space, *Size))
    assert len(TypeSize) == 4


@pytest.mark.parametrize("palette", PALETTES.values(), ids=list(PALETTES))
def test_the_map_runs_evenly_in_lightness(palette: Palette) -> None:
    table = colour_table(palette.map_stops)
    rgb = np.array([[c >> 16 & 255, c >> 8 & 255, c & 255] for c in table]) / 255
    lightness = srgb_to_lightness(rgb)
    even = np.linspace(palette.map_stops[0][0], palette.map_stops[-1][0], 256)
    assert np.abs(lightness - even).max() < 2.5
    steps = np.diff(lightness) * (1 if palette.dark else -1)
    assert steps.min() > 0  # never two levels of one brightness
    assert abs(lightness[-1] - lightness[0]) > 80


def test_the_sheet_has_no_hole(theme: Theme) -> None:
    for palette in PALETTES.values():
        sheet = style_sheet(palette, "/icons")
        assert "$" not in sheet
        assert palette.accent in sheet


def test_the_family_is_there(theme: Theme) -> None:
    assert theme.font().family() == FAMILY


@pytest.mark.parametrize("name", ICONS)
def test_icons_draw_in_the_colour_asked(theme: Theme, name: str) -> None:
    image = theme.icon(name, "accent").pixmap(QSize(32, 32)).toImage()
    inked = [
        image.pixelColor(x, y)
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).alpha() > 200
    ]
    assert len(inked) > 10
    accent = theme.colour("accent")
    assert all(abs(pixel.red() - accent.red()) < 12 for pixel in inked)


def test_every_theme_can_be_chosen() -> None:
    theme, changes = Theme("dark"), []
    theme.changed.connect(lambda: changes.append(theme.palette.name))
    theme.choose("light")
    theme.choose("light")
    theme.choose("dark")
    assert changes == ["light", "dark"]
