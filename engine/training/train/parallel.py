"""One process or many: who am I, on what device, and how gradients become one.

Under torchrun each process finds its number in the environment; alone it is number 0 of 1, on the
same code path. Each process trains its share of the batch and DistributedDataParallel averages the
gradients: gloo between processes on CPUs, nccl between GPUs.
"""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from engine.errors import UserError

_BACKENDS: Final = {"cpu": "gloo", "cuda": "nccl"}


@dataclass(frozen=True)
class World:
    """This process among `size`.

    Attributes:
        rank: 0 … size − 1; 0 writes files.
        size: processes.
        device: of this process.
    """

    rank: int
    size: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this process writes files."""
        return self.rank == 0

    def share(self, batch: int) -> tuple[int, int]:
        """First item and number of items of this process.

        Raises:
            UserError: the batch does not split evenly.
        """
        if batch % self.size:
            raise UserError(
                "Training did not start",
                f"a batch of {batch} does not split between {self.size} processes",
                "Give a --batch that does",
            )
        count = batch // self.size
        return self.rank * count, count

    def wrapped(self, network: nn.Module) -> nn.Module:
        """The network whose gradients are averaged over all processes."""
        if self.size == 1:
            return network
        # Where a network is called several times for one loss, gradients of 1×1 kernels come with
        # other strides of their dimensions of size 1, which mean nothing.
        warnings.filterwarnings("ignore", "Grad strides do not match bucket view strides")
        devices = [self.device] if self.device.type == "cuda" else None
        return DistributedDataParallel(network, device_ids=devices, gradient_as_bucket_view=True)

    def mean(self, value: Tensor) -> float:
        """The mean of a scalar over all processes."""
        if self.size > 1:
            value = value.clone()
            distributed.all_reduce(value)
            value = value / self.size
        return float(value)

    def any(self, flag: bool) -> bool:
        """Whether the flag is set in any process; all of them must ask."""
        if self.size == 1:
            return flag
        said = torch.tensor(float(flag), device=self.device)
        distributed.all_reduce(said, op=distributed.ReduceOp.MAX)
        return bool(said)


@contextmanager
def world() -> Iterator[World]:
    """Join the other processes that torchrun started, if any."""
    rank, size = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    kind = "cuda" if torch.cuda.is_available() else "cpu"
    local = int(os.environ.get("LOCAL_RANK", "0"))
    device = torch.device(f"cuda:{local}" if kind == "cuda" else "cpu")
    if kind == "cuda":
        torch.cuda.set_device(device)
    with _without_denormals():
        if size == 1:
            yield World(0, 1, device)
            return
        if kind == "cpu":
            _hold_cores(local, int(os.environ.get("LOCAL_WORLD_SIZE", str(size))))
        distributed.init_process_group(_BACKENDS[kind], rank=rank, world_size=size)
        try:
            yield World(rank, size, device)
            distributed.barrier()  # torchrun ends the others when one leaves, saved or not
        finally:
            distributed.destroy_process_group()


def _hold_cores(place: int, places: int) -> None:
    """Keep this process and its threads on cores of its own, where there are enough.

    Processes that are moved to and fro between cores wait for each other at every step.
    """
    if not hasattr(os, "sched_setaffinity"):  # Linux alone has it
        return
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) >= places:
        os.sched_setaffinity(0, cores[place::places])


@contextmanager
def _without_denormals() -> Iterator[None]:
    """Numbers below 1e-38 are 0 for a while.

    Adam's second moments of rarely used weights sink there, and a CPU then takes many times as
    long for each number.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def precision(asked: str, device: torch.device) -> str:
    """The arithmetic, "bf16" or "fp32". Auto is bf16 where the device computes in it.

    On a CPU with neither AMX nor AVX-512-BF16, bf16 is emulated and slower than fp32.
    """
    if asked != "auto":
        return asked
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    has = torch.cpu.get_capabilities()
    return "bf16" if has.get("amx_bf16") or has.get("avx512_bf16") else "fp32"
