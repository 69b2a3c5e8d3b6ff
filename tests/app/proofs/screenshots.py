"""The README's pictures, from the real engine: a session as a producer has it, photographed.

`QT_QPA_PLATFORM=xcb xvfb-run -a -s "-screen 0 1600x1000x24" python -m
tests.app.proofs.screenshots BUNDLE [FOLDER]`
with openbox installed (without a window manager no window is active, and no shortcut works).

BUNDLE is a folder or .zip of a bundle; the pictures go to resources/screenshots unless FOLDER is
given. NOISEFALL_PROOFS=1 adds the empty window and every page of the settings. Nothing of the
user's is touched: settings, library and bundle live in a folder that is removed afterwards.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from app.midi.midi import Midi
from app.model.session import Session
from app.model.takes import TakeState
from app.playback.player import Player
from app.view.main_window import MainWindow
from tests.app.playback.jack import Jack, missing
from tests.app.proofs.small_png import save_small
from tests.fixtures.qt import application, run_for, wait_until

PATIENCE_S = 900.0
MORE = bool(os.environ.get("NOISEFALL_PROOFS"))
FOLDER = Path(__file__).parents[3] / "resources" / "screenshots"
# what the library is filled with: prompt, name, stars, tags
KEPT = (
    ("warm house with organ stabs and a round bass, 122 bpm, F minor", "organ-after-rain", 4, ()),
    ("mellow jazz waltz, piano trio with brushes, 96 bpm, D minor", "swing-at-nine", 0, ("album",)),
    ("ambient pad with a slow choir, 70 bpm, C major", "glass-garden", 5, ("album", "intro")),
    ("funky clavinet and slap bass over a tight drum kit, 104 bpm, E minor", "low-tide", 3, ()),
)
SHOWN = "slow lo-fi rhodes over dusty drums, 84 bpm, A minor"
NEXT = "driving synthwave with a bright arpeggio, 110 bpm, G minor"


class Studio:
    """The application as it starts for a person, without the person's folders."""

    def __init__(self, home: Path) -> None:
        application()
        self.session = Session(config_dir=home, data_dir=home)
        settings = self.session.models.settings
        settings.clips_folder = str(home / "clips")
        settings.theme = "dark"
        settings.volume = 0.8
        self.player, self.midi = Player(self.session), Midi(self.session)
        self.window = MainWindow(self.session.models, self.player, self.midi)
        self.window.resize(1320, 840)
        self.window.show()
        self.window.activateWindow()
        wait_until(self.window.isActiveWindow, "for a window manager")
        self.session.start()
        self.player.start()
        self.midi.start()
        models = self.session.models
        wait_until(lambda: models.engine.bundle is not None, "for the bundle", PATIENCE_S)

    def close(self) -> None:
        """End it all."""
        self.window.close()
        self.player.shutdown()
        self.midi.shutdown()
        self.session.close()

    # ── as a person would ─────────────────────────────────────────────────────────────────

    def type_prompt(self, text: str) -> None:
        """Type it, and let the engine read it: tempo and key go into the knobs."""
        prompt = self.window.prompt.prompt
        prompt.setFocus()
        prompt.selectAll()
        QTest.keyClicks(prompt, text)
        form = self.session.models.form
        wait_until(lambda: form.reading.chips, "for the reading", PATIENCE_S)
        run_for(0.5)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier | None = None) -> None:
        """A key that is not meant for a text."""
        self.window.activateWindow()
        self.window.setFocus()
        QTest.keyClick(self.window, key, modifier or Qt.KeyboardModifier.NoModifier)

    def generate(self, takes: int, bars: int = 4) -> None:
        """Ctrl+Enter, and wait for every take."""
        models = self.session.models
        models.form.turn("takes", takes)
        models.form.turn("bars", bars)
        self.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        wait_until(lambda: models.jobs.busy, "for the render to begin")

    def wait_for_takes(self) -> None:
        """Until they can be heard."""
        takes = self.session.models.takes

        def ready() -> bool:
            forming = (TakeState.WAITING, TakeState.FORMING)
            return bool(takes.takes) and all(take.state not in forming for take in takes.takes)

        wait_until(ready, "for the takes", PATIENCE_S)

    def keep(self) -> None:
        """K, and wait until it is in the library."""
        clips = self.session.models.clips
        before = clips.total
        self.press(Qt.Key.Key_K)
        wait_until(lambda: clips.total > before, "for the clip", PATIENCE_S)

    def fill_library(self) -> None:
        """Some clips with names, stars and tags."""
        models = self.session.models
        for prompt, name, stars, tags in KEPT:
            self.type_prompt(prompt)
            self.generate(1)
            self.wait_for_takes()
            self.keep()
            clip = models.clips.clip_at(0)
            models.clips.rename(clip.id, name)
            models.clips.set_stars([clip.id], stars)
            models.clips.set_tags([clip.id], list(tags))
            run_for(0.3)
        models.undo.clear()


def picture(widget: QWidget, folder: Path, name: str) -> None:
    """What a widget shows now, as a small PNG."""
    run_for(0.4)
    size = save_small(widget.grab().toImage(), folder / f"{name}.png")
    print(f"{name}.png: {size / 1000:.0f} kB", flush=True)  # noqa: T201 - a script


def photograph(studio: Studio, folder: Path) -> None:
    """Every picture, in the order in which a person would see it."""
    if MORE:
        picture(studio.window, folder, "empty")
    studio.fill_library()
    show_takes(studio, folder)
    show_library(studio, folder)
    show_dialogs(studio, folder)
    show_generating(studio, folder)


def show_takes(studio: Studio, folder: Path) -> None:
    """Four takes, one of them heard; by day; with the knobs of the stages."""
    window, settings = studio.window, studio.session.models.settings
    studio.type_prompt(SHOWN)
    studio.generate(4)
    studio.wait_for_takes()
    run_for(1.0)
    studio.press(Qt.Key.Key_L)
    studio.press(Qt.Key.Key_2)
    studio.press(Qt.Key.Key_Space)
    run_for(3.5)
    picture(window, folder, "main")
    settings.theme = "light"
    picture(window, folder, "light")
    settings.theme = "dark"
    studio.press(Qt.Key.Key_F)
    picture(window, folder, "stages")
    studio.press(Qt.Key.Key_F)
    studio.press(Qt.Key.Key_Space)
    studio.keep()


def show_library(studio: Studio, folder: Path) -> None:
    """A clip of it is heard."""
    listed = studio.window.library.list
    listed.setFocus()
    listed.show_clip(studio.session.models.clips.clip_at(2).id)
    QTest.keyClick(listed, Qt.Key.Key_Return)
    run_for(2.0)
    picture(studio.window.library, folder, "library")
    studio.press(Qt.Key.Key_1)
    studio.player.stop()


def show_dialogs(studio: Studio, folder: Path) -> None:
    """Settings and the sheet of shortcuts."""
    window = studio.window
    window.open_settings()
    dialog = window._settings_dialog
    assert dialog is not None
    picture(dialog, folder, "settings")
    for row in range(1, dialog.nav.count() if MORE else 0):
        dialog.nav.setCurrentRow(row)
        picture(dialog, folder, f"settings-{row}")
    dialog.close()
    window.open_sheet()
    sheet = window._sheet
    assert sheet is not None
    picture(sheet, folder, "shortcuts")
    sheet.close()


def show_generating(studio: Studio, folder: Path) -> None:
    """Half way out of the noise."""
    jobs = studio.session.models.jobs
    studio.type_prompt(NEXT)
    studio.generate(4)

    def half_way() -> bool:
        stage = None if jobs.current is None else jobs.current.stages.get("generator")
        return stage is not None and stage.step >= 0.6 * stage.steps > 0

    wait_until(half_way, "for the picture to form", PATIENCE_S)
    picture(studio.window, folder, "generating")
    studio.press(Qt.Key.Key_Escape)
    wait_until(lambda: not jobs.busy, "for the cancel")


def main(bundle: str, folder: str = str(FOLDER)) -> None:
    """Make the pictures."""
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    jack = None if missing() else Jack()
    openbox = shutil.which("openbox")
    if openbox is None:
        sys.exit("openbox is not installed")
    with tempfile.TemporaryDirectory() as home:
        os.environ["NOISEFALL_HOME"] = home
        install = [sys.executable, "-m", "engine.cli", "bundle", "install", bundle]
        subprocess.run(install, check=True)
        manager = subprocess.Popen([openbox, "--sm-disable"])
        if jack is not None:
            jack.name = "noisefall-pictures"  # the tests' own may be running
            os.environ["JACK_DEFAULT_SERVER"] = jack.name
            jack.start()
        studio = Studio(Path(home))
        try:
            photograph(studio, out)
        finally:
            studio.close()
            if jack is not None:
                jack.kill()
            manager.kill()
            manager.wait()


if __name__ == "__main__":
    main(*sys.argv[1:3])
