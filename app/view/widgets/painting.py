"""Small strokes that every self-painting widget shares."""

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from app.view.theme.theme import Theme
from app.view.theme.tokens import FOCUS_WIDTH_PX, RADIUS_PX

Align = Qt.AlignmentFlag


def own_escape(event: QEvent) -> bool:
    """Claim Esc for a field that ends its editing with it; without this the window cancels."""
    if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
        return False
    if event.key() != Qt.Key.Key_Escape:
        return False
    event.accept()
    return True


@contextmanager
def painting(widget: QWidget) -> Iterator[QPainter]:
    """A painter on a widget, antialiased, ended whatever happens."""
    painter = QPainter(widget)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    try:
        yield painter
    finally:
        painter.end()


def fill_round(
    painter: QPainter, rect: QRectF, colour: QColor, *, radius_px: float = RADIUS_PX
) -> None:
    """A filled rounded rectangle without an outline."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(rect, radius_px, radius_px)


def outline_round(
    painter: QPainter,
    rect: QRectF,
    colour: QColor,
    *,
    width_px: float = 1,
    radius_px: float = RADIUS_PX,
) -> None:
    """A rounded outline that lies wholly inside `rect`."""
    inset = width_px / 2
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, width_px))
    painter.drawRoundedRect(rect.adjusted(inset, inset, -inset, -inset), radius_px, radius_px)


def focus_ring(
    painter: QPainter, theme: Theme, rect: QRectF, *, radius_px: float = RADIUS_PX
) -> None:
    """What shows where the keyboard is; what was clicked needs no ring."""
    if theme.clicked:
        return
    outline_round(
        painter, rect, theme.colour("accent"), width_px=FOCUS_WIDTH_PX, radius_px=radius_px
    )


def arc(
    painter: QPainter,
    centre: QPointF,
    radius_px: float,
    pen: QPen,
    *,
    angles_deg: tuple[float, float],
) -> None:
    """An arc clockwise from one angle to another, 0° at the top."""
    start_deg, end_deg = angles_deg
    box = QRectF(centre.x() - radius_px, centre.y() - radius_px, 2 * radius_px, 2 * radius_px)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen)
    painter.drawArc(box, round((90 - start_deg) * 16), round((start_deg - end_deg) * 16))
