"""A step schedule as a curve: noise left (t) against steps taken, with a dot per step while few."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.view.theme.theme import Theme
from app.view.theme.tokens import TypeSize
from app.view.widgets.painting import Align, fill_round, painting

_DOTS = 40


class ScheduleCurve(QWidget):
    """Draws times t from 1 to 0, equally spaced in steps."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._times: tuple[float, ...] = ()
        self._steps = 0
        self.setFixedSize(self.sizeHint())
        self.setAccessibleName(self.tr("Step schedule"))
        self.setToolTip(self.tr("Noise left (downward) against steps taken (to the right)"))
        theme.changed.connect(self.update)

    def set_curve(self, times: Sequence[float], steps: int) -> None:
        """Show a curve and how many steps take it."""
        self._times, self._steps = tuple(times), steps
        if self._times:
            half = next((k for k, t in enumerate(self._times) if t <= 0.5), 0)
            share = 100 * half // max(len(self._times) - 1, 1)
            self.setAccessibleDescription(
                self.tr("half of the noise is left after {0} % of the steps").format(share)
            )
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Small."""
        return QSize(148, 84)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Ground, curve, dots."""
        theme = self._theme
        with painting(self) as painter:
            fill_round(painter, QRectF(self.rect()), theme.colour("sunken"), radius_px=4)
            plot = QRectF(self.rect()).adjusted(8, 8, -8, -18)
            painter.setFont(theme.font(TypeSize.CAPTION))
            painter.setPen(theme.colour("muted"))
            under = QRectF(8, self.height() - 16, self.width() - 16, 13)
            painter.drawText(under, Align.AlignLeft, self.tr("noise"))
            painter.drawText(under, Align.AlignRight, self.tr("sound"))
            if len(self._times) < 2:
                return
            count = len(self._times) - 1
            points = [
                QPointF(plot.left() + plot.width() * k / count, plot.bottom() - plot.height() * t)
                for k, t in enumerate(self._times)
            ]
            path = QPainterPath(points[0])
            for point in points[1:]:
                path.lineTo(point)
            filled = QPainterPath(path)
            filled.lineTo(plot.bottomRight())
            filled.lineTo(plot.bottomLeft())
            painter.fillPath(filled, theme.colour("accent", 0.14))
            painter.strokePath(path, QPen(theme.colour("accent"), 1.5))
            if 0 < self._steps <= _DOTS:
                painter.setPen(QPen(theme.colour("sunken"), 1))
                painter.setBrush(theme.colour("accent"))
                for step in range(self._steps + 1):
                    at = step * count / self._steps
                    low = min(int(at), count - 1)
                    start, end = points[low], points[low + 1]
                    painter.drawEllipse(start + (end - start) * (at - low), 2.2, 2.2)
