"""What a render tells on standard output: lines for people, or one JSON object per line."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from engine.cli.progress import Progress, Silent, progress_for_stderr
from engine.music.progression import named
from engine.protocol.messages import Measured, Understood
from engine.recipe import NO_NOTES, Recipe, has_chords, to_json

LEFT_NOTES: Final = "notes: left to the network"


@dataclass(frozen=True)
class Written:
    """One file that was written.

    Attributes:
        kind: "take" (16 kHz) or "clip".
        midi: the file of its notes; None where none was written.
        audio_s: its length.
        seconds: what it took to make.
    """

    kind: str
    path: Path
    take: int
    recipe: Recipe
    measured: Measured
    rate_hz: int
    audio_s: float
    seconds: float
    midi: Path | None = None

    @property
    def realtime_factor(self) -> float:
        """Seconds of audio per second of work."""
        return self.audio_s / max(self.seconds, 1e-9)


class Report(Protocol):
    """Where a render is told of."""

    progress: Progress

    def begin(self, recipe: Recipe, notes: list[str]) -> None:
        """The recipe is settled."""

    def step(self, stage: str, step: int, steps: int, eta_s: float | None) -> None:
        """A step of a stage is done."""

    def note(self, text: str) -> None:
        """Something worth a line."""

    def understood(self, answer: Understood) -> None:
        """What the engine made of the prompt."""

    def written(self, file: Written) -> None:
        """A file is on the disk."""

    def end(self, files: list[Written], seconds: float) -> None:
        """All is done."""


class PlainReport:
    """For people."""

    def __init__(self) -> None:
        self.progress = progress_for_stderr()

    def begin(self, recipe: Recipe, notes: list[str]) -> None:
        """The recipe is settled."""
        print(f"seed {recipe.seed}", flush=True)
        for note in notes:
            self.note(note)

    def step(self, stage: str, step: int, steps: int, eta_s: float | None) -> None:
        """A step of a stage is done."""
        self.progress.step(stage, step, steps, eta_s)

    def note(self, text: str) -> None:
        """Something worth a line."""
        self.progress.note(text)

    def understood(self, answer: Understood) -> None:
        """What the engine made of the prompt."""
        if answer.available:
            self.note(understood_line(answer))

    def written(self, file: Written) -> None:
        """A file is on the disk."""
        self.progress.close()
        paths = [str(path) for path in (file.path, file.midi) if path is not None]
        print("\n".join([*paths, f"  {', '.join(_facts(file))}"]), flush=True)

    def end(self, files: list[Written], seconds: float) -> None:
        """All is done."""
        self.progress.close()
        audio_s = sum(file.audio_s for file in files)
        kind = files[0].kind if files else "clip"
        print(
            f"{len(files)} {kind}{'' if len(files) == 1 else 's'}, {audio_s:.1f} s of audio in "
            f"{seconds:.1f} s ({audio_s / max(seconds, 1e-9):.2f}× real time)",
            flush=True,
        )


def _facts(file: Written) -> list[str]:
    measured, recipe = file.measured, file.recipe
    facts = [f"{file.audio_s:.2f} s at {file.rate_hz / 1000:g} kHz"]
    if recipe.bpm is not None or measured.bpm is not None:
        facts.append(f"tempo {_pair(_bpm(recipe.bpm), _bpm(measured.bpm))}")
    if recipe.key is not None or measured.key is not None:
        facts.append(f"key {_pair(recipe.key, measured.key)}")
    if has_chords(recipe.chords):
        facts.append(f"chords {named(recipe.chords, recipe.key)}")
    if recipe.notes == NO_NOTES:
        facts.append(LEFT_NOTES)
    if measured.loudness_lufs is not None:
        facts.append(f"{measured.loudness_lufs:.1f} LUFS")
    if measured.true_peak_dbtp is not None:
        facts.append(f"{measured.true_peak_dbtp:.1f} dBTP")
    if measured.seam is not None:
        facts.append(f"seam {measured.seam:.2f}")
    return [*facts, f"took {file.seconds:.1f} s ({file.realtime_factor:.2f}× real time)"]


def _bpm(bpm: float | None) -> str | None:
    return None if bpm is None else f"{bpm:.4g} BPM"


def _pair(asked: str | None, measured: str | None) -> str:
    return f"asked {asked or 'none'}, measured {measured or 'none'}"


class JsonReport:
    """For programs: one object per line, told apart by "event"."""

    def __init__(self) -> None:
        self.progress: Progress = Silent()

    def begin(self, recipe: Recipe, notes: list[str]) -> None:
        """The recipe is settled."""
        self._say("recipe", recipe=msgspec.Raw(to_json(recipe)), seed=recipe.seed, notes=notes)

    def step(self, stage: str, step: int, steps: int, eta_s: float | None) -> None:
        """A step of a stage is done."""
        self._say("progress", stage=stage, step=step, steps=steps, eta_s=eta_s)

    def note(self, text: str) -> None:
        """Something worth a line."""
        self._say("notice", text=text)

    def understood(self, answer: Understood) -> None:
        """What the engine made of the prompt."""
        self._say("understood", **msgspec.structs.asdict(answer))

    def written(self, file: Written) -> None:
        """A file is on the disk."""
        self._say(
            file.kind,
            path=text_of(file.path),
            midi=None if file.midi is None else text_of(file.midi),
            take=file.take,
            asked={"bpm": file.recipe.bpm, "key": file.recipe.key},
            measured=file.measured,
            rate_hz=file.rate_hz,
            audio_s=file.audio_s,
            seconds=file.seconds,
            realtime_factor=file.realtime_factor,
        )

    def end(self, files: list[Written], seconds: float) -> None:
        """All is done."""
        self._say("done", files=[text_of(file.path) for file in files], seconds=seconds)

    def _say(self, event: str, **fields: Any) -> None:
        print(json_line({"event": event, **fields}), flush=True)


def understood_line(answer: Understood) -> str:
    """What was understood, how many play, and which words never were, in one line."""
    meanings = (*answer.genre, *answer.instruments, *answer.moods, *answer.era)
    named = ", ".join(f"{meaning.name} ({meaning.confidence:.2f})" for meaning in meanings)
    unknown = ", ".join(repr(word) for word in answer.unknown_words)
    players = f"; players: {answer.players}" if answer.players else ""
    never = f"; never met: {unknown}" if unknown else ""
    return f"understood: {named or 'nothing'}{players}{never}"


def json_line(value: object) -> str:
    """One line of compact JSON."""
    return msgspec.json.encode(value).decode()


def text_of(path: Path) -> str:
    """A path as text; bytes of its name that are no text come as escapes."""
    return str(path).encode("utf-8", "backslashreplace").decode()


def report_for(*, as_json: bool) -> Report:
    """The report that was asked for."""
    return JsonReport() if as_json else PlainReport()
