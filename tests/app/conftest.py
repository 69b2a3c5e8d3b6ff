"""For every test of the window: Qt's objects are freed on the thread that they live in."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def garbage_waits() -> Iterator[None]:
    """As `app.garbage` in the window: no collector in the library's thread."""
    gc.disable()
    yield
    gc.enable()
    gc.collect()
