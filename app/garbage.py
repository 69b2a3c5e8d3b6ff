"""Reference cycles are collected on the GUI's thread and on no other.

Python's collector runs in whichever thread happens to allocate. Where that is the library's, it may
free a timer or a process there, and Qt's objects must end in the thread that they live in: that is
a segmentation fault, now and then (https://doc.qt.io/qt-6/threads-qobject.html). Rejected: breaking
every cycle by hand (one forgotten lambda is enough), and no collector at all (dialogs and undone
commands would stay).
"""

import gc
from typing import Final

from PySide6.QtCore import QObject, QTimer

EVERY_MS: Final = 1_000


class GarbageCollector(QObject):
    """Takes over from Python's automatic collector for as long as it lives."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    def collect(self) -> None:
        """The oldest generation whose time has come by Python's own thresholds, if any has."""
        due = [
            generation
            for generation, (count, limit) in enumerate(
                zip(gc.get_count(), gc.get_threshold(), strict=True)
            )
            if limit and count > limit
        ]
        if due:
            gc.collect(due[-1])

    def settle(self) -> None:
        """What is there by now stays: widgets, modules, a library of clips need no more looking at.

        Ten thousand clips are 60,000 objects, and a walk through them would be felt.
        """
        gc.freeze()

    def close(self) -> None:
        """Give it back."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()
