"""How far ONNX Runtime's answer is from torch's: the check that every export must pass.

The exporter has produced wrong graphs without a word (a Conv bias:
https://github.com/pytorch/pytorch/issues/166797), so nothing is shipped on trust. Compare at
lengths and batches other than the traced ones: a baked-in shape shows nowhere else.

ONNX Runtime has next to no float16 kernels on a CPU: it runs the float16 graph in float32, casts
folded away, so `parity` finds it flawless. `half_parity` runs it in onnx's reference evaluator,
which rounds after every operator, as no GPU would: a pessimist's figure, and slow.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx.reference import ReferenceEvaluator
from torch import Tensor, nn

PARITY_LIMIT: Final = 1e-4  # float32 graph against the module with the same rounded weights
HALF_PARITY_LIMIT: Final = 2e-2  # float16 arithmetic against the same


def open_session(path: Path, *, threads: int = 1) -> onnxruntime.InferenceSession:
    """A CPU session by path, as the engine opens it: every optimisation on, no spinning."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def parity(
    module: nn.Module, graph: Path | onnxruntime.InferenceSession, inputs: Mapping[str, Tensor]
) -> float:
    """Largest difference between graph and module, relative to the largest value of the module.

    Args:
        module: in eval mode, with the rounded weights that were exported.
        graph: path of the ONNX file, or a session opened on it.
        inputs: tensors by name; any batch, length and token count.
    """
    session = open_session(graph) if isinstance(graph, Path) else graph
    (found,) = session.run(None, {name: tensor.numpy() for name, tensor in inputs.items()})
    return _relative_error(found, module, inputs)


def half_parity(module: nn.Module, path: Path, inputs: Mapping[str, Tensor]) -> float:
    """`parity` of a float16 graph with every operator really computed in float16.

    Keep inputs short: a million multiply-adds take about a millisecond.
    """
    evaluator = ReferenceEvaluator(str(path))
    with np.errstate(over="ignore"):
        (found,) = evaluator.run(None, {name: tensor.numpy() for name, tensor in inputs.items()})
    return _relative_error(np.asarray(found), module, inputs)


def _relative_error(
    found: NDArray[np.float32], module: nn.Module, inputs: Mapping[str, Tensor]
) -> float:
    with torch.no_grad():
        expected = module(**inputs).numpy()
    if found.shape != expected.shape:
        msg = f"the graph gives {found.shape}, the module {expected.shape}"
        raise ValueError(msg)
    return float(np.abs(found - expected).max() / np.abs(expected).max())
