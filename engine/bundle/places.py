"""Where Noisefall keeps what it did not get from the user: bundles, caches, built-in resources.

One place, so that NOISEFALL_HOME moves everything at once (a lab's shared disk, a test, a portable
install). Rejected: a settings file that says where the settings are.
"""

import os
from pathlib import Path
from typing import Final

import platformdirs

import engine

HOME_VARIABLE: Final = "NOISEFALL_HOME"
RESOURCES_VARIABLE: Final = "NOISEFALL_RESOURCES"
_APP: Final = "noisefall"


def data_dir() -> Path:
    """Folder for what must be kept; NOISEFALL_HOME or the system's place for user data."""
    home = os.environ.get(HOME_VARIABLE)
    return Path(home) if home else Path(platformdirs.user_data_dir(_APP, appauthor=False))


def bundles_dir() -> Path:
    """Folder of installed bundles."""
    return data_dir() / "bundles"


def cache_dir() -> Path:
    """Folder for what can be made again: unpacked archives, measured thread counts."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home) / "cache"
    return Path(platformdirs.user_cache_dir(_APP, appauthor=False))


def resources_dir() -> Path:
    """Folder of what ships with the app: engine/_resources installed, resources/ in a checkout.

    NOISEFALL_RESOURCES puts another in its place, for packagers who ship the starter apart.
    """
    elsewhere = os.environ.get(RESOURCES_VARIABLE)
    if elsewhere:
        return Path(elsewhere)
    package = Path(engine.__file__).resolve().parent
    installed = package / "_resources"
    return installed if installed.is_dir() else package.parent / "resources"
