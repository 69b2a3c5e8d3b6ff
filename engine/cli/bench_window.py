"""`noisefall bench --window`: what the window's drawing costs, measured in a process of its own.

The window measures itself (`python -m app.view.bench`), since nothing here may import it. Without a
display it draws off screen, which costs the same: Qt paints with the processor either way.
"""

import json
import os
import subprocess
import sys
from typing import Final

from engine.errors import UserError

SCALES: Final = (1, 2)
_MODULE: Final = "app.view.bench"
_LIMIT_S: Final = 300.0
_ROWS: Final = (
    ("a preview's slot, median", "slot_ms_p50"),
    ("a preview's slot, 99 %", "slot_ms_p99"),
    ("longest turn after a preview, median", "turn_ms_p50"),
    ("longest turn after a preview, 99 %", "turn_ms_p99"),
    ("a step of the playhead, 99 %", "playhead_ms_p99"),
    ("another take by its key, median", "switch_ms_p50"),
)


def measure_window(scale: int) -> dict[str, float]:
    """The window's figures by name, at so many device pixels per pixel.

    Raises:
        UserError: the window could not be opened, or said nothing that makes sense.
    """
    screen = "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ
    shown = screen or sys.platform in ("win32", "darwin")
    surroundings = os.environ | {"QT_SCALE_FACTOR": str(scale)}
    if not shown:
        surroundings.setdefault("QT_QPA_PLATFORM", "offscreen")
    try:
        done = subprocess.run(
            [sys.executable, "-m", _MODULE],
            env=surroundings, capture_output=True, text=True, timeout=_LIMIT_S, check=True,
        )  # fmt: skip
        figures = json.loads(done.stdout)
        return {name: float(figures[name]) for _, name in _ROWS}
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or [f"it ended with {error.returncode}"])[-1]
        raise _unmeasured(last) from None
    except subprocess.TimeoutExpired:
        raise _unmeasured(f"it took more than {_LIMIT_S:.0f} s") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unmeasured(str(error)) from None


def report(figures: dict[int, dict[str, float]]) -> str:
    """A table of the figures of every scale."""
    lines = [
        f"{'4 takes of 30 s at 10 previews/s, ms':<40}" + "".join(f"{s:>9}x" for s in figures),
        *(
            f"{title:<40}" + "".join(f"{values[name]:>10.1f}" for values in figures.values())
            for title, name in _ROWS
        ),
    ]
    return "\n".join(lines)


def _unmeasured(why: str) -> UserError:
    return UserError("The window was not measured", why, "Check that it opens with: noisefall-app")
