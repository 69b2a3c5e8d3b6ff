"""Patches of x along the data's principal axes: what a linear filter knows need not be learnt.

A mel's patches of 640 numbers vary along few directions. A network that sees and says them as they
are spends its first thousands of steps on what a linear filter knows. Here it says, axis by axis,
what to expect of x₀ before looking at x in this place, and a Wiener filter weighs that against what
is there:

    z    = V (x − α m)                          x in patches; m and V their mean and axes
    x̂₀   = m + Vᵀ (α u z + σ² √e said) / (α² u + σ²)
    seen = g e^¾ z / (α² e + σ²)                what the network sees

with e the variance of x₀ along an axis, u what is left of it when the rest is known (trained, from
u = e), and g for a mean power of 1 at every level of noise. `said` means the same at every level,
so that each level teaches the others. `seen` is loud where something can be known: at unit variance
hundreds of axes of noise crowd out the few that can be heard through it, and the network learns
nothing beyond the filter; and it is never silent, since many patches tell what one cannot. What
lies beyond the axes is said to be its mean.

x̂₀ is linear in `said`, and said = 0 is the filter alone, so scaling `said` by w is guidance away
from the filter, x̂₀ ← filter + w (x̂₀ − filter), at no cost: autoguidance (Karras et al., arXiv
2406.02507) with the filter as the bad version of the network. Where training was short, samples
without it have too little contrast.

Rejected: the network's word in units of the filter's error (Karras et al., arXiv 2206.00364, for
each axis; it means another thing at every level), a learnt share of x/α, channel by channel, added
to the network's word (it knows nothing of how channels go together, so grain stayed in the mel),
and latents of an autoencoder (a stage more to train).
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Along:
    """x along the axes: what the network sees, and what makes its word an estimate.

    Attributes:
        seen: (B, K, 1, L) what can be known of x₀, of mean power 1, loud axes less loud.
        known: (B, K, 1, L) what x itself says of x₀ − m.
        trust: (B, K, 1, 1) weight of the network's word.
    """

    seen: Tensor
    known: Tensor
    trust: Tensor


class PrincipalAxes(nn.Module):
    """Mean, axes and variances of a patch: the data's, set by `fit` and trained by nothing.

    Trained is what share of the variances is left unknown (`log_unknown`).

    Args:
        size: numbers in a patch.
        axes: how many are kept.
    """

    def __init__(self, size: int, axes: int) -> None:
        super().__init__()
        self.mean = _fixed(torch.zeros(size))
        self.vectors = _fixed(torch.empty(axes, size))
        if not self.vectors.is_meta:
            nn.init.orthogonal_(self.vectors)
        self.variances = _fixed(torch.ones(axes))
        self.log_unknown = nn.Parameter(torch.zeros(axes))

    @torch.no_grad()
    def fit(self, patches: Tensor) -> None:
        """Take mean and principal axes of data.

        Args:
            patches: (N, size) of x₀, in the order of `fold_time`'s channels, N > 1.
        """
        wide = patches.double()
        centred = wide - wide.mean(dim=0)
        variances, vectors = torch.linalg.eigh(centred.T @ centred / (len(wide) - 1))  # ascending
        kept = len(self.variances)
        self.mean.copy_(wide.mean(dim=0))
        self.vectors.copy_(vectors.flip(1)[:, :kept].T)
        self.variances.copy_(variances.flip(0)[:kept].clamp_min(1e-4))

    def forward(self, patches: Tensor, log_snr: Tensor) -> Along:
        """Patches of x (B, size, 1, L) and log-SNR (B,) → x along the axes."""
        signal, noise = (torch.sigmoid(s * log_snr)[:, None] for s in (1, -1))  # α², σ² (B, 1)
        alpha = signal.sqrt()
        vectors = self.vectors[:, :, None, None]
        centre = alpha * F.linear(self.mean, self.vectors)  # (B, K)
        z = F.conv2d(patches, vectors) - centre[:, :, None, None]
        power = signal * self.variances + noise  # of z, (B, K)
        gains = self.variances**0.75 / power
        gains = gains * (gains.square() * power).mean(dim=1, keepdim=True).rsqrt()
        unknown = self.variances * self.log_unknown.exp()
        total = signal * unknown + noise  # (B, K)
        return Along(
            seen=z * gains[:, :, None, None],
            known=z * (alpha * unknown / total)[:, :, None, None],
            trust=(noise / total * self.variances.sqrt())[:, :, None, None],
        )

    def patches(self, along: Along, said: Tensor) -> Tensor:
        """The estimate of x₀ (B, size, 1, L) from the network's word (B, K, 1, L)."""
        deviation = along.known + along.trust * said
        return F.conv2d(deviation, self.vectors.T[:, :, None, None], self.mean)


def _fixed(values: Tensor) -> nn.Parameter:
    """A parameter, since checkpoints and exports carry those, that no optimiser touches."""
    return nn.Parameter(values, requires_grad=False)
