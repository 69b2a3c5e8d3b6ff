"""The text encoder: T5's, from a small shape of our own or from a local folder of real weights.

Token embeddings leave it unpooled (the paper's U-Nets cross-attend to the whole sequence), and one
class holds both origins, so that a bundle made from a pretrained T5 differs by its weights alone.

Rejected: an encoder written here (a pretrained T5 must load tensor for tensor), and fetching by
name from a hub (what a machine trains from must be what a person put on it).
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers import T5Config, T5EncoderModel

from engine.errors import UserError

_HEAD_WIDTH: Final = 64
# SDPA's transposed output cannot be viewed back at export (transformers 5.23 with torch 2.13:
# "Cannot view a tensor"); at 96 tokens plain attention costs no more. Retry when either moves.
_ATTENTION: Final = "eager"


@dataclass(frozen=True, kw_only=True)
class EncoderShape:
    """Size of a T5 encoder: model width, blocks, attention heads, feed-forward hidden width."""

    width: int
    layers: int
    heads: int
    hidden: int
    dropout: float = 0.1


SHAPES: Final = {
    "tiny": EncoderShape(width=16, layers=1, heads=2, hidden=32),
    # 6,144 whole words and pieces say more here than a fourth block would: the table is solved for
    # (engine.training.text.student), the blocks cost time, and both fit into 8 MB as float16.
    "starter": EncoderShape(width=256, layers=3, heads=4, hidden=512, dropout=0.0),
}


class TextEncoder(nn.Module):
    """T5 encoder stack: (input_ids, attention_mask) → token embeddings.

    Build with `from_shape` or `from_folder`. Padding changes no token's embedding.
    """

    def __init__(self, encoder: T5EncoderModel) -> None:
        super().__init__()
        self.encoder = encoder

    @classmethod
    def from_shape(cls, shape: EncoderShape, *, vocabulary: int) -> "TextEncoder":
        """An untrained encoder of `shape` for `vocabulary` ids; weights from torch's global rng."""
        config = T5Config(
            vocab_size=vocabulary,
            d_model=shape.width,
            d_kv=min(_HEAD_WIDTH, shape.width // shape.heads),
            d_ff=shape.hidden,
            num_layers=shape.layers,
            num_heads=shape.heads,
            dropout_rate=shape.dropout,
            feed_forward_proj="gated-gelu",
            use_cache=False,
        )
        config._attn_implementation = _ATTENTION
        return cls(T5EncoderModel(config))

    @classmethod
    def from_folder(cls, folder: Path) -> "TextEncoder":
        """The encoder half of a T5 in a local folder: config.json and *.safetensors, nothing else.

        Raises:
            UserError: the folder lacks one of them, or holds another kind of model.
        """
        _check_folder(folder)
        try:
            loaded: Any = T5EncoderModel.from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=True,
                attn_implementation=_ATTENTION,
                output_loading_info=True,
            )
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            raise _refused(folder, str(error)) from None
        model, info = loaded
        if info["missing_keys"]:  # transformers would leave them random, with a log line
            raise _refused(folder, f"its weights lack {', '.join(sorted(info['missing_keys']))}")
        return cls(model.float())

    @property
    def width(self) -> int:
        """D, the width of a token's embedding."""
        return self.encoder.config.d_model

    @property
    def vocabulary(self) -> int:
        """Number of ids the embedding table holds (a pretrained T5 rounds it up)."""
        return self.encoder.config.vocab_size

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Embed tokens: (B, N) int64 ids and (B, N) int64 mask (1 token, 0 padding) → (B, N, D)."""
        output = self.encoder(input_ids=input_ids, attention_mask=attention_mask)
        return cast(Tensor, output.last_hidden_state)


def example_tokens(encoder: TextEncoder, *, batch: int = 2, tokens: int = 12) -> dict[str, Tensor]:
    """Inputs to trace or test with: random ids, the last row half padding."""
    rng = torch.Generator().manual_seed(0)
    input_ids = torch.randint(3, encoder.vocabulary, (batch, tokens), generator=rng)
    attention_mask = torch.ones(batch, tokens, dtype=torch.int64)
    attention_mask[-1, (tokens + 1) // 2 :] = 0
    return {"input_ids": input_ids * attention_mask, "attention_mask": attention_mask}


def _refused(folder: Path, why: str) -> UserError:
    return UserError(
        "The text encoder was not loaded",
        f"{folder}: {why}",
        "Give a local folder of a T5 with config.json, tokenizer.json and safetensors weights",
    )


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise _refused(folder, "there is no such folder")
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _refused(folder, f"config.json was not read ({error})") from None
    kind = config.get("model_type") if isinstance(config, dict) else None
    if kind != "t5":
        raise _refused(folder, f"its model_type is {kind!r}, not 't5'")
    if not any(folder.glob("*.safetensors")):
        raise _refused(folder, "it has no .safetensors weights")
    if not (folder / "tokenizer.json").is_file():
        raise _refused(folder, "it has no tokenizer.json")
