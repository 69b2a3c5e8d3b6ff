"""One window per user and home: a second start hands its files to the first and ends.

Rejected: a lock file alone (the second start could not say what it was asked to open), and a port
(any local process could knock).
"""

import hashlib
import json
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

CONNECT_MS: Final = 500
MESSAGE_LIMIT_BYTES: Final = 1 << 20


class SingleInstance(QObject):
    """Held by the first; `asked` tells of every later start.

    Signals:
        asked(object): a list of paths that the later start was to open; may be empty.
    """

    asked = Signal(object)

    def __init__(self, home: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        digest = hashlib.sha256(str(home.resolve()).encode("utf-8", "replace")).hexdigest()
        self._name = f"noisefall-{digest[:24]}"
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_connection)

    def hand_over(self, paths: list[Path]) -> bool:
        """Give the paths to the instance that runs; False where none does."""
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if not socket.waitForConnected(CONNECT_MS):
            return False
        socket.write(json.dumps([str(path) for path in paths]).encode() + b"\n")
        socket.waitForBytesWritten(CONNECT_MS)
        socket.disconnectFromServer()
        return True

    def claim(self) -> bool:
        """Be the instance that runs; False where that cannot be (the window opens all the same)."""
        if self._server.listen(self._name):
            return True
        QLocalServer.removeServer(self._name)  # left by one that was killed
        return self._server.listen(self._name)

    def close(self) -> None:
        """Let the next start be the first."""
        self._server.close()

    def _on_connection(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.readyRead.connect(lambda socket=socket: self._read(socket))
            socket.disconnected.connect(socket.deleteLater)
            if socket.bytesAvailable():
                self._read(socket)

    def _read(self, socket: QLocalSocket) -> None:
        if socket.bytesAvailable() > MESSAGE_LIMIT_BYTES:
            socket.abort()
            return
        if not socket.canReadLine():
            return
        try:
            paths = [Path(str(text)) for text in json.loads(bytes(socket.readLine().data()))]
        except (ValueError, TypeError, RecursionError):
            return
        self.asked.emit(paths)
