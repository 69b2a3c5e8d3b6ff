"""The theme in use: colours, fonts and icons for whoever paints, one object given to each widget.

Rejected: reading QPalette everywhere (it has no roles for an accent wash or a colour map), and a
global (two galleries, dark and light, stand side by side in the tests).
"""

from functools import cache
from typing import Final

from PySide6.QtCore import QByteArray, QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QIcon,
    QIconEngine,
    QPainter,
    QPalette,
    QPixmap,
)
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from app.view.theme.colormap import colour_table
from app.view.theme.resources import resources_dir
from app.view.theme.style import style_sheet
from app.view.theme.tokens import FAMILY, PALETTES, Palette, Size, TypeSize

Weight = QFont.Weight
_FACES: Final = ("Inter-Regular.otf", "Inter-Medium.otf", "Inter-SemiBold.otf")
_TABULAR: Final = QFont.Tag("tnum")

# QPalette role → token: what Qt's own painting needs to match
_ROLES: Final = (
    (QPalette.ColorRole.Window, "window"),
    (QPalette.ColorRole.WindowText, "text"),
    (QPalette.ColorRole.Base, "sunken"),
    (QPalette.ColorRole.AlternateBase, "panel"),
    (QPalette.ColorRole.Text, "text"),
    (QPalette.ColorRole.PlaceholderText, "muted"),
    (QPalette.ColorRole.Button, "raised"),
    (QPalette.ColorRole.ButtonText, "text"),
    (QPalette.ColorRole.ToolTipBase, "raised"),
    (QPalette.ColorRole.ToolTipText, "text"),
    (QPalette.ColorRole.Highlight, "accent"),
    (QPalette.ColorRole.HighlightedText, "on_accent"),
    (QPalette.ColorRole.Link, "accent"),
    (QPalette.ColorRole.Light, "hover"),
    (QPalette.ColorRole.Mid, "line"),
    (QPalette.ColorRole.Dark, "line"),
)


@cache
def load_fonts() -> str:
    """Make the type family known to Qt, once; the family's name, or the system's where it fails."""
    folder = resources_dir() / "themes" / "fonts"
    loaded = [QFontDatabase.addApplicationFont(str(folder / face)) for face in _FACES]
    return FAMILY if all(number >= 0 for number in loaded) else QFont().family()


@cache
def _svg(name: str) -> bytes:
    return (resources_dir() / "icons" / f"{name}.svg").read_bytes()


class _SvgEngine(QIconEngine):
    """Draws one icon in one colour, crisp at any scale factor."""

    def __init__(self, name: str, colour: QColor) -> None:
        super().__init__()
        self._name, self._colour = name, colour
        ink = colour.name().encode()
        text = _svg(name).replace(b"#000", ink).replace(b"<svg ", b'<svg fill="' + ink + b'" ', 1)
        self._renderer = QSvgRenderer(QByteArray(text))

    def clone(self) -> QIconEngine:
        return _SvgEngine(self._name, self._colour)

    def paint(self, painter: QPainter, rect, mode, state) -> None:  # type: ignore[no-untyped-def]
        painter.save()
        if mode == QIcon.Mode.Disabled:
            painter.setOpacity(0.4)
        self._renderer.render(painter, QRectF(rect))
        painter.restore()

    def pixmap(self, size, mode, state) -> QPixmap:  # type: ignore[no-untyped-def]
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, pixmap.rect(), mode, state)
        painter.end()
        return pixmap


class Theme(QObject):
    """Colours, fonts and icons by token; `changed` says that everything must be painted anew."""

    changed = Signal()

    def __init__(self, name: str = "dark", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._family = load_fonts()
        self._fonts: dict[tuple[TypeSize, Weight], QFont] = {}
        self._wanted = name
        self._use(self._resolved())
        self.clicked = False  # whether the focus went where it is by the mouse
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._on_focus)
        hints = QApplication.styleHints()
        if hints is not None:
            hints.colorSchemeChanged.connect(lambda _: self.choose(self._wanted))

    def _on_focus(self) -> None:
        self.clicked = QApplication.mouseButtons() != Qt.MouseButton.NoButton

    @property
    def palette(self) -> Palette:
        """The tokens in use."""
        return self._palette

    @property
    def map_table(self) -> list[int]:
        """256 colours of the spectrogram, 0xffrrggbb."""
        return self._map_table

    def choose(self, name: str) -> None:
        """Use "dark", "light", or "system" (the desktop's)."""
        self._wanted = name
        resolved = self._resolved()
        if resolved is not self._palette:
            self._use(resolved)
            self.changed.emit()

    def colour(self, token: str, alpha: float = 1.0) -> QColor:
        """A palette colour by its token's name, at an opacity of 0–1."""
        if token not in self._colours:
            self._colours[token] = QColor(getattr(self._palette, token))
        colour = QColor(self._colours[token])
        if alpha < 1:
            colour.setAlphaF(alpha)
        return colour

    def font(self, size: TypeSize = TypeSize.BODY, weight: Weight = Weight.Normal) -> QFont:
        """The family at one of the four sizes, with figures of equal width."""
        key = (size, weight)
        if key not in self._fonts:
            font = QFont(self._family)
            font.setPixelSize(int(size))
            font.setWeight(weight)
            font.setFeature(_TABULAR, 1)
            font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
            self._fonts[key] = font
        return QFont(self._fonts[key])

    def icon(self, name: str, tone: str = "text") -> QIcon:
        """An icon of resources/icons in a palette colour."""
        return QIcon(_SvgEngine(name, self.colour(tone)))

    def draw_icon(
        self,
        painter: QPainter,
        name: str,
        centre: QPointF,
        *,
        tone: str,
        size_px: float = Size.ICON,
    ) -> None:
        """Paint an icon around a point; each is drawn once for a size, a row has many."""
        ratio = painter.device().devicePixelRatioF()
        key = (name, tone, size_px, ratio)
        if key not in self._pixmaps:
            side = round(size_px * ratio)
            engine = _SvgEngine(name, self.colour(tone))
            pixmap = engine.pixmap(QSize(side, side), QIcon.Mode.Normal, QIcon.State.Off)
            pixmap.setDevicePixelRatio(ratio)
            self._pixmaps[key] = pixmap
        half = size_px / 2
        painter.drawPixmap(QPointF(centre.x() - half, centre.y() - half), self._pixmaps[key])

    def apply(self, application: QApplication) -> None:
        """Give Qt's own controls this look."""
        if application.style().name() != "fusion":  # each of these styles every widget anew
            application.setStyle("Fusion")
        palette = QPalette()
        for role, token in _ROLES:
            palette.setColor(role, self.colour(token))
        for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, self.colour("muted", 0.6))
        application.setPalette(palette)
        if application.font() != self.font():
            application.setFont(self.font())
        application.setStyleSheet(style_sheet(self._palette, str(resources_dir() / "icons")))

    def _resolved(self) -> Palette:
        if self._wanted in PALETTES:
            return PALETTES[self._wanted]
        dark = QApplication.styleHints().colorScheme() != Qt.ColorScheme.Light
        return PALETTES["dark" if dark else "light"]

    def _use(self, palette: Palette) -> None:
        self._palette = palette
        self._colours: dict[str, QColor] = {}
        self._pixmaps: dict[tuple[str, str, float, float], QPixmap] = {}
        self._map_table = colour_table(palette.map_stops)
