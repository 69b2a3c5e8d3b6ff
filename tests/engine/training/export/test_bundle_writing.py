"""The manifest and the zip, and that the tiny test bundles are what they say."""

import hashlib
import shutil
import zipfile
from pathlib import Path

import msgspec
import numpy as np
import onnxruntime
import pytest

from engine.bundle.manifest import Manifest, StageSpec
from engine.bundle.store import open_bundle
from engine.errors import UserError
from engine.training.export.bundle import bundle_id, write_manifest, zip_bundle
from engine.training.export.presets import STARTER_PRESETS
from tests.fixtures.bundles import TEXT_WIDTH, make_tiny_bundle

BOTH = ["tiny_bundle", "tiny_waveform_bundle"]


def manifest_of(folder: Path) -> Manifest:
    return msgspec.json.decode((folder / "manifest.json").read_bytes(), type=Manifest)


def stage_inputs(spec: StageSpec, *, batch: int, length: int) -> dict[str, np.ndarray]:
    """Inputs as numpy, so that this file needs no torch."""
    rng = np.random.default_rng(0)
    shapes: dict[str, tuple[int, ...]] = {
        "x": (batch, spec.channels, length),
        "log_snr": (batch,),
    }
    if spec.signals:
        shapes["signals"] = (batch, len(spec.signals), length)
    if spec.globals:
        shapes["globals"] = (batch, len(spec.globals))
    if spec.text:
        shapes |= {"text": (batch, 5, TEXT_WIDTH), "text_mask": (batch, 5)}
    if spec.aligned_channels:
        shapes["aligned"] = (batch, spec.aligned_channels, length // spec.aligned_hop)
    if spec.low:
        shapes["low"] = (batch, spec.channels, length)
    if spec.augmentation:
        shapes["augmentation_log_snr"] = (batch,)
    inputs = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    if spec.text:
        inputs["text_mask"] = np.ones((batch, 5), np.float32)
    return inputs


def session_of(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("fixture", BOTH)
def test_every_file_is_listed_with_its_size_and_hash(
    fixture: str, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(fixture)
    files = manifest_of(folder).files
    assert set(files) == {p.name for p in folder.iterdir()} - {"manifest.json"}
    for name, entry in files.items():
        data = (folder / name).read_bytes()
        assert entry.size_bytes == len(data)
        assert entry.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("fixture", BOTH)
def test_the_engine_opens_it(fixture: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(fixture)
    bundle = open_bundle(folder)
    assert bundle.manifest == manifest_of(folder)
    assert bundle.sha256 == bundle_id(folder)


@pytest.mark.parametrize("fixture", BOTH)
def test_every_stage_answers_to_every_input_in_both_graphs(
    fixture: str, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(fixture)
    for spec in manifest_of(folder).stages.values():
        inputs = stage_inputs(spec, batch=2, length=3 * spec.multiple)
        session = session_of(folder / spec.model)
        assert [item.name for item in session.get_inputs()] == list(inputs)
        (expected,) = session.run(None, inputs)
        assert expected.shape == inputs["x"].shape
        assert np.abs(expected).max() <= 1
        assert expected.std() > 0.1
        assert spec.model_fp16 is not None
        (halved,) = session_of(folder / spec.model_fp16).run(None, inputs)
        np.testing.assert_allclose(halved, expected, atol=0.02)
        for name in inputs:
            scale = 8.0 if name.endswith("log_snr") else 1.0
            shifted = {**inputs, name: inputs[name] * 0.5 + scale}
            if name == "text_mask":
                shifted[name] = np.eye(2, 5, dtype=np.float32)
            assert np.abs(session.run(None, shifted)[0] - expected).max() > 1e-3, name


def test_a_hidden_prompt_adds_nothing(tiny_bundle: Path) -> None:
    spec = manifest_of(tiny_bundle).stages["generator"]
    inputs = stage_inputs(spec, batch=1, length=32)
    session = session_of(tiny_bundle / spec.model)
    hidden = {**inputs, "text_mask": np.zeros((1, 5), np.float32)}
    other = {**hidden, "text": inputs["text"] * 3 + 1}
    assert np.array_equal(session.run(None, hidden)[0], session.run(None, other)[0])


def test_a_vocoder_frame_reaches_its_own_samples_and_no_further_than_said(
    tiny_bundle: Path,
) -> None:
    spec = manifest_of(tiny_bundle).stages["vocoder"]
    inputs = stage_inputs(spec, batch=1, length=5 * 160)
    session = session_of(tiny_bundle / spec.model)
    touched = {**inputs, "aligned": inputs["aligned"].copy()}
    touched["aligned"][:, :, 2] += 1
    change = np.abs(session.run(None, touched)[0] - session.run(None, inputs)[0]).max(axis=(0, 1))
    assert change[320:480].min() > 0
    assert not change[: 320 - spec.context].any()
    assert not change[480 + spec.context :].any()


def test_the_text_encoder_leaves_padding_out(tiny_bundle: Path) -> None:
    session = session_of(tiny_bundle / "text.onnx")
    ids = np.array([[5, 9, 1, 0, 0], [5, 9, 1, 7, 7]], np.int64)
    mask = np.array([[1, 1, 1, 0, 0]] * 2, np.int64)
    (embeddings,) = session.run(None, {"input_ids": ids, "attention_mask": mask})
    assert embeddings.shape == (2, 5, TEXT_WIDTH)
    np.testing.assert_allclose(embeddings[0, :3], embeddings[1, :3], atol=1e-6)


def test_the_same_seed_gives_the_same_bundle_and_another_another(
    tmp_path: Path, tiny_bundle: Path
) -> None:
    again = make_tiny_bundle(tmp_path / "again")
    assert again == bundle_id(tiny_bundle)
    assert make_tiny_bundle(tmp_path / "other", seed=1) != again


def test_a_bundle_that_the_engine_would_refuse_is_not_written(
    tmp_path: Path, tiny_bundle: Path
) -> None:
    folder = tmp_path / "bundle"
    shutil.copytree(tiny_bundle, folder)
    manifest = manifest_of(folder)
    (folder / "manifest.json").unlink()
    with pytest.raises(UserError, match="needs mel"):
        write_manifest(
            folder,
            name="x",
            version="1",
            licence="CC0-1.0",
            text=manifest.text,
            stages=manifest.stages,
        )
    assert not (folder / "manifest.json").exists()


def test_the_zip_is_flat_complete_and_always_the_same(tmp_path: Path, tiny_bundle: Path) -> None:
    zip_bundle(tiny_bundle, tmp_path / "a.zip")
    copy = tmp_path / "elsewhere"
    shutil.copytree(tiny_bundle, copy, copy_function=shutil.copyfile)  # new times and modes
    zip_bundle(copy, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        assert {i.date_time for i in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        for path in tiny_bundle.iterdir():
            assert archive.read(path.name) == path.read_bytes()
        assert len(archive.namelist()) == len(list(tiny_bundle.iterdir()))


def test_paper_presets_are_table_3() -> None:
    def row(route: str, stage: str) -> tuple[int, str, float, float]:
        preset = STARTER_PRESETS[route][stage].paper  # type: ignore[index]
        assert preset.sampler == "ancestral"
        return preset.steps, preset.step_schedule, preset.gamma, preset.guidance

    assert row("spectrogram", "generator") == (1000, "back-heavy-eval", 0, 5)
    assert row("spectrogram", "vocoder") == (100, "front-heavy", 0, 1)
    assert row("spectrogram", "super_resolution") == (800, "front-heavy", 0, 1)
    assert row("waveform", "generator") == (1000, "front-heavy", 0, 10)
    assert row("waveform", "cascader") == (800, "front-heavy", 1, 5)
