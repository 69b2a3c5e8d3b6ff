"""A bundle with the file of what words mean is written, verified, and understands a prompt."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from engine.bundle.manifest import MelSpec
from engine.bundle.understanding import FILE_NAME, UnderstandingFile, hashed_words
from engine.bundle.verify import verify_folder
from engine.cascade.cascade import Cascade
from engine.errors import UserError
from engine.runtime.cancel import CancelToken
from engine.runtime.devices import cpu
from engine.runtime.session import Runtime
from engine.training.export.random_bundle import random_parts
from engine.training.export.write import write_bundle


def small_file(width: int) -> UnderstandingFile:
    return UnderstandingFile(
        schema=1, width=width, names=(("genre", "house"), ("mood", "calm")), guessed=2,
        weights=np.zeros((3, width), "<f2").tobytes(),
        biases=np.array([0, 9, 0], "<f4").tobytes(), slope=1.0, offset=0.0,
        phrases={"placid": ((1, 0.9),)}, slip=0.8, words=hashed_words({"placid", "rooftop"}),
    )  # fmt: skip


def test_a_bundle_understands(tmp_path: Path) -> None:
    text, stages = random_parts("tiny", "spectrogram", seed=0)
    with_file = msgspec.structs.asdict(small_file(text.encoder.width))
    part = type(text)(
        encoder=text.encoder,
        tokenizer=text.tokenizer,
        understanding=UnderstandingFile(**with_file),
    )
    write_bundle(
        tmp_path / "b", name="understands", version="1.0", licence="CC0-1.0",
        text=part, stages=stages, mel=MelSpec(),
    )  # fmt: skip
    bundle = verify_folder(tmp_path / "b")
    assert bundle.manifest.text.understanding == FILE_NAME
    assert FILE_NAME in bundle.manifest.files
    runtime = Runtime(cpu(), 1)
    cascade = Cascade(bundle, runtime)
    found = cascade.understand("placid, a rooftop, zyzzy", cancel=CancelToken())
    assert found is not None
    assert [(g.name, g.confidence) for g in found.moods] == [("calm", 0.9)]
    assert found.genre[0].name == "house"  # the map says so of everything
    assert found.unknown_words == ("zyzzy",)
    assert [path.name for path in runtime.resident] == [bundle.manifest.text.model]
    (tmp_path / "b" / FILE_NAME).write_bytes(bytes(9))
    with pytest.raises(UserError, match="instead of"):
        verify_folder(tmp_path / "b")
