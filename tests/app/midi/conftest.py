"""Qt without a screen, for the parts that have an event loop."""

import os

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication


@pytest.fixture(scope="session")
def qt() -> QCoreApplication:
    """The application, made once; a QApplication, because other areas need one."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    return QApplication.instance() or QApplication([])
