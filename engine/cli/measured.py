"""What every `noisefall evaluate …` says of itself: settings, bundle, machine and command."""

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.recipe import StageSettings

if TYPE_CHECKING:
    from engine.bundle.verify import Bundle
    from engine.runtime.session import Runtime


def overrides(options: argparse.Namespace) -> StageSettings:
    """The settings of --overrides. Raises UserError."""
    from engine.cli.ask import stage_settings  # noqa: PLC0415 - the text's reader

    return stage_settings("overrides", options.overrides) if options.overrides else StageSettings()


def bundle_line(bundle: "Bundle") -> str:
    """Name, version and the beginning of the hash."""
    return f"{bundle.manifest.name} {bundle.manifest.version} ({bundle.sha256[:12]})"


def machine_line(runtime: "Runtime") -> str:
    """Device and threads."""
    return f"{runtime.device.name}, {runtime.threads} threads"


def command_words(options: argparse.Namespace, values: Mapping[str, object]) -> list[str]:
    """The command that measures the same again, with those of `values` that are not empty."""
    words = ["noisefall", "evaluate", options.stage, options.bundle, "--data"]
    words += [str(folder) for folder in options.data]
    for name, value in values.items():
        if value not in ("", None):
            words += [f"--{name}", str(value)]
    return words
