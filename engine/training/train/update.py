"""What moves the weights: Adam, AdamW, or Muon for matrices and Adam for the rest.

Muon moves a matrix by the orthogonal matrix nearest to its momentum, so that what is rarely used
is learnt as fast as the rest (Jordan 2024, https://kellerjordan.github.io/posts/muon/), scaled so
that one learning rate serves both (Liu et al., arXiv 2502.16982, section 2.2). It is torch's own;
since that takes matrices alone, it is given views of the convolutions.

The starter's generator, trained on from a finished bundle at 1e-3 on the same items and noise:
Adam's loss in steps 81 to 90 is 0.316, and 0.303 that of a prototype of this Muon, which left
matrices below 128 rows or columns to Adam; the moving average's on validation clips, after 150
steps, 0.2777 and 0.2754.

    noisefall train generator --preset starter-generator --init resources/starter --lr 1e-3
        --warmup 30 --ema 0.98 --steps 4000 --seed 31 --validation-batches 2 --optimiser adam
"""

from collections.abc import Callable, Mapping
from typing import Final

import torch
from torch import Tensor, nn

from engine.training.train.settings import Settings

_MOMENTUM: Final = 0.95  # of Muon, its author's
_SMALLEST: Final = 32  # rows or columns of a matrix that is worth making orthogonal

Named = dict[str, Tensor]


def trained_parameters(network: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """Names and parameters that the optimiser moves, in its order; the others are the data's."""
    return [(name, p) for name, p in network.named_parameters() if p.requires_grad]


class Update:
    """The optimiser of a network's fp32 master weights.

    Args:
        network: on its device, convolutions channels last.
        settings: of the run.
    """

    def __init__(self, network: nn.Module, settings: Settings) -> None:
        named = trained_parameters(network)
        muon = settings.optimiser == "muon"
        self._matrices = {name: p for name, p in named if muon and _is_matrix(p)}
        self._others = {name: p for name, p in named if name not in self._matrices}
        self._flat = {name: nn.Parameter(_rows(p.detach())) for name, p in self._matrices.items()}
        self._muon = (
            torch.optim.Muon(
                self._flat.values(),
                lr=settings.learning_rate,
                weight_decay=settings.weight_decay,
                momentum=_MOMENTUM,
                adjust_lr_fn="match_rms_adamw",
            )
            if self._flat
            else None
        )
        kinds: dict[str, Callable[..., torch.optim.Optimizer]] = {"adamw": torch.optim.AdamW}
        self._adam = kinds.get(settings.optimiser, torch.optim.Adam)(
            list(self._others.values()),
            lr=settings.learning_rate,
            betas=(settings.beta_1, settings.beta_2),
            weight_decay=settings.weight_decay,
            fused=named[0][1].is_cuda,
        )

    def step(self, rate: float) -> None:
        """Move the weights against their gradients, at a learning rate."""
        for optimiser in filter(None, (self._muon, self._adam)):
            for group in optimiser.param_groups:
                group["lr"] = rate
        for name, parameter in self._matrices.items():
            self._flat[name].grad = None if parameter.grad is None else _rows(parameter.grad)
        if self._muon is not None:
            self._muon.step()  # type: ignore[no-untyped-call]  # torch's
        self._adam.step()

    def moments(self) -> tuple[Named, Named]:
        """First and second moments by name, on the CPU; a matrix of Muon's has no second."""
        first: Named = {}
        second: Named = {}
        for name, kept in self._kept().items():
            first[name] = kept["momentum_buffer" if name in self._flat else "exp_avg"].cpu()
            if name not in self._flat:
                second[name] = kept["exp_avg_sq"].cpu()
        return first, second

    def _kept(self) -> dict[str, Named]:
        """What the optimisers keep of each parameter."""
        kept = {name: self._adam.state[parameter] for name, parameter in self._others.items()}
        if self._muon is not None:
            kept |= {name: self._muon.state[flat] for name, flat in self._flat.items()}
        return kept

    def restore(self, step: int, first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> None:
        """Go on with the moments that there were after `step` updates.

        Raises:
            KeyError: those of a parameter are missing.
        """
        if self._muon is not None:
            buffers = [torch.empty_like(t).copy_(first[name]) for name, t in self._flat.items()]
            _load(self._muon, [{"momentum_buffer": buffer} for buffer in buffers])
        states = [
            {
                "step": torch.tensor(float(step)),
                "exp_avg": torch.empty_like(parameter).copy_(first[name]),
                "exp_avg_sq": torch.empty_like(parameter).copy_(second[name]),
            }
            for name, parameter in self._others.items()
        ]  # in the weights' memory format
        _load(self._adam, states)


def _load(optimiser: torch.optim.Optimizer, states: list[Named]) -> None:
    groups = optimiser.state_dict()["param_groups"]
    optimiser.load_state_dict({"state": dict(enumerate(states)), "param_groups": groups})


def _is_matrix(parameter: Tensor) -> bool:
    return parameter.dim() > 1 and min(len(parameter), parameter[0].numel()) >= _SMALLEST


def _rows(weight: Tensor) -> Tensor:
    """(outputs, inputs · kernel), a view of a weight or gradient that is channels last."""
    apart = weight.permute(0, 2, 3, 1) if weight.dim() == 4 else weight
    return apart.view(len(apart), -1)
