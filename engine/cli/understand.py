"""`noisefall understand`: what the engine makes of a prompt, without rendering anything.

Only the bundle's text encoder is loaded.
"""

import argparse

import msgspec

from engine.cli.link import add_engine_arguments, engine_for
from engine.cli.report import json_line, understood_line
from engine.errors import UserError
from engine.protocol.client import EngineClient, EngineDied
from engine.protocol.messages import Failed, LoadBundle, Understand, Understood

POLL_S = 0.1
_KNOBS = ("bpm", "key", "meter", "bars")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("prompt", help="what to hear, in words")
    parser.add_argument("--bpm", type=float, help="the tempo knob, to compare with the words")
    parser.add_argument("--key", help="the key knob")
    parser.add_argument("--meter", help="the meter knob")
    parser.add_argument("--bars", type=int, help="the bars knob")
    parser.add_argument("--bundle", metavar="NAME|PATH", help="default: the one installed last")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    add_engine_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Ask and print. Returns the exit code.

    Raises:
        UserError: the engine refused or failed.
    """
    knobs = {name: getattr(options, name) for name in _KNOBS}
    try:
        with engine_for(options) as client:
            if options.bundle is not None:
                client.send(LoadBundle(bundle=options.bundle))
            client.send(Understand(number=1, prompt=options.prompt, **knobs))
            answer = _answer(client)
    except EngineDied as died:
        raise UserError("The prompt was not read", str(died), "Run the command again") from None
    if options.json:
        print(json_line(msgspec.structs.asdict(answer)))
        return 0
    for line in _lines(answer):
        print(line)
    return 0


def _answer(client: EngineClient) -> Understood:
    """The answer; what else is said before it is left out."""
    while True:
        frame = client.receive(POLL_S)
        match frame:
            case (Understood() as answer, _):
                return answer
            case (Failed(what=what, why=why, remedy=remedy), _):
                raise UserError(what, why, remedy)
            case _:
                continue


def _lines(answer: Understood) -> list[str]:
    shown = {"bpm": "{:g} BPM", "key": "key {}", "meter": "{}", "bars": "{} bars"}
    said = [
        form.format(getattr(answer, name))
        for name, form in shown.items()
        if getattr(answer, name) is not None
    ]
    lines = [f"from the prompt: {', '.join(said)}"] if said else []
    if not answer.available:
        return [*lines, *answer.conflicts, "this bundle does not say what it understands"]
    return [*lines, *answer.conflicts, understood_line(answer)]
