"""What the engine understood of a prompt, as chips, and the words it has never met.

An unknown word is struck through and marked "?", so that its meaning does not hang on colour.
"""

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.view.theme.theme import Theme, Weight
from app.view.theme.tokens import Size, Space, TypeSize
from app.view.widgets.painting import Align, fill_round, outline_round, painting

_CHIP_PX = Size.SMALL_CONTROL - 2


@dataclass(frozen=True)
class Chip:
    """One chip: what kind of word it is ("genre", "tempo"), and the word."""

    kind: str
    text: str
    known: bool = True


class ChipRow(QWidget):
    """One line of chips; what does not fit is counted at its end."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._chips: tuple[Chip, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Understood words"))
        theme.changed.connect(self.update)

    def set_chips(self, chips: tuple[Chip, ...]) -> None:
        """Show these."""
        if chips == self._chips:
            return
        self._chips = chips
        known = ", ".join(f"{chip.kind} {chip.text}" for chip in chips if chip.known)
        unknown = ", ".join(chip.text for chip in chips if not chip.known)
        lines = [self.tr("Understood: ") + known] if known else []
        if unknown:
            lines.append(self.tr("Never met, and of no effect: ") + unknown)
        self.setAccessibleDescription(". ".join(lines))
        self.setToolTip("\n".join(lines))
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """One line, whether or not there are chips: nothing below may jump while one types."""
        return QSize(200, Size.SMALL_CONTROL)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Kind in muted ink, word in full."""
        kind_font = self._theme.font(TypeSize.CAPTION)
        word_font = self._theme.font(TypeSize.CAPTION, Weight.Medium)
        with painting(self) as painter:
            x = 0.0
            for number, chip in enumerate(self._chips):
                kind = "?" if not chip.known else chip.kind
                kind_px = QFontMetricsF(kind_font).horizontalAdvance(kind)
                word_px = QFontMetricsF(word_font).horizontalAdvance(chip.text)
                width = kind_px + word_px + 2 * Space.SMALL + Space.HAIR + 1
                rest = len(self._chips) - number
                if x + width > self.width() - (36 if rest > 1 else 0):
                    painter.setPen(self._theme.colour("muted"))
                    painter.setFont(word_font)
                    box = QRectF(x, 1, 36, _CHIP_PX)
                    painter.drawText(box, Align.AlignLeft | Align.AlignVCenter, f"+{rest}")
                    break
                rect = QRectF(x, 1, width, _CHIP_PX)
                if chip.known:
                    fill_round(painter, rect, self._theme.colour("raised"), radius_px=_CHIP_PX / 2)
                else:
                    ink = self._theme.colour("muted")
                    outline_round(painter, rect, ink, radius_px=_CHIP_PX / 2)
                painter.setFont(kind_font)
                painter.setPen(self._theme.colour("muted"))
                left = Align.AlignLeft | Align.AlignVCenter
                painter.drawText(rect.adjusted(Space.SMALL, 0, 0, 0), left, kind)
                font = self._theme.font(TypeSize.CAPTION, Weight.Medium)
                font.setStrikeOut(not chip.known)
                painter.setFont(font)
                painter.setPen(self._theme.colour("text" if chip.known else "muted"))
                word = rect.adjusted(Space.SMALL + kind_px + Space.HAIR, 0, 0, 0)
                painter.drawText(word, left, chip.text)
                painter.setPen(QPen(Qt.PenStyle.NoPen))
                x += width + Space.HAIR + 2
