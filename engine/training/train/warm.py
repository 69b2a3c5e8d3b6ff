"""Starting from weights that are there: a checkpoint's moving average, or a bundle's graph.

From a bundle come the float16 weights as float32. The exporter keeps parameter names (".half" is
appended where a weight is stored as float16) and drops biases that are all zero.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor
from torch.nn.functional import pad

from engine.errors import UserError
from engine.training.checkpoints import CHECKPOINTS, found
from engine.training.networks.unet import UNet
from engine.training.train.checkpoint import load
from engine.training.train.settings import Stage

if TYPE_CHECKING:
    import onnx

_HALF: Final = ".half"
_BIAS: Final = "bias"
_GLOBALS: Final = "embedding.globals.weight"
_NOTES: Final = "notes."
_PLAYERS: Final = "notes.players."  # untrained, everybody sounds alike


def warm_weights(source: Path, stage: Stage) -> dict[str, Tensor]:
    """Weights by parameter name, float32, of a checkpoint (EMA), a run's newest, or a bundle's.

    Raises:
        UserError: it is neither, or the bundle has no such stage.
    """
    newest = found(source / CHECKPOINTS) if source.is_dir() else []
    if newest:
        return load(newest[-1]).ema
    if source.is_dir():
        return _bundle_weights(source, stage)
    return load(source).ema


def blended(
    weights: dict[str, Tensor], before: dict[str, Tensor], share: float
) -> dict[str, Tensor]:
    """Weights between those before a finish and those after it.

    What a short training finds it often overdoes; half of the way keeps most of what it brought
    and loses less (Wortsman et al., arXiv 2109.01903).

    Args:
        weights: after it.
        before: of the same network; missing ones are 0, since the exporter drops those.
        share: of the way, in [0, 1].

    Raises:
        UserError: they are another network's.
    """
    faults = [n for n, after in weights.items() if n in before and before[n].shape != after.shape]
    if not weights.keys() & before.keys():
        faults = list(weights)
    if faults:
        raise UserError(
            "The bundle was not written", f"{faults[0]} is not what it was before",
            "Leave --blend away, or give the --base that the run was begun with",
        )  # fmt: skip
    return {
        name: torch.lerp(before.get(name, torch.zeros_like(after)).to(after), after, share)
        for name, after in weights.items()
    }


def start_from(network: UNet, weights: dict[str, Tensor], source: Path) -> bool:
    """Copy weights into the network; biases that the exporter dropped become 0.

    Returns:
        Whether it is new to the network that there are notes.

    Raises:
        UserError: they are another network's.
    """
    faults = []
    new = network.notes is not None and not any(name.startswith(_NOTES) for name in weights)
    if new and network.notes is not None:
        network.notes.silence()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            given = weights.get(name)
            if given is not None and name == _GLOBALS:
                given = _widened(given, parameter)
            if new and name.startswith(_NOTES):
                continue
            if given is None and (name.rpartition(".")[2] == _BIAS or name.startswith(_PLAYERS)):
                parameter.zero_()
            elif given is None or given.shape != parameter.shape:
                faults.append(f"{name} is {'missing' if given is None else tuple(given.shape)}")
            else:
                parameter.copy_(given)
    if faults:
        raise UserError(
            "Training did not start",
            f"{source} holds another network: {faults[0]}, and {len(faults) - 1} more",
            "Choose the --preset that it was trained with",
        )
    return new


def _widened(given: Tensor, parameter: Tensor) -> Tensor:
    """Weights (E, G) for a network that has more globals: what is new is not heard yet.

    Globals are only ever added behind those that there are (engine.music.signals).
    """
    more = parameter.shape[1] - given.shape[1]
    return pad(given, (0, more)) if more > 0 else given


def _bundle_weights(folder: Path, stage: Stage) -> dict[str, Tensor]:
    try:
        import onnx  # noqa: PLC0415 - on this path only
        from onnx import external_data_helper  # noqa: PLC0415
    except ModuleNotFoundError:
        raise UserError(
            "Training did not start",
            f"{folder} is a bundle, and onnx is not installed",
            "Install it with: pip install -c constraints.txt '.[train]'",
        ) from None
    path = folder / f"{stage}.onnx"
    try:
        model = onnx.load(path, load_external_data=False)
        external_data_helper.load_external_data_for_model(model, str(folder))
    except (OSError, ValueError, onnx.checker.ValidationError) as error:
        raise UserError(
            "Training did not start", f"{path}: {error}", "Choose a bundle that has this stage"
        ) from None
    except Exception as error:  # protobuf's DecodeError has no public base
        raise UserError(
            "Training did not start", f"{path} is no ONNX file ({error})", "Choose a bundle"
        ) from None
    return weights_of(model)


def weights_of(model: "onnx.ModelProto") -> dict[str, Tensor]:
    """Floating initialisers by parameter name, float32."""
    from onnx import TensorProto, numpy_helper  # noqa: PLC0415 - on this path only

    kinds = (TensorProto.FLOAT, TensorProto.FLOAT16)
    return {
        tensor.name.removesuffix(_HALF): torch.from_numpy(
            numpy_helper.to_array(tensor).astype("float32")
        )
        for tensor in model.graph.initializer
        if tensor.data_type in kinds
    }
