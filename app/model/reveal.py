"""Showing a file in the system's file manager, selected where the system can.

Rejected: `xdg-open` on the folder alone where the desktop offers better (org.freedesktop.
FileManager1 selects the file); it remains the last way out.
"""

import sys
from pathlib import Path

from PySide6.QtCore import QProcess, QUrl
from PySide6.QtGui import QDesktopServices


def reveal_command(path: Path, platform: str = sys.platform) -> tuple[str, list[str]] | None:
    """Program and arguments that show a file selected; None where there is no such program."""
    if platform == "win32":
        return "explorer.exe", [f"/select,{path}"]
    if platform == "darwin":
        return "open", ["-R", str(path)]
    url = QUrl.fromLocalFile(str(path)).toString(QUrl.ComponentFormattingOption.FullyEncoded)
    return "dbus-send", [
        "--session",
        "--print-reply",
        "--reply-timeout=2000",
        "--dest=org.freedesktop.FileManager1",
        "/org/freedesktop/FileManager1",
        "org.freedesktop.FileManager1.ShowItems",
        f"array:string:{url}",
        "string:",
    ]


def reveal(path: Path) -> None:
    """Show a file, without waiting; its folder where the file manager selects none."""
    command = reveal_command(path)
    if command is None:
        open_folder(path.parent)
        return
    process = QProcess()
    process.setProgram(command[0])
    process.setArguments(command[1])

    def ended(code: int) -> None:
        if code != 0 and sys.platform not in ("win32", "darwin"):
            open_folder(path.parent)
        process.deleteLater()

    def failed(error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            ended(1)

    process.finished.connect(ended)
    process.errorOccurred.connect(failed)
    process.start()


def open_folder(folder: Path) -> None:
    """Open a folder in the file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
