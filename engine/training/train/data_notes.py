"""What notes sound like on average, to fit a network's `Notes` to before it is trained."""

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from engine.training.networks.axes import PrincipalAxes
from engine.training.networks.layers import fold_time
from engine.training.networks.unet import UNet
from engine.training.train.batches import Arrays, Batches
from engine.training.train.diffuse import noise
from engine.training.train.examples import Example

_PATCHES: Final = 100_000  # 150 times the numbers in a patch of the rolls
_MOST_STEPS: Final = 64
_NOISE_LOG_SNR: Final = -9.0  # where the network knows the conditions and nothing else


@torch.no_grad()
def fit_notes(
    network: UNet,
    batches: Batches,
    as_example: Callable[[Arrays], Example],
    *,
    batch: int,
    seed: int,
    count: int = _PATCHES,
) -> None:
    """Fit a network's `Notes` to what its word about pure noise lacks on training items.

    The share of the variances that is left unknown is set by what the fit leaves.

    Args:
        network: with axes and notes; its axes are the data's.
        batches: of the training split.
        as_example: makes tensors of them.
        batch: items of a step.
        seed: of the noise.
        count: patches that are enough.
    """
    axes, notes = network.axes, network.notes
    if axes is None or notes is None:
        msg = f"{network.config.name} hears no notes"
        raise ValueError(msg)
    rows, outputs = notes.expected.weight.shape[1], notes.expected.weight.shape[0]
    power, product = torch.zeros(rows, rows), torch.zeros(rows, outputs)
    squares, seen = torch.zeros(outputs), 0
    for step in range(_MOST_STEPS):
        example = as_example(batches.batch(step, first=0, count=batch))
        played, lacks = _lacking(network, axes, example, seed=seed, step=step)
        power += played.T @ played
        product += played.T @ lacks
        squares += lacks.square().sum(dim=0)
        seen += len(played)
        if seen >= count:
            break
    notes.fit(power, product)
    fitted = notes.expected.weight[:, :, 0, 0]  # (K, rows); Σ (y − F n)² is in the sums already
    left = squares - 2 * (fitted * product.T).sum(dim=1) + ((fitted @ power) * fitted).sum(dim=1)
    unknown = (left / max(seen, 1)).clamp(1e-3, 1.0).log()
    axes.log_unknown.copy_(torch.minimum(axes.log_unknown, unknown))


def _lacking(
    network: UNet, axes: PrincipalAxes, example: Example, *, seed: int, step: int
) -> tuple[Tensor, Tensor]:
    """Patches of the rolls (N, rows), and what the word lacks there (N, K), inside clips."""
    config, x0 = network.config, example.x0.cpu()
    inputs = {name: tensor.cpu() for name, tensor in example.inputs.items()}
    x = noise(seed, "noise", step, first=0, shape=tuple(x0.shape), device=x0.device)
    said = network(x=x, log_snr=torch.full((len(x),), _NOISE_LOG_SNR), **inputs)
    rolls = inputs["signals"][:, config.signals - config.notes :]
    whole = example.valid.cpu()[:, 0].reshape(len(x), -1, config.patch).amin(dim=2) > 0
    played, missing = (
        fold_time(part[:, :, None], config.patch)[:, :, 0].transpose(1, 2)[whole]
        for part in (rolls, x0 - said)
    )
    return played, (missing @ axes.vectors.T) / axes.variances.sqrt()
