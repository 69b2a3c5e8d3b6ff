"""One stage's own knobs, None where the preset decides."""

from typing import Any, ClassVar

import msgspec
from PySide6.QtCore import QObject, Signal

from app.model.field import Field, clamped, fields_of, one_of, whole
from app.model.knobs import STAGE_KNOBS
from engine.recipe import (
    SAMPLERS,
    STEP_SCHEDULES,
    STEPS_RANGE,
    SamplerName,
    StageSettings,
    StepScheduleName,
)


def _or_none(clean: Any) -> Any:
    return lambda value: None if value is None else clean(value)


class StageForm(QObject):
    """The knobs of one stage; `preset_value` says what None stands for.

    Attributes:
        name: one of engine.recipe.STAGES.
        steps, sampler, step_schedule, gamma, temperature, guidance, guidance_from, guidance_until,
            autoguidance, clip_percentile: as `engine.recipe.StageSettings`; None leaves the
            preset's value.
    """

    changed = Signal(str)  # a field's name, or "preset" when what None stands for has changed

    steps: Field[int | None] = Field(None, _or_none(whole(*STEPS_RANGE)))
    sampler: Field[SamplerName | None] = Field(None, one_of(None, *SAMPLERS))
    step_schedule: Field[StepScheduleName | None] = Field(None, one_of(None, *STEP_SCHEDULES))
    gamma: Field[float | None] = Field(None, _or_none(clamped(0.0, 1.0)))
    temperature: Field[float | None] = Field(None, _or_none(clamped(0.0, 1.0)))
    guidance: Field[float | None] = Field(None, _or_none(clamped(0.0, 30.0)))
    guidance_from: Field[float | None] = Field(None, _or_none(clamped(0.0, 1.0)))
    guidance_until: Field[float | None] = Field(None, _or_none(clamped(0.0, 1.0)))
    autoguidance: Field[float | None] = Field(None, _or_none(clamped(0.0, 5.0)))
    clip_percentile: Field[float | None] = Field(None, _or_none(clamped(0.0, 100.0)))

    KNOBS: ClassVar = STAGE_KNOBS

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self._preset = StageSettings()

    @property
    def overridden(self) -> tuple[str, ...]:
        """Names of the fields that differ from the preset's."""
        return tuple(f.name for f in fields_of(StageForm) if getattr(self, f.name) is not None)

    def preset_value(self, field: str) -> object:
        """What the chosen preset of the loaded bundle gives; None before a bundle is known."""
        return getattr(self._preset, field)

    def effective(self, field: str) -> object:
        """The value that a render uses: the override, else the preset's."""
        own = getattr(self, field)
        return self.preset_value(field) if own is None else own

    def set_preset(self, preset: StageSettings) -> None:
        """Say what the chosen preset gives."""
        if preset != self._preset:
            self._preset = preset
            self.changed.emit("preset")

    def reset(self, field: str | None = None) -> None:
        """Leave one field, or all, to the preset."""
        for name in (f.name for f in fields_of(StageForm)):
            if field in (None, name):
                setattr(self, name, None)

    def settings(self) -> StageSettings:
        """The overrides, as a recipe holds them."""
        return StageSettings(**{f.name: getattr(self, f.name) for f in fields_of(StageForm)})

    def take_settings(self, settings: StageSettings) -> None:
        """Fill every field from a recipe's overrides."""
        for name, value in msgspec.structs.asdict(settings).items():
            setattr(self, name, value)
