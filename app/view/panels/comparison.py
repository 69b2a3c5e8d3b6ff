"""Asked against measured, as a row: "Tempo 92 → 91.8 BPM ✓", a sign as well as a colour."""

from collections.abc import Sequence
from math import ceil

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.model.takes import Comparison
from app.texts import QT_TRANSLATE_NOOP
from app.view.panels.words import CHORDS, shown_chords, shown_key, tr
from app.view.theme.theme import Theme, Weight
from app.view.theme.tokens import Space, TypeSize
from app.view.widgets.painting import Align, painting

_NONE = "–"
_CHORDS_LEAST_PX = 96.0  # three or four of them
_NAMES = {
    "tempo": QT_TRANSLATE_NOOP("words", "Tempo"),
    "key": QT_TRANSLATE_NOOP("words", "Key"),
    "chords": CHORDS,
    "loudness": QT_TRANSLATE_NOOP("words", "Loudness"),
    "true peak": QT_TRANSLATE_NOOP("words", "Peak"),
    "seam": QT_TRANSLATE_NOOP("words", "Seam"),
}


def sentence(item: Comparison) -> str:
    """One comparison in a few characters; "" where nothing was measured."""
    if item.measured == _NONE and item.asked == _NONE:
        return ""
    if item.what == "chords":  # nothing measures them
        return shown_chords(item.asked)
    asked, measured = item.asked, item.measured
    if item.what == "key":
        asked, measured = (text if text == _NONE else shown_key(text) for text in (asked, measured))
    if asked == _NONE:
        return measured
    if asked == measured:
        return f"{measured} ✓"
    mark = {True: " ✓", False: " ≠", None: ""}[item.agrees]
    number, _, unit = asked.partition(" ")
    same_unit = unit and measured.endswith(unit)
    return f"{number if same_unit else asked} → {measured}{mark}"


class ComparisonRow(QWidget):
    """A row of names and values; where it is narrow, chords are cut and the last ones go."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._items: tuple[Comparison, ...] = ()
        self.setAccessibleName(self.tr("Asked against measured"))
        theme.changed.connect(self.update)

    def set_comparisons(self, items: Sequence[Comparison]) -> None:
        """Show these."""
        self._items = tuple(items)
        lines = [f"{tr(_NAMES[i.what])}: {sentence(i)}" for i in self._items if sentence(i)]
        self.setAccessibleDescription(", ".join(lines))
        self.setToolTip("\n".join([self.tr("Asked → measured"), *lines]) if lines else "")
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """One line."""
        return QSize(320, 28)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Name muted, value in full; what disagrees in the danger colour, with its sign."""
        theme, x = self._theme, 0.0
        name_font, value_font = self._fonts()
        left = Align.AlignLeft | Align.AlignVCenter
        with painting(self) as painter:
            for item, name_px, value_px in self._fitted():
                painter.setFont(name_font)
                painter.setPen(theme.colour("muted"))
                name = QRectF(x, 1, name_px, self.height())
                painter.drawText(name, left, tr(_NAMES[item.what]))
                painter.setFont(value_font)
                painter.setPen(theme.colour("danger" if item.agrees is False else "text"))
                elide = Qt.TextElideMode.ElideRight
                text = painter.fontMetrics().elidedText(sentence(item), elide, ceil(value_px))
                painter.drawText(QRectF(x + name_px, 0, value_px + 2, self.height()), left, text)
                x += name_px + value_px + Space.LARGE

    def _fonts(self) -> tuple[QFont, QFont]:
        """Of names and of values."""
        return self._theme.font(TypeSize.CAPTION), self._theme.font(TypeSize.BODY, Weight.Medium)

    def _fitted(self) -> list[tuple[Comparison, float, float]]:
        """The items that fit, and the widths of their names and values: chords get what is left."""
        names, values = (QFontMetricsF(font) for font in self._fonts())
        fitted: list[tuple[Comparison, float, float]] = []
        left_px, cut_px = float(self.width()), 0.0
        for item in self._items:
            if not (text := sentence(item)):
                continue
            name_px = names.horizontalAdvance(tr(_NAMES[item.what])) + 6
            whole_px = value_px = values.horizontalAdvance(text)
            if item.what == "chords":
                value_px = min(whole_px, _CHORDS_LEAST_PX)
                cut_px = whole_px - value_px
            if name_px + value_px > left_px:
                break
            fitted.append((item, name_px, value_px))
            left_px -= name_px + value_px + Space.LARGE
        more_px = min(cut_px, max(left_px + Space.LARGE, 0.0))
        return [
            (item, name_px, value_px + more_px * (item.what == "chords"))
            for item, name_px, value_px in fitted
        ]
