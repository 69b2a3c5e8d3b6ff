"""A mouse wheel in whole notches, whatever the device sends."""

from typing import Final

from PySide6.QtGui import QWheelEvent

NOTCH: Final = 120  # QWheelEvent.angleDelta of one notch


class Wheel:
    """Gathers the small turns of a fine wheel or a touchpad until they make a notch."""

    def __init__(self) -> None:
        self._turned = 0.0

    def notches(self, event: QWheelEvent) -> int:
        """Whole notches since the last time, up is positive. Shift turns a wheel sideways."""
        delta = event.angleDelta()
        self._turned += delta.y() or delta.x()
        whole, self._turned = int(self._turned / NOTCH), self._turned % NOTCH * (self._turned > 0)
        return whole
