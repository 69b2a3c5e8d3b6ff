"""Text embeddings for prepared data: every text of every clip, encoded once by a frozen encoder.

The encoder is a bundle's graph, or a T5 in a local folder; training then needs neither. Encoding
again with another encoder replaces what is there.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from engine.errors import UserError
from engine.text.tokens import encode_batch, load_tokenizer
from engine.training.train.data import CLIPS_NAME, Part, open_part, write_clips

# texts → embeddings (tokens, width) of each
Encode = Callable[[Sequence[str]], list[NDArray[np.float32]]]
_BATCH = 64


def embed_texts(data: Path, encode: Encode, say: Callable[[str], None] = lambda line: None) -> int:
    """Write text.npy in every part of prepared data. Returns the number of texts.

    Raises:
        UserError: the data cannot be read.
    """
    folders = sorted(path.parent for path in data.glob(f"*-*/{CLIPS_NAME}"))
    total = 0
    for folder in folders:
        total += _embed_part(open_part(folder), encode)
        say(f"{folder.name}: texts embedded")
    return total


def _embed_part(part: Part, encode: Encode) -> int:
    texts = [text for clip in part.clips for text in clip.texts]
    found = []
    for start in range(0, len(texts), _BATCH):
        found += encode(texts[start : start + _BATCH])
    lengths = np.array([len(rows) for rows in found])
    firsts = np.cumsum(lengths) - lengths
    places = iter(zip(firsts.tolist(), lengths.tolist(), strict=True))
    clips = [replace(clip, rows=tuple(next(places) for _ in clip.texts)) for clip in part.clips]
    # The old clips.json may not stand beside new embeddings.
    (part.folder / CLIPS_NAME).unlink()
    np.save(part.folder / "text.npy", np.concatenate(found).astype(np.float16), allow_pickle=False)
    write_clips(part.folder, clips, mean_square=part.mean_square)
    return len(texts)


def encoder_from(source: Path, *, max_tokens: int = 96) -> Encode:
    """The encoder of a bundle's folder, or of a folder with a T5 and its tokenizer.json.

    Raises:
        UserError: it holds neither.
    """
    if (source / "manifest.json").is_file():
        return _bundle_encoder(source)
    return _folder_encoder(source, max_tokens)


def _folder_encoder(folder: Path, max_tokens: int) -> Encode:
    import torch  # noqa: PLC0415 - heavy, and not every caller has text

    from engine.training.text.encoder import TextEncoder  # noqa: PLC0415 - transformers

    encoder = TextEncoder.from_folder(folder).eval()
    tokenizer = load_tokenizer((folder / "tokenizer.json").read_bytes())

    def run(ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        with torch.no_grad():
            found: NDArray[np.float32] = encoder(
                torch.from_numpy(ids), torch.from_numpy(mask)
            ).numpy()
        return found

    return _encoding(tokenizer, run, max_tokens)


def _bundle_encoder(folder: Path) -> Encode:
    import onnxruntime  # noqa: PLC0415 - not every caller has a bundle

    from engine.bundle.checks import read_manifest  # noqa: PLC0415

    spec = read_manifest((folder / "manifest.json").read_bytes()).text
    tokenizer = load_tokenizer((folder / spec.tokenizer).read_bytes())
    try:
        session = onnxruntime.InferenceSession(
            folder / spec.model, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime's errors have no public base
        raise UserError(
            "The texts were not embedded", f"{folder / spec.model}: {error}", "Reinstall the bundle"
        ) from None

    def run(ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        found: NDArray[np.float32] = session.run(None, {"input_ids": ids, "attention_mask": mask})[
            0
        ]
        return found

    return _encoding(tokenizer, run, spec.max_tokens)


def _encoding(
    tokenizer: Tokenizer,
    run: Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float32]],
    max_tokens: int,
) -> Encode:
    def encode(texts: Sequence[str]) -> list[NDArray[np.float32]]:
        ids, mask = encode_batch(tokenizer, texts, max_tokens=max_tokens)
        rows = run(ids, mask)
        return [row[: int(count)] for row, count in zip(rows, mask.sum(axis=1), strict=True)]

    return encode
