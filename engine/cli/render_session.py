"""One render's conversation with the engine: what is sent, what arrives, what is written."""

import re
import time
from collections.abc import Collection
from pathlib import Path
from typing import Final

import numpy as np

from engine.audio.files import write_numbered
from engine.cli.interrupt import Interrupt
from engine.cli.report import Report, Written
from engine.errors import UserError
from engine.protocol.client import EngineClient
from engine.protocol.messages import (
    BundleLoaded,
    Cancel,
    Cancelled,
    Clip,
    Done,
    Failed,
    Keep,
    LoadBundle,
    Notice,
    Progress,
    Render,
    Take,
    Understand,
    Understood,
)
from engine.protocol.parts import take_parts
from engine.recipe import Recipe
from engine.worker.handoff import HandOff, encoded, handed_off
from engine.worker.tags import file_name

RENDER_JOB: Final = 1
CANCEL_WAIT_S: Final = 2.0
POLL_S: Final = 0.1
DRAFT_SUFFIX: Final = "_draft.wav"
MIDI_SUFFIX: Final = ".mid"


class RenderSession:
    """Renders one recipe.

    Args:
        client: a started engine.
        report: where it is told of.
        folder: where files go; it exists.
        form: their format.
        interrupt: looked at between events.
        finished: numbers of the takes that become clips; when empty the takes are written.
        files: gets each file as it is written, also when `run` raises.
        with_midi: whether a take's notes are written beside it, where it has any.
    """

    def __init__(
        self,
        client: EngineClient,
        report: Report,
        *,
        folder: Path,
        form: HandOff,
        interrupt: Interrupt,
        finished: Collection[int],
        files: list[Written],
        with_midi: bool = False,
    ) -> None:
        self._files = files
        self._client = client
        self._report = report
        self._folder = folder
        self._form = form
        self._interrupt = interrupt
        self._finished = finished
        self._with_midi = with_midi
        self._midi: dict[int, bytes] = {}  # take → its notes
        self._pending: set[int] = set()
        self._take_s = 0.0  # what rendering took, shared out among the takes
        self._lap_s = time.monotonic()
        self._takes = 1

    def run(self, recipe: Recipe, bundle: str | None) -> bool:
        """Render and write; whether it came to its end (False: interrupted).

        Raises:
            UserError: the engine refused or failed, or a file could not be written.
            EngineDied: as it says.
        """
        started_s = time.monotonic()
        if bundle is not None:
            self._client.send(LoadBundle(bundle=bundle))
        self._takes = recipe.takes
        self._pending = {RENDER_JOB}
        self._client.send(question_about(recipe))
        self._client.send(Render(job=RENDER_JOB, recipe=recipe))
        while self._pending:
            if self._interrupt.pressed:
                self._cancel()
                return False
            self._receive()
        self._report.end(self._files, time.monotonic() - started_s)
        return True

    def _cancel(self) -> None:
        """Cancel everything and wait a moment for the engine to say so."""
        for job in self._pending:
            self._client.send(Cancel(job=job))
        deadline_s = time.monotonic() + CANCEL_WAIT_S
        while self._pending and time.monotonic() < deadline_s:
            frame = self._client.receive(POLL_S)
            if frame is not None and isinstance(frame[0], Cancelled | Done | Failed):
                self._pending.discard(frame[0].job or 0)

    def _receive(self) -> None:
        frame = self._client.receive(POLL_S)
        if frame is None:
            return
        match frame:
            case (Progress() as step, _):
                self._report.step(step.stage, step.step, step.steps, step.eta_s)
            case (Take() as take, blob):
                self._on_take(take, blob)
            case (Clip() as clip, blob):
                self._on_clip(clip, blob)
            case (Understood() as answer, _):
                self._report.understood(answer)
            case (Notice(text=text), _):
                self._report.note(text)
            case (BundleLoaded(name=name, version=version), _):
                self._report.note(f"bundle {name} {version}")
            case (Done(job=job, seconds=seconds), _):
                self._on_done(job, seconds)
            case (Cancelled(job=job), _):
                self._pending.discard(job)
            case (Failed(what=what, why=why, remedy=remedy), _):
                raise UserError(what, why, remedy)

    def _on_take(self, take: Take, blob: memoryview) -> None:
        sound, midi = take_parts(take, blob)
        if midi and self._with_midi:
            self._midi[take.take] = midi
        if take.take in self._finished:
            job = RENDER_JOB + take.take
            self._pending.add(job)
            self._client.send(Keep(job=job, recipe=take.recipe, take=take.take), sound)
        elif not self._finished:
            audio = np.frombuffer(sound, "<f4").reshape(-1, 2)
            name = file_name(take.recipe).removesuffix(".wav") + DRAFT_SUFFIX
            data = encoded(audio, take.rate_hz, take.recipe, self._form)
            self._write("take", name, data, take, rate_hz=take.rate_hz, seconds=self._lap())

    def _on_clip(self, clip: Clip, blob: memoryview) -> None:
        seconds = self._take_s + self._lap()
        data = handed_off(blob, clip.recipe, self._form)
        self._write("clip", clip.name, data, clip, rate_hz=self._form.rate_hz, seconds=seconds)

    def _on_done(self, job: int, seconds: float) -> None:
        self._pending.discard(job)
        if job == RENDER_JOB:
            self._take_s = seconds / self._takes
            self._lap()

    def _lap(self) -> float:
        """Seconds since the last lap."""
        before_s, self._lap_s = self._lap_s, time.monotonic()
        return self._lap_s - before_s

    def _write(
        self, kind: str, name: str, data: bytes, event: Take | Clip, *, rate_hz: int, seconds: float
    ) -> None:
        midi = self._midi.get(event.take)
        beside = {} if midi is None else {MIDI_SUFFIX: midi}
        path = write_numbered(self._folder, _plain_name(name), data, beside=beside)
        written = Written(
            kind=kind,
            path=path,
            midi=None if midi is None else path.with_suffix(MIDI_SUFFIX),
            take=event.take,
            recipe=event.recipe,
            measured=event.measured,
            rate_hz=rate_hz,
            audio_s=event.samples / event.rate_hz,
            seconds=seconds,
        )
        self._files.append(written)
        self._report.written(written)


def question_about(recipe: Recipe) -> Understand:
    """What is understood of a recipe's prompt; its knobs were compared with it already."""
    return Understand(number=RENDER_JOB, prompt=recipe.prompt)


def _plain_name(name: str) -> str:
    """The suggested name without any folder: an engine elsewhere does not choose where we write."""
    plain = re.sub(r'[\x00-\x1f<>:"/\\|?*]', "_", name).lstrip(".")
    return plain if plain.endswith(".wav") else f"{plain or 'clip'}.wav"
