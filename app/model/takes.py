"""The takes of the render that is shown: mels as they form, audio, asked against measured.

Previews stay in the wire's float16 until a widget asks for one take: converting four 30 s takes
at each preview would cost more than painting them.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app.library.clip import Clip, NewClip
from app.model.chords import chord_names
from app.model.heard import audio_of, mels_of, shown_mel
from engine.protocol.messages import Measured, Preview, Take
from engine.protocol.parts import take_parts
from engine.recipe import Recipe, duration_s, to_json

MEL_RATE_HZ: Final = 100
TEMPO_TOLERANCE: Final = 0.02
REGION_LEAST_S: Final = 0.01
SHELF_LIMIT: Final = 8  # renders that can be gone back to: four 30 s takes are 15 MB of audio
NOTHING: Final = "–"


class TakeState(Enum):
    """How far a take is."""

    WAITING = "waiting"
    FORMING = "forming"  # its mel is being denoised
    READY = "ready"  # it can be heard, at 16 kHz
    FINISHING = "finishing"  # it is on its way to 24 kHz
    FINISHED = "finished"  # the 24 kHz master is there, and not in the library
    KEPT = "kept"  # it is a clip


@dataclass(frozen=True)
class Comparison:
    """One line of asked against measured.

    Attributes:
        what: "tempo", "key", "chords", "loudness", "true peak", "seam".
        asked, measured: as text; "–" where there is none.
        agrees: None where nothing was asked or measured.
    """

    what: str
    asked: str
    measured: str
    agrees: bool | None


@dataclass
class TakeView:
    """One take, as far as it is. Changed by TakesModel only.

    Attributes:
        number: the take's number, from 1; `recipe.first_take` once it is ready.
        state: how far it is.
        step, steps: of the preview shown.
        audio: (samples, 2) float32 read-only at `rate_hz`, None before READY.
        recipe: repeats exactly this take, None before READY.
        midi: the Standard MIDI File of its notes; empty where nothing was composed.
        name: a file name that the engine suggests.
        measured: on `audio`, then on the finished clip.
        master: the finished WAV file's bytes and what the engine said of it.
        clip: the library's clip, once KEPT.
    """

    number: int
    state: TakeState = TakeState.WAITING
    step: int = 0
    steps: int = 0
    audio: NDArray[np.float32] | None = None
    rate_hz: int = 16_000
    recipe: Recipe | None = None
    midi: bytes = b""
    name: str = ""
    measured: Measured | None = None
    master: NewClip | None = None
    clip: Clip | None = None
    half_mel: NDArray[np.float16] | None = None
    wanted: bool = False  # the user pressed Keep


class TakesModel(QObject):
    """1–4 takes of one render. Indices are 0–3, as the keys 1–4.

    Signals:
        started(): another render's takes are shown; all are empty.
        preview_changed(): newer mels; at most 12 a second.
        take_changed(int): the state, audio or measures of the take at an index.
        selected_changed(int): another take is selected.
        region_changed(): another region is selected.
        keep_asked(int): for JobsModel, which finishes the take at that index.
        keep_now(object): for the library: a NewClip that is finished already.
        shelf_changed(): `can_go_older` or `can_go_newer` changed.
    """

    started = Signal()
    preview_changed = Signal()
    take_changed = Signal(int)
    selected_changed = Signal(int)
    region_changed = Signal()
    keep_asked = Signal(int)
    keep_now = Signal(object)
    shelf_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._sets: list[_TakeSet] = []
        self._shown = -1
        self._selected = 0
        self._region: tuple[float, float] | None = None
        self._mels: dict[int, NDArray[np.float32]] = {}

    # ── what is shown ─────────────────────────────────────────────────────────────────────

    @property
    def takes(self) -> tuple[TakeView, ...]:
        """The takes shown, by index."""
        return tuple(self._set.takes) if self._sets else ()

    @property
    def recipe(self) -> Recipe | None:
        """The recipe of the render shown, all takes; None before the first."""
        return self._set.recipe if self._sets else None

    @property
    def job(self) -> int | None:
        """The render's job number."""
        return self._set.job if self._sets else None

    @property
    def duration_s(self) -> float:
        """Asked length of the takes shown; 0 before the first."""
        return duration_s(self._set.recipe) if self._sets else 0.0

    @property
    def selected(self) -> int:
        """Index of the selected take."""
        return self._selected

    @property
    def selected_take(self) -> TakeView | None:
        """The selected take; None before the first render."""
        return self.takes[self._selected] if self._selected < len(self.takes) else None

    def select(self, index: int) -> None:
        """Select a take by index (key 1 is index 0); one that is not there is ignored."""
        if index != self._selected and 0 <= index < len(self.takes):
            self._selected = index
            self.selected_changed.emit(index)

    def mel(self, index: int) -> NDArray[np.float32] | None:
        """(2·n_mels, frames) in [−1, 1]: level channels, then left − right. None before any."""
        half = self.takes[index].half_mel if index < len(self.takes) else None
        if half is None:
            return None
        if index not in self._mels:
            self._mels[index] = shown_mel(half)
        return self._mels[index]

    @property
    def region(self) -> tuple[float, float] | None:
        """(start_s, end_s) that is selected; None is all."""
        return self._region

    def set_region(self, region: tuple[float, float] | None) -> None:
        """Select a part; under 10 ms is none."""
        if region is not None:
            low, high = sorted(min(max(edge, 0.0), self.duration_s) for edge in region)
            region = (low, high) if high - low >= REGION_LEAST_S else None
        if region != self._region:
            self._region = region
            self.region_changed.emit()

    def comparisons(self, index: int) -> tuple[Comparison, ...]:
        """Asked against measured, of one take; empty before it is ready."""
        take = self.takes[index]
        if take.recipe is None or take.measured is None:
            return ()
        return compared(take.recipe, take.measured)

    # ── keeping ───────────────────────────────────────────────────────────────────────────

    def keep(self, index: int | None = None) -> None:
        """Keep a take (the selected one): finish it to 24 kHz and put it into the library."""
        index = self._selected if index is None else index
        if not 0 <= index < len(self.takes):
            return
        take = self.takes[index]
        take.wanted = take.wanted or take.audio is not None  # nobody keeps what nobody can hear
        if take.master is not None and take.state is TakeState.FINISHED:
            self.keep_now.emit(take.master)
        elif take.state in (TakeState.READY, TakeState.FINISHING):
            self.keep_asked.emit(index)

    # ── the shelf: renders of this session, oldest first ──────────────────────────────────

    @property
    def can_go_older(self) -> bool:
        """Whether takes of an earlier render are still there."""
        return self._shown > 0

    @property
    def can_go_newer(self) -> bool:
        """Whether takes of a later render are there."""
        return self._shown + 1 < len(self._sets)

    def show_older(self) -> None:
        """Show the takes of the render before."""
        if self.can_go_older:
            self._show(self._shown - 1)

    def show_newer(self) -> None:
        """Show the takes of the render after."""
        if self.can_go_newer:
            self._show(self._shown + 1)

    # ── what JobsModel tells ──────────────────────────────────────────────────────────────

    def begin(self, job: int, recipe: Recipe) -> None:
        """A render begins: its takes are shown, empty."""
        numbers = range(recipe.first_take, recipe.first_take + recipe.takes)
        self._sets = [old for old in self._sets if old.worth_keeping][-(SHELF_LIMIT - 1) :]
        self._sets.append(_TakeSet(job, recipe, [TakeView(number) for number in numbers]))
        self._show(len(self._sets) - 1)

    def take_preview(self, preview: Preview, blob: memoryview) -> None:
        """Newer mels of some takes."""
        found = self._find(preview.job)
        mels = None if found is None else mels_of(preview, blob)
        if found is None or mels is None:
            return
        for number, mel in enumerate(mels, preview.first_take):
            take = found.numbered(number)
            if take is None or take.state not in (TakeState.WAITING, TakeState.FORMING):
                continue
            take.half_mel, take.state = mel, TakeState.FORMING
            take.step, take.steps = preview.step, preview.steps
        if found is self._set:
            self._mels.clear()
            self.preview_changed.emit()

    def take_audio(self, message: Take, blob: memoryview) -> bool:
        """A take is ready; False where it cannot be played."""
        sound, midi = take_parts(message, blob)
        if (audio := audio_of(message, sound)) is None:
            return False
        found = self._find(message.job)
        take = None if found is None else found.numbered(message.take)
        if found is None or take is None:
            return True
        take.audio, take.rate_hz = audio, message.rate_hz
        take.recipe, take.measured = message.recipe, message.measured
        take.midi, take.name = midi, message.name
        take.state = TakeState.READY
        self._tell(found, take)
        return True

    def set_state(self, job: int, number: int, state: TakeState) -> None:
        """A take's finishing began, or ended without a clip."""
        self._change(job, number, state=state)

    def take_master(self, job: int, number: int, master: NewClip) -> bool:
        """A take is finished; whether the user wants it kept."""
        found = self._find(job)
        take = None if found is None else found.numbered(number)
        if take is None:
            return False
        self._change(job, number, state=TakeState.FINISHED, master=master, measured=master.measured)
        return take.wanted

    def take_clip(self, clip: Clip) -> None:
        """A clip is in the library: the take that it came from is kept."""
        for shelf in self._sets:
            for take in shelf.takes:
                if take.recipe is not None and to_json(take.recipe) == clip.recipe_json:
                    self._change(shelf.job, take.number, state=TakeState.KEPT, clip=clip)

    def end(self, job: int) -> None:
        """A render ended, well or not: takes that never came stay empty."""
        found = self._find(job)
        for take in () if found is None else found.takes:
            if found is not None and take.state is TakeState.FORMING:
                take.state = TakeState.WAITING
                self._tell(found, take)

    # ── inside ────────────────────────────────────────────────────────────────────────────

    @property
    def _set(self) -> "_TakeSet":
        return self._sets[self._shown]

    def _show(self, shown: int) -> None:
        self._shown = shown
        self._mels.clear()
        self._selected = min(self._selected, len(self.takes) - 1)
        self.started.emit()
        self.set_region(None)
        self.shelf_changed.emit()

    def _find(self, job: int) -> "_TakeSet | None":
        return next((found for found in self._sets if found.job == job), None)

    def _change(self, job: int, number: int, **values: object) -> None:
        found = self._find(job)
        take = None if found is None else found.numbered(number)
        if found is None or take is None:
            return
        for name, value in values.items():
            setattr(take, name, value)
        self._tell(found, take)

    def _tell(self, found: "_TakeSet", take: TakeView) -> None:
        if found is self._set:
            self.take_changed.emit(found.takes.index(take))


@dataclass
class _TakeSet:
    """One render's takes."""

    job: int
    recipe: Recipe
    takes: list[TakeView]

    @property
    def worth_keeping(self) -> bool:
        """Whether anything can be heard: a cancelled render leaves nothing to go back to."""
        return any(take.audio is not None for take in self.takes)

    def numbered(self, number: int) -> TakeView | None:
        return next((take for take in self.takes if take.number == number), None)


def compared(recipe: Recipe, measured: Measured) -> tuple[Comparison, ...]:
    """Asked against measured, in words. Tempo agrees within 2 %, key exactly."""
    lines = [
        _line("tempo", recipe.bpm, measured.bpm, "{:.1f} BPM", _near(recipe.bpm, measured.bpm)),
        _line("key", recipe.key, measured.key, "{}", _same(recipe.key, measured.key)),
        _line("chords", chord_names(recipe) or None, None, "{}", None),
        _line("loudness", None, measured.loudness_lufs, "{:.1f} LUFS", None),
        _line("true peak", None, measured.true_peak_dbtp, "{:.1f} dBTP", None),
    ]
    if recipe.loop:
        seam = None if measured.seam is None else measured.seam <= 1
        lines.append(_line("seam", None, measured.seam, "{:.2f}", seam))
    return tuple(lines)


def _line(what: str, asked: object, measured: object, form: str, agrees: bool | None) -> Comparison:
    asked_text, measured_text = (
        NOTHING if value is None else form.format(value) for value in (asked, measured)
    )
    return Comparison(what, asked_text, measured_text, agrees)


def _near(asked: float | None, measured: float | None) -> bool | None:
    if asked is None or measured is None:
        return None
    return abs(measured / asked - 1) <= TEMPO_TOLERANCE


def _same(asked: str | None, measured: str | None) -> bool | None:
    return None if asked is None or measured is None else asked == measured
