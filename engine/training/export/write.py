"""Trained modules → a bundle's folder, in one call."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec
from tokenizers import Tokenizer
from torch import nn

from engine.bundle.harmony import FILE_NAME as HARMONY_NAME
from engine.bundle.harmony import HarmonyFile
from engine.bundle.manifest import MelSpec, StageName, StageSpec
from engine.bundle.understanding import FILE_NAME, UnderstandingFile
from engine.errors import UserError
from engine.training.export.bundle import write_manifest
from engine.training.export.stage import export_stage, export_text
from engine.training.text.encoder import TextEncoder
from engine.training.text.tokenizer import save_tokenizer

_TOKENIZER: Final = "tokenizer.json"


@dataclass(frozen=True, kw_only=True)
class TextPart:
    """The text encoder with the tokenizer that it was trained with.

    Attributes:
        encoder: in eval mode.
        tokenizer: T5's special ids; no more ids than the encoder holds.
        max_tokens: longest prompt in tokens.
        understanding: what its vectors mean to a person, or None where nobody knows.
    """

    encoder: TextEncoder
    tokenizer: Tokenizer
    max_tokens: int = 96
    understanding: UnderstandingFile | None = None


@dataclass(frozen=True, kw_only=True)
class StagePart:
    """One denoiser and what the manifest says of it.

    Attributes:
        module: in eval mode, taking the spec's tensors as keywords.
        spec: complete but for file names and activation_bytes, which the export fills in.
    """

    module: nn.Module
    spec: StageSpec


def write_bundle(
    folder: Path,
    *,
    name: str,
    version: str,
    licence: str,
    text: TextPart,
    stages: Mapping[StageName, StagePart],
    route: Literal["spectrogram", "waveform"] = "spectrogram",
    mel: MelSpec | None = None,
    description: str = "",
    harmony: HarmonyFile | None = None,
) -> str:
    """Export every part into a new or empty folder and write its manifest.

    Returns:
        The bundle's identity: SHA-256 of manifest.json.

    Raises:
        UserError: the folder holds something, or the engine would refuse the bundle.
        ValueError: a module is training, does not fit its spec, or is beyond float16.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise UserError(
            "The bundle was not written", f"{folder} is not empty", "Choose an empty folder"
        )
    if text.tokenizer.get_vocab_size() > text.encoder.vocabulary:
        msg = f"{text.tokenizer.get_vocab_size()} token ids for {text.encoder.vocabulary} rows"
        raise ValueError(msg)
    save_tokenizer(text.tokenizer, folder / _TOKENIZER)
    text_spec = export_text(text.encoder, folder, tokenizer=_TOKENIZER, max_tokens=text.max_tokens)
    if text.understanding is not None:
        (folder / FILE_NAME).write_bytes(msgspec.msgpack.encode(text.understanding))
        text_spec = msgspec.structs.replace(text_spec, understanding=FILE_NAME)
    if harmony is not None:
        (folder / HARMONY_NAME).write_bytes(msgspec.json.encode(harmony))
    width = text.encoder.width
    specs = {
        stage: export_stage(part.module, folder, name=stage, spec=part.spec, text_width=width)
        for stage, part in stages.items()
    }
    return write_manifest(
        folder,
        name=name,
        version=version,
        licence=licence,
        text=text_spec,
        stages=specs,
        route=route,
        mel=mel,
        description=description,
        harmony=None if harmony is None else HARMONY_NAME,
    )
