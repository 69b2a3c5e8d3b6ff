"""`noisefall bundle …`: the installed cascades. No engine is started; nothing here computes."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

from engine.bundle.store import find, install, installed, remove
from engine.bundle.verify import Bundle


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own commands."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, (_, summary, target) in _ACTIONS.items():
        action = actions.add_parser(name, help=summary, description=summary.capitalize() + ".")
        if target:
            action.add_argument("bundle", metavar=target)


def run(options: argparse.Namespace) -> int:
    """Do what was asked. Returns the exit code. Raises UserError."""
    return _ACTIONS[options.action][0](options)


def _inspect(options: argparse.Namespace) -> int:
    bundle = find(options.bundle)
    manifest = bundle.manifest
    print(_title(bundle))
    if manifest.description:
        print(f"  {manifest.description}")
    print(f"  licence {manifest.licence}, route {manifest.route}, SHA-256 {bundle.sha256}")
    for stage_name, stage in manifest.stages.items():
        presets = ", ".join(
            f"{preset} {getattr(stage.presets, preset).steps}"
            for preset in ("draft", "standard", "paper")
        )
        print(f"  {stage_name}: predicts {stage.prediction}, {stage.rate_hz} Hz, steps: {presets}")
    for name, entry in manifest.files.items():
        print(f"  {entry.size_bytes:>12,} {name}")
    return 0


def _verify(options: argparse.Namespace) -> int:
    bundle = find(options.bundle)  # opening is verifying: every size, hash and model
    print(f"{_title(bundle)}: all {len(bundle.manifest.files)} files are as its manifest says")
    return 0


def _install(options: argparse.Namespace) -> int:
    bundle = install(Path(options.bundle))
    print(f"{_title(bundle)} is installed in {bundle.root}")
    return 0


def _list(_: argparse.Namespace) -> int:
    bundles = installed()
    for bundle in bundles:
        print(bundle)
    if not bundles:
        print("No bundle is installed. Install one with: noisefall bundle install FILE")
    return 0


def _remove(options: argparse.Namespace) -> int:
    print(f"{remove(options.bundle)} was removed")
    return 0


def _title(bundle: Bundle) -> str:
    return f"{bundle.manifest.name} {bundle.manifest.version} {bundle.sha256[:8]}"


# action → (what does it, what it does, what it is done to)
_ACTIONS: Final[dict[str, tuple[Callable[[argparse.Namespace], int], str, str]]] = {
    "inspect": (_inspect, "show what a bundle is", "NAME|PATH"),
    "verify": (_verify, "check every file of a bundle", "NAME|PATH"),
    "install": (_install, "check a bundle and install it", "PATH"),
    "list": (_list, "list the installed bundles", ""),
    "remove": (_remove, "remove an installed bundle", "NAME"),
}
