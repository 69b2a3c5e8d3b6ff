"""Where icons and fonts lie: engine/_resources in an installed wheel, resources/ in a checkout."""

from pathlib import Path

import app


def resources_dir() -> Path:
    """The folder that holds icons/ and themes/."""
    root = Path(app.__file__).resolve().parent.parent
    installed = root / "engine" / "_resources"
    return installed if installed.is_dir() else root / "resources"
