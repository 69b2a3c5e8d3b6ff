"""The same parts, heard by a cluster: Ray Data gives each part to a process that holds an ear.

The folders of the audio and of the data must be the same on every machine (a shared disk). A part
is written whole or not at all, so a machine that dies costs its part, which Ray gives to another.
Rejected: a queue of our own (Ray retries, spreads and watches memory), and moving arrays through
Ray's store (they would be written to the shared disk anyway).
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from engine.corpus.label.part import HeardPart, Hears, PartJob, hear_part
from engine.corpus.label.run import Spread
from engine.errors import UserError


class PartHearer:
    """One process's ear, opened once. Rows are {"job": PartJob's fields}."""

    def __init__(self, load: Callable[[Path], Hears], ear: str) -> None:
        self._ear = load(Path(ear))

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Hear one part; its outcome as a row."""
        job = PartJob(
            str(row["source"]), tuple(row["files"]), str(row["folder"]), tuple(row["arrays"])
        )
        heard = hear_part(job, self._ear)
        return {
            "folder": heard.folder,
            "clips": heard.clips,
            "seconds": heard.seconds,
            "skipped": list(heard.skipped),
        }


def hear_with_ray(load: Callable[[Path], Hears], ear: Path, *, processes: int) -> Spread:
    """Hear the parts on the Ray cluster that this process belongs to, or on a local one.

    Args:
        load: opens an ear; importable on every machine.
        ear: its path, the same on every machine.
        processes: that hear at a time.

    Raises:
        UserError: Ray is not installed.
    """
    try:
        import ray.data  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: PLC0415 - an extra of its own
    except ModuleNotFoundError as error:
        raise UserError(
            "The collection was not labelled",
            f"{error.name} is not installed",
            "Install it with: pip install -c constraints.txt '.[ray]', or leave --ray out",
        ) from None

    def spread(jobs: Sequence[PartJob]) -> Iterator[HeardPart]:
        rows = [
            {"source": j.source, "files": [*j.files], "folder": j.folder, "arrays": [*j.arrays]}
            for j in jobs
        ]
        heard = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
            PartHearer,
            fn_constructor_args=(load, str(ear)),
            compute=ray.data.ActorPoolStrategy(size=min(processes, len(rows))),
        )
        for row in heard.iter_rows():
            yield HeardPart(row["folder"], row["clips"], row["seconds"], tuple(row["skipped"]))

    return spread
