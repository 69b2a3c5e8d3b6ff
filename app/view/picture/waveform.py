"""The waveform on the shared time line: left above, right below, minimum to maximum per pixel.

A pyramid of minima and maxima is made once per sound (64 samples a cell), so that painting costs
the same at any zoom.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from app.view.cache import Cache
from app.view.picture.canvas import TimeCanvas
from app.view.picture.spectrogram import GUTTER_PX, indexed_image
from app.view.picture.time_axis import TimeAxis
from app.view.theme.theme import Theme
from app.view.theme.tokens import TypeSize
from app.view.widgets.painting import Align, focus_ring, painting

CELL_SAMPLES: Final = 64
_KEPT: Final = 4


def extremes(audio: NDArray[np.float32], cell_samples: int = CELL_SAMPLES) -> NDArray[np.float32]:
    """(samples, 2) → (cells, 2 channels, 2): minimum and maximum of each cell."""
    starts = np.arange(0, audio.shape[0], cell_samples)
    ends = (np.minimum.reduceat(audio, starts, axis=0), np.maximum.reduceat(audio, starts, axis=0))
    return np.stack(ends, axis=-1)


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


def coverage(found: NDArray[np.float32], height: int) -> NDArray[np.uint8]:
    """(width, 2 channels, 2) minima and maxima in −1…1 → (height, width) coverage, 255 is full.

    Rejected: polygons (antialiasing one of 3,600 points took 80 ms).
    """
    found = found.copy()
    low, high = found[..., 0], found[..., 1]  # each column goes on where the next begins
    high[:-1] = np.maximum(high[:-1], low[1:])
    low[:-1] = np.minimum(low[:-1], high[1:])
    half = height // 2
    middle, scale = half / 2, 0.47 * half
    edges = middle - np.clip(found, -1, 1) * scale  # (width, 2, 2) from above
    rows = np.arange(half, dtype=np.float32)[:, None]
    parts = [
        np.minimum(rows + 1, edges[:, channel, 0] + 0.5)
        - np.maximum(rows, edges[:, channel, 1] - 0.5)
        for channel in range(2)
    ]
    picture = np.zeros((height, found.shape[0]), np.uint8)
    picture[: 2 * half] = np.clip(np.concatenate(parts), 0, 1) * 255
    return picture


class WaveformView(TimeCanvas):
    """Shows (samples, 2) audio on a TimeAxis."""

    def __init__(self, axis: TimeAxis, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(axis, theme, parent)
        self._cells: NDArray[np.float32] | None = None
        self._rate_hz = 16_000
        self._extremes: Cache[int, tuple[NDArray[np.float32], NDArray[np.float32]]] = Cache(_KEPT)
        self.setAccessibleName(self.tr("Waveform"))
        self.setMinimumHeight(44)

    def set_audio(self, audio: NDArray[np.float32] | None, rate_hz: int = 16_000) -> None:
        """Show a sound; None shows a line."""
        self._cells = None if audio is None else self._known(audio)
        self._rate_hz = rate_hz
        self.renew()

    def content(self) -> tuple[object, object]:
        """The extremes of a sound, which are kept as long."""
        return self._cells, self._rate_hz

    def _known(self, audio: NDArray[np.float32]) -> NDArray[np.float32]:
        """Its extremes; those of the last takes are kept, for keys 1–4."""
        known = self._extremes.find(id(audio))
        if known is None or known[0] is not audio:
            known = audio, extremes(audio)
            self._extremes.keep(id(audio), known)
        return known[1]

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
            self.paint_ground(painter, QRectF(event.rect()))
            painter.fillRect(plot, self.theme.colour("sunken"))
            if event.rect().left() < plot.left():
                self._paint_names(painter, plot)
            if self._cells is None:
                painter.setPen(QPen(self.theme.colour("line"), 1))
                for part in (0.25, 0.75):
                    y = plot.top() + part * plot.height()
                    painter.drawLine(QPointF(plot.left() + 4, y), QPointF(plot.right() - 4, y))
            else:
                painter.drawPixmap(plot.topLeft(), self.picture())
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

    def render_picture(self, plot: QRectF) -> QPixmap:
        """The waves, as coverage in the accent's colour."""
        ratio = self.devicePixelRatioF()
        pixmap = self.blank(plot, QColor(Qt.GlobalColor.transparent), ratio)
        if self._cells is None:
            return pixmap
        per_s = self._rate_hz / CELL_SAMPLES
        span = self.axis.start_s * per_s, self.axis.end_s * per_s
        found = columns(self._cells, *span, pixmap.width())
        ink = self.theme.colour("accent").rgb() & 0xFFFFFF
        table = [alpha << 24 | ink for alpha in range(256)]
        painter = QPainter(pixmap)
        painter.drawImage(
            plot.translated(-plot.topLeft()), indexed_image(coverage(found, pixmap.height()), table)
        )
        painter.end()
        return pixmap
