"""One run: every clip through a stage and its baselines, measured alike, and the report of it."""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from engine.evaluation.clips import HeldOut
from engine.evaluation.files import write_report_files
from engine.evaluation.hearing import mel_of
from engine.evaluation.pictures import side_by_side
from engine.evaluation.runners import Stages
from engine.evaluation.stages import (
    SPEED,
    TASKS,
    FloatArray,
    StageChoice,
    System,
    Task,
    timed,
)
from engine.evaluation.summary import ClipFigures, markdown, mean_of, table
from engine.recipe import PresetName, StageSettings

PICTURES: Final = 6
FORMAT: Final = 1

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a report says of its run.

    Attributes:
        stage: what was measured.
        bundle: its name, version and hash.
        preset, settings: how it was sampled.
        split: of the data.
        command: that makes the report again.
        machine: device, threads and processor.
    """

    stage: StageChoice
    bundle: str
    preset: PresetName
    settings: StageSettings
    split: str
    command: str
    machine: str


@dataclass
class Outcome:
    """Figures of the clips so far, and pictures (file name → PNG)."""

    facts: Facts
    clips: list[ClipFigures] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)

    @property
    def systems(self) -> tuple[str, ...]:
        """Names of the stage and of its baselines."""
        task = TASKS[self.facts.stage]
        return task.ours, *task.rivals

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The table as text."""
        return table(self.clips, (*TASKS[self.facts.stage].measures, *SPEED), self.systems)

    @property
    def title(self) -> str:
        """One line about the run."""
        facts, genres = self.facts, {clip.genre for clip in self.clips}
        settings = msgspec.json.encode(facts.settings).decode()
        over = "" if settings == "{}" else f" with {settings}"
        return (
            f"{facts.stage} of {facts.bundle}, {facts.preset}{over}: {len(self.clips)} clips of"
            f" {len(genres)} genres ({facts.split}), mean and 95 % bootstrap confidence interval"
        )


def evaluate(
    facts: Facts,
    clips: Sequence[HeldOut],
    stages: Stages,
    *,
    pictures: bool = False,
    say: Callable[[int, int], None] = lambda done, total: None,
    stop: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Measure a stage and its baselines.

    The first clip goes through the stage once more beforehand, so that opening the network is
    nobody's time.

    Args:
        facts: which stage, and how it is sampled.
        clips: what it is measured on.
        stages: runs it.
        pictures: whether some clips of different genres are shown.
        say: told how many clips are done, of how many.
        stop: asked before each clip; true ends the run.

    Raises:
        UserError: the bundle has no such stage, or the data are damaged.
    """
    task, outcome = TASKS[facts.stage], Outcome(facts)
    ours = task.system(stages, facts.preset, facts.settings)
    systems = {task.ours: ours, **task.rivals}
    shown = _shown(clips) if pictures else set()
    if clips and not stop():
        ours(min(clips, key=lambda clip: clip.entry.frames))
    for number, clip in enumerate(clips):
        if stop():
            break
        sounds, measured = _measured(task, clip, systems)
        outcome.clips.append(measured)
        if clip.entry.key in shown:
            outcome.pictures[_file_name(clip)] = _picture(task, clip, sounds)
        say(number + 1, len(clips))
    return outcome


def _measured(
    task: Task, clip: HeldOut, systems: Mapping[str, System]
) -> tuple[list[FloatArray], ClipFigures]:
    """What each system made of a clip, and how it measures."""
    sounds, figures = [], {}
    for name, system in systems.items():
        made, speed = timed(system, clip)
        if made.shape != task.real(clip).shape:
            msg = f"{name} made {made.shape} of a clip of {task.real(clip).shape}"
            raise ValueError(msg)
        figures[name] = {**task.figures(clip, made), **speed}
        sounds.append(made)
    _log.info("%s %s: %s", clip.entry.key, clip.genre, figures)
    measured = ClipFigures(clip.entry.key, clip.genre, clip.seconds, clip.entry.loop, figures)
    return sounds, measured


def _shown(clips: Sequence[HeldOut]) -> set[str]:
    """Keys of the first clip of some genres at even distances."""
    first = {clip.genre: clip.entry.key for clip in reversed(clips)}
    keys = [first[genre] for genre in dict.fromkeys(clip.genre for clip in clips)]
    count = min(PICTURES, len(keys))
    return {keys[place * len(keys) // count] for place in range(count)}


def _picture(task: Task, clip: HeldOut, sounds: Sequence[FloatArray]) -> bytes:
    heard = (task.real(clip), *sounds)
    mels = [mel_of(sound, task.picture, loop=clip.entry.loop) for sound in heard]
    return side_by_side(mels, task.picture.n_mels)


def _file_name(clip: HeldOut) -> str:
    return f"{re.sub('[^A-Za-z0-9-]+', '-', f'{clip.genre}-{clip.entry.key}')[:80]}.png"


def write_report(outcome: Outcome, folder: Path) -> None:
    """Write report.json, report.md and the pictures.

    Raises:
        UserError: the folder cannot be written.
    """
    files = {
        "report.json": report_json(outcome),
        "report.md": report_markdown(outcome).encode(),
        **outcome.pictures,
    }
    write_report_files(folder, files)


def report_json(outcome: Outcome) -> bytes:
    """Every figure, as JSON; what a clip cannot say is null."""
    task = TASKS[outcome.facts.stage]
    measures = (*task.measures, *SPEED)
    means = {
        system: {measure.name: mean_of(outcome.clips, system, measure.name) for measure in measures}
        for system in outcome.systems
    }
    report = {
        "format": FORMAT, **vars(outcome.facts),
        "measures": measures, "means": means, "clips": outcome.clips,
    }  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(report), indent=1)


def report_markdown(outcome: Outcome) -> str:
    """The table, the command, the machine and the pictures."""
    facts = outcome.facts
    lines = [f"# {facts.stage}", "", f"{outcome.title}.", "", *markdown(outcome.rows), ""]
    lines += ["```sh", facts.command, "```", "", f"Measured on {facts.machine}."]
    if outcome.pictures:
        lines += ["", f"Levels from left to right: real, {', '.join(outcome.systems)}."]
    for name in outcome.pictures:
        lines += ["", f"![{name.removesuffix('.png')}]({name})"]
    return "\n".join([*lines, ""])
