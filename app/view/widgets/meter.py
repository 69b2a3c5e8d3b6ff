"""Peak and loudness of what is heard: two bars in decibels, a held peak, LUFS in figures."""

from math import inf
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.view.theme.theme import Theme, Weight
from app.view.theme.tokens import TypeSize
from app.view.widgets.painting import Align, fill_round, painting

FLOOR_DB: Final = -60.0
_MARKS_DB: Final = (-48, -36, -24, -12, -6, 0)
_CLIP_DB: Final = -0.1


def meter_height(level_db: float) -> float:
    """0–1 along the bar: the upper 24 dB take two thirds, where it matters."""
    if level_db <= FLOOR_DB:
        return 0.0
    if level_db < -24:
        return (level_db - FLOOR_DB) / (-24 - FLOOR_DB) * 0.35
    return min(0.35 + (level_db + 24) / 24 * 0.65, 1.0)


class LevelMeter(QWidget):
    """Lies along its width; a click drops the held peaks."""

    reset_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._peak = self._hold = (-inf, -inf)
        self._lufs = -inf
        self.setAccessibleName(self.tr("Level meter"))
        self.setToolTip(
            self.tr("Peak of left and right, held peak, and momentary loudness\nClick to reset")
        )
        theme.changed.connect(self.update)

    def set_levels(
        self, peak_db: tuple[float, float], hold_db: tuple[float, float], loudness_lufs: float
    ) -> None:
        """Show levels; −inf is silence."""
        new = (peak_db, hold_db, loudness_lufs)
        if new != (self._peak, self._hold, self._lufs):
            self._peak, self._hold, self._lufs = new
            self.update()

    def loudness_text(self) -> str:
        """Loudness as shown."""
        return "–" if self._lufs <= -70 else f"{self._lufs:.1f}".replace("-", "−")

    def peak_text(self) -> str:
        """The held peak as shown."""
        peak = max(self._hold)
        return "–" if peak <= -90 else f"{peak:.1f}".replace("-", "−")

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Drop the held peaks."""
        event.accept()
        self.reset_asked.emit()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Bars and two figures."""
        return QSize(280, 36)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Bars may become shorter."""
        return QSize(190, 36)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Bars, marks, figures."""
        with painting(self) as painter:
            bars = QRectF(0, 5, self.width() - 116, 13)
            for channel in range(2):
                bar = QRectF(bars.left(), bars.top() + 7 * channel, bars.width(), 5)
                self._paint_bar(painter, bar, self._peak[channel], self._hold[channel])
            painter.setFont(self._theme.font(TypeSize.CAPTION))
            for mark in _MARKS_DB if bars.width() > 150 else _MARKS_DB[2:]:
                x = bars.left() + meter_height(mark) * bars.width()
                painter.setPen(QPen(self._theme.colour("line"), 1))
                painter.drawLine(QPointF(x, 19), QPointF(x, 21))
                painter.setPen(self._theme.colour("muted"))
                box = QRectF(min(x - 12, bars.right() - 14), 21, 24, 13)
                painter.drawText(box, Align.AlignHCenter, f"{abs(mark)}")
            clipped = max(self._hold) > _CLIP_DB
            figures = ((self.peak_text(), "dB", clipped), (self.loudness_text(), "LUFS", False))
            for column, (text, unit, warn) in enumerate(figures):
                left = bars.right() + 12 + 54 * column
                self._paint_figure(
                    painter, left, text, self.tr("over") if warn else unit, warn=warn
                )

    def _paint_bar(self, painter: QPainter, bar: QRectF, peak_db: float, hold_db: float) -> None:
        fill_round(painter, bar, self._theme.colour("raised"), radius_px=2)
        painter.setPen(Qt.PenStyle.NoPen)
        length = meter_height(peak_db) * bar.width()
        if length > 1:
            fill = QRectF(bar.left(), bar.top(), length, bar.height())
            fill_round(painter, fill, self._theme.colour("accent"), radius_px=2)
        if hold_db > FLOOR_DB:
            x = bar.left() + meter_height(hold_db) * bar.width()
            tone = "danger" if hold_db > _CLIP_DB else "text"
            painter.fillRect(QRectF(x - 2, bar.top(), 2, bar.height()), self._theme.colour(tone))

    def _paint_figure(
        self, painter: QPainter, left: float, text: str, unit: str, *, warn: bool
    ) -> None:
        painter.setPen(self._theme.colour("danger" if warn else "text"))
        painter.setFont(self._theme.font(TypeSize.BODY, Weight.Medium))
        painter.drawText(QRectF(left, 2, 48, 18), Align.AlignRight | Align.AlignVCenter, text)
        painter.setPen(self._theme.colour("danger" if warn else "muted"))
        painter.setFont(self._theme.font(TypeSize.CAPTION))
        painter.drawText(QRectF(left, 20, 48, 13), Align.AlignRight | Align.AlignVCenter, unit)
