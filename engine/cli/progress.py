"""Progress on standard error: bars in a terminal, plain lines in a log, nothing with --json."""

import sys
import threading
from typing import Final, Protocol

from tqdm import tqdm

STAGE_NAMES: Final = {
    "text": "text",
    "generator": "generator",
    "vocoder": "vocoder",
    "cascader": "cascader",
    "super_resolution": "super-resolution",
    "finish": "finish",
}
_BAR: Final = "{desc:<18}{bar}{n_fmt:>5}/{total_fmt}  {elapsed}{postfix}"


class Progress(Protocol):
    """Where steps are shown."""

    def step(self, stage: str, step: int, steps: int, eta_s: float | None) -> None:
        """A step of a stage is done."""

    def note(self, text: str) -> None:
        """One line that stays."""

    def close(self) -> None:
        """Leave the terminal tidy."""


def progress_for_stderr() -> Progress:
    """Bars where a person looks, lines elsewhere."""
    return Bars() if sys.stderr.isatty() else Lines()


class Silent:
    """Shows nothing."""

    def step(self, stage: str, step: int, steps: int, eta_s: float | None) -> None:
        """A step of a stage is done."""

    def note(self, text: str) -> None:
        """One line that stays."""

    def close(self) -> None:
        """Leave the terminal tidy."""


class Lines:
    """One line when a stage is done."""

    def step(self, stage: str, step: int, steps: int, eta_s: float | None) -> None:
        """A step of a stage is done."""
        if step >= steps:
            self.note(f"{STAGE_NAMES.get(stage, stage)} {step}/{steps}{_eta(eta_s)}")

    def note(self, text: str) -> None:
        """One line that stays."""
        print(text, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Leave the terminal tidy."""


class Bars:
    """One bar per stage; a stage that starts again (the next take) gets a new one."""

    def __init__(self) -> None:
        tqdm.monitor_interval = 0  # no thread of its own
        tqdm.set_lock(threading.RLock())  # its default is a multiprocessing lock
        self._bar: tqdm[None] | None = None
        self._stage = ""

    def step(self, stage: str, step: int, steps: int, eta_s: float | None) -> None:
        """A step of a stage is done."""
        if self._bar is None or stage != self._stage or step <= self._bar.n:
            self.close()
            name = STAGE_NAMES.get(stage, stage)
            self._bar = tqdm(total=steps, desc=name, bar_format=_BAR, file=sys.stderr)
            self._stage = stage
        self._bar.set_postfix_str(_eta(eta_s).strip(", "), refresh=False)
        self._bar.update(step - self._bar.n)

    def note(self, text: str) -> None:
        """One line that stays."""
        tqdm.write(text, file=sys.stderr)

    def close(self) -> None:
        """Leave the terminal tidy."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _eta(eta_s: float | None) -> str:
    if eta_s is None or eta_s < 0.5:
        return ""
    minutes, seconds = divmod(round(eta_s), 60)
    return f", {minutes} min {seconds:02d} s left" if minutes else f", {seconds} s left"
