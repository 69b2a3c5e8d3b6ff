"""Finding the SoundFonts.

Two General MIDI banks under the MIT licence, both packaged by Debian and friends. They are not
shipped (148 and 210 MB): only a corpus needs them. An .sf2 wins over an .sf3 of the same name: the
compressed form takes seconds per preset to unpack.
"""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from engine.errors import UserError

ENVIRONMENT_VARIABLE: Final = "NOISEFALL_SOUNDFONTS"

# name → file names, best first
SOUNDFONTS: Final[dict[str, tuple[str, ...]]] = {
    "FluidR3": ("FluidR3_GM.sf2", "FluidR3_GM.sf3", "FluidR3Mono_GM.sf3"),
    "MuseScore General": (
        "MuseScore_General_Full.sf2",
        "MuseScore_General.sf2",
        "MuseScore_General.sf3",
        "MuseScore_General_Full.sf3",
        "MuseScore_General_Lite.sf3",
        "MS Basic.sf3",
    ),
}

_USUAL_FOLDERS: Final = (
    "/usr/share/sounds/sf2",
    "/usr/share/sounds/sf3",
    "/usr/share/soundfonts",
    "/usr/local/share/soundfonts",
    "/usr/local/share/sounds/sf2",
    "/opt/homebrew/share/soundfonts",
    "/opt/homebrew/share/fluid-synth/sf2",
    "~/.local/share/soundfonts",
    "~/.local/share/sounds/sf2",
    "~/Library/Audio/Sounds/Banks",
    "~/soundfonts",
    "C:/soundfonts",
)

_REMEDY_BY_PLATFORM: Final = {
    "linux": "Install them with: sudo apt-get install fluid-soundfont-gm"
    " musescore-general-soundfont (Fedora: dnf install fluid-soundfont-gm; Arch: pacman -S"
    " soundfont-fluid)",
    "darwin": "Install FluidSynth with: brew install fluid-synth, put FluidR3_GM.sf2 into"
    " ~/Library/Audio/Sounds/Banks",
    "win32": "Install FluidSynth with: choco install fluidsynth, put FluidR3_GM.sf2 into"
    " C:\\soundfonts",
}


def soundfont_folders() -> list[Path]:
    """Folders to look in: the environment's first, then the usual ones."""
    named = [
        folder for folder in os.environ.get(ENVIRONMENT_VARIABLE, "").split(os.pathsep) if folder
    ]
    return [Path(folder).expanduser() for folder in (*named, *_USUAL_FOLDERS)]


def find_soundfonts(folders: Iterable[Path] | None = None) -> dict[str, Path]:
    """Name → file of every bank of SOUNDFONTS that is there, in the table's order.

    Args:
        folders: where to look; None is `soundfont_folders()`.

    Raises:
        UserError: there is none.
    """
    searched = list(soundfont_folders() if folders is None else folders)
    found = {}
    for name, files in SOUNDFONTS.items():
        candidates = (folder / file for file in files for folder in searched)
        path = next((candidate for candidate in candidates if candidate.is_file()), None)
        if path is not None:
            found[name] = path
    if not found:
        raise UserError(
            "Music cannot be rendered",
            "no General MIDI SoundFont was found in " + ", ".join(map(str, searched)),
            f"{remedy()}, or name their folder in {ENVIRONMENT_VARIABLE}",
        )
    return found


def remedy() -> str:
    """How to install the banks on this system."""
    return _REMEDY_BY_PLATFORM.get(sys.platform, _REMEDY_BY_PLATFORM["linux"])
