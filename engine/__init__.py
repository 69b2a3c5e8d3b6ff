"""Noisefall's engine: text → log-mel → 16 kHz → 24 kHz. No Qt and, at run time, no torch."""

__version__ = "0.1.0"
