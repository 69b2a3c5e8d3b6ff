"""How long until the window can be used: from the start of its process, on a real display.

`xvfb-run -a python tests/app/faults/measure_start.py` starts the window five times, each in a home
of its own, and prints seconds. Usable is: shown, painted, and a key typed into the prompt is there.
The engine goes on loading behind it, and a heartbeat tells the longest stall until it has. What the
process itself computed until then is told too: on a shared core it says more than the clock.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Final

STARTS: Final = 5
ROOT: Final = Path(__file__).resolve().parents[3]
GIVE_UP_S: Final = 60.0


def child(began_s: float) -> int:
    """Open the window as `noisefall-app` does, watched from inside its event loop."""
    from PySide6.QtCore import QTimer  # noqa: PLC0415 - its import is part of the start
    from PySide6.QtTest import QTest  # noqa: PLC0415
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415

    from app import application  # noqa: PLC0415
    from app.view.main_window import MainWindow  # noqa: PLC0415

    figures: dict[str, float] = {"imported_s": time.time() - began_s}
    beats_s: list[float] = []
    timer = QTimer(interval=2)

    def look() -> None:
        now_s = time.time() - began_s
        (window,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow)]
        handle = window.windowHandle()
        if "usable_s" not in figures:
            if handle is None or not handle.isExposed():
                return
            field = window.prompt.prompt
            QTest.keyClick(field, "h")  # type: ignore[call-overload]  # the stub lacks the str form
            field.repaint()
            if window.models.form.prompt == "h":
                figures["usable_s"] = time.time() - began_s
                figures["usable_computing_s"] = time.process_time()
            return
        beats_s.append(now_s)
        if window.models.engine.state.value == "ready":
            figures.setdefault("engine_ready_s", now_s)
        ready = window.models.engine.bundle is not None or bool(window.trouble.text)
        if ready or now_s > GIVE_UP_S:
            figures["bundle_s"] = now_s
            gaps = [after - before for before, after in pairwise(beats_s)]
            figures["longest_stall_s"] = max(gaps, default=0.0)
            timer.stop()
            QApplication.quit()

    timer.timeout.connect(look)
    begin = application.quit_on_signals

    def watched(application: QApplication) -> QTimer:
        timer.start()
        return begin(application)

    setattr(application, "quit_on_signals", watched)  # noqa: B010 - it is a module
    status = application.run([])
    os.write(1, json.dumps(figures).encode())
    return status


def main() -> int:
    """Start it STARTS times; the medians and the worst."""
    runs: list[dict[str, float]] = []
    for _ in range(STARTS):
        with tempfile.TemporaryDirectory() as home:
            paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
            environment = {**os.environ, "NOISEFALL_HOME": home, "PYTHONPATH": paths}
            command = [sys.executable, __file__, repr(time.time())]
            answer = subprocess.run(
                command, env=environment, stdout=subprocess.PIPE, check=True, timeout=GIVE_UP_S * 2
            )
            runs.append(json.loads(answer.stdout))
    for name in runs[0]:
        values = [run[name] for run in runs if name in run]
        line = f"{name}: median {statistics.median(values):.3f}, worst {max(values):.3f}\n"
        os.write(1, line.encode())
    return 0


if __name__ == "__main__":
    sys.exit(child(float(sys.argv[1])) if len(sys.argv) > 1 else main())
