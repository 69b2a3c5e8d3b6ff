"""From prepared data to an ear, in one call that can be interrupted.

out/  checkpoints/       what going on needs
      ear.safetensors    the tower, as `load_ear` reads it      report.txt    what was measured
"""

from pathlib import Path
from typing import Final

from engine.errors import UserError
from engine.training.checkpoints import CHECKPOINTS, found, nothing_there, run_there
from engine.training.made import Outcome, Say, Stop
from engine.training.tower import state as states
from engine.training.tower.examples import Examples
from engine.training.tower.hearing import EAR_NAME, Ear, save_ear
from engine.training.tower.measure import listen, report, tag_lines, with_thresholds
from engine.training.tower.run import TowerRun, go_on
from engine.training.tower.settings import TowerSettings, checked
from engine.training.train.data import has_split, open_data

REPORT_NAME: Final = "report.txt"


def make_tower(
    data: Path,
    *,
    out: Path,
    settings: TowerSettings,
    resume: bool = False,
    say: Say = lambda line: None,
    stop: Stop = lambda: False,
) -> Outcome:
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
    before = found(folder)
    if before and not resume:
        raise run_there(out, what="The tower was not trained")
    if resume and not before:
        raise nothing_there(folder)
    examples = Examples(open_data(data, "train"))
    held_out = _held_out(data, examples)
    run = TowerRun(examples, settings)
    if before:
        run.restore(states.load(before[-1]))
    say(f"{len(examples)} clips, " + ", ".join(f"{len(v)} of {k}" for k, v in run.classes.items()))
    finished = go_on(run, folder, say=say, stop=stop)
    lines = _finish(run, held_out, out) if finished else ()
    parameters = sum(parameter.numel() for parameter in run.net.parameters())
    return Outcome(finished=finished, step=run.step, parameters=parameters, report=lines)


def _held_out(data: Path, examples: Examples) -> dict[str, Examples]:
    splits = ["validation", *(["test"] if has_split(data, "test") else [])]
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
