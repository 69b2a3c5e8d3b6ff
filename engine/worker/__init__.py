"""The engine process: reads requests, runs jobs one at a time, streams events.

This package imports nothing heavy: `noisefall-engine` must answer its greeting at once.
"""

from engine.worker.entry import main

__all__ = ["main"]
