"""What the worker says of bundles: which are installed, and what the stages of one can do."""

from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from engine.bundle.checks import MANIFEST_NAME
from engine.bundle.manifest import SamplerPreset, StageSpec
from engine.bundle.places import resources_dir
from engine.bundle.store import Installed, install, installed, remove
from engine.bundle.verify import Bundle
from engine.diffusion.noise_schedule import noise_schedule
from engine.diffusion.step_schedule import model_of, times
from engine.protocol.messages import BundleInfo, BundlesReport, StageInfo, StagesReport
from engine.recipe import PRESETS, STEP_SCHEDULES, StageSettings

CURVE_STEPS: Final = 48
CURVE_DIGITS: Final = 5


def bundles_report() -> BundlesReport:
    """Installed bundles; their sizes are checked, their hashes when they are opened."""
    builtin = [item for item in installed(resources_dir()) if (item.path / MANIFEST_NAME).is_file()]
    return BundlesReport(bundles=tuple(_info(item) for item in (*installed(), *builtin)))


def install_bundle(path: str) -> BundlesReport:
    """Install from a folder or zip. Raises UserError."""
    install(Path(path))
    return bundles_report()


def remove_bundle(bundle: str) -> BundlesReport:
    """Remove an installed bundle. Raises UserError."""
    remove(bundle)
    return bundles_report()


def stages_report(bundle: Bundle) -> StagesReport:
    """Presets and step schedules of every stage of a bundle."""
    manifest = bundle.manifest
    infos = []
    for name, spec in manifest.stages.items():
        model = model_of(name, route=manifest.route)
        noise = noise_schedule(spec.noise_schedule)
        presets = {preset: _settings(spec, getattr(spec.presets, preset)) for preset in PRESETS}
        curves = {
            schedule: tuple(
                float(t)
                for t in np.round(
                    times(schedule, CURVE_STEPS, model=model, noise=noise), CURVE_DIGITS
                )
            )
            for schedule in STEP_SCHEDULES
        }
        infos.append(StageInfo(name=name, form=spec.form, presets=presets, curves=curves))
    return StagesReport(bundle=bundle.sha256, stages=tuple(infos))


def _settings(spec: StageSpec, preset: SamplerPreset) -> StageSettings:
    """A preset as a recipe's overrides would say it; None for a knob that the stage has not."""
    given = StageSettings(**msgspec.structs.asdict(preset))
    return given if spec.autoguidance else msgspec.structs.replace(given, autoguidance=None)


def _info(item: Installed) -> BundleInfo:
    if item.bundle is None:
        return BundleInfo(
            folder=item.path.name,
            name=item.path.name,
            version="",
            sha256="",
            licence="",
            description="",
            problem=item.problem,
        )
    manifest = item.bundle.manifest
    return BundleInfo(
        folder=item.path.name,
        name=manifest.name,
        version=manifest.version,
        sha256=item.bundle.sha256,
        licence=manifest.licence,
        description=manifest.description,
    )
