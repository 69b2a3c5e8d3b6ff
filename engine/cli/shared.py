"""What several commands need: options that are settings, lines of progress, how training ends.

Nothing heavy is imported, and nothing that a machine which only trains may lack.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.cli.interrupt import EXIT_INTERRUPTED
from engine.errors import UserError

if TYPE_CHECKING:
    from engine.training.made import Outcome

# option → (its type or its choices, what it is)
Table = Mapping[str, tuple[type[int] | type[float] | tuple[str, ...], str]]

# action → (what does it, what it does, its options)
Actions = Mapping[
    str, tuple[Callable[[argparse.Namespace], int], str, Callable[[argparse.ArgumentParser], None]]
]

_NO_NAMES: Final[Mapping[str, str]] = {}


def add_actions(parser: argparse.ArgumentParser, table: Actions) -> None:
    """A command's own commands; the asked one is `options.action`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, (_, summary, add) in table.items():
        add(actions.add_parser(name, help=summary, description=summary.capitalize() + "."))


def add_options(parser: argparse.ArgumentParser, table: Table) -> None:
    """Every option of a table; one that is not given is None."""
    for name, (kind, summary) in table.items():
        if isinstance(kind, tuple):
            parser.add_argument(f"--{name}", choices=kind, help=summary)
        else:
            parser.add_argument(f"--{name}", type=kind, help=summary)


def given(
    options: argparse.Namespace, table: Table, fields: Mapping[str, str] = _NO_NAMES
) -> dict[str, Any]:
    """Setting → value, of the table's options that were given.

    Args:
        options: as parsed.
        table: of `add_options`.
        fields: option → setting, where their names differ.
    """
    values = {name: getattr(options, name.replace("-", "_")) for name in table}
    return {
        fields.get(name, name.replace("-", "_")): value
        for name, value in values.items()
        if value is not None
    }


def tell(line: str) -> None:
    """A line of progress, on standard error."""
    print(line, file=sys.stderr, flush=True)


@contextmanager
def with_training_extra(what: str) -> Iterator[None]:
    """A package that is missing inside becomes a UserError; `what` is what did not happen."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise UserError(
            what,
            f"{error.name} is not installed",
            "Install it with: pip install -c constraints.txt '.[train]'",
        ) from None


def told(outcome: "Outcome", out: Path) -> int:
    """Print how the training of something ended. Returns the exit code."""
    if not outcome.finished:
        print("Interrupted. The same command with --resume goes on.")
        return EXIT_INTERRUPTED
    print("\n".join(outcome.report))
    print(f"{out}: {outcome.parameters / 1e6:.2f}M parameters, step {outcome.step}")
    return 0
