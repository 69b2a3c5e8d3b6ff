"""How much working memory a stage needs, before anyone has run it at full length.

The forward pass runs on fake tensors (shapes without data), and every storage alive at once is
counted. It is an estimate: ONNX Runtime fuses, reuses and pads otherwise, and its convolutions
need scratch space of their own; the memory preflight leaves a margin for that.

Rejected: measuring the process (full length needs the memory that is being asked about), and a
formula per architecture (attention grows with the square of the length; convolutions do not).
"""

import weakref
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class _LiveStorages(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's, untyped
    """Adds up the storages that operators make, until each is freed."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.live_bytes = 0
        self.peak_bytes = 0
        self._seen: set[int] = set()

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: tuple[type, ...],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor):
                self._track(leaf.untyped_storage())
        self.peak_bytes = max(self.peak_bytes, self.live_bytes)
        return result

    def _track(self, storage: torch.UntypedStorage) -> None:
        key = id(storage)
        if key in self._seen:
            return
        self._seen.add(key)
        self.live_bytes += storage.nbytes()
        weakref.finalize(storage, self._free, key, storage.nbytes())

    def _free(self, key: int, size_bytes: int) -> None:
        self._seen.discard(key)
        self.live_bytes -= size_bytes


def peak_bytes(module: nn.Module, inputs: Mapping[str, Tensor]) -> int:
    """Peak bytes of intermediate tensors in `module(**inputs)`, weights and inputs not counted."""
    with FakeTensorMode(allow_non_fake_inputs=True) as mode, torch.no_grad():
        fakes = {name: mode.from_tensor(tensor) for name, tensor in inputs.items()}
        storages = _LiveStorages()
        with storages:
            module(**fakes)
    return storages.peak_bytes


def activation_bytes(module: nn.Module, inputs: Mapping[str, Tensor]) -> int:
    """Peak working memory per element of x and batch item, in bytes (float32), an estimate.

    Give inputs of the greatest length: attention scores then weigh as much as they ever will.
    """
    batch, _, length = inputs["x"].shape
    return max(1, -(-peak_bytes(module, inputs) // (batch * length)))
