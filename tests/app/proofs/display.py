"""A display without a screen, and a hand on its mouse: Xvfb and xdotool."""

import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

SIZE = "1500x900x24"
PATIENCE_S = 60.0
OTHER = Path(__file__).parent / "other_program.py"
_TOOLKITS = {
    "tk": "import tkinter; tkinter.Tcl().eval("
    "'lappend auto_path /usr/lib /usr/lib/tcltk; package present Tcl')",
    "gtk": "import gi; gi.require_version('Gtk', '3.0'); import gi.repository.Gtk",
}
_PACKAGES = {"tk": "python3-tk and tkdnd", "gtk": "python3-gi and gir1.2-gtk-3.0"}


def system_python() -> str:
    """The Python that Debian's toolkits belong to."""
    return "/usr/bin/python3"


@cache
def missing() -> str:
    """Why there is no display here, "" if there is."""
    absent = [program for program in ("Xvfb", "xdotool") if shutil.which(program) is None]
    return f"{' and '.join(absent)} not installed (Debian: xvfb, xdotool)" if absent else ""


@cache
def toolkit_missing(name: str) -> str:
    """Why this toolkit's window cannot be opened here, "" if it can."""
    there = Path(system_python()).exists()
    check = [system_python(), "-c", _TOOLKITS[name]]
    fine = there and subprocess.run(check, check=False, capture_output=True).returncode == 0
    if name == "tk":
        fine = fine and any(Path("/usr/lib").glob("**/pkgIndex.tcl")) and bool(_tkdnd())
    return "" if fine else f"{_PACKAGES[name]} are not installed"


def _tkdnd() -> list[Path]:
    return [*Path("/usr/lib").glob("tkdnd*"), *Path("/usr/lib/tcltk").glob("**/tkdnd*")]


class Display:
    """One X server of its own, on the first number that is free."""

    def __init__(self) -> None:
        read, write = os.pipe()
        command = ["Xvfb", "-displayfd", str(write), "-screen", "0", SIZE, "-nolisten", "tcp"]
        self._server = subprocess.Popen(
            command, pass_fds=(write,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(write)
        with os.fdopen(read) as pipe:
            self.name = f":{pipe.readline().strip()}"

    def close(self) -> None:
        """End the server."""
        self._server.terminate()
        self._server.wait()

    @property
    def environment(self) -> dict[str, str]:
        """For a program that is to open its window here."""
        return {**os.environ, "DISPLAY": self.name, "QT_QPA_PLATFORM": "xcb", "GDK_BACKEND": "x11"}

    def hand(self, *words: str | int | float) -> None:
        """Let xdotool do something; every pause is part of it."""
        command = ["xdotool", *(str(word) for word in words)]
        subprocess.run(command, env=self.environment, check=True, capture_output=True)

    def click(self, at: tuple[int, int]) -> None:
        """Press and let go."""
        self.hand("mousemove", *at, "sleep", 0.1, "click", 1)

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Press, go there in small steps, rest, let go: as a hand does."""
        self.hand("mousemove", *start, "sleep", 0.2, "mousedown", 1, "sleep", 0.2)
        count = 12
        for step in range(1, count + 1):
            x, y = (round(a + (b - a) * step / count) for a, b in zip(start, end, strict=True))
            self.hand("mousemove", x, y, "sleep", 0.03)
        for nudge in (1, 0, 1, 0):  # the target answers to moves; it needs one after it has woken
            self.hand("mousemove", end[0] + nudge, end[1], "sleep", 0.1)
        self.hand("mouseup", 1)


class Program:
    """A child that says JSON lines."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._pending = b""

    def wait_for(self, wanted: Callable[[Any], bool], patience_s: float = PATIENCE_S) -> Any:
        """The next line that is wanted; others before it are dropped."""
        deadline = time.monotonic() + patience_s
        while True:
            while b"\n" in self._pending:
                line, _, self._pending = self._pending.partition(b"\n")
                value = json.loads(line)
                if wanted(value):
                    return value
            self._read(deadline)

    def told(self, name: str) -> Any:
        """The next object of that name."""
        return self.wait_for(lambda value: isinstance(value, dict) and value.get("is") == name)

    def _read(self, deadline: float) -> None:
        output = self._process.stdout
        assert output is not None
        left = deadline - time.monotonic()
        assert left > 0, "waited in vain for a program's line"
        if select.select([output], [], [], left)[0]:
            data = os.read(output.fileno(), 65_536)
            assert data, "the program ended"
            self._pending += data

    def close(self) -> None:
        """End it, politely."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.terminate()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


def python(module: str, *arguments: str) -> list[str]:
    """Command of a module of ours."""
    return [sys.executable, "-m", module, *arguments]
