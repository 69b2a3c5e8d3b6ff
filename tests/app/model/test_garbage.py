import gc
import threading
from collections.abc import Iterator

import pytest

from app.garbage import GarbageCollector


@pytest.fixture
def collections() -> Iterator[list[int]]:
    """The threads in which the collector has run, one entry a run."""
    ran: list[int] = []

    def note(phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            ran.append(threading.get_ident())

    gc.callbacks.append(note)
    yield ran
    gc.callbacks.remove(note)


def litter() -> None:
    """More cycles than any threshold."""
    for _ in range(20 * gc.get_threshold()[0]):
        cycle: list[object] = []
        cycle.append(cycle)


def test_cycles_are_collected_on_the_windows_thread_only(collections: list[int]) -> None:
    gc.enable()
    collector = GarbageCollector()
    elsewhere = threading.Thread(target=litter)
    elsewhere.start()
    elsewhere.join()
    assert collections == []
    assert gc.get_count()[0] > gc.get_threshold()[0]
    collector.collect()
    assert collections == [threading.get_ident()]
    collector.collect()  # nothing is due
    assert len(collections) == 1
    collector.settle()
    assert gc.get_freeze_count() > 1_000
    collector.close()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
