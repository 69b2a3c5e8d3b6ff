"""torch module → ONNX graph with dynamic batch, length and token count, by torch's dynamo exporter.

The manifest's `StageSpec` says which tensors a stage takes, so example inputs and dynamic axes are
derived from it, and a network that disagrees with its manifest fails here rather than in a render.

Rejected: the TorchScript exporter (deprecated, and it bakes in shapes that pass through Python
integers), and free length axes (a strided network has a whole number of blocks; saying so spares
the graph its padding branches and the exporter its guards).
"""

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import onnx
import torch
from torch import Tensor, nn

from engine.bundle.manifest import StageSpec

# Dynamic axes by tensor name; None is fixed. "length" counts elements of x, "frames" those of
# `aligned`; both are whole multiples of one block count.
AXES: Final[dict[str, tuple[str | None, ...]]] = {
    "x": ("batch", None, "length"),
    "log_snr": ("batch",),
    "signals": ("batch", None, "length"),
    "globals": ("batch", None),
    "text": ("batch", "tokens", None),
    "text_mask": ("batch", "tokens"),
    "aligned": ("batch", None, "frames"),
    "low": ("batch", None, "length"),
    "augmentation_log_snr": ("batch",),
    "autoguidance": ("batch",),
    "input_ids": ("batch", "tokens"),
    "attention_mask": ("batch", "tokens"),
}
# Logger: the level below which it keeps quiet during an export.
_NOISY_LOGGERS: Final = {
    "torch.onnx._internal.exporter._registration": logging.ERROR,  # "torchvision is not installed"
    "onnxscript": logging.WARNING,  # a line per constant folded
    "onnx_ir": logging.WARNING,
}


def stage_inputs(
    spec: StageSpec,
    text_width: int,
    *,
    batch: int = 2,
    blocks: int = 3,
    tokens: int = 5,
    seed: int = 0,
) -> dict[str, Tensor]:
    """Random inputs of a stage, by tensor name in the manifest's order, L = blocks · multiple.

    Plausible rather than standard normal throughout: λ spans [−20, 20], the last row of the batch
    has its prompt hidden, the row before it is half padding.
    """
    rng = torch.Generator().manual_seed(seed)
    length = blocks * spec.multiple

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=rng)

    def log_snr() -> Tensor:
        return torch.rand(batch, generator=rng) * 40 - 20

    inputs = {"x": normal(batch, spec.channels, length), "log_snr": log_snr()}
    if spec.signals:
        inputs["signals"] = normal(batch, len(spec.signals), length)
    if spec.globals:
        inputs["globals"] = normal(batch, len(spec.globals))
    if spec.text:
        inputs["text"] = normal(batch, tokens, text_width)
        mask = torch.ones(batch, tokens)
        mask[-1] = 0
        mask[-2:-1, (tokens + 1) // 2 :] = 0
        inputs["text_mask"] = mask
    if spec.aligned_channels:
        inputs["aligned"] = normal(batch, spec.aligned_channels, length // spec.aligned_hop)
    if spec.low:
        inputs["low"] = normal(batch, spec.channels, length)
    if spec.augmentation:
        inputs["augmentation_log_snr"] = log_snr()
    if spec.autoguidance:
        inputs["autoguidance"] = 1 + torch.rand(batch, generator=rng)
    return inputs


def trace(
    module: nn.Module,
    inputs: Mapping[str, Tensor],
    *,
    output: str,
    multiple: int = 1,
    aligned_hop: int = 0,
) -> onnx.ModelProto:
    """Export `module(**inputs)` to an ONNX graph in float32, without torch's notes in it.

    Args:
        module: in eval mode; its weights become initializers.
        inputs: example inputs by tensor name (batch and tokens at least 2, or torch fixes them).
        output: name of the one output.
        multiple: x's length is a whole multiple of this.
        aligned_hop: elements of x per frame of `aligned`.

    Raises:
        ValueError: the module is in training mode, or takes the examples' sizes alone.
    """
    if module.training:
        msg = "export needs module.eval(): dropout would be exported as noise"
        raise ValueError(msg)
    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            module,
            kwargs=dict(inputs),
            dynamo=True,
            dynamic_shapes=_dynamic_shapes(inputs, multiple, aligned_hop),
            input_names=list(inputs),
            output_names=[output],
            verbose=False,
        )
    if program is None:  # pragma: no cover - only without dynamo=True
        msg = "torch.onnx.export returned no program"
        raise RuntimeError(msg)
    _check_axes(program.model_proto)
    return _stripped(program.model_proto)


def _check_axes(model: onnx.ModelProto) -> None:
    """Refuse a graph that runs with the example's sizes alone: len() of a tensor does that."""
    for tensor in model.graph.input:
        for axis, kind in enumerate(AXES[tensor.name]):
            if kind is not None and not tensor.type.tensor_type.shape.dim[axis].dim_param:
                msg = f"the network takes {tensor.name} with one size of {kind} alone"
                raise ValueError(msg)


def _dynamic_shapes(
    inputs: Mapping[str, Tensor], multiple: int, aligned_hop: int
) -> dict[str, dict[int, object]]:
    blocks = torch.export.Dim("blocks", min=1)
    dims: dict[str, object] = {
        "batch": torch.export.Dim("batch"),
        "tokens": torch.export.Dim("tokens"),
        "length": _times(blocks, multiple),
        "frames": _times(blocks, multiple // aligned_hop) if aligned_hop else None,
    }
    return {
        name: {axis: dims[kind] for axis, kind in enumerate(AXES[name]) if kind is not None}
        for name in inputs
    }


def _times(dim: object, factor: int) -> object:
    return dim if factor == 1 else factor * dim  # type: ignore[operator]  # Dim multiplies by int


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back what torch says of itself while exporting; every other warning still gets out."""
    loggers = {logging.getLogger(name): level for name, level in _NOISY_LOGGERS.items()}
    levels = {logger: logger.level for logger in loggers}
    with warnings.catch_warnings():
        # torch 2.13's own copy of its pytree specs; gone when the exporter stops pickling them.
        warnings.filterwarnings("ignore", message=r".*LeafSpec", category=FutureWarning)
        # The exporter complains that "batch" is used by more than one input, which is its purpose.
        warnings.filterwarnings("ignore", message=r".*axis name: .* will not be used")
        for logger, level in loggers.items():
            logger.setLevel(max(level, logger.level))
        try:
            yield
        finally:
            for logger, level in levels.items():
                logger.setLevel(level)


def _stripped(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model without stack traces: they hold this machine's paths, and would change the hash."""
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    if model.functions:
        msg = "the exported graph calls functions, which the float16 pass does not look into"
        raise ValueError(msg)
    named = (
        model.graph.node,
        model.graph.input,
        model.graph.output,
        model.graph.value_info,
        model.graph.initializer,
    )
    for items in named:
        for item in items:
            del item.metadata_props[:]
            item.ClearField("doc_string")
    return model
