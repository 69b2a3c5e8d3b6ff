"""The teacher: all-MiniLM-L6-v2, a small sentence encoder whose geometry the starter's text learns.

Used while training only; nothing of it is shipped. Its weights are known by their SHA-256, since
another model under the same name would be learnt without a complaint.
Source: https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0); mean of the
last layer's tokens, then length 1.

Rejected: sentence-transformers (a package for fifteen lines), and asking the teacher anew in every
epoch (it costs as much as a step of the student: each text is asked once and kept).
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from tokenizers import Tokenizer
from transformers import BertModel

from engine.errors import UserError

WEIGHTS_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_WEIGHTS: Final = "model.safetensors"
_MAX_TOKENS: Final = 128
_BATCH_TOKENS: Final = 1536
_PART_TEXTS: Final = 2048  # in one file of the cache


class Teaches(Protocol):
    """Whatever maps texts to unit vectors."""

    @property
    def name(self) -> str:
        """Which teacher: another one has another cache."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """N texts → (N, D) of length 1."""


class Teacher:
    """all-MiniLM-L6-v2 from a local folder. D is 384."""

    def __init__(self, folder: Path, *, sha256: str = WEIGHTS_SHA256) -> None:
        """Load and check it.

        Args:
            folder: with config.json, tokenizer.json, model.safetensors.
            sha256: of model.safetensors.

        Raises:
            UserError: a file is missing, or the weights are others.
        """
        try:
            with (folder / _WEIGHTS).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise _refused(folder, str(error)) from None
        if found != sha256:
            raise _refused(folder, f"{_WEIGHTS} has SHA-256 {found}, not {sha256}")
        try:
            model: Any = BertModel.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, add_pooling_layer=False
            )
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            raise _refused(folder, str(error)) from None
        except Exception as error:  # tokenizers raises bare Exception from Rust
            raise _refused(folder, f"tokenizer.json: {error}") from None
        self._model = model.float().eval()
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        self.name = found

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """N texts → (N, 384) of length 1; texts of like length are run together."""
        rows = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
        result = np.empty((len(rows), self._model.config.hidden_size), np.float32)
        start = 0
        while start < len(order):
            count = max(1, _BATCH_TOKENS // len(rows[order[start]]))
            chosen = order[start : start + count]
            result[chosen] = self._run([rows[index] for index in chosen])
            start += count
        return result

    @torch.no_grad()
    def _run(self, rows: list[list[int]]) -> NDArray[np.float32]:
        longest = max(map(len, rows))
        ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
        mask = (torch.arange(longest) < torch.tensor([[len(row)] for row in rows])).long()
        tokens = self._model(input_ids=ids, attention_mask=mask).last_hidden_state  # (B, N, 384)
        pooled = (tokens * mask[..., None]).sum(dim=1)  # its length is lost below
        unit: NDArray[np.float32] = torch.nn.functional.normalize(pooled, dim=1).numpy()
        return unit


def embeddings(
    teacher: Teaches,
    texts: Sequence[str],
    *,
    cache: Path,
    say: Callable[[str], None] = lambda line: None,
    stop: Callable[[], bool] = lambda: False,
) -> NDArray[np.float32] | None:
    """N texts → (N, D) float32 of length 1, kept in `cache` as float16 in parts.

    A part's name is a hash of its texts and of the teacher, so that what was asked once is not
    asked again after an interruption, and nothing stale is read.

    Returns:
        None if `stop` said so.

    Raises:
        UserError: the cache cannot be written.
    """
    found = []
    for start in range(0, len(texts), _PART_TEXTS):
        if stop():
            return None
        part = list(texts[start : start + _PART_TEXTS])
        found.append(_part(teacher, part, cache))
        say(f"teacher: {start + len(part)} of {len(texts)} texts")
    return np.concatenate(found).astype(np.float32)


def _part(teacher: Teaches, texts: list[str], cache: Path) -> NDArray[np.float16]:
    key = "\0".join((teacher.name, *texts)).encode()
    path = cache / f"{hashlib.sha256(key).hexdigest()[:32]}.npy"
    try:
        kept: NDArray[np.float16] = np.load(path, allow_pickle=False)
        if kept.dtype == np.float16 and kept.ndim == 2 and len(kept) == len(texts):
            return kept
    except (OSError, ValueError, EOFError):
        pass  # not there, or cut off while it was written
    made = teacher.embed(texts).astype(np.float16)
    scratch = path.with_suffix(".part.npy")
    try:
        cache.mkdir(parents=True, exist_ok=True)
        np.save(scratch, made, allow_pickle=False)
        scratch.replace(path)
    except OSError as error:
        raise UserError(
            "The teacher's answers were not kept", f"{path}: {error}", "Free some space"
        ) from None
    return made


def _refused(folder: Path, why: str) -> UserError:
    return UserError(
        "The teacher was not loaded",
        f"{folder}: {why}",
        "Give a folder with all-MiniLM-L6-v2: config.json, tokenizer.json, model.safetensors",
    )
