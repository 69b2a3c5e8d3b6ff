"""Fixtures for every area. Bundles are made once per session; copy one before changing it."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is slow, and that is no bug: nothing here is judged by the clock.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session", autouse=True)
def no_starter(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Only what a test makes is installed; the starter that ships has a test of its own."""
    os.environ["NOISEFALL_RESOURCES"] = str(tmp_path_factory.mktemp("resources"))


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a tiny bundle of the spectrogram route (see tests/fixtures/bundles.py)."""
    from tests.fixtures.bundles import make_tiny_bundle  # noqa: PLC0415 - onnx only where needed

    folder = tmp_path_factory.mktemp("bundle") / "tiny-spectrogram"
    make_tiny_bundle(folder, "spectrogram")
    return folder


@pytest.fixture(scope="session")
def tiny_frames_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a tiny bundle of the spectrogram route with stages on frames."""
    from tests.fixtures.bundles import make_tiny_bundle  # noqa: PLC0415 - onnx only where needed

    folder = tmp_path_factory.mktemp("bundle") / "tiny-frames"
    make_tiny_bundle(folder, frames=True)
    return folder


@pytest.fixture(scope="session")
def tiny_waveform_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a tiny bundle of the waveform route."""
    from tests.fixtures.bundles import make_tiny_bundle  # noqa: PLC0415 - onnx only where needed

    folder = tmp_path_factory.mktemp("bundle") / "tiny-waveform"
    make_tiny_bundle(folder, "waveform")
    return folder
