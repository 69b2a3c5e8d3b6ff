"""The recipe as a form: every field observable, from and to `engine.recipe.Recipe`.

What a prompt says ("90 bpm") turns a knob only while nobody has turned that knob by hand; after
that the two may disagree, and the disagreement is shown, not resolved.
"""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

from PySide6.QtCore import QObject, Signal

from app.model.field import Field, clamped, fields_of, one_of, unchanged, whole
from app.model.knobs import RECIPE_KNOBS
from app.model.prompt_history import PromptHistory
from app.model.stage_form import StageForm
from app.model.tap_tempo import TapTempo
from engine.errors import UserError
from engine.music.keys import KEYS, canonical_key
from engine.recipe import (
    BARS_RANGE,
    BPM_RANGE,
    DEFAULT_BPM,
    DEFAULT_SECONDS,
    METERS,
    NOTES,
    PRESETS,
    PROMPT_LIMIT_CHARS,
    SECONDS_RANGE,
    SEED_RANGE,
    STAGES,
    TAKES_RANGE,
    NotesName,
    PresetName,
    Recipe,
    StageSettings,
    checked,
    duration_s,
)

LengthIn = Literal["bars", "seconds"]
READ_FIELDS: Final = ("bpm", "key", "meter", "bars")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reading:
    """What the engine made of the prompt.

    Attributes:
        bpm, key, meter, bars: what its words say; None where they say nothing.
        chips: (kind, text) of what was understood: ("genre", "house"), ("tempo", "90 BPM").
        unknown: words that the bundle does not know.
        conflicts: one line per knob that says something else than the prompt.
    """

    bpm: float | None = None
    key: str | None = None
    meter: str | None = None
    bars: int | None = None
    chips: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True)
class FormState:
    """A form as it was at a moment."""

    fields: dict[str, Any]
    stages: dict[str, StageSettings]
    by_hand: frozenset[str]


def _limited(text: str) -> str:
    return text[:PROMPT_LIMIT_CHARS]


def _key(text: str | None) -> str | None:
    return None if text is None else canonical_key(text)


def _ceiling(value: float | None) -> float | None:
    return None if value is None else min(max(value, -20.0), 0.0)


def _loudness(value: float | None) -> float | None:
    return None if value is None else min(max(value, -40.0), -6.0)


class RecipeForm(QObject):
    """Everything that a person sets before Generate.

    Attributes:
        prompt, negative_prompt: texts.
        tempo_on: False is free tempo; `bpm` keeps its value meanwhile.
        bpm: quarter notes per minute.
        key: canonical key, or None for any.
        chords: as typed, refused or not; "" is drawn for each take.
        notes: "composed" for each take, or "none": the network finds its own.
        meter: one of engine.recipe.METERS.
        length_in: whether `bars` or `seconds` counts. Bars need a tempo, a loop needs bars.
        loop: the end joins the start.
        takes, seed, preset: as the recipe's.
        seed_locked: the seed stays; otherwise every Generate rolls another.
        loudness_lufs, ceiling_dbtp: None is off.
        bundle: SHA-256 of the bundle that must render it; "" is the loaded one.
        composer: version whose notes are repeated; 0 is the engine's own.
        first_take: number of the first take; 1 unless a clip's recipe is repeated.
        stages: one StageForm per stage, by name.
        reading: what the engine made of the prompt.
        history: prompts rendered before.
    """

    changed = Signal(str)  # a field's name; "generator.steps" and so on for a stage's
    reading_changed = Signal()
    recipe_taken = Signal()  # a whole recipe was put into the form

    prompt: Field[str] = Field("", _limited)
    negative_prompt: Field[str] = Field("", _limited)
    tempo_on: Field[bool] = Field(default=True)
    bpm: Field[float] = Field(DEFAULT_BPM, clamped(*BPM_RANGE))
    key: Field[str | None] = Field(None, _key)
    chords: Field[str] = Field("", unchanged)  # what is refused is not lost
    notes: Field[NotesName] = Field("composed", one_of(*NOTES))
    meter: Field[str] = Field("4/4", one_of(*METERS))
    length_in: Field[LengthIn] = Field("bars", one_of("bars", "seconds"))
    bars: Field[int] = Field(4, whole(*BARS_RANGE))
    seconds: Field[float] = Field(DEFAULT_SECONDS, clamped(*SECONDS_RANGE))
    loop: Field[bool] = Field(default=False)
    takes: Field[int] = Field(2, whole(*TAKES_RANGE))
    seed: Field[int] = Field(0, whole(*SEED_RANGE))
    seed_locked: Field[bool] = Field(default=False)
    preset: Field[PresetName] = Field("standard", one_of(*PRESETS))
    loudness_lufs: Field[float | None] = Field(-16.0, _loudness)
    ceiling_dbtp: Field[float | None] = Field(-1.0, _ceiling)
    bundle: Field[str] = Field("", unchanged)
    composer: Field[int] = Field(0, unchanged)
    first_take: Field[int] = Field(1, whole(1, 10_000))

    KNOBS: ClassVar = RECIPE_KNOBS
    KEYS: ClassVar = KEYS
    METERS: ClassVar = METERS
    PRESETS: ClassVar = PRESETS

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        roll: Callable[[], int] | None = None,
        tap: TapTempo | None = None,
        history: PromptHistory | None = None,
    ) -> None:
        super().__init__(parent)
        self._roll = roll or (lambda: random.SystemRandom().randrange(SEED_RANGE[1] + 1))
        self._tap = tap or TapTempo()
        self._by_hand: set[str] = set()
        self.history = history or PromptHistory()
        self.reading = Reading()
        self.stages = {name: StageForm(name, self) for name in STAGES}
        for name, stage in self.stages.items():
            stage.changed.connect(lambda field, of=name: self.changed.emit(f"{of}.{field}"))

    # ── turning knobs ─────────────────────────────────────────────────────────────────────

    def turn(self, field: str, value: object) -> None:
        """Set a field by hand: from now on the prompt's words leave it alone.

        Plain assignment (`form.bpm = 90`) is for what is no hand: MIDI clock, a reading.
        """
        self._by_hand.add(field)
        setattr(self, field, value)
        if field == "bpm":
            self.tempo_on = True
        elif field == "loop" and value:
            self.length_in = "bars"
        elif field in ("bars", "seconds"):
            self.length_in = "bars" if field == "bars" else "seconds"
        if self.length_in == "bars":
            self.tempo_on = True
        else:
            self.loop = False

    def reset(self, field: str) -> None:
        """Put one field back: to what the prompt says, else to its default."""
        self._by_hand.discard(field)
        said = getattr(self.reading, field, None) if field in READ_FIELDS else None
        default = next(f.default for f in fields_of(RecipeForm) if f.name == field)
        setattr(self, field, default if said is None else said)

    def reset_all(self) -> None:
        """Every field to its default; the history stays."""
        self._by_hand.clear()
        for field in fields_of(RecipeForm):
            setattr(self, field.name, field.default)
        for stage in self.stages.values():
            stage.reset()

    def tap_tempo(self) -> None:
        """One tap of the tempo."""
        if (bpm := self._tap.tap()) is not None:
            self.turn("bpm", bpm)

    def roll_seed(self) -> None:
        """Another seed, at random. A repeated take's number goes with it."""
        self.seed = self._roll()
        self.first_take = 1

    def position(self, field: str) -> float:
        """Where a knob stands, 0–1."""
        value = getattr(self, field)
        knob = RECIPE_KNOBS[field]
        return knob.position(knob.default if value is None else value)

    def set_position(self, field: str, position: float) -> None:
        """Turn a knob to 0–1, as a learnt controller does."""
        self.turn(field, RECIPE_KNOBS[field].value(position))

    def by_hand(self, field: str) -> bool:
        """Whether a hand has turned this knob since it was last reset."""
        return field in self._by_hand

    # ── history ───────────────────────────────────────────────────────────────────────────

    def older_prompt(self) -> None:
        """Show the prompt rendered before the one shown."""
        if (prompt := self.history.older(self.prompt)) is not None:
            self.prompt = prompt

    def newer_prompt(self) -> None:
        """Show the prompt after the one shown, at last what was being typed."""
        if (prompt := self.history.newer()) is not None:
            self.prompt = prompt

    # ── what the engine understood ────────────────────────────────────────────────────────

    def take_reading(self, reading: Reading) -> None:
        """Show what the engine made of the prompt, and turn the knobs that no hand has turned."""
        before, self.reading = self.reading, reading
        for field in READ_FIELDS:
            said, said_before = getattr(reading, field), getattr(before, field)
            if said is not None and said != said_before and field not in self._by_hand:
                setattr(self, field, said)
        self.reading_changed.emit()

    # ── the recipe ────────────────────────────────────────────────────────────────────────

    @property
    def duration_s(self) -> float:
        """Asked length in seconds."""
        return duration_s(self.asked())

    def problem(self) -> UserError | None:
        """Why Generate would refuse the form as it stands; None when it would not."""
        try:
            self.recipe()
        except UserError as error:
            return error
        return None

    def recipe(self) -> Recipe:
        """The recipe as the form stands. Raises UserError as `engine.recipe.checked`."""
        return checked(self.asked())

    def asked(self) -> Recipe:
        """The recipe as the form stands, unchecked: the prompt may be empty."""
        in_bars = self.length_in == "bars" or self.loop
        return Recipe(
            prompt=self.prompt,
            negative_prompt=self.negative_prompt,
            bpm=self.bpm if self.tempo_on or in_bars else None,
            key=self.key,
            chords=self.chords,
            notes=self.notes,
            meter=self.meter,
            bars=self.bars if in_bars else None,
            seconds=None if in_bars else self.seconds,
            loop=self.loop,
            seed=self.seed,
            takes=self.takes,
            first_take=self.first_take,
            preset=self.preset,
            loudness_lufs=self.loudness_lufs,
            ceiling_dbtp=self.ceiling_dbtp,
            bundle=self.bundle,
            composer=self.composer,
            generator=self.stages["generator"].settings(),
            vocoder=self.stages["vocoder"].settings(),
            cascader=self.stages["cascader"].settings(),
            super_resolution=self.stages["super_resolution"].settings(),
        )

    def snapshot(self) -> FormState:
        """The whole form, for `restore`."""
        return FormState(
            {f.name: getattr(self, f.name) for f in fields_of(RecipeForm)},
            {name: stage.settings() for name, stage in self.stages.items()},
            frozenset(self._by_hand),
        )

    def restore(self, state: FormState) -> None:
        """The form as it was."""
        self._by_hand = set(state.by_hand)
        for name, value in state.fields.items():
            setattr(self, name, value)
        for name, settings in state.stages.items():
            self.stages[name].take_settings(settings)
        self.recipe_taken.emit()

    def take_recipe(self, recipe: Recipe) -> None:
        """Fill the whole form from a recipe; `recipe()` then gives it back unchanged.

        Every field counts as set by hand and the seed is locked, so that it stays repeatable.
        """
        self._by_hand = {*READ_FIELDS, "seconds"}
        for name in ("prompt", "negative_prompt", "key", "chords", "notes", "meter", "loop"):
            setattr(self, name, getattr(recipe, name))
        for name in ("seed", "takes", "first_take", "preset"):
            setattr(self, name, getattr(recipe, name))
        for name in ("loudness_lufs", "ceiling_dbtp", "bundle", "composer"):
            setattr(self, name, getattr(recipe, name))
        self.tempo_on = recipe.bpm is not None
        self.bpm = DEFAULT_BPM if recipe.bpm is None else recipe.bpm
        self.length_in = "seconds" if recipe.bars is None else "bars"
        self.bars = self.bars if recipe.bars is None else recipe.bars
        self.seconds = DEFAULT_SECONDS if recipe.seconds is None else recipe.seconds
        self.seed_locked = True
        for name, stage in self.stages.items():
            stage.take_settings(getattr(recipe, name))
        self.recipe_taken.emit()
