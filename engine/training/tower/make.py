"""From prepared data to an ear, in one call that can be interrupted.

out/  checkpoints/       what going on needs
      ear.safetensors    the tower, as `load_ear` reads it      report.txt    what was measured
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.errors import UserError
from engine.training.tower import state as states
from engine.training.tower.examples import Examples
from engine.training.tower.hearing import EAR_NAME, Ear, save_ear
from engine.training.tower.measure import listen, report, tag_lines, with_thresholds
from engine.training.tower.run import Say, Stop, TowerRun, go_on
from engine.training.tower.settings import TowerSettings, checked
from engine.training.train.data import CLIPS_NAME, open_data

CHECKPOINTS: Final = "checkpoints"
REPORT_NAME: Final = "report.txt"


@dataclass(frozen=True, kw_only=True)
class TowerOutcome:
    """How it ended.

    Attributes:
        finished: whether the ear was written.
        step: updates made.
        parameters: of the network.
        report: lines; empty where it is not finished.
    """

    finished: bool
    step: int
    parameters: int
    report: tuple[str, ...]


def make_tower(
    data: Path,
    *,
    out: Path,
    settings: TowerSettings,
    resume: bool = False,
    say: Say = lambda line: None,
    stop: Stop = lambda: False,
) -> TowerOutcome:
    """Train a tower.

    Args:
        data: prepared, with embedded texts and the splits train and validation; test where it is
            there.
        out: folder of the run and of the ear.
        settings: of the run.
        resume: go on with what `out` holds.
        say: takes lines of progress.
        stop: asked after each step; true saves and ends the run.

    Raises:
        UserError: anything that the user can change.
    """
    checked(settings)
    folder = out / CHECKPOINTS
    before = states.found(folder)
    if before and not resume:
        raise UserError(
            "The tower was not trained",
            f"{out} holds a run already",
            "Go on with it with --resume, or choose another folder with --out",
        )
    if resume and not before:
        raise UserError(
            "Training did not go on", f"{folder} holds no checkpoint", "Start it without --resume"
        )
    examples = Examples(open_data(data, "train"))
    held_out = _held_out(data, examples)
    run = TowerRun(examples, settings)
    if before:
        run.restore(states.load(before[-1]))
    say(f"{len(examples)} clips, " + ", ".join(f"{len(v)} of {k}" for k, v in run.classes.items()))
    finished = go_on(run, folder, say=say, stop=stop)
    lines = _finish(run, held_out, out) if finished else ()
    parameters = sum(parameter.numel() for parameter in run.net.parameters())
    return TowerOutcome(finished=finished, step=run.step, parameters=parameters, report=lines)


def _held_out(data: Path, examples: Examples) -> dict[str, Examples]:
    splits = ["validation"]
    if any(data.glob(f"test-*/{CLIPS_NAME}")):
        splits.append("test")
    return {split: Examples(open_data(data, split), examples.classes) for split in splits}


def _finish(run: TowerRun, held_out: dict[str, Examples], out: Path) -> tuple[str, ...]:
    """Choose thresholds, write the ear, measure it."""
    ear = Ear(net=run.averaged(), classes=dict(run.classes), thresholds={})
    listened = {split: listen(ear, examples) for split, examples in held_out.items()}
    ear = with_thresholds(ear, listened["validation"])
    save_ear(out / EAR_NAME, ear)
    lines = [line for split, one in listened.items() for line in report(ear, split, one)]
    last = [*held_out][-1]
    spoilt = listen(ear, held_out[last], spoilt=True)
    lines += [f"{last}, spoilt as in training: {line}" for line in tag_lines(ear, spoilt)]
    try:
        (out / REPORT_NAME).write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(
            "The report was not written", f"{out / REPORT_NAME}: {error}", "Free some space"
        ) from None
    return tuple(lines)
