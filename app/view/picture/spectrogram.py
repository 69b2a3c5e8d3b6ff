"""The hero: a live log-mel with axes, grid, playhead, zoom and selection.

Rejected: pyqtgraph's ImageItem (its axes and menus are a plotting program's, and its float path
costs twice ours).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget

from app.view.picture.canvas import TimeCanvas
from app.view.picture.mel_image import Channel, mel_bytes
from app.view.picture.mel_scale import FRAMES_PER_S, TICKS_HZ, height_of, spoken_hz
from app.view.picture.time_axis import TimeAxis
from app.view.theme.theme import Theme, Weight
from app.view.theme.tokens import Space, TypeSize
from app.view.widgets.painting import Align, focus_ring, painting

GUTTER_PX: Final = 40  # the frequency axis
RULER_PX: Final = 24  # the bar axis
Mel = NDArray[np.float16] | NDArray[np.float32]


def indexed_image(indices: NDArray[np.uint8], table: list[int]) -> QImage:
    """A QImage over the bytes' copy; rows are padded to 4 bytes as Qt wants them."""
    height, width = indices.shape
    stride = (width + 3) // 4 * 4
    padded = np.zeros((height, stride), np.uint8)
    padded[:, :width] = indices
    image = QImage(padded.data, width, height, stride, QImage.Format.Format_Indexed8)
    image.setColorTable(table)
    return image.copy()


class SpectrogramView(TimeCanvas):
    """Shows one (160, frames) mel on a TimeAxis."""

    def __init__(self, axis: TimeAxis, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(axis, theme, parent)
        self._mel: Mel | None = None
        self._indices: NDArray[np.uint8] | None = None
        self._forming = False
        self._channel: Channel = "mid"
        self._hint = ""
        self.setMinimumSize(320, 112)
        self.setAccessibleName(self.tr("Spectrogram"))

    # ── what is shown ─────────────────────────────────────────────────────────────────────

    def set_mel(self, mel: Mel | None, *, forming: bool = False) -> None:
        """Show a mel; None shows the hint. One that is still forming is painted more cheaply."""
        if mel is not self._mel:
            self._mel, self._indices = mel, None
        self._forming = forming
        self.renew()

    def set_channel(self, channel: Channel) -> None:
        """Left, right, mid or side."""
        if channel != self._channel:
            self._channel, self._indices = channel, None
            self.renew()

    def content(self) -> tuple[object, object]:
        """A mel that still forms is seen once."""
        return (None if self._forming else self._mel), self._channel

    def set_hint(self, hint: str) -> None:
        """What is said while there is no mel."""
        self._hint = hint
        self.update()

    def plot(self) -> QRectF:
        """Right of the frequencies and below the ruler."""
        return QRectF(self.rect()).adjusted(GUTTER_PX, RULER_PX, -1, -1)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Large."""
        return QSize(820, 320)

    # ── paint ─────────────────────────────────────────────────────────────────────────────

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Picture, grid, axes, overlay."""
        with painting(self) as painter:
            plot = self.plot()
            self.paint_ground(painter, QRectF(event.rect()))
            if self._mel is None:
                painter.fillRect(plot, self.theme.colour("sunken"))
                self._paint_hint(painter)
            else:
                painter.drawPixmap(plot.topLeft(), self.picture())
            if event.rect().top() < plot.top():
                self._paint_ruler(painter)
            if event.rect().left() < plot.left():
                self._paint_frequencies(painter)
            if self._mel is not None:
                self.paint_region(painter)
                self.paint_playhead(painter, head=True)
            if self.hasFocus():
                focus_ring(painter, self.theme, QRectF(self.rect()), radius_px=4)

    def render_picture(self, plot: QRectF) -> QPixmap:
        """The seen part of the mel in the screen's pixels."""
        ratio = 1.0 if self._forming else self.devicePixelRatioF()
        pixmap = self.blank(plot, self.theme.colour("sunken"), ratio)
        stride = self._stride(plot.width()) if self._forming else 1
        indices = self._all_indices(stride)
        frames = indices.shape[1]
        start = self.axis.start_s * FRAMES_PER_S / stride
        end = self.axis.end_s * FRAMES_PER_S / stride
        first, last = max(int(start), 0), min(int(end) + 2, frames)
        if last <= first:
            return pixmap
        image = indexed_image(indices[:, first:last], self.theme.map_table)
        scale = plot.width() / (end - start)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        target = QRectF((first - start) * scale, 0, (last - first) * scale, plot.height())
        # Indexed8 is scaled smoothly at half of RGB32's speed
        painter.drawImage(target, image.convertToFormat(QImage.Format.Format_RGB32))
        self._paint_grid(painter, plot)
        painter.end()
        return pixmap

    def _stride(self, width_px: float) -> int:
        """Frames per pixel column, rounded down."""
        return max(1, int((self.axis.end_s - self.axis.start_s) * FRAMES_PER_S / max(width_px, 1)))

    def _all_indices(self, stride: int) -> NDArray[np.uint8]:
        assert self._mel is not None  # noqa: S101 - only called with one
        if stride > 1:
            return mel_bytes(self._mel, self._channel, stride=stride)
        if self._indices is None:
            self._indices = mel_bytes(self._mel, self._channel)
        return self._indices

    def _paint_hint(self, painter: QPainter) -> None:
        painter.setPen(self.theme.colour("muted"))
        painter.setFont(self.theme.font(TypeSize.BODY))
        box = self.plot().adjusted(Space.WIDE, 0, -Space.WIDE, 0)
        painter.drawText(box, Align.AlignCenter | Qt.TextFlag.TextWordWrap, self._hint)

    def _paint_grid(self, painter: QPainter, plot: QRectF) -> None:
        """Bars and beats over the picture; rectangles, for lines cost three times as much."""
        lines = self.axis.grid(plot.width())
        painter.setPen(Qt.PenStyle.NoPen)
        for is_bar, alpha in ((True, 0.30), (False, 0.10)):
            painter.setBrush(self.theme.colour("text", alpha))
            painter.drawRects(
                [
                    QRect(round(x), 0, 1, int(plot.height()))
                    for x, label in lines
                    if x >= 0 and bool(label) is is_bar
                ]
            )

    def _paint_ruler(self, painter: QPainter) -> None:
        plot = self.plot()
        painter.setFont(self.theme.font(TypeSize.CAPTION, Weight.Medium))
        long, short = self.theme.colour("muted"), self.theme.colour("line")
        painter.setPen(long)
        for x, label in self.axis.grid(plot.width()):
            at = plot.left() + round(x)
            if x < 0:
                continue
            height = 6 if label else 3
            ink = long if label else short
            painter.fillRect(QRectF(at, plot.top() - height, 1, height), ink)
            if label.strip():
                painter.drawText(QPointF(at + 4, plot.top() - 9), label)

    def _paint_frequencies(self, painter: QPainter) -> None:
        plot = self.plot()
        painter.setFont(self.theme.font(TypeSize.CAPTION))
        above = plot.bottom() + 20.0
        for hertz in TICKS_HZ:
            y = plot.bottom() - height_of(hertz) * plot.height()
            painter.fillRect(QRectF(plot.left() - 4, round(y), 4, 1), self.theme.colour("line"))
            box = QRectF(0, min(max(y - 7, plot.top() - 2), plot.bottom() - 13), GUTTER_PX - 7, 14)
            if above - box.top() < 13:
                continue
            above = box.top()
            painter.setPen(self.theme.colour("muted"))
            painter.drawText(box, Align.AlignRight | Align.AlignVCenter, spoken_hz(hertz))
        painter.setPen(self.theme.colour("muted"))
        box = QRectF(0, 0, GUTTER_PX - 7, RULER_PX - 4)
        painter.drawText(box, Align.AlignRight | Align.AlignVCenter, "Hz")


def thumbnail(mel: Mel, size: QSize, table: list[int], channel: Channel = "mid") -> QImage:
    """A small picture of a whole mel, at most twice as many frames as pixels."""
    stride = max(1, mel.shape[1] // max(size.width(), 1))
    image = indexed_image(mel_bytes(mel, channel, stride=stride), table)
    return image.convertToFormat(QImage.Format.Format_RGB32).scaled(
        size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
