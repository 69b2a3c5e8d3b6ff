"""`noisefall-engine serve`: claims the streams first, imports everything else after."""

import argparse
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from engine.worker.parts import Parts

DEVICES: Final = ("auto", "cpu", "cuda", "coreml")
THREADS_LIMIT: Final = 256


@dataclass(frozen=True)
class ServeOptions:
    """How the engine was started.

    Attributes:
        device: one of DEVICES.
        threads: CPU threads; 0 measures what is best.
        bundle: installed name or path of the default bundle; "" is the installation's own.
    """

    device: str = "auto"
    threads: int = 0
    bundle: str = ""


def main(
    argv: Sequence[str] | None = None,
    *,
    make_parts: "Callable[[ServeOptions], Parts] | None" = None,
) -> int:
    """Run the engine until its input ends. Returns the exit code.

    Args:
        argv: arguments without the program's name; None takes the process's own.
        make_parts: what renders; None is the real cascade. Tests pass a fake.
    """
    options = _parsed(sys.argv[1:] if argv is None else argv)
    from engine.worker.streams import claim_stdio  # noqa: PLC0415 - keeps --help instant

    try:
        input_fd, output_fd = claim_stdio()
    except OSError as error:
        sys.stderr.write(f"noisefall-engine: a standard stream is closed ({error})\n")
        return 2
    # A Ctrl-C that reaches the engine itself ends it at once: there is nothing to clean up.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s"
    )
    from engine.worker.serve import serve  # noqa: PLC0415 - after the streams are claimed

    if make_parts is None:
        from engine.worker.parts import InstalledParts  # noqa: PLC0415 - a test needs none of it

        make_parts = InstalledParts
    return serve(make_parts(options), input_fd=input_fd, output_fd=output_fd)


def _parsed(argv: Sequence[str]) -> ServeOptions:
    parser = argparse.ArgumentParser(
        prog="noisefall-engine",
        description="Noisefall's engine. Speaks framed messages on its standard streams.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="serve")
    command = commands.add_parser("serve", help="answer requests until the input ends")
    command.add_argument("--device", choices=DEVICES, default="auto")
    command.add_argument(
        "--threads",
        type=int,
        choices=range(THREADS_LIMIT + 1),
        default=0,
        metavar="N",
        help="CPU threads; 0 (default) measures what is best",
    )
    command.add_argument("--bundle", default="", metavar="NAME|PATH")
    parsed = parser.parse_args(argv)
    return ServeOptions(device=parsed.device, threads=parsed.threads, bundle=parsed.bundle)
