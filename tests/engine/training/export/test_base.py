"""A bundle of one stage that was trained anew and of another bundle's files."""

from functools import partial
from pathlib import Path

import msgspec
import pytest

from engine.bundle.manifest import MelSpec
from engine.bundle.verify import verify_folder
from engine.errors import UserError
from engine.training.export.random_bundle import random_parts
from engine.training.export.write import StagePart, write_bundle
from engine.training.networks.unet import UNet


def test_what_was_not_trained_is_the_bases_file_by_file(tiny_bundle: Path, tmp_path: Path) -> None:
    base = verify_folder(tiny_bundle)
    encoder, parts = random_parts("tiny", "spectrogram", seed=1)
    network = parts["generator"].module
    assert isinstance(network, UNet)
    config = msgspec.structs.replace(network.config, text_width=base.manifest.text.width)
    spec = msgspec.structs.replace(parts["generator"].spec, network=msgspec.to_builtins(config))
    generator = StagePart(module=UNet(config).eval(), spec=spec)
    write = partial(
        write_bundle, name="anew", version="2.0", licence="CC0-1.0", mel=base.manifest.mel
    )
    write(tmp_path / "b", base=base, text=None, stages={"generator": generator})
    anew_base = verify_folder(tmp_path / "b")
    made = anew_base.manifest
    assert (made.name, made.text) == ("anew", base.manifest.text)
    for stage in ("vocoder", "super_resolution"):
        assert made.stages[stage] == base.manifest.stages[stage]
    assert made.stages["generator"].network["text_width"] == base.manifest.text.width
    anew = {name for name in made.files if name.startswith("generator.")}
    assert anew == {"generator.onnx", "generator.fp16.onnx", "generator.weights"}
    for name in made.files.keys() - anew:
        assert made.files[name] == base.manifest.files[name], name
    with pytest.raises(UserError, match="takes texts of width"):
        write(tmp_path / "c", base=base, text=None, stages={"generator": parts["generator"]})
    assert encoder.encoder.width != base.manifest.text.width
    with pytest.raises(UserError, match="the generator takes texts of width"):
        write(tmp_path / "d", base=anew_base, text=encoder, stages={})  # of another encoder


def test_a_base_of_another_kind_is_refused(tiny_bundle: Path, tmp_path: Path) -> None:
    base = verify_folder(tiny_bundle)
    with pytest.raises(UserError, match="another mel"):
        write_bundle(
            tmp_path / "b", name="b", version="1", licence="CC0-1.0", text=None, stages={},
            base=base, mel=MelSpec(n_mels=40),
        )  # fmt: skip
    with pytest.raises(ValueError, match="text encoder"):
        write_bundle(tmp_path / "b", name="b", version="1", licence="CC0-1.0", text=None, stages={})
