"""For every test of the window: Qt's objects are freed on their thread, and before Python ends."""

import gc
from collections.abc import Iterator

import pytest
from PySide6.QtGui import QGuiApplication


@pytest.fixture(scope="module", autouse=True)
def garbage_waits() -> Iterator[None]:
    """As `app.garbage` in the window: no collector in the library's thread."""
    gc.disable()
    yield
    gc.enable()
    gc.collect()


@pytest.fixture(scope="session", autouse=True)
def clipboard_is_left_empty() -> Iterator[None]:
    """The screenless platform frees what was copied after Python has ended, which crashes.

    Screens do not: their clipboards go with the application, or hand the data to the system.
    """
    yield
    if QGuiApplication.instance() is not None:
        QGuiApplication.clipboard().clear()
