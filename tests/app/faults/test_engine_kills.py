"""The engine dies at any moment; the window goes on, and nothing that was kept is lost.

`tests.fixtures.kills` has the command of the whole proof; NOISEFALL_PROOF_BUNDLE names a bundle of
real size for it in place of the tiny one.
"""

import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from app.engine_link.link import LinkState, LinkTimes
from app.library.clip import Clip
from app.library.library import Library
from app.model.job import Job, JobKind, JobState
from app.model.session import Session
from app.model.takes import TakeState
from tests.fixtures.heartbeat import Heartbeat
from tests.fixtures.kills import is_proof, kills
from tests.fixtures.qt import run_for, wait_until

PATIENCE_S = 120.0
RESTART_S = 3.0
Start = Callable[..., Session]

# Each kill counts as if it came long after the last: pauses that grow are another test's.
ALONE = LinkTimes(quick=0)


@dataclass
class Witness:
    """All that must be true of a session whose engine is killed over and over."""

    session: Session
    kept: list[Clip] = field(default_factory=list)
    ended: list[Job] = field(default_factory=list)
    wanted: int = 0  # takes that somebody asked to keep
    offered: int = 0
    pids: set[int] = field(default_factory=set)
    restarts_s: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        models = self.session.models
        models.clips.kept.connect(self.kept.append)
        models.jobs.ended.connect(self.ended.append)
        self.heartbeat = Heartbeat()

    def kill(self) -> None:
        """Kill the engine, wait for the next one, and run again what is offered."""
        link, jobs = self.session.link, self.session.models.jobs
        interrupted = jobs.current
        self.pids.add(link.pid)
        os.kill(link.pid, signal.SIGKILL)
        killed_s = time.monotonic()
        wait_until(lambda: link.pid not in self.pids and link.state is LinkState.READY)
        self.restarts_s.append(time.monotonic() - killed_s)
        wait_until(lambda: interrupted is None or interrupted in self.ended)
        if interrupted is None or interrupted.state is not JobState.INTERRUPTED:
            assert jobs.offered == ()
            return
        assert jobs.offered == (interrupted,)
        self.offered += 1
        (trouble,) = [
            each for each in self.session.models.troubles.all if each.source == "interrupted"
        ]
        assert trouble.action_label == "Run again"
        self.session.models.troubles.act("interrupted")

    def rest(self) -> None:
        """Wait until nobody waits for anything."""
        models = self.session.models
        wait_until(lambda: models.engine.bundle is not None, "a bundle", PATIENCE_S)
        wait_until(lambda: not models.jobs.busy, "the jobs", PATIENCE_S)

    def render(self) -> None:
        assert self.session.models.jobs.generate()

    def keep(self) -> None:
        takes = self.session.models.takes
        wait_until(lambda: any(t.state is TakeState.READY for t in takes.takes), "", PATIENCE_S)
        index = next(i for i, take in enumerate(takes.takes) if take.state is TakeState.READY)
        takes.keep(index)
        self.wanted += 1


def while_loading(witness: Witness, moment: float) -> None:
    witness.session.models.engine.restart()
    wait_until(lambda: witness.session.link.pid)
    run_for(moment)


def while_denoising(witness: Witness, moment: float) -> None:
    jobs = witness.session.models.jobs
    witness.render()
    wait_until(lambda: jobs.current is not None and "generator" in jobs.current.stages)
    run_for(moment)


def while_keeping(witness: Witness, moment: float) -> None:
    jobs = witness.session.models.jobs
    witness.render()
    witness.rest()
    witness.keep()
    wait_until(lambda: jobs.current is not None and jobs.current.kind is JobKind.KEEP)
    run_for(moment / 4)


def while_idle(witness: Witness, moment: float) -> None:
    witness.rest()
    run_for(moment)


MOMENTS = (while_denoising, while_keeping, while_loading, while_idle)


def test_kills_lose_nothing_and_stop_nobody(start: Start, bundle: Path, tmp_path: Path) -> None:
    rng = random.Random(11)  # noqa: S311 - a moment to kill at is no secret
    session = start(bundle, times=ALONE)
    witness = Witness(session)
    form = session.models.form
    form.prompt = "90 bpm house in A minor"
    form.turn("seconds", 1.0)
    form.takes, form.preset = 2, "draft"
    witness.rest()
    number_of_kills = kills(len(MOMENTS))
    for number in range(number_of_kills):
        MOMENTS[number % len(MOMENTS)](witness, rng.uniform(0, 0.4))
        witness.kill()
        witness.rest()
    witness.heartbeat.stop()
    wait_until(lambda: len(witness.kept) >= witness.wanted, "what is being written")
    session.close()
    told(witness)
    witness.heartbeat.check()
    assert len(witness.restarts_s) == number_of_kills
    assert max(witness.restarts_s) <= (RESTART_S if is_proof() else 10 * RESTART_S)
    assert witness.offered >= number_of_kills // 4
    assert not any(psutil.pid_exists(pid) for pid in witness.pids)
    assert psutil.Process().children(recursive=True) == []
    nothing_is_lost(witness, tmp_path)


def nothing_is_lost(witness: Witness, home: Path) -> None:
    """Every clip that was asked for was kept once, and is there as it was kept."""
    assert len(witness.kept) == witness.wanted > 0
    again = Library(home / "data" / "library.db", lambda: home / "clips")
    found = again.open()
    again.close()
    assert found.notes == []
    assert sorted(clip.id for clip in found.clips) == sorted(clip.id for clip in witness.kept)
    assert not any(clip.missing for clip in found.clips)
    files = {path.name for path in (home / "clips").iterdir()}
    clips = {clip.path.name for clip in found.clips}
    assert files - clips == {str(Path(name).with_suffix(".mid")) for name in clips}  # their notes
    assert clips <= files


def told(witness: Witness) -> None:
    """The figures of a proof (pytest -s shows them)."""
    restarts = sorted(witness.restarts_s)
    os.write(
        1,
        f"\n{len(restarts)} kills: restarted in {restarts[len(restarts) // 2]:.2f} s (median), "
        f"{restarts[-1]:.2f} s (worst); {witness.offered} jobs offered again; "
        f"{witness.wanted} takes asked for, {len(witness.kept)} kept; longest stall "
        f"{witness.heartbeat.worst_s * 1e3:.0f} ms, of its own computing "
        f"{witness.heartbeat.worst_cpu_s * 1e3:.0f} ms (the machine itself once stood still for "
        f"{witness.heartbeat.machine_s * 1e3:.0f} ms)\n".encode(),
    )
