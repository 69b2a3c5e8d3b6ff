"""Where the window keeps its things. NOISEFALL_HOME moves everything at once, as in the engine.

Rejected: asking `engine.bundle.places` (the window knows the engine by its messages only).
"""

import os
from pathlib import Path
from typing import Final

import platformdirs

HOME_VARIABLE: Final = "NOISEFALL_HOME"
_APP: Final = "noisefall"


def config_dir() -> Path:
    """Folder of the settings."""
    home = os.environ.get(HOME_VARIABLE)
    return Path(home) if home else Path(platformdirs.user_config_dir(_APP, appauthor=False))


def data_dir() -> Path:
    """Folder of the library's database."""
    home = os.environ.get(HOME_VARIABLE)
    return Path(home) if home else Path(platformdirs.user_data_dir(_APP, appauthor=False))


def log_dir() -> Path:
    """Folder of the log."""
    home = os.environ.get(HOME_VARIABLE)
    return Path(home) / "log" if home else Path(platformdirs.user_log_dir(_APP, appauthor=False))


def clips_dir() -> Path:
    """Default folder of clips: where a person looks for music, and backups go."""
    home = os.environ.get(HOME_VARIABLE)
    return Path(home) / "clips" if home else Path(platformdirs.user_music_dir()) / "Noisefall"
