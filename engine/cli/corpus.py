"""`noisefall corpus …`: make a training corpus, check how it sounds, look at it.

Exit code 1 of `corpus check` is a bound that was missed; the others are as everywhere.
"""

import argparse
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tqdm import tqdm

from engine.cli.interrupt import EXIT_INTERRUPTED, interruptible
from engine.cli.shared import Actions, add_actions, tell, with_training_extra

if TYPE_CHECKING:
    from engine.corpus.store.make import Progress, Summary

EXIT_BOUND_MISSED: Final = 1
_LINE_EVERY: Final = 0.1  # of a phase, where nobody looks
_BAR: Final = "{desc:<10}{bar}{percentage:4.0f} %  {elapsed}<{remaining}{postfix}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own commands."""
    add_actions(parser, _ACTIONS)


def run(options: argparse.Namespace) -> int:
    """Do what was asked. Returns the exit code.

    Raises:
        UserError: anything that the user can change.
    """
    with with_training_extra("The corpus tools cannot run"):
        return _ACTIONS[options.action][0](options)


def _add_make(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--hours", type=float, required=True, help="of audio, over all splits")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--workers", type=int, metavar="N", help="default: one per core")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="default 0")
    parser.add_argument(
        "--stems", action="store_true", help="also mels of drums, bass, harmony and melody"
    )
    parser.add_argument(
        "--seconds-per-shard", type=float, metavar="SECONDS", help="default: 3600 or less"
    )


def _make(options: argparse.Namespace) -> int:
    from engine.corpus.store.make import Settings, make_corpus  # noqa: PLC0415 - scipy and more

    settings = Settings(
        hours=options.hours, folder=options.out, seed=options.seed, stems=options.stems,
        workers=options.workers, seconds_per_shard=options.seconds_per_shard,
    )  # fmt: skip
    shown = _Shown()
    try:
        with interruptible() as interrupt:
            summary = make_corpus(settings, on_progress=shown, stop=lambda: interrupt.pressed)
    finally:
        shown.close()
    _tell(summary, options.out)
    return 0 if summary.finished else EXIT_INTERRUPTED


def _tell(summary: "Summary", folder: Path) -> None:
    """What the run came to."""
    from engine.corpus.store.make import clips_by_split  # noqa: PLC0415 - scipy and more

    for fault in summary.faults:
        print(f"made again: {fault}")
    if summary.plan is not None and summary.finished:
        counts = clips_by_split(summary.plan)
        listed = ", ".join(f"{name} {count}" for name, count in counts.items())
        print(
            f"{folder}: {summary.plan.seconds / 3600:.2f} h in {sum(counts.values())} clips"
            f" ({listed}), {len(summary.plan.shards)} shards,"
            f" {summary.plan.duplicates} duplicates left out"
        )
    print(f"{summary.made} shards made, {summary.kept} kept")
    if summary.audio_s > 0:
        hours = summary.audio_s / 3600
        print(
            f"{hours:.2f} h rendered in {summary.wall_s:.0f} s:"
            f" {summary.times_real_time_per_core:.1f} × real time per core,"
            f" {summary.cpu_s / hours:.0f} CPU seconds and"
            f" {summary.made_bytes / hours / 1e6:.0f} MB per hour"
        )
    if not summary.finished:
        print("Interrupted. The same command continues.")


class _Shown:
    """Progress on standard error: a bar per phase where a person looks, lines elsewhere."""

    def __init__(self) -> None:
        tqdm.monitor_interval = 0  # no thread of its own
        tqdm.set_lock(threading.RLock())  # its default is a multiprocessing lock
        self._bar: tqdm[None] | None = None
        self._phase = ""
        self._told = 0.0

    def __call__(self, progress: "Progress") -> None:
        """Show a step."""
        if progress.total <= 0:
            return
        if progress.phase != self._phase:
            self.close()
            self._phase, self._told = progress.phase, 0.0
            if sys.stderr.isatty():
                self._bar = tqdm(
                    total=progress.total, desc=progress.phase, bar_format=_BAR, file=sys.stderr
                )
        done = min(progress.done, progress.total)
        speed = ""
        if progress.audio_s > 0 and progress.cpu_s > 0:
            speed = f"{progress.audio_s / progress.cpu_s:.1f} × real time per core"
        if self._bar is not None:
            self._bar.set_postfix_str(speed, refresh=False)
            self._bar.update(done - self._bar.n)
        elif done / progress.total >= self._told + _LINE_EVERY:
            self._told = done / progress.total
            text = f"{progress.phase} {self._told:.0%} {speed}"
            tell(text.rstrip())

    def close(self) -> None:
        """Leave the terminal tidy."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--clips", type=int, default=200, metavar="N", help="heard; default 200")
    parser.add_argument("--workers", type=int, metavar="N", help="default: one per core")


def _check(options: argparse.Namespace) -> int:
    from engine.corpus.check import check_corpus  # noqa: PLC0415 - librosa

    with interruptible() as interrupt:
        report = check_corpus(
            options.folder,
            clips=options.clips,
            workers=options.workers,
            stop=lambda: interrupt.pressed,
        )
    if report is None:
        return EXIT_INTERRUPTED
    for line in report.lines():
        print(line)
    return 0 if report.passed else EXIT_BOUND_MISSED


def _add_sheet(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument(
        "--out", type=Path, default=Path("sheet.html"), metavar="FILE", help="default sheet.html"
    )
    parser.add_argument("--audio", action="store_true", help="with the sound of every clip inside")


def _sheet(options: argparse.Namespace) -> int:
    from engine.corpus.sheet import write_sheet  # noqa: PLC0415 - numpy and more

    shown = write_sheet(options.folder, options.out, audio=options.audio)
    print(f"{options.out}: {shown} clips, one of every genre")
    return 0


_ACTIONS: Final[Actions] = {
    "make": (_make, "compose and render a corpus, or finish one", _add_make),
    "check": (_check, "measure a corpus with tools that its composer does not know", _add_check),
    "sheet": (_sheet, "show a clip of every genre in one HTML file", _add_sheet),
}
