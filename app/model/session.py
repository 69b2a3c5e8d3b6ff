"""Everything behind one window, made and wired in one place: engine, library, view-models.

`start` begins what takes time, after the window is up; `close` ends it all in order.
"""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject
from PySide6.QtGui import QUndoStack

from app.engine_link.link import EngineLink, LinkTimes
from app.library.background import Background
from app.library.library import Library
from app.library.service import LibraryService
from app.model.actions import ClipActions
from app.model.clips import ClipsModel
from app.model.engine import EngineModel, command_of
from app.model.forecast import Forecast
from app.model.jobs import CANCEL_MS, JobsModel
from app.model.models import Models
from app.model.notes import NotesModel
from app.model.prompt_history import PromptHistory
from app.model.recipe_form import RecipeForm
from app.model.settings import SettingsModel
from app.model.speed import SpeedBook
from app.model.takes import TakesModel
from app.model.trouble import TroubleModel, Weight
from app.model.understanding import PromptReader
from engine.errors import UserError
from engine.recipe import STAGES

UNDO_LIMIT: Final = 200
SETTINGS_FILE: Final = "settings.json"
LIBRARY_FILE: Final = "library.db"
SPEEDS_FILE: Final = "speeds.json"

_log = logging.getLogger(__name__)


class Session(QObject):
    """Makes the models; they live as long as it does.

    Args:
        config_dir: folder of the settings.
        data_dir: folder of the library's database.
        command: gives the engine's command; None is what the settings say.
        times, cancel_ms: the link's patience; tests have less of it.
    """

    def __init__(
        self,
        *,
        config_dir: Path,
        data_dir: Path,
        command: Callable[[], Sequence[str]] | None = None,
        times: LinkTimes = LinkTimes(),  # noqa: B008 - frozen
        cancel_ms: int = CANCEL_MS,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._files = Background("files", self)
        settings = SettingsModel(config_dir / SETTINGS_FILE, self, files=self._files)
        troubles = TroubleModel(self)
        self.link = EngineLink(command or (lambda: command_of(settings)), self, times=times)
        self.library = LibraryService(
            Library(data_dir / LIBRARY_FILE, lambda: settings.folder), self
        )
        undo = QUndoStack(self)
        undo.setUndoLimit(UNDO_LIMIT)
        form = RecipeForm(self, history=PromptHistory(settings.prompts))
        takes = TakesModel(self)
        engine = EngineModel(self.link, settings=settings, troubles=troubles, parent=self)
        speeds = SpeedBook(data_dir / SPEEDS_FILE, files=self._files)
        jobs = JobsModel(
            self.link,
            form=form,
            takes=takes,
            settings=settings,
            troubles=troubles,
            forecast=Forecast(speeds, form=form, engine=engine, parent=self),
            cancel_ms=cancel_ms,
            parent=self,
        )
        clips = ClipsModel(self.library, undo, self)
        actions = ClipActions(
            clips=clips,
            takes=takes,
            form=form,
            jobs=jobs,
            engine=engine,
            library=self.library,
            settings=settings,
            troubles=troubles,
            undo=undo,
            files=self._files,
            parent=self,
        )
        notes = NotesModel(
            takes=takes,
            library=self.library,
            settings=settings,
            troubles=troubles,
            background=self._files,
            parent=self,
        )
        self.models = Models(
            form=form,
            jobs=jobs,
            takes=takes,
            clips=clips,
            actions=actions,
            notes=notes,
            engine=engine,
            settings=settings,
            troubles=troubles,
            undo=undo,
        )
        PromptReader(form, engine, self)
        self._wire()

    def start(self) -> None:
        """Open the library and start the engine; both tell when they are there."""
        self._open_library()
        self.models.engine.start()

    def close(self) -> None:
        """Save, end the engine, close the library. Nothing is left running."""
        self.models.settings.save()
        self.link.stop()
        self._files.close()
        self.library.close()

    def _wire(self) -> None:
        models = self.models
        models.clips.failed.connect(self._on_library_failed)
        library = self.library
        library.open_failed.connect(self._on_open_failed)
        for done in (library.opened, library.added, library.changed, library.purged):
            done.connect(lambda _: models.troubles.clear("library"))
        library.handed_off.connect(lambda *_: models.troubles.clear("library"))
        library.noted.connect(models.engine.noticed)
        models.settings.save_failed.connect(self._on_save_failed)
        models.settings.saved.connect(lambda: models.troubles.clear("settings"))
        models.settings.changed.connect(self._on_setting)
        models.engine.bundle_changed.connect(self._on_presets)
        models.form.changed.connect(self._on_form)
        for name in ("loudness_lufs", "ceiling_dbtp"):
            self._on_setting(name)

    def _on_setting(self, name: str) -> None:
        """Loudness and ceiling of new recipes are settings."""
        if name in ("loudness_lufs", "ceiling_dbtp"):
            setattr(self.models.form, name, getattr(self.models.settings, name))

    def _on_form(self, name: str) -> None:
        if name == "preset":
            self._on_presets()

    def _on_presets(self) -> None:
        """Show every stage what None stands for."""
        form, engine = self.models.form, self.models.engine
        for stage in STAGES:
            form.stages[stage].set_preset(engine.preset(stage, form.preset))

    def _open_library(self) -> None:
        self.library.open(bin_days=self.models.settings.bin_days)

    def _on_open_failed(self, error: UserError) -> None:
        self.models.troubles.tell_error(
            "library",
            error,
            weight=Weight.STOP,
            action_label=self.tr("Try again"),
            action=self._open_library,
        )

    def _on_library_failed(self, error: UserError) -> None:
        self.models.troubles.tell_error("library", error, weight=Weight.STOP)

    def _on_save_failed(self, error: UserError) -> None:
        self.models.troubles.tell_error("settings", error)
