from pathlib import Path

from app.single_instance import SingleInstance
from tests.fixtures.qt import wait_until


def test_a_second_start_hands_its_files_to_the_first(tmp_path: Path) -> None:
    first, second = SingleInstance(tmp_path), SingleInstance(tmp_path)
    asked: list[list[Path]] = []
    first.asked.connect(asked.append)
    assert not first.hand_over([])
    assert first.claim()
    assert second.hand_over([Path("/a b.wav"), Path("/c.wav")])
    wait_until(lambda: bool(asked))
    assert asked == [[Path("/a b.wav"), Path("/c.wav")]]
    first.close()
    assert second.claim()
    second.close()
