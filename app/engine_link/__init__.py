"""The engine process as seen by Qt: QProcess ⇄ messages ⇄ signals, and the restart policy."""
