"""A folder opens as a bundle only if everything in it is listed, whole and reaches nowhere else."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from engine.bundle.checks import MANIFEST_LIMIT_BYTES, read_manifest
from engine.bundle.verify import verify_folder
from engine.errors import UserError

Writer = Callable[..., Path]


def test_a_whole_bundle_opens(tmp_path: Path, write_bundle: Writer) -> None:
    folder = write_bundle(tmp_path / "b")
    bundle = verify_folder(folder)
    assert bundle.manifest.name == "tiny"
    assert len(bundle.sha256) == 64
    assert bundle.file("text.onnx").is_file()
    assert bundle.size_bytes("tokenizer.json", None, "tokenizer.json") == 4
    with pytest.raises(KeyError):
        bundle.file("../x")


def change(**fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda manifest: manifest.update(fields)


def stage(name: str, **fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda manifest: manifest["stages"][name].update(fields)


def drop(*path: str) -> Callable[[dict[str, Any]], None]:
    def apply(manifest: dict[str, Any]) -> None:
        for key in path[:-1]:
            manifest = manifest[key]
        del manifest[path[-1]]

    return apply


def framed(**fields: Any) -> Callable[[dict[str, Any]], None]:
    """Make the vocoder a frame vocoder, right but for `fields`."""
    return stage(
        "vocoder",
        **{
            "form": "frames",
            "channels": 8,
            "rate_hz": 100,
            "aligned_channels": 0,
            "aligned_hop": 0,
            **fields,
        },
    )


FAULTS: list[tuple[Callable[[dict[str, Any]], None], str]] = [
    (change(schema=2), "schema 2"),
    (change(colour="red"), "unknown field"),
    (change(version="../1"), "version"),
    (change(name="A/b"), "name"),
    (drop("stages", "vocoder"), "the spectrogram route has the stages"),
    (change(route="waveform"), "the waveform route has the stages"),
    (change(mel=None), "needs mel"),
    (change(mel={"n_mels": 4, "fmax_hz": 9000.0}), "no band of 16000 Hz"),
    (change(mel={"n_mels": 4, "hop_samples": 4096}), "do not fit"),
    (change(mel={"n_mels": 4, "level_floor_db": 20.0}), "decibels"),
    (change(mel={"n_mels": 4, "windows": []}), "length >= 1"),
    (change(mel={"n_mels": 4, "windows": [[512, 8000.0]] * 9}), "length <= 8"),
    (change(mel={"n_mels": 4, "windows": [[512, 300.0], [511, 8000.0]]}), "are odd or out of"),
    (change(mel={"n_mels": 4, "windows": [[512, 8e3], [512, 300.0]]}), "odd or out of order"),
    (change(mel={"n_mels": 4, "windows": [[1024, 300.0], [128, 8000.0]]}), "do not fit"),
    (change(mel={"n_mels": 4, "windows": [[65_538, 8000.0]]}), "do not fit"),
    (change(mel={"n_mels": 4, "break_hz": 0.0}), "> 0.0"),
    (change(mel={"n_mels": 4, "n_fft": 1024}), "unknown field `n_fft`"),
    (stage("generator", channels=9), "9 channels for a mel of 2 x 4"),
    (stage("generator", rate_hz=90), "90 frames/s"),
    (stage("generator", max_length=63), "63 is no multiple of 8"),
    (stage("generator", signals=["beat_sin", "smell"]), "no signal smell"),
    (stage("generator", signals=["beat_sin", "beat_sin"]), "listed twice"),
    (stage("generator", globals=["smell"]), "no global smell"),
    (stage("generator", augmentation=True), "augmentation needs"),
    (stage("generator", context=32), "context 32 leaves nothing"),
    (stage("vocoder", aligned_hop=96), "aligned_hop 96 does not divide multiple 160"),
    (stage("vocoder", aligned_hop=0), "go together"),
    (stage("vocoder", aligned_channels=9), "9 aligned channels"),
    (stage("vocoder", channels=70_000), "more than 65536 channels"),
    (stage("vocoder", max_length=160 * 2**20), "max_length"),
    (stage("vocoder", model="absent.onnx"), "absent.onnx is not among its files"),
    (stage("vocoder", model_fp16="tokenizer.json"), "no .onnx file"),
    (stage("vocoder", model="../x.onnx"), "matching regex"),
    (framed(prediction="v"), "a stage on frames predicts x0, not v"),
    (framed(prediction="epsilon"), "a stage on frames predicts x0, not epsilon"),
    (framed(channels=9), "vocoder: 9 channels at 100 Hz are not its frames"),
    (framed(rate_hz=50), "vocoder: 8 channels at 50 Hz are not its frames"),
    (stage("generator", form="frames"), "generator: only a vocoder and a"),
    (
        stage("vocoder", form="frames", channels=8, rate_hz=100),
        "vocoder: a stage on frames is given",
    ),
    (stage("super_resolution", form="frames"), "2 channels at 24000 Hz are not its frames"),
    (stage("vocoder", form="magic"), "Invalid enum value 'magic'"),
    (drop("files", "tokenizer.json"), "tokenizer.json is not among"),
    (
        lambda m: m["files"].update({"Text.onnx": m["files"]["text.onnx"]}),
        "upper and lower case",
    ),
    (lambda m: m["files"].update({"aux.txt": m["files"]["text.onnx"]}), "device's name"),
    (lambda m: m["files"].update({"manifest.json": m["files"]["text.onnx"]}), "lists itself"),
    (
        lambda m: m["files"].update({f"f{i}": m["files"]["text.onnx"] for i in range(64)}),
        "files, and 64 are allowed",
    ),
    (lambda m: m["files"]["text.onnx"].update(size_bytes=2**31), "larger than 2 GiB"),
]


@pytest.mark.parametrize(("spoil", "why"), FAULTS)
def test_a_manifest_that_contradicts_itself_is_refused(
    tmp_path: Path, write_bundle: Writer, spoil: Callable[[dict[str, Any]], None], why: str
) -> None:
    path = write_bundle(tmp_path / "b") / "manifest.json"
    manifest = json.loads(path.read_text())
    spoil(manifest)
    path.write_text(json.dumps(manifest))
    with pytest.raises(UserError) as caught:
        verify_folder(tmp_path / "b")
    assert why in caught.value.why


@pytest.mark.parametrize("augmentation", [False, True])
def test_a_frame_vocoder_opens(tmp_path: Path, write_bundle: Writer, augmentation: bool) -> None:
    path = write_bundle(tmp_path / "b") / "manifest.json"
    manifest = json.loads(path.read_text())
    framed(augmentation=augmentation)(manifest)
    path.write_text(json.dumps(manifest))
    vocoder = verify_folder(tmp_path / "b").manifest.stages["vocoder"]
    assert (vocoder.form, vocoder.augmentation) == ("frames", augmentation)


def test_a_cascader_does_not_work_on_frames(tmp_path: Path, write_bundle: Writer) -> None:
    path = write_bundle(tmp_path / "b") / "manifest.json"
    manifest = json.loads(path.read_text())
    stages = manifest["stages"]
    stages["cascader"] = stages.pop("vocoder") | {"form": "frames"}
    manifest |= {"route": "waveform", "mel": None}
    path.write_text(json.dumps(manifest))
    with pytest.raises(UserError, match="cascader: only a vocoder and a super-resolution"):
        verify_folder(tmp_path / "b")


@given(st.binary(max_size=200) | st.text().map(lambda text: json.dumps(text).encode()))
def test_any_bytes_for_a_manifest_are_refused(data: bytes) -> None:
    with pytest.raises(UserError):
        read_manifest(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(field=st.sampled_from(["name", "mel", "text", "stages", "files", "version"]), value=JSON)
def test_any_value_in_any_field_is_a_user_error(field: str, value: object) -> None:
    document: dict[str, object] = {"schema": 1, "name": "a", "version": "1", "licence": ""}
    with pytest.raises(UserError):
        read_manifest(json.dumps(document | {field: value}).encode())


def test_a_deep_or_endless_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        read_manifest(b'{"schema":1,"name":' + b"[" * 100_000)
    (tmp_path / "manifest.json").write_bytes(b" " * (MANIFEST_LIMIT_BYTES + 5))
    with pytest.raises(UserError, match="larger than 1 MiB"):
        verify_folder(tmp_path)


def touch_extra(folder: Path) -> None:
    (folder / "extra.txt").write_text("")


def make_subfolder(folder: Path) -> None:
    (folder / "weights").mkdir()


def link_model(folder: Path) -> None:
    real = folder.parent / "real.onnx"
    (folder / "text.onnx").rename(real)
    (folder / "text.onnx").symlink_to(real)


def flip_bit(folder: Path) -> None:
    data = bytearray((folder / "vocoder.onnx").read_bytes())
    data[-1] ^= 1
    (folder / "vocoder.onnx").write_bytes(data)


def fifo(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    os.mkfifo(folder / "tokenizer.json")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (touch_extra, "'extra.txt' is not listed"),
        (make_subfolder, "'weights' is no regular file"),
        (link_model, "'text.onnx' is a symbolic link"),
        (flip_bit, "vocoder.onnx is not the file"),
        (fifo, "'tokenizer.json' is no regular file"),
        (lambda folder: (folder / "text.onnx").unlink(), "text.onnx is missing"),
        (lambda folder: (folder / "super.onnx").write_bytes(b""), "has 0 bytes instead of"),
        (lambda folder: (folder / "manifest.json").unlink(), "has no manifest.json"),
    ],
)
def test_a_spoilt_folder_is_refused(
    tmp_path: Path, write_bundle: Writer, spoil: Callable[[Path], object], why: str
) -> None:
    folder = write_bundle(tmp_path / "b")
    spoil(folder)
    with pytest.raises(UserError) as caught:
        verify_folder(folder)
    assert why in caught.value.why


def with_external(location: str) -> bytes:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    graph = helper.make_graph([], "g", [], [], [tensor])
    model: onnx.ModelProto = helper.make_model(graph)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize(
    "location", ["../text.onnx", "/etc/hostname", "sub/w.data", "absent.data", "", "text.onnx"]
)
def test_a_model_that_reaches_out_is_refused(
    tmp_path: Path, write_bundle: Writer, location: str
) -> None:
    folder = write_bundle(tmp_path / "b", files={"vocoder.onnx": with_external(location)})
    with pytest.raises(UserError, match="reaches for"):
        verify_folder(folder)


def test_a_model_with_listed_external_weights_opens(tmp_path: Path, write_bundle: Writer) -> None:
    files = {"vocoder.onnx": with_external("vocoder.data"), "vocoder.data": bytes(4)}
    assert verify_folder(write_bundle(tmp_path / "b", files=files)).size_bytes("vocoder.data") == 4


def test_a_model_that_is_no_protobuf_is_refused(tmp_path: Path, write_bundle: Writer) -> None:
    for data, why in ((b"\xff\xff", "no model"), (b"", "empty")):
        folder = write_bundle(tmp_path / why, files={"vocoder.onnx": data})
        with pytest.raises(UserError, match=why):
            verify_folder(folder)


def test_listing_skips_the_hashes(tmp_path: Path, write_bundle: Writer) -> None:
    folder = write_bundle(tmp_path / "b")
    flip_bit(folder)
    assert verify_folder(folder, hashes=False).manifest.name == "tiny"
