"""A library of 10,000 clips, and what scrolling and searching it costs, turn by turn.

`QT_QPA_PLATFORM=offscreen python -m tests.app.proofs.many_clips [COUNT]` prints milliseconds of
processor time per turn of the event loop; at 60 frames a second one may take 16.6 ms.
"""

import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from app.model.session import LIBRARY_FILE
from app.view.panels.clip_list import ClipList
from tests.app.view.staged import Stage, new_clip, recipe, stage
from tests.fixtures.qt import run_for, wait_until

WORDS = ("organ", "rhodes", "choir", "clavinet", "brushes", "arpeggio", "drone", "strings")
KEYS = ("Am", "C", "F#m", "Bb", "Dm")


def fill(folder: Path, count: int) -> None:
    """A library of `count` clips; their files are one file under many names."""
    made = stage(folder)
    clips = made.session.models.clips
    rng = np.random.default_rng(0)
    audio = rng.uniform(-0.5, 0.5, (24_000, 2)).astype(np.float32)
    clips.add(new_clip("first.wav", recipe(), audio))
    wait_until(lambda: clips.total == 1, "for the first clip")
    first = clips.clip_at(0)
    made.close()
    with closing(sqlite3.connect(folder / LIBRARY_FILE)) as db, db:
        row: dict[str, Any] = dict(zip(*_row(db), strict=True))
        for number in range(1, count):
            path = first.path.with_name(f"clip-{number}.wav")
            os.link(first.path, path)
            word = WORDS[number % len(WORDS)]
            row |= {
                "id": row["id"] + 1, "path": str(path), "name": f"{word}-{number:05d}",
                "prompt": f"slow {word} over dusty drums, number {number}",
                "bpm": 60.0 + number % 120, "key": KEYS[number % len(KEYS)], "stars": number % 6,
                "created_s": row["created_s"] - 3600,
                "peaks": rng.bytes(len(row["peaks"])),
            }  # fmt: skip
            marks = ",".join("?" * len(row))
            names = ",".join(row)
            db.execute(f"INSERT INTO clips ({names}) VALUES ({marks})", [*row.values()])  # noqa: S608 - names of our own columns


def _row(db: sqlite3.Connection) -> tuple[list[str], tuple[object, ...]]:
    found = db.execute("SELECT * FROM clips")
    return [column[0] for column in found.description], found.fetchone()


def turn_ms(do: Callable[[], object], view: ClipList) -> float:
    """Milliseconds of processor time of the longest turn, of something and all that follows."""
    turns: list[float] = []
    while not turns or view.delegate.unfinished:
        start_s = time.process_time()
        if not turns:
            do()
        QApplication.processEvents()
        turns.append(1000 * (time.process_time() - start_s))
    return max(turns)


def wheel(view: ClipList, notches: float) -> None:
    """Turn the wheel over the list."""
    at = QPointF(view.viewport().rect().center())
    event = QWheelEvent(
        at, view.viewport().mapToGlobal(at), QPoint(), QPoint(0, round(-120 * notches)),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase,
        False,
    )  # fmt: skip
    QApplication.sendEvent(view.viewport(), event)


def measure(made: Stage) -> dict[str, dict[str, float]]:
    """Figures by what is done."""
    view, search = made.window.library.list, made.window.library.search
    bar = view.verticalScrollBar()
    figures = {
        "a frame of smooth scrolling (12 px)": [
            turn_ms(lambda: bar.setValue(bar.value() + 12), view) for _ in range(300)
        ],
        "a notch of the wheel": [turn_ms(lambda: wheel(view, 1), view) for _ in range(100)],
        "a page (every row new)": [
            turn_ms(lambda: bar.setValue(bar.value() + view.height()), view) for _ in range(100)
        ],
        "the scroll bar across the library": [
            turn_ms(lambda at=at: bar.setValue(round(at * bar.maximum())), view)  # type: ignore[misc]
            for at in np.linspace(0, 1, 100)
        ],
        "a letter of a search": [
            turn_ms(lambda text=text: search.setText(text), view)  # type: ignore[misc]
            for word in WORDS
            for text in (word[:end] for end in range(1, len(word) + 1))
        ],
    }
    return {
        name: {
            "median": round(float(np.median(times)), 2),
            "p99": round(float(np.percentile(times, 99)), 2),
        }
        for name, times in figures.items()
    }


def main(count: int) -> None:
    """Make the library, open it, print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), count)
        start_s = time.process_time()
        made = stage(Path(folder))
        opened_s = time.process_time() - start_s
        made.window.show()
        run_for(1.0)
        assert made.session.models.clips.total == count
        figures = {"open_s": round(opened_s, 2), "clips": count, "turn_ms": measure(made)}
        sys.stdout.write(json.dumps(figures, indent=1) + "\n")
        made.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
