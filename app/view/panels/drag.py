"""Handing files to a DAW: file URLs of complete files, a copy, never a move, and no text beside.

A text in the data makes some DAWs insert a note instead of the sound.
"""

from PySide6.QtCore import QMimeData, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QDrag, QFontMetricsF, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from app.texts import QT_TRANSLATE_NOOP
from app.view.panels.words import tr
from app.view.theme.theme import Theme, Weight
from app.view.theme.tokens import Space, TypeSize
from app.view.widgets.painting import Align, fill_round, outline_round

_CLIPS = QT_TRANSLATE_NOOP("words", "{0} clips")


def drag_out(source: QWidget, data: QMimeData, theme: Theme, count: int) -> Qt.DropAction:
    """Run the drag; returns what the target did with it."""
    drag = QDrag(source)
    drag.setMimeData(data)
    name = data.urls()[0].fileName() if count == 1 else tr(_CLIPS).format(count)
    drag.setPixmap(_label(name, theme, source.devicePixelRatioF()))
    drag.setHotSpot(QPoint(-8, -8))
    return drag.exec(Qt.DropAction.CopyAction, Qt.DropAction.CopyAction)


def _label(text: str, theme: Theme, ratio: float) -> QPixmap:
    font = theme.font(TypeSize.BODY, Weight.Medium)
    width = min(round(QFontMetricsF(font).horizontalAdvance(text)) + 40, 360)
    pixmap = QPixmap(QSize(width, 28) * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    rect = QRectF(0, 0, width, 28)
    fill_round(painter, rect, theme.colour("raised"))
    outline_round(painter, rect, theme.colour("accent"))
    theme.draw_icon(painter, "wave", QPointF(16, 14), tone="accent")
    painter.setFont(font)
    painter.setPen(theme.colour("text"))
    box = rect.adjusted(30, 0, -Space.SMALL, 0)
    painter.drawText(box, Align.AlignLeft | Align.AlignVCenter, text)
    painter.end()
    return pixmap
