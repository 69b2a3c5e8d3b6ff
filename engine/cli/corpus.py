"""`noisefall corpus …`: make a training corpus, check how it sounds, look at it."""

import argparse
import importlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Final

from engine.cli.entry import EXIT_INTERRUPTED
from engine.cli.interrupt import interruptible
from engine.cli.progress import tidy_bar
from engine.errors import UserError

EXIT_BOUND_MISSED: Final = 1
_NEEDED: Final = "mido, msgspec, scipy, soundfile, pyfluidsynth, librosa"
