"""A recipe laid out on a bundle: lengths at every rate and each stage's resolved settings.

All stages work on one grid of frames (100 per second), so that F frames are F·160 samples at
16 kHz and F·240 at 24 kHz, whole numbers at every rate. A loop's true length is rarely a whole
number of frames: it is rounded to the nearest frame, made circular on the grid, and resampled as
a periodic signal to its exact sample count at the very end. That shifts pitch by at most half a
frame in the loop's length: 0.3 cents for 8 bars at 72 BPM, 7 cents for one bar at 190 BPM.
Rejected: cutting at the exact sample inside a frame (the seam would no longer be circular).
"""

from dataclasses import dataclass
from math import ceil
from typing import Final

import msgspec

from engine.audio.bands import MelParameters
from engine.bundle.manifest import Manifest, SamplerPreset, StageName, StageSpec
from engine.diffusion.step_schedule import model_of
from engine.errors import UserError
from engine.music.chord_track import chord_track
from engine.music.grid import Timeline, loop_timeline, timeline
from engine.music.roll import played, roll
from engine.music.score import Score
from engine.music.signals import Conditions
from engine.recipe import Recipe, StageSettings, duration_s, has_chords, sample_count

TAKE_RATE_HZ: Final = 16_000
CLIP_RATE_HZ: Final = 24_000
FRAME_RATE_HZ: Final = 100


@dataclass(frozen=True)
class Lengths:
    """How long everything is.

    Attributes:
        frames: length on the common grid of 100 frames per second.
        loop: whether the grid is circular.
        take_samples, clip_samples: exact lengths at 16 kHz and 24 kHz.
    """

    frames: int
    loop: bool
    take_samples: int
    clip_samples: int

    def elements(self, rate_hz: int) -> int:
        """Length on the grid at another rate (a multiple of 100 Hz)."""
        return self.frames * rate_hz // FRAME_RATE_HZ


@dataclass(frozen=True)
class Take:
    """One take of a request.

    Attributes:
        recipe: what repeats it alone.
        score: what is played in it; None where the network finds its own notes.
    """

    recipe: Recipe
    score: Score | None = None


@dataclass(frozen=True)
class StagePlan:
    """One stage with the settings that this render uses."""

    name: StageName
    spec: StageSpec
    settings: SamplerPreset
    table_8_model: str  # whose step schedules the stage follows

    @property
    def guided_steps(self) -> range:
        """The steps, from 0, in which guidance compares two branches."""
        settings = self.settings
        if not self.spec.text or settings.guidance == 1:
            return range(0)
        first, end = (
            round(share * settings.steps)
            for share in (settings.guidance_from, settings.guidance_until)
        )
        return range(first, end)


def lengths(recipe: Recipe) -> Lengths:
    """Lay a checked recipe's duration on the frame grid."""
    exact = duration_s(recipe) * FRAME_RATE_HZ
    frames = round(exact) if recipe.loop else ceil(round(exact, 6))
    return Lengths(
        frames=max(1, frames),
        loop=recipe.loop,
        take_samples=sample_count(recipe, TAKE_RATE_HZ),
        clip_samples=sample_count(recipe, CLIP_RATE_HZ),
    )


def stage_plan(recipe: Recipe, manifest: Manifest, name: StageName) -> StagePlan:
    """The stage's preset with the recipe's overrides.

    Raises:
        UserError: the stage has no such knob.
    """
    spec = manifest.stages[name]
    preset: SamplerPreset = getattr(spec.presets, recipe.preset)
    overrides: StageSettings = getattr(recipe, name)
    given = {
        field: value
        for field, value in msgspec.structs.asdict(overrides).items()
        if value is not None
    }
    if "autoguidance" in given and not spec.autoguidance:
        raise UserError(
            "The recipe was refused",
            f"autoguidance was asked of the {name.replace('_', '-')}, and in {manifest.name} it "
            "has no filter to go beyond",
            "Leave autoguidance away",
        )
    settings = msgspec.structs.replace(preset, **given)
    return StagePlan(name, spec, settings, model_of(name, route=manifest.route))


def one_take(recipe: Recipe, take: int) -> Recipe:
    """The recipe that repeats one take alone."""
    return msgspec.structs.replace(recipe, takes=1, first_take=take)


def mel_parameters(manifest: Manifest) -> MelParameters | None:
    """What the bundle's mel means, None on the waveform route."""
    if manifest.mel is None:
        return None
    return MelParameters(**msgspec.structs.asdict(manifest.mel))


def conditions(take: Take, elements: int, rate_hz: int) -> Conditions:
    """A take's conditions on a track of `elements` at `rate_hz`."""
    recipe, score = take.recipe, take.score
    line = _timeline(recipe, elements, rate_hz)
    chords = recipe.chords
    what = None if score is None else played(score, frames=lengths(recipe).frames)
    return Conditions(
        timeline=line,
        bpm=recipe.bpm,
        key=recipe.key,
        loop=recipe.loop,
        chroma=chord_track(chords, line, key=recipe.key) if has_chords(chords) else None,
        notes=None if what is None else roll(what.notes, line, loop=recipe.loop),
        players=() if what is None else what.players,
    )


def _timeline(recipe: Recipe, elements: int, rate_hz: int) -> Timeline:
    if recipe.loop and recipe.bars is not None:
        return loop_timeline(elements, rate_hz, bars=recipe.bars, meter=recipe.meter)
    return timeline(elements, rate_hz, bpm=recipe.bpm, meter=recipe.meter)


def check_runnable(recipe: Recipe, manifest: Manifest, bundle_sha256: str) -> None:
    """Refuse what this bundle cannot do.

    Raises:
        UserError: the recipe belongs to another bundle, or is too long for the generator.
    """
    if recipe.bundle and recipe.bundle != bundle_sha256:
        raise UserError(
            "The recipe cannot be repeated",
            f"it was made with bundle {recipe.bundle[:12]}… and {manifest.name} is "
            f"{bundle_sha256[:12]}…",
            "Install that bundle, or clear the recipe's bundle to hear it with this one",
        )
    spec = manifest.stages["generator"]
    elements = lengths(recipe).elements(spec.rate_hz)
    if elements > spec.max_length:
        raise UserError(
            "The clip is too long for this bundle",
            f"{duration_s(recipe):.1f} s were asked and {manifest.name} makes at most "
            f"{spec.max_length / spec.rate_hz:.1f} s",
            "Ask for fewer bars or seconds",
        )
