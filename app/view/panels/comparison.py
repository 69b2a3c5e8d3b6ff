"""Asked against measured, as a row: "Tempo 92 → 91.8 BPM ✓", a sign as well as a colour."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QFontMetricsF, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.model.takes import Comparison
from app.texts import QT_TRANSLATE_NOOP
from app.view.panels.words import shown_key, tr
from app.view.theme.theme import Theme, Weight
from app.view.theme.tokens import Space, TypeSize
from app.view.widgets.painting import Align, painting

_NONE = "–"
_NAMES = {
    "tempo": QT_TRANSLATE_NOOP("words", "Tempo"),
    "key": QT_TRANSLATE_NOOP("words", "Key"),
    "loudness": QT_TRANSLATE_NOOP("words", "Loudness"),
    "true peak": QT_TRANSLATE_NOOP("words", "Peak"),
    "seam": QT_TRANSLATE_NOOP("words", "Seam"),
}


def sentence(item: Comparison) -> str:
    """One comparison in a few characters; "" where nothing was measured."""
    if item.measured == _NONE and item.asked == _NONE:
        return ""
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
    """A row of names and values; the last ones go where it is narrow."""

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
        name_font = theme.font(TypeSize.CAPTION)
        value_font = theme.font(TypeSize.BODY, Weight.Medium)
        left = Align.AlignLeft | Align.AlignVCenter
        with painting(self) as painter:
            for item in self._items:
                text = sentence(item)
                if not text:
                    continue
                name = tr(_NAMES[item.what])
                name_px = QFontMetricsF(name_font).horizontalAdvance(name) + 6
                value_px = QFontMetricsF(value_font).horizontalAdvance(text)
                if x + name_px + value_px > self.width():
                    break
                painter.setFont(name_font)
                painter.setPen(theme.colour("muted"))
                painter.drawText(QRectF(x, 1, name_px, self.height()), left, name)
                painter.setFont(value_font)
                painter.setPen(theme.colour("danger" if item.agrees is False else "text"))
                painter.drawText(QRectF(x + name_px, 0, value_px + 2, self.height()), left, text)
                x += name_px + value_px + Space.LARGE
