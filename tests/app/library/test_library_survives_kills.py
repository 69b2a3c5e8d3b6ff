"""Whatever the moment at which the process dies, file and row are in step at the next start."""

import contextlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.library.library import Library
from engine import files
from engine.errors import UserError
from tests.fixtures.clips import listed, new_clip
from tests.fixtures.kills import kills

KILLS = kills(5)

KEEPER = """
import sys
from pathlib import Path
from app.library.library import Library
from engine.errors import UserError
from tests.fixtures.clips import listed, new_clip
home = Path(sys.argv[1])
kept = Library(home / "library.db", lambda: home / "clips")
kept.open()
number = int(sys.argv[2])
while True:
    clip = kept.add(new_clip(prompt=f"clip {number}", seed=number))
    print(number, clip.id, flush=True)
    if number % 3 == 0:
        kept.update({clip.id: {"stars": number % 6}})
        print(number, "starred", flush=True)
    if number % 5 == 0:
        kept.update({clip.id: {"deleted_s": 1.0}})
        kept.purge([clip.id])
        print(number, "purged", flush=True)
    number += 1
"""


def test_every_acknowledged_clip_is_there_after_kills(tmp_path: Path) -> None:
    rng = random.Random(5)  # noqa: S311 - a moment to kill at is no secret
    said: list[str] = []
    number = 1
    for _ in range(KILLS):
        arguments = [sys.executable, "-c", KEEPER, str(tmp_path), str(number)]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as keeper:
            assert keeper.stdout
            said.append(keeper.stdout.readline())
            time.sleep(rng.uniform(0, 0.08))
            keeper.kill()
            said += keeper.stdout.readlines()
        number = max(int(line.split()[0]) for line in said) + 1000
    acknowledged = [line.split() for line in said if line.endswith("\n")]
    purged = {n for n, what in acknowledged if what == "purged"}
    added = {n for n, what in acknowledged if what.isdigit()}
    half_purged = {n for n in added - purged if int(n) % 5 == 0}  # killed before it was told
    assert len(half_purged) <= KILLS
    sure = added - purged - half_purged
    starred = {n for n, what in acknowledged if what == "starred"} & sure
    assert len(added) >= KILLS

    kept = Library(tmp_path / "library.db", lambda: tmp_path / "clips")
    clips = {clip.prompt.removeprefix("clip "): clip for clip in kept.open().clips}
    assert kept._db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert sure <= set(clips)
    assert not purged & set(clips)
    for n in starred:
        assert clips[n].stars == int(n) % 6
    for n, clip in clips.items():
        assert clip.path.read_bytes() == new_clip(prompt=f"clip {n}", seed=int(n)).wav
    assert listed(tmp_path / "clips") == sorted(c.path.name for c in clips.values())
    kept.close()
    assert listed(tmp_path) == ["clips", "library.db"]  # no -wal, no -shm


class Killed(BaseException):
    """The process is no more: nothing after it reaches the disk."""


class Death:
    """Kills at the n-th thing that touches the disk; the dead touch nothing."""

    def __init__(self, at: int) -> None:
        self.left = at
        self.dead = False

    def step(self) -> None:
        if self.dead or self.left == 0:
            self.dead = True
            raise Killed
        self.left -= 1

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **keywords: Any) -> Any:
            self.step()
            result = function(*arguments, **keywords)
            self.step()
            return result

        return wrapped

    @contextlib.contextmanager
    def upon(self, kept: Library) -> Iterator[None]:
        """Everything of the library that writes may be its last."""
        with pytest.MonkeyPatch.context() as patch:
            for owner, name in (
                (files, "write_part"),
                (os, "link"),
                (files, "sync_folder"),
                (files, "remove_file"),
            ):
                patch.setattr(owner, name, self.around(getattr(owner, name)))
            writing = kept._writing

            @contextlib.contextmanager
            def dying() -> Iterator[None]:
                self.step()
                with writing():
                    yield
                    self.step()  # before the commit: rolled back
                self.step()

            patch.setattr(kept, "_writing", dying)
            try:
                yield
            except Killed:
                self.dead = True


def do_add(kept: Library, seed: int) -> None:
    kept.add(new_clip(prompt="same name", seed=seed))


def do_star(kept: Library, seed: int) -> None:
    kept.update({1 + seed % 4: {"stars": seed % 6}})


def do_purge(kept: Library, seed: int) -> None:
    clip_id = 1 + seed % 4
    kept.update({clip_id: {"deleted_s": 1.0}})
    kept.purge([clip_id])


acts = st.lists(st.tuples(st.sampled_from([do_add, do_add, do_star, do_purge]), st.integers(0, 30)))


@settings(max_examples=25)
@given(acts, st.lists(st.integers(0, 60), min_size=1, max_size=3))
def test_any_death_leaves_file_and_row_in_step(
    actions: list[tuple[Callable[[Library, int], None], int]], deaths: list[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        acknowledged: set[int] = set()
        for at in deaths:
            kept = Library(home / "library.db", lambda: home / "clips")
            before = {clip.id for clip in kept.open().clips}
            assert acknowledged <= before
            death = Death(at)
            with death.upon(kept):
                for act, seed in actions:
                    act(kept, seed)
                    acknowledged = {row["id"] for row in kept._db.execute("SELECT id FROM clips")}
            if death.dead:
                purging = kept._db.execute("SELECT id FROM clips WHERE state = 'purging'")
                acknowledged -= {row["id"] for row in purging}
                kept_ids = {row["id"] for row in kept._db.execute("SELECT id FROM clips")}
                acknowledged &= kept_ids  # a purge that had committed before it was told
            kept.close()
        kept = Library(home / "library.db", lambda: home / "clips")
        clips = kept.open().clips
        assert acknowledged <= {clip.id for clip in clips}
        assert not any(clip.missing for clip in clips)
        assert listed(home / "clips") == sorted(clip.path.name for clip in clips)
        for clip in clips:
            assert clip.recipe is not None
            assert clip.path.read_bytes() == new_clip(prompt="same name", seed=clip.recipe.seed).wav
        kept.close()


@pytest.mark.parametrize("step", range(4))
def test_a_full_disk_leaves_nothing_and_says_so(
    tmp_path: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ENOSPC at each syscall of writing a file."""
    kept = Library(tmp_path / "library.db", lambda: tmp_path / "clips")
    kept.open()
    kept.add(new_clip(prompt="first"))
    left = [step]

    def failing(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **keywords: Any) -> Any:
            if left[0] == 0:
                raise OSError(28, "No space left on device")
            left[0] -= 1
            return function(*arguments, **keywords)

        return wrapped

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing(os.fsync))
        patch.setattr(os, "link", failing(os.link))
        if step < 2:  # the bytes' sync and the link matter; the folder's sync is best effort
            with pytest.raises(UserError, match=r"not kept: the disk is full.*Free some space"):
                kept.add(new_clip(prompt="second"))
        else:
            kept.add(new_clip(prompt="second"))
    kept.add(new_clip(prompt="third"))  # works once there is space again
    kept.close()
    names = {"first.wav", "third.wav"} | (set() if step < 2 else {"second.wav"})
    assert set(listed(tmp_path / "clips")) == names
    assert {clip.path.name for clip in kept.open().clips} == names
    kept.close()
