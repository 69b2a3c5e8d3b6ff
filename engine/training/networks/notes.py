"""What is played, as the network hears it: at its entry, and straight into its word.

Each voice's notes are heard through who plays them: every channel that notes feed hears those of a
voice as its players make it, so that the same note is another sound on another instrument from the
first layer on. That scales weights, not channels: a few numbers for each clip instead of a pass
over all of it for each voice.

What the mean mel of some notes is, a linear map knows at once, and it can be fitted in closed form:
on clips that no training saw it explains a quarter of a mel's variance, where a network without
notes had explained a twentieth after 5,000 steps. The network says the rest: how those instruments
sound, and together. Rejected: notes at the entry alone (after 100 steps the network had not yet
begun to hear them), and players in the time embedding alone (it scales channels in which the notes
of every voice are mixed already).
"""

from typing import Final

import torch
from torch import Tensor, nn

from engine.music.roll import PLAYED, ROW_NAMES, VOICES, voice_players, voice_rows
from engine.training.networks.layers import Conv, Linear

NOTES: Final = 1 + len(ROW_NAMES)  # signals: whether there are notes, and the rows of the roll

_RIDGE = 1e-3  # of the mean power of what is fitted to


class Notes(nn.Module):
    """Rolls (engine.music.roll) in patches to the U's entry and to its word along the axes.

    Args:
        patch: frames in a patch.
        base: channels of the entry.
        axes: of the word.
        players: whether the network is told who plays.
    """

    def __init__(self, patch: int, base: int, axes: int, *, players: bool) -> None:
        super().__init__()
        self.patch = patch
        self.entry = Conv(patch * NOTES, base, bias=False)
        self.expected = Conv(patch * NOTES, axes, bias=False, gain=0.0)
        # Untrained, everybody sounds alike.
        self.players = (
            nn.ModuleDict({v: Linear(_count(v), base + axes, gain=0.0) for v in PLAYED})
            if players
            else None
        )

    def forward(self, rolls: Tensor, players: Tensor | None) -> tuple[Tensor, Tensor]:
        """What is played, in and out.

        Args:
            rolls: (B, patch · NOTES, 1, L) whether there are notes, and the roll.
            players: (B, len(PLAYER_NAMES)) who plays; None for a network that is not told.

        Returns:
            To the entry (B, base, 1, L), and to the word (B, axes, 1, L).
        """
        if self.players is None or players is None:
            return self.entry(rolls), self.expected(rolls)
        # rows behind channels, so that gradients lie in memory as the weights do (channels last)
        rows = [layer.weight.permute(0, 2, 3, 1) for layer in (self.entry, self.expected)]
        apart = torch.cat(rows).reshape(-1, self.patch, NOTES)
        weights = (apart * self._heard(players)[:, :, None, :]).flatten(2)  # (B, C, patch · NOTES)
        heard = torch.bmm(rolls[:, :, 0].transpose(1, 2), weights.transpose(1, 2).to(rolls.dtype))
        channels, base = heard.transpose(1, 2)[:, :, None], len(self.entry.weight)
        return channels[:, :base], channels[:, base:]

    def _heard(self, players: Tensor) -> Tensor:
        """(B, P) → (B, channels, NOTES): how much of each row every channel hears."""
        scales: dict[str, Tensor] = {}
        for voice in PLAYED:
            given = torch.cat([players[:, part] for part in voice_players(voice)], dim=1)
            scales[voice] = 1 + self.players[voice](given)  # type: ignore[index]
        alike = torch.ones_like(scales["drums"])
        return torch.cat(
            [
                scales.get(voice, alike)[:, :, None].expand(-1, -1, rows)
                for voice, rows in _STRETCHES
            ],
            dim=2,
        )

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


# the signals of notes in turn: whose they are, and how many
_STRETCHES: Final = (
    ("present", 1),
    *(
        (voice, voice_rows(voice).stop - voice_rows(voice).start)
        for voice in sorted(VOICES, key=lambda voice: voice_rows(voice).start)
    ),
)


def _count(voice: str) -> int:
    """How many numbers say who plays a voice."""
    return sum(part.stop - part.start for part in voice_players(voice))  # type: ignore[arg-type]
