"""Export one network: two graphs over one weights file, and what the manifest says of them."""

import copy
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from engine.bundle.manifest import StageSpec, TextSpec
from engine.training.export.half import with_half_arithmetic, with_half_weights
from engine.training.export.memory import activation_bytes
from engine.training.export.trace import stage_inputs, trace
from engine.training.export.weights import save_sharing_weights
from engine.training.text.encoder import TextEncoder, example_tokens

_log: Final = logging.getLogger(__name__)


def round_to_half(module: nn.Module) -> None:
    """Round every floating parameter in place to the nearest float16 value, kept as float32.

    Raises:
        ValueError: a parameter is beyond float16's ±65504.
    """
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if not parameter.is_floating_point():
                continue
            rounded = parameter.half().to(parameter.dtype)
            if not torch.isfinite(rounded).all():
                msg = f"{name} reaches {parameter.abs().max():g}, beyond float16"
                raise ValueError(msg)
            parameter.copy_(rounded)


def export_model(
    module: nn.Module,
    path: Path,
    *,
    inputs: Mapping[str, Tensor],
    output: str,
    multiple: int = 1,
    aligned_hop: int = 0,
    half_arithmetic: bool = True,
) -> tuple[str, ...]:
    """Write `<stem>.onnx`, `<stem>.weights` and, for CUDA, `<stem>.fp16.onnx`.

    The module is not changed: a copy is rounded to float16, so that both graphs and
    `parity` against a rounded module mean the same network.

    Args:
        module: the network in eval mode.
        path: `<folder>/<stem>.onnx`.
        inputs: example inputs by tensor name, batch and tokens at least 2.
        output: name of the output.
        multiple: x's length is a whole multiple of this.
        aligned_hop: elements of x per frame of `aligned`.
        half_arithmetic: write the float16 graph too.

    Returns:
        The names of the graph files.

    Raises:
        ValueError: the module is training, or a weight is beyond float16.
    """
    rounded = copy.deepcopy(module)
    round_to_half(rounded)
    traced = trace(rounded, inputs, output=output, multiple=multiple, aligned_hop=aligned_hop)
    _keep_folded(traced, rounded)
    models = {path.name: with_half_weights(traced)}
    if half_arithmetic:
        models[f"{path.stem}.fp16.onnx"] = with_half_arithmetic(traced)
    save_sharing_weights(models, path.with_suffix(".weights"))
    _log.info("exported %s: %d nodes", path.name, len(traced.graph.node))
    return tuple(models)


def _keep_folded(model: onnx.ModelProto, module: nn.Module) -> None:
    """Add the parameters that the exporter folded into constants, used by no node.

    They are for whoever trains on from the bundle (engine.training.train.warm): a sum of two biases
    does not say what either was. Zeros are left out, as the exporter does; so are all of them in
    float16 arithmetic, which keeps what is used.
    """
    there = {tensor.name for tensor in model.graph.initializer}
    model.graph.initializer.extend(
        numpy_helper.from_array(parameter.detach().numpy(), name)
        for name, parameter in module.named_parameters()
        if name not in there and parameter.is_floating_point() and bool(parameter.any())
    )


def export_stage(
    module: nn.Module, folder: Path, *, name: str, spec: StageSpec, text_width: int
) -> StageSpec:
    """Export a denoiser as `<name>.onnx` and complete its spec (files, activation_bytes)."""
    inputs = stage_inputs(spec, text_width)
    model, model_fp16 = export_model(
        module,
        folder / f"{name}.onnx",
        inputs=inputs,
        output="prediction",
        multiple=spec.multiple,
        aligned_hop=spec.aligned_hop,
    )
    longest = stage_inputs(spec, text_width, blocks=spec.max_length // spec.multiple, tokens=96)
    return msgspec.structs.replace(
        spec,
        model=model,
        model_fp16=model_fp16,
        activation_bytes=activation_bytes(module, longest),
    )


def export_text(
    encoder: TextEncoder, folder: Path, *, tokenizer: str, max_tokens: int = 96
) -> TextSpec:
    """Export the text encoder as text.onnx.

    There is no float16 graph: T5 is known to overflow in it (its feed-forward layers, see
    https://github.com/huggingface/transformers/issues/5651), and it runs once per render.
    """
    (model,) = export_model(
        encoder,
        folder / "text.onnx",
        inputs=example_tokens(encoder),
        output="embeddings",
        half_arithmetic=False,
    )
    return TextSpec(model=model, tokenizer=tokenizer, width=encoder.width, max_tokens=max_tokens)
