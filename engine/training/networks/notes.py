"""What is played, as the network hears it: at its entry, and straight into its word.

What the mean mel of some notes is, a linear map knows at once, and it can be fitted in closed form:
on clips that no training saw it explains a quarter of a mel's variance, where a network without
notes had explained a twentieth after 5,000 steps. The network says the rest: how those instruments
sound, and together. Rejected: notes at the entry alone (after 100 steps the network had not yet
begun to hear them).
"""

import torch
from torch import Tensor, nn

from engine.training.networks.layers import Conv

_RIDGE = 1e-3  # of the mean power of what is fitted to


class Notes(nn.Module):
    """Rolls in patches (engine.music.roll) to the U's entry and to its word along the axes.

    Args:
        rows: numbers in a patch of the rolls.
        base: channels of the entry.
        axes: of the word.
    """

    def __init__(self, rows: int, base: int, axes: int) -> None:
        super().__init__()
        self.entry = Conv(rows, base, bias=False)
        self.expected = Conv(rows, axes, bias=False, gain=0.0)

    def silence(self) -> None:
        """Let a network that was trained without notes begin as it was."""
        nn.init.zeros_(self.entry.weight)

    @torch.no_grad()
    def fit(self, power: Tensor, product: Tensor) -> None:
        """Set what is expected of notes, by ridge regression; nothing where nothing was played.

        Args:
            power: (rows, rows) Σ n nᵀ over patches n of the rolls.
            product: (rows, axes) Σ n yᵀ with y what the word lacks there.
        """
        wide = power.double()
        mean = wide.diagonal().mean()
        if mean == 0:  # data from before there were notes
            self.expected.weight.zero_()
            return
        ridge = _RIDGE * mean * torch.eye(len(wide), dtype=wide.dtype)
        weights = torch.linalg.solve(wide + ridge, product.double())
        self.expected.weight.copy_(weights.T[:, :, None, None])
