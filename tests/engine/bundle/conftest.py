"""A small handwritten bundle: one real ONNX graph under every model name."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

PRESETS = {name: {"steps": 2} for name in ("draft", "standard", "paper")}
STAGE = {
    "prediction": "x0",
    "noise_schedule": "cosine",
    "channels": 2,
    "rate_hz": 16_000,
    "multiple": 160,
    "max_length": 1600,
    "presets": PRESETS,
}


def identity_model() -> bytes:
    """Prediction = x + 1, both (B, 2, L)."""
    one = numpy_helper.from_array(np.ones(1, np.float32), "one")
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "one"], ["prediction"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["B", 2, "L"])],
        [helper.make_tensor_value_info("prediction", TensorProto.FLOAT, ["B", 2, "L"])],
        [one],
    )
    model: onnx.ModelProto = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9
    )
    return bytes(model.SerializeToString())


def base_manifest() -> dict[str, Any]:
    """A valid manifest without its file table."""
    generator = STAGE | {
        "model": "generator.onnx",
        "channels": 8,
        "rate_hz": 100,
        "multiple": 8,
        "max_length": 64,
        "signals": ["beat_sin"],
    }
    vocoder = STAGE | {"model": "vocoder.onnx", "aligned_channels": 8, "aligned_hop": 160}
    return {
        "schema": 1,
        "name": "tiny",
        "version": "1.0",
        "licence": "CC0-1.0",
        "route": "spectrogram",
        "mel": {"windows": [[512, 8000.0]], "n_mels": 4},
        "text": {"model": "text.onnx", "tokenizer": "tokenizer.json", "width": 8},
        "stages": {
            "generator": generator,
            "vocoder": vocoder,
            "super_resolution": STAGE | {"model": "super.onnx", "rate_hz": 24_000, "low": True},
        },
    }


@pytest.fixture
def model_bytes() -> bytes:
    return identity_model()


@pytest.fixture
def manifest_dict() -> dict[str, Any]:
    return base_manifest()


@pytest.fixture
def write_bundle() -> Callable[..., Path]:
    """Write a bundle into a folder, with more or other files and manifest fields."""

    def write(folder: Path, *, files: dict[str, bytes] | None = None, **fields: Any) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        model = identity_model()
        contents = dict.fromkeys(("generator.onnx", "vocoder.onnx", "super.onnx"), model)
        contents |= {"text.onnx": model, "tokenizer.json": b"{}"} | (files or {})
        manifest = base_manifest()
        manifest["files"] = {
            name: {"size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in contents.items()
        }
        for name, data in contents.items():
            (folder / name).write_bytes(data)
        (folder / "manifest.json").write_text(json.dumps(manifest | fields))
        return folder

    return write
