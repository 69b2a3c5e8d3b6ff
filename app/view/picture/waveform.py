"""The waveform on the shared time line: left above, right below, minimum to maximum per pixel.

A pyramid of minima and maxima is made once per sound (64 samples a cell), so that painting costs
the same at any zoom.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPixmap, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QWidget

from app.view.picture.canvas import TimeCanvas
from app.view.picture.spectrogram import GUTTER_PX
from app.view.picture.time_axis import TimeAxis
from app.view.theme.theme import Theme
from app.view.theme.tokens import TypeSize
from app.view.widgets.painting import Align, fill_round, focus_ring, painting

CELL_SAMPLES: Final = 64


def extremes(audio: NDArray[np.float32], cell_samples: int = CELL_SAMPLES) -> NDArray[np.float32]:
    """(samples, 2) → (cells, 2 channels, 2): minimum and maximum of each cell."""
    cells = -(-audio.shape[0] // cell_samples)
    padded = np.zeros((cells * cell_samples, audio.shape[1]), np.float32)
    padded[: audio.shape[0]] = audio
    blocks = padded.reshape(cells, cell_samples, audio.shape[1])
    return np.stack([blocks.min(axis=1), blocks.max(axis=1)], axis=-1)


def columns(
    cells: NDArray[np.float32], first: float, last: float, width: int
) -> NDArray[np.float32]:
    """(cells, 2, 2) from cell `first` to `last` (fractions allowed) → (width, 2, 2)."""
    count = cells.shape[0]
    edges = np.clip(np.linspace(first, last, width + 1).astype(np.int64), 0, max(count - 1, 0))
    starts = edges[:-1]
    low = np.minimum.reduceat(cells[..., 0], starts, axis=0)
    high = np.maximum.reduceat(cells[..., 1], starts, axis=0)
    if width > 1:  # reduceat runs the last one to the end of the array
        low[-1], high[-1] = cells[starts[-1], :, 0], cells[starts[-1], :, 1]
    return np.stack([low, high], axis=-1)


class WaveformView(TimeCanvas):
    """Shows (samples, 2) audio on a TimeAxis."""

    def __init__(self, axis: TimeAxis, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(axis, theme, parent)
        self._cells: NDArray[np.float32] | None = None
        self._rate_hz = 16_000
        self._pixmap: QPixmap | None = None
        axis.changed.connect(self._spoil)
        theme.changed.connect(self._spoil)
        self.setAccessibleName(self.tr("Waveform"))
        self.setMinimumHeight(44)

    def set_audio(self, audio: NDArray[np.float32] | None, rate_hz: int = 16_000) -> None:
        """Show a sound; None shows a line."""
        self._cells = None if audio is None else extremes(audio)
        self._rate_hz = rate_hz
        self._spoil()
        self.update()

    def _spoil(self) -> None:
        self._pixmap = None

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Paint the waves anew."""
        self._spoil()
        super().resizeEvent(event)

    def plot(self) -> QRectF:
        """In line with the spectrogram's."""
        return QRectF(self.rect()).adjusted(GUTTER_PX, 1, -1, -1)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Low and wide."""
        return QSize(820, 64)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Two channels, selection, playhead."""
        with painting(self) as painter:
            plot = self.plot()
            fill_round(painter, plot, self.theme.colour("sunken"), radius_px=4)
            self._paint_names(painter, plot)
            if self._cells is None:
                painter.setPen(QPen(self.theme.colour("line"), 1))
                for part in (0.25, 0.75):
                    y = plot.top() + part * plot.height()
                    painter.drawLine(QPointF(plot.left() + 4, y), QPointF(plot.right() - 4, y))
            else:
                if self._pixmap is None:
                    self._pixmap = self._render(plot, self._cells)
                painter.drawPixmap(plot.topLeft(), self._pixmap)
                self.paint_region(painter)
                self.paint_playhead(painter)
            if self.hasFocus():
                focus_ring(painter, self.theme, QRectF(self.rect()), radius_px=4)

    def _paint_names(self, painter: QPainter, plot: QRectF) -> None:
        painter.setFont(self.theme.font(TypeSize.CAPTION))
        painter.setPen(self.theme.colour("muted"))
        half = plot.height() / 2
        for row, name in enumerate((self.tr("L"), self.tr("R"))):
            box = QRectF(0, plot.top() + row * half, GUTTER_PX - 7, half)
            painter.drawText(box, Align.AlignRight | Align.AlignVCenter, name)

    def _render(self, plot: QRectF, cells: NDArray[np.float32]) -> QPixmap:
        """The waves in the screen's pixels, so that a moving playhead costs nothing."""
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(QSize(round(plot.width() * ratio), round(plot.height() * ratio)))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_waves(painter, QRectF(0, 0, plot.width(), plot.height()), cells)
        painter.end()
        return pixmap

    def _paint_waves(self, painter: QPainter, plot: QRectF, cells: NDArray[np.float32]) -> None:
        per_s = self._rate_hz / CELL_SAMPLES
        width = int(plot.width() * self.devicePixelRatioF())
        found = columns(cells, self.axis.start_s * per_s, self.axis.end_s * per_s, width)
        x = plot.left() + np.arange(width) * (plot.width() / width)
        painter.setPen(QPen(self.theme.colour("accent"), 0.6))
        painter.setBrush(self.theme.colour("accent"))
        for channel in range(2):
            middle = plot.top() + (0.25 + 0.5 * channel) * plot.height()
            scale = plot.height() * 0.235
            upper = middle - np.clip(found[:, channel, 1], -1, 1) * scale
            lower = middle - np.clip(found[:, channel, 0], -1, 1) * scale
            points = [QPointF(a, b) for a, b in zip(x.tolist(), upper.tolist(), strict=True)]
            back = [QPointF(a, b) for a, b in zip(x.tolist(), lower.tolist(), strict=True)]
            painter.drawPolygon(QPolygonF(points + back[::-1]))
