"""What a run says: a line of progress, a loss curve as CSV, and TensorBoard where it is installed.

The CSV is cut back to the checkpoint when a run goes on, so that no step is in it twice.
"""

import csv
import importlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

CURVE_NAME: Final = "loss.csv"
COLUMNS: Final = ("step", "loss", "validation", "learning_rate", "gradient", "seconds")
Row = dict[str, float]


def duration(seconds: float) -> str:
    """Seconds as "2:05:09" or "4:07"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def cut_curve(path: Path, step: int) -> None:
    """Remove the rows after `step`, and a last row that was never finished."""
    if not path.exists():
        return
    with path.open(encoding="utf-8", newline="") as file:
        rows = [
            row
            for row in csv.reader(file)
            if len(row) == len(COLUMNS) and (row[0] == COLUMNS[0] or int(row[0]) <= step)
        ]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


class Report:
    """Where a run's numbers go.

    Args:
        folder: of the run.
        step: that it starts after.
        steps: that it will have.
        say: takes a line of progress.
        clock: seconds.
    """

    def __init__(
        self,
        folder: Path,
        *,
        step: int,
        steps: int,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        path = folder / CURVE_NAME
        cut_curve(path, step)
        fresh = not path.exists()
        self._file = path.open("a", encoding="utf-8", newline="")
        self._rows = csv.writer(self._file)
        if fresh:
            self._rows.writerow(COLUMNS)
        self._board = _board(folder)
        self._say, self._clock = say, clock
        self._first, self._steps = step, steps
        self._began = clock()

    def step(self, step: int, row: Row) -> None:
        """Take the numbers of a step; those that are missing stay empty."""
        elapsed = self._clock() - self._began
        full = {"step": step, **row, "seconds": round(elapsed, 3)}
        self._rows.writerow([full.get(name, "") for name in COLUMNS])
        self._file.flush()
        if self._board is not None:
            for name, value in row.items():
                self._board.add_scalar(name, value, step)

    def line(self, step: int, loss: float, word: str = "") -> None:
        """Say how far it is, and a word of the loss."""
        elapsed = self._clock() - self._began
        each = elapsed / max(step - self._first, 1)
        left = duration(each * (self._steps - step))
        self._say(
            f"step {step}/{self._steps}  loss {loss:.4f}  {word}{'  ' if word else ''}"
            f"{each:.3f} s/step  "
            f"{duration(elapsed)} gone, {left} left"
        )

    def close(self) -> None:
        """Close the files."""
        self._file.close()
        if self._board is not None:
            self._board.close()


def _board(folder: Path) -> Any:
    """TensorBoard's writer, or None where it is not installed."""
    try:
        module = importlib.import_module("torch.utils.tensorboard")
    except ModuleNotFoundError:
        return None
    return module.SummaryWriter(str(folder / "tensorboard"))
