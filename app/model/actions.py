"""What is done with a clip beyond its row: its recipe, its file, a DAW's copy of it.

A DAW gets a finished file that stays where it is: the master itself, or a copy in the hand-off
format, made ahead of the drag (a drag cannot wait: macOS asks for the data when it starts, and
Windows stops the event loop while it lasts).
"""

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QMimeData, QObject, QUrl, Signal
from PySide6.QtGui import QGuiApplication, QUndoStack

from app.library.background import Background
from app.library.clip import Clip, NewClip
from app.library.files import explained
from app.library.service import LibraryService
from app.library.wav import FILE_LIMIT_BYTES, read_wav, recipe_of
from app.model.chords import chords_for
from app.model.clip_commands import DoCommand
from app.model.clips import ClipsModel
from app.model.engine import EngineModel
from app.model.job import Job, JobKind, JobState
from app.model.jobs import JobsModel
from app.model.recipe_form import RecipeForm
from app.model.reveal import reveal
from app.model.settings import SettingsModel
from app.model.takes import TakesModel
from app.model.trouble import TroubleModel
from app.translate import translate
from engine.errors import UserError
from engine.recipe import Recipe

PARTS_FOLDER: Final = "Parts"
MASTER: Final = (24_000, "24")
Region = tuple[float, float]  # (start_s, end_s)

_log = logging.getLogger(__name__)


class ClipActions(QObject):
    """For the clip list, takes and selections alike.

    Signals:
        handed_off(int, object): clip id and Path: a file that a DAW can get is complete.
        audio_ready(int, object, int): clip id, (samples, 2) float32, rate: after `load_audio`.
        preparing(str): a drag was asked for too early; what is being made ready, in words.
    """

    handed_off = Signal(int, object)
    audio_ready = Signal(int, object, int)
    preparing = Signal(str)

    def __init__(
        self,
        *,
        clips: ClipsModel,
        takes: TakesModel,
        form: RecipeForm,
        jobs: JobsModel,
        engine: EngineModel,
        library: LibraryService,
        settings: SettingsModel,
        troubles: TroubleModel,
        undo: QUndoStack,
        files: Background,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._clips = clips
        self._takes = takes
        self._form = form
        self._jobs = jobs
        self._engine = engine
        self._library = library
        self._settings = settings
        self._troubles = troubles
        self._undo = undo
        self._files = files
        self._on_the_way: set[tuple[int, str]] = set()
        jobs.finished.connect(self._on_finished)
        jobs.ended.connect(self._on_job_ended)
        library.failed.connect(lambda _: self._on_the_way.clear())
        clips.kept.connect(self._on_kept)
        library.handed_off.connect(self._on_handed_off)

    # ── recipes ───────────────────────────────────────────────────────────────────────────

    def use_recipe(self, clip_id: int) -> None:
        """Put a clip's recipe into the form. Can be undone."""
        if (recipe := self._recipe(clip_id)) is not None:
            self._take_recipe(self.tr("Use recipe"), recipe)

    def more_like(self, clip_ids: Iterable[int]) -> None:
        """Generate the same recipes with new seeds. Undo cancels them and restores the form."""
        for recipe in [self._recipe(clip_id) for clip_id in clip_ids]:
            if recipe is not None:
                self._more_like(recipe)

    def use_chords(self, recipe: Recipe) -> None:
        """Put a take's or clip's chords into the form, and nothing else. Can be undone."""
        before, chords = self._form.chords, chords_for(recipe, self._form.key)
        if chords == before:
            return

        def put(text: str) -> None:
            self._form.chords = text

        self._undo.push(DoCommand(self.tr("Use chords"), lambda: put(chords), lambda: put(before)))

    def drop_files(self, paths: Iterable[Path]) -> None:
        """A dropped Noisefall WAV restores its recipe (undoable); a bundle's zip is installed."""
        for path in paths:
            if path.suffix.lower() == ".zip" or (path / "manifest.json").is_file():
                self._engine.install_bundle(path)
            else:
                self._files.do(
                    lambda path=path: _carried(path),  # type: ignore[misc]
                    self._on_dropped,
                    lambda error: self._troubles.tell_error("drop", error),
                )

    def _on_dropped(self, recipe: Recipe) -> None:
        self._troubles.clear("drop")
        self._take_recipe(self.tr("Use recipe"), recipe)

    def _recipe(self, clip_id: int) -> Recipe | None:
        clip = self._clips.clip(clip_id)
        recipe = None if clip is None else clip.recipe
        if clip is not None and recipe is None:
            self._tell_unread(clip)
        return recipe

    def _tell_unread(self, clip: Clip) -> None:
        told = UserError(
            self.tr("The recipe of {0} was not read").format(clip.name),
            self.tr("another version of Noisefall wrote it"),
            self.tr("Update Noisefall to use it"),
        )
        self._troubles.tell_error("recipe", told)

    def _take_recipe(self, what: str, recipe: Recipe) -> None:
        before = self._form.snapshot()
        self._undo.push(
            DoCommand(
                what,
                lambda: self._form.take_recipe(self._here(recipe)),
                lambda: self._form.restore(before),
            )
        )

    def _more_like(self, recipe: Recipe) -> None:
        before, takes = self._form.snapshot(), max(2, self._form.takes)
        jobs: list[int] = []

        def do() -> None:
            asked = msgspec.structs.replace(self._here(recipe), takes=takes, first_take=1)
            self._form.take_recipe(asked)
            self._form.roll_seed()
            self._form.seed_locked = False
            if (number := self._jobs.render(self._form.recipe())) is not None:
                jobs.append(number)

        def undo() -> None:
            self._form.restore(before)
            for number in jobs:
                self._jobs.cancel(number)

        self._undo.push(DoCommand(self.tr("More like this"), do, undo))

    def _here(self, recipe: Recipe) -> Recipe:
        """The recipe; the bundle's hash is left out where it is the loaded bundle's own."""
        loaded = self._engine.bundle
        if loaded is not None and recipe.bundle == loaded.sha256:
            return msgspec.structs.replace(recipe, bundle="")
        return recipe

    # ── files for a DAW ───────────────────────────────────────────────────────────────────

    @property
    def form_name(self) -> str:
        """Name of the hand-off format; "" is the master itself."""
        rate_hz, bits = self._settings.handoff_rate_hz, self._settings.handoff_bits
        return "" if (rate_hz, bits) == MASTER else f"{rate_hz / 1000:g} kHz {bits}"

    def file(self, clip_id: int) -> Path | None:
        """The complete file that a DAW gets; None while it is not ready, or is missing."""
        clip = self._clips.clip(clip_id)
        if clip is None or clip.missing:
            return None
        if not self.form_name:
            return clip.path
        return self._library.handoffs.get((clip_id, self.form_name))

    def prepare(self, clip_ids: Iterable[int]) -> bool:
        """Have files in the hand-off format made (when clips are selected); whether all are."""
        ready = True
        for clip_id in clip_ids:
            if self.file(clip_id) is None:
                ready = False
                self._begin(clip_id, self.form_name, self.form_name, None)
        return ready

    def drag_data(self, clip_ids: Iterable[int]) -> QMimeData | None:
        """File URLs of complete files, for QDrag.exec(CopyAction); None while one is not ready.

        A file in the hand-off format that is not there yet is begun; `handed_off` tells.
        """
        ids = list(clip_ids)
        if self._tell_missing(ids):
            return None
        paths = [path for clip_id in ids if (path := self.file(clip_id)) is not None]
        if len(paths) < len(ids):
            self.prepare(ids)
            self.preparing.emit(self.tr("The file for the DAW is being made"))
            return None
        return file_urls(paths)

    def _tell_missing(self, clip_ids: Iterable[int]) -> bool:
        """Say which clip's file is not where it was; whether there is one."""
        clips = (self._clips.clip(clip_id) for clip_id in clip_ids)
        gone = next((clip for clip in clips if clip is not None and clip.missing), None)
        if gone is None:
            return False
        told = UserError(
            self.tr("{0} cannot be handed over").format(gone.name),
            self.tr("its file is not there any more ({0})").format(gone.path),
            self.tr("Put it back, or generate it again from its recipe"),
        )
        self._troubles.tell_error("file", told)
        return True

    def drag_take(self, index: int) -> QMimeData | None:
        """As `drag_data`, for a take: it is kept first where it is not."""
        take = self._takes.takes[index]
        if take.clip is not None:
            return self.drag_data([take.clip.id])
        self._takes.keep(index)
        self.preparing.emit(self.tr("The take is being finished to 24 kHz"))
        return None

    def part_file(self, clip_id: int, region: Region) -> Path | None:
        """The complete file of a part of a clip; None while it is not ready."""
        return self._library.handoffs.get((clip_id, self._part_name(region)))

    def prepare_part(self, clip_id: int, region: Region) -> None:
        """Cut a part of a clip ahead of its drag."""
        if self.part_file(clip_id, region) is None:
            self._begin(clip_id, self._part_name(region), PARTS_FOLDER, region)

    def drag_part(self, clip_id: int, region: Region) -> QMimeData | None:
        """As `drag_data`, for a part (start_s, end_s) of a clip, in the hand-off format too."""
        if (path := self.part_file(clip_id, region)) is not None:
            return file_urls([path])
        if self._tell_missing([clip_id]):
            return None
        self.prepare_part(clip_id, region)
        self.preparing.emit(self.tr("The selection is being cut"))
        return None

    def drag_part_of_take(self, index: int, region: Region) -> QMimeData | None:
        """As `drag_part`, for a take: it is kept first where it is not."""
        take = self._takes.takes[index]
        return self.drag_take(index) if take.clip is None else self.drag_part(take.clip.id, region)

    def _part_name(self, region: Region) -> str:
        return f"{region[0]:.4f}-{region[1]:.4f} {self.form_name}".strip()

    def _begin(self, clip_id: int, form: str, folder: str, region: Region | None) -> None:
        """Read the master, have it converted, write the result; none of it on this thread."""
        clip = self._clips.clip(clip_id)
        if clip is None or clip.missing or not form or (clip_id, form) in self._on_the_way:
            return
        recipe = clip.recipe
        if recipe is None:
            self._tell_unread(clip)
            return
        self._on_the_way.add((clip_id, form))

        def write(name: str, wav: bytes) -> None:
            self._library.add_handoff(clip_id, form, folder=folder, file_name=name, data=wav)

        def convert(wav: bytes) -> None:
            self._jobs.hand_off(wav, recipe, region_s=region, answer=write)

        self._files.do(lambda: _read(clip.path), convert, self._on_file_error)

    def _on_handed_off(self, clip_id: int, form: str, path: Path) -> None:
        self._on_the_way.discard((clip_id, form))
        self.handed_off.emit(clip_id, path)

    # ── files for a person ────────────────────────────────────────────────────────────────

    def reveal(self, clip_id: int) -> None:
        """Show the file in the system's file manager."""
        if (path := self._existing(clip_id)) is not None:
            reveal(path)

    def copy_files(self, clip_ids: Iterable[int]) -> None:
        """Put the files on the clipboard, as a file manager's copy does."""
        if (data := self.drag_data(clip_ids)) is not None:
            QGuiApplication.clipboard().setMimeData(data)

    def copy_paths(self, clip_ids: Iterable[int]) -> None:
        """Put the files' paths on the clipboard, as text, one per line."""
        paths = [str(path) for each in clip_ids if (path := self._existing(each)) is not None]
        QGuiApplication.clipboard().setText("\n".join(paths))

    def load_audio(self, clip_id: int) -> None:
        """Read a clip's samples, off the GUI's thread; `audio_ready` follows."""
        clip = self._clips.clip(clip_id)
        if clip is None:
            return

        def done(read: tuple[NDArray[np.float32], int]) -> None:
            self.audio_ready.emit(clip_id, *read)

        self._files.do(lambda: read_wav(_read(clip.path)), done, self._on_file_error)

    def _existing(self, clip_id: int) -> Path | None:
        clip = self._clips.clip(clip_id)
        return None if clip is None else self.file(clip_id) or clip.path

    def _on_job_ended(self, job: Job) -> None:
        """What was not made may be asked for again."""
        if job.kind is JobKind.HAND_OFF and job.state is not JobState.DONE:
            self._on_the_way.clear()

    def _on_file_error(self, error: UserError) -> None:
        self._on_the_way.clear()
        self._troubles.tell_error("file", error)
        self._clips.look()  # where one file has gone, others may have

    # ── takes become clips ────────────────────────────────────────────────────────────────

    def _on_finished(self, master: NewClip) -> None:
        self._clips.add(master)

    def _on_kept(self, clip: Clip) -> None:
        self._takes.take_clip(clip)
        if self.form_name:
            self.prepare([clip.id])
        else:
            self.handed_off.emit(clip.id, clip.path)


def file_urls(paths: Iterable[Path]) -> QMimeData:
    """File URLs and nothing else: with a text beside them some DAWs take the text."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def _read(path: Path) -> bytes:
    """A file's bytes. Raises UserError."""
    what = translate("trouble", "The file was not read")
    try:
        if path.stat().st_size > FILE_LIMIT_BYTES:
            why = translate("trouble", "{0} is too large").format(path.name)
            raise UserError(what, why, translate("trouble", "Choose a Noisefall clip"))
        return path.read_bytes()
    except OSError as error:
        raise explained(what, path, error) from None


def _carried(path: Path) -> Recipe:
    """The recipe of a dropped file. Raises UserError: it has none."""
    recipe = recipe_of(_read(path))
    if recipe is None:
        raise UserError(
            translate("trouble", "The recipe was not restored"),
            translate("trouble", "{0} carries none").format(path.name),
            translate("trouble", "Drop a WAV file that Noisefall made"),
        )
    return recipe
