"""The cascade: text → log-mel → 16 kHz → 24 kHz, yielding progress and previews on the way."""
