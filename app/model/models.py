"""All view-models of one window."""

from dataclasses import dataclass

from PySide6.QtGui import QUndoStack

from app.model.actions import ClipActions
from app.model.clips import ClipsModel
from app.model.engine import EngineModel
from app.model.jobs import JobsModel
from app.model.notes import NotesModel
from app.model.recipe_form import RecipeForm
from app.model.settings import SettingsModel
from app.model.takes import TakesModel
from app.model.trouble import TroubleModel


@dataclass(frozen=True, kw_only=True)
class Models:
    """Made by `app.model.session.Session`; the main window is `MainWindow(models, player, midi)`.

    Attributes:
        form: what is asked.
        jobs: Generate and all that runs.
        takes: what came.
        clips: what was kept.
        actions: what is done with clips' files and recipes.
        notes: what is done with the notes of takes and clips.
        engine: its state, devices and bundles.
        settings: what stays.
        troubles: what went wrong, one line each.
        undo: delete, rename, tags, stars, "use this recipe".
    """

    form: RecipeForm
    jobs: JobsModel
    takes: TakesModel
    clips: ClipsModel
    actions: ClipActions
    notes: NotesModel
    engine: EngineModel
    settings: SettingsModel
    troubles: TroubleModel
    undo: QUndoStack
