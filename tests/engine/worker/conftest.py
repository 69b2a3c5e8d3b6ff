import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from engine.protocol.client import EngineClient

FAKE_ENGINE = Path(__file__).with_name("fake_engine.py")

Start = Callable[..., EngineClient]


@pytest.fixture(scope="session")
def fake_command() -> list[str]:
    return [sys.executable, str(FAKE_ENGINE), "serve"]


@pytest.fixture(scope="module")
def client(fake_command: list[str]) -> Iterator[EngineClient]:
    """One engine for the tests that leave it as they found it."""
    with EngineClient(fake_command) as client:
        yield client


@pytest.fixture
def start(fake_command: list[str]) -> Iterator[Start]:
    """Starts real engine processes around a fake cascade; ends them with the test."""
    with ExitStack() as stack:
        yield lambda *options, **settings: stack.enter_context(
            EngineClient([*fake_command, *options], **settings)
        )
