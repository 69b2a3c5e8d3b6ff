"""The student: a T5 encoder that begins as the best bag of pieces, and learns context on top.

Its table of pieces is solved for, not trained from noise: the vectors whose plain mean comes
nearest to the teacher's sentence vectors (ridge regression towards the teacher's own vector of each
piece). The blocks' exits begin at zero, so the untrained student is that mean exactly, and half an
hour on one core goes into what a mean cannot say.

Rejected: random tables (half of the budget is spent on where words lie), and PCA of the teacher's
vectors of pieces alone (a fragment such as "fris" has none worth keeping).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from engine.text.tokens import encode_batch
from engine.training.text.encoder import EncoderShape, TextEncoder
from engine.training.text.tokenizer import SPECIAL_TOKENS

_RIDGE: Final = 0.3  # a piece's own vector counts as that many texts of this piece alone
_SCALE_PERCENTILE: Final = 99.0


@dataclass(frozen=True, kw_only=True)
class Understanding:
    """What the student makes of texts: token mean (B, D) and its image in the teacher's space."""

    pooled: Tensor
    projected: Tensor  # (B, E) of length 1


class Student(nn.Module):
    """Encoder, and the linear head that maps its mean to the teacher's space."""

    def __init__(self, encoder: TextEncoder, *, teacher_width: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.width, teacher_width, bias=False)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Understanding:
        """Understand texts: (B, N) int64 ids and mask."""
        tokens = self.encoder(input_ids, attention_mask)  # (B, N, D)
        weights = attention_mask.to(tokens.dtype)[..., None]
        pooled = (tokens * weights).sum(dim=1) / weights.sum(dim=1)
        return Understanding(
            pooled=pooled, projected=functional.normalize(self.head(pooled), dim=1)
        )


@torch.no_grad()
def understand(
    student: Student, tokenizer: Tokenizer, texts: Sequence[str], *, max_tokens: int = 96
) -> NDArray[np.float32]:
    """N texts → (N, E) in the teacher's space, of length 1."""
    rows = []
    for start in range(0, len(texts), 64):
        ids, mask = encode_batch(tokenizer, texts[start : start + 64], max_tokens=max_tokens)
        rows.append(student(torch.from_numpy(ids), torch.from_numpy(mask)).projected)
    found: NDArray[np.float32] = torch.cat(rows).numpy()
    return found


def piece_texts(tokenizer: Tokenizer) -> list[str]:
    """Each piece as a text that the teacher can read, by id; special ones are empty."""
    pieces: list[str] = [
        tokenizer.id_to_token(index) or "" for index in range(tokenizer.get_vocab_size())
    ]
    return ["" if piece in SPECIAL_TOKENS else piece.replace("▁", "") for piece in pieces]


def solve_pieces(
    rows: Sequence[NDArray[np.int64]],
    targets: NDArray[np.float32],
    prior: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Vectors whose mean over each text's pieces comes nearest to the text's target.

    Args:
        rows: the ids of each of N texts.
        targets: (N, E).
        prior: (V, E), to which a piece that is never seen falls back.

    Returns:
        (V, E).
    """
    count = len(prior)
    gram = np.zeros((count, count), np.float32)
    moment = np.zeros(prior.shape, np.float64)
    for ids, target in zip(rows, targets, strict=True):
        once, times = np.unique(ids, return_counts=True)
        share = (times / len(ids)).astype(np.float32)
        gram[np.ix_(once, once)] += np.outer(share, share)
        moment[once] += share[:, None] * target
    moment -= gram @ prior
    gram[np.diag_indices(count)] += _RIDGE
    solved = np.linalg.solve(gram, moment.astype(np.float32))
    return (prior + solved).astype(np.float32)


def first_student(pieces: NDArray[np.float32], shape: EncoderShape, *, seed: int) -> Student:
    """A student whose projected text is the mean of its pieces' vectors, (V, E).

    The vectors' first width − 1 principal directions are kept. The encoder ends by bringing every
    token to one length (T5's RMS norm), which would lose how much each piece weighs: the last
    channel, which the head does not read, takes up what is missing to that length.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = TextEncoder.from_shape(shape, vocabulary=len(pieces))
        student = Student(encoder, teacher_width=pieces.shape[1])
    kept = min(shape.width - 1, pieces.shape[1])
    _, vectors = np.linalg.eigh(pieces.T.astype(np.float64) @ pieces)
    basis = vectors[:, ::-1][:, :kept].astype(np.float32)  # (E, kept)
    table = pieces @ basis
    lengths = np.linalg.norm(table, axis=1)
    radius = max(float(np.percentile(lengths, _SCALE_PERCENTILE)), 1e-6)
    table *= np.minimum(1.0, radius / np.maximum(lengths, 1e-9))[:, None]
    slack = np.sqrt(np.maximum(radius**2 - np.sum(table**2, axis=1), 0.0))
    full = np.zeros((len(table), shape.width), np.float32)
    full[:, :kept], full[:, -1] = table, slack
    full *= np.sqrt(shape.width) / radius
    with torch.no_grad():
        encoder.encoder.shared.weight.copy_(torch.from_numpy(full))
        student.head.weight.zero_()
        student.head.weight[:, :kept].copy_(torch.from_numpy(basis.copy()))
        for name, parameter in encoder.named_parameters():
            if name.endswith((".o.weight", ".wo.weight")):  # exits of attention and feed-forward
                parameter.zero_()
    return student
