"""Trained modules → a bundle's folder, in one call; what was not trained is another bundle's."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec
from tokenizers import Tokenizer
from torch import nn

from engine.bundle.harmony import FILE_NAME as HARMONY_NAME
from engine.bundle.harmony import HarmonyFile
from engine.bundle.manifest import MelSpec, StageName, StageSpec, TextSpec
from engine.bundle.onnx_scan import external_locations
from engine.bundle.understanding import FILE_NAME, UnderstandingFile
from engine.bundle.verify import Bundle
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
    text: TextPart | None,
    stages: Mapping[StageName, StagePart],
    base: Bundle | None = None,
    route: Literal["spectrogram", "waveform"] = "spectrogram",
    mel: MelSpec | None = None,
    description: str = "",
    harmony: HarmonyFile | None = None,
) -> str:
    """Export every part into a new or empty folder and write its manifest.

    Args:
        folder: of the bundle.
        name: as the manifest has it; so are the next two.
        version: of the bundle.
        licence: of the bundle.
        text: the text encoder; None takes the base's.
        stages: what was trained; the others are the base's, file by file.
        base: a verified bundle of the same route and mel.
        route: of the cascade.
        mel: what the mel means, on the spectrogram route.
        description: of the bundle.
        harmony: the chords of its genres.

    Returns:
        The bundle's identity: SHA-256 of manifest.json.

    Raises:
        UserError: the folder holds something, the base is of another kind, or the engine would
            refuse the bundle.
        ValueError: a module is training, does not fit its spec, or is beyond float16; or there is
            neither a text encoder nor a base.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise UserError(
            "The bundle was not written", f"{folder} is not empty", "Choose an empty folder"
        )
    if base is not None and (base.manifest.route, base.manifest.mel) != (route, mel):
        raise UserError(
            "The bundle was not written",
            f"{base.manifest.name} is of another route or has another mel",
            "Choose another bundle with --base",
        )
    text_spec = _text(text, folder, base)
    if harmony is not None:
        (folder / HARMONY_NAME).write_bytes(msgspec.json.encode(harmony))
    kept = {} if base is None else base.manifest.stages
    for stage, spec in (kept | {stage: part.spec for stage, part in stages.items()}).items():
        _check_width(stage, spec, text_spec.width)
    specs = {
        stage: export_stage(
            part.module, folder, name=stage, spec=part.spec, text_width=text_spec.width
        )
        for stage, part in stages.items()
    }
    if base is not None:
        for stage, spec in kept.items():
            if stage not in specs:
                _copy(base, folder, (spec.model, spec.model_fp16))
                specs[stage] = spec
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


def _check_width(stage: StageName, spec: StageSpec, width: int) -> None:
    """Refuse a network that was trained on another encoder's texts."""
    trained = spec.network.get("text_width", 0)
    if trained not in (0, width):
        raise UserError(
            "The bundle was not written",
            f"the {stage.replace('_', '-')} takes texts of width {trained}, and the text encoder "
            f"gives {width}",
            "Give the encoder that it was trained with",
        )


def _text(text: TextPart | None, folder: Path, base: Bundle | None) -> TextSpec:
    """Write the text encoder, or copy the base's."""
    if text is None:
        if base is None:
            msg = "a bundle needs a text encoder"
            raise ValueError(msg)
        spec = base.manifest.text
        _copy(base, folder, (spec.model, spec.model_fp16))
        for file in (spec.tokenizer, spec.understanding):
            if file is not None:
                shutil.copyfile(base.file(file), folder / file)
        return spec
    if text.tokenizer.get_vocab_size() > text.encoder.vocabulary:
        msg = f"{text.tokenizer.get_vocab_size()} token ids for {text.encoder.vocabulary} rows"
        raise ValueError(msg)
    save_tokenizer(text.tokenizer, folder / _TOKENIZER)
    spec = export_text(text.encoder, folder, tokenizer=_TOKENIZER, max_tokens=text.max_tokens)
    if text.understanding is not None:
        (folder / FILE_NAME).write_bytes(msgspec.msgpack.encode(text.understanding))
        spec = msgspec.structs.replace(spec, understanding=FILE_NAME)
    return spec


def _copy(base: Bundle, folder: Path, graphs: tuple[str | None, ...]) -> None:
    """Copy graphs and the files of weights that they name."""
    for graph in graphs:
        if graph is not None:
            for name in {graph, *external_locations(base.file(graph).read_bytes())}:
                shutil.copyfile(base.file(name), folder / name)
