import pytest
from PySide6.QtCore import QCoreApplication

from tests.fixtures.qt import application


@pytest.fixture(scope="session", autouse=True)
def qt() -> QCoreApplication:
    """The application that signals and timers need."""
    return application()
