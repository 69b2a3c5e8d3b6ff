"""`noisefall`: the command line. It renders through the same process and messages as the window."""

from engine.cli.entry import main

__all__ = ["main"]
