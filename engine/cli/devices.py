"""`noisefall devices`: what can compute here, what does, and why the rest cannot."""

import argparse

from engine.cli.link import add_engine_arguments, engine_for
from engine.cli.report import json_line
from engine.errors import UserError
from engine.protocol.client import EngineClient, EngineDied
from engine.protocol.messages import DeviceInfo, Devices, DevicesReport, Failed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--json", action="store_true", help="one JSON object")
    add_engine_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Ask the engine and print. Returns the exit code."""
    try:
        with engine_for(options) as client:
            report = _asked(client)
    except EngineDied as died:
        raise UserError("The devices were not listed", str(died), "Run the command again") from None
    if options.json:
        print(json_line(report))
        return 0
    for device in report.devices:
        print(_line(device))
    print(f"{report.threads} CPU thread{'' if report.threads == 1 else 's'}")
    return 0


def _asked(client: EngineClient) -> DevicesReport:
    client.send(Devices())
    for event, _ in client.events():
        if isinstance(event, DevicesReport):
            return event
        if isinstance(event, Failed):
            raise UserError(event.what, event.why, event.remedy)
    raise AssertionError  # events end by raising


def _line(device: DeviceInfo) -> str:
    mark = "*" if device.used else " "
    memory = "" if device.memory_bytes is None else f", {device.memory_bytes / 2**30:.1f} GiB"
    state = "usable" if device.usable else "not usable"
    reason = f": {device.reason}" if device.reason else ""
    return f"{mark} {device.name} ({device.provider}{memory}) {state}{reason}"
