"""The program's three faces; each in a process of its own, as it is started."""

import subprocess
import sys

import engine

PROBE = """
import sys
from app.entry import main
from app.playback.hosting import run
run._HOSTS["app.midi.host"] = lambda: lambda: 7
status = main(sys.argv[1:])
print(status, "PySide6.QtWidgets" in sys.modules, "app.model.session" in sys.modules)
"""


def said(code: str, *arguments: str) -> list[str]:
    command = [sys.executable, *(["-c", code] if code else ["-m", "app"]), *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return answer.stdout.split()


def test_a_frozen_host_is_reached_before_any_widget() -> None:
    assert said(PROBE, "--host", "app.midi.host") == ["7", "False", "False"]


def test_the_version_needs_no_display() -> None:
    assert said("", "--version") == ["Noisefall", engine.__version__]


def test_each_host_is_known_to_the_entry_and_ends_with_its_input() -> None:
    """What `host_command` asks for when frozen is what the entry answers to."""
    for module in ("app.midi.host", "app.playback.host"):
        command = [sys.executable, "-m", "app", "--host", module]
        ended = subprocess.run(command, input=b"", capture_output=True, timeout=60, check=False)
        assert ended.returncode == 0, ended.stderr
