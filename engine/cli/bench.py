"""`noisefall bench`: what this machine needs for a render, measured through a real engine process.

Without an installed bundle, and with the extra "train", an untrained cascade of the starter's size
is exported once and measured: random weights cost the same as trained ones.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

import engine
from engine.cli.bench_run import BenchReport, RenderTiming, measure
from engine.cli.bench_window import SCALES, measure_window
from engine.cli.bench_window import report as table
from engine.errors import UserError

DEFAULT_SECONDS: Final = 30.0
PRESETS: Final = ("draft", "standard")
RANDOM_BUNDLE: Final = f"untrained-starter-{engine.__version__}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `noisefall bench`."""
    parser.add_argument("--bundle", default="", metavar="NAME|PATH", help="bundle to measure")
    parser.add_argument(
        "--untrained",
        action="store_true",
        help='measure an untrained cascade of the starter\'s size (needs the extra "train")',
    )
    parser.add_argument("--seconds", type=float, default=DEFAULT_SECONDS, help="clip length")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "coreml"))
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="0 measures the best")
    parser.add_argument(
        "--against",
        choices=("torch",),
        help='also run the same networks in PyTorch eager (needs the extra "train")',
    )
    parser.add_argument(
        "--window", action="store_true", help="what the window's drawing costs, and nothing else"
    )
    parser.add_argument("--json", action="store_true", help="machine-readable output")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print. Raises UserError."""
    if arguments.window:
        figures = {scale: measure_window(scale) for scale in SCALES}
        print(json.dumps(figures, indent=2) if arguments.json else table(figures))
        return 0
    bundle = _bundle(arguments)
    report = measure(
        bundle,
        seconds=arguments.seconds,
        presets=PRESETS,
        device=arguments.device,
        threads=arguments.threads,
        say=lambda line: print(line, file=sys.stderr),
    )
    ratios = _against_torch(bundle, arguments, report.threads) if arguments.against else []
    if arguments.json:
        print(json.dumps({**asdict(report), "against_torch": ratios}, indent=2))
        return 0
    _print(report)
    _print_ratios(ratios)
    return 0


def _bundle(arguments: argparse.Namespace) -> str:
    """The bundle to measure: the asked one, the default one, or an untrained one."""
    from engine.bundle.store import find  # noqa: PLC0415 - heavy, and --help needs none of it

    if not arguments.untrained:
        try:
            return str(find(arguments.bundle).root)
        except UserError:
            if arguments.bundle or not _can_export():
                raise
            print(
                "no bundle is installed: measuring an untrained one of the starter's size",
                file=sys.stderr,
            )
    return str(_untrained())


def _can_export() -> bool:
    from importlib.util import find_spec  # noqa: PLC0415

    return all(find_spec(name) is not None for name in ("torch", "onnx", "transformers"))


def _untrained() -> Path:
    """The cached random bundle, exported on first use."""
    if not _can_export():
        raise UserError(
            "The untrained cascade was not exported",
            "torch, onnx or transformers is missing",
            'Install the extra with: pip install -c constraints.txt ".[train]"',
        )
    import platformdirs  # noqa: PLC0415

    from engine.training.export.random_bundle import random_bundle  # noqa: PLC0415 - torch

    folder = platformdirs.user_cache_path("noisefall", appauthor=False) / RANDOM_BUNDLE
    if not (folder / "manifest.json").exists():
        print(f"exporting an untrained cascade to {folder} (once)", file=sys.stderr)
        random_bundle(folder, size="starter")
    return folder


def _against_torch(
    bundle: str, arguments: argparse.Namespace, threads: int
) -> list[dict[str, object]]:
    if not _can_export():
        raise UserError(
            "PyTorch was not measured",
            "it is not installed",
            'Install the extra with: pip install -c constraints.txt ".[train]"',
        )
    from engine.evaluation.torch_speed import against_torch  # noqa: PLC0415 - torch

    return [
        asdict(row)
        for row in against_torch(Path(bundle), seconds=arguments.seconds, threads=threads)
    ]


def _print(report: BenchReport) -> None:
    print(f"Noisefall {engine.__version__}, bundle {report.bundle}, {report.device}, ", end="")
    print(f"{report.threads} threads, {report.seconds:g} s stereo, one take\n")
    rows = [
        ("engine ready after spawn", f"{report.ready_s:.2f} s"),
        ("bundle verified and opened", f"{report.load_s:.2f} s"),
        ("first preview, cold", f"{report.first_preview_cold_s:.2f} s"),
    ]
    rows += [
        (f"first preview, warm, {t.preset}", f"{t.first_preview_s:.2f} s") for t in report.renders
    ]
    rows.append(("peak memory of the engine", f"{report.peak_memory_bytes / 2**20:.0f} MB"))
    for name, value in rows:
        print(f"{name:<34}{value:>10}")
    for timing in report.renders:
        _print_render(timing, report.seconds)


def _print_render(timing: RenderTiming, seconds: float) -> None:
    print(f"\n{timing.preset:<18}{'steps':>7}{'ms/step':>10}{'seconds':>10}")
    for stage in timing.stages:
        print(f"  {stage.stage:<16}{stage.steps:>7}{stage.step_ms:>10.1f}{stage.seconds:>10.2f}")
    print(
        f"  {'total':<16}{'':>17}{timing.total_s:>10.2f}   "
        f"{seconds / timing.total_s:.1f}x real time"
    )


def _print_ratios(ratios: list[dict[str, object]]) -> None:
    if not ratios:
        return
    print(f"\n{'one step, same run':<18}{'ONNX ms':>9}{'torch ms':>10}{'torch/ONNX':>12}")
    for row in ratios:
        onnx, torch, ratio = row["onnx_ms"], row["torch_ms"], row["ratio"]
        print(f"  {row['stage']:<16}{onnx:>9.1f}{torch:>10.1f}{ratio:>12.2f}")
