"""A sub-word tokenizer with T5's special ids, trained on captions and saved as tokenizer.json.

Byte-pair encoding over lower-cased NFKC text whose spaces became "▁", so that any T5-shaped
encoder and the runtime read one file and one set of ids (pad 0, eos 1, unk 2).

Rejected: WordPiece (its trainer numbers "##" pieces in hash order and breaks ties by number, so two
runs disagree: https://github.com/huggingface/tokenizers/issues/1794; without a continuation prefix
every piece comes from the sorted alphabet and the same trainer is deterministic), Unigram (its EM
sums floats in the order the threads finish), and whole words (a misspelt prompt would be silence).
"""

from collections.abc import Iterable
from pathlib import Path
from string import ascii_lowercase, digits, punctuation
from typing import Final

from tokenizers import (
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from engine.errors import UserError
from engine.text.tokens import EOS_ID, PAD_ID, UNK_ID

SPECIAL_TOKENS: Final = ("<pad>", "</s>", "<unk>")  # in the order of their ids, as T5 has them
STARTER_VOCABULARY: Final = 6144

# What a person types on a plain keyboard is never <unk>, whatever the corpus held.
_ALPHABET: Final = [*ascii_lowercase, *digits, *punctuation, "▁", "♯", "♭", "é"]

# Every word a test prompt needs, so that a tiny tokenizer exists without a corpus.
TINY_TEXTS: Final = (
    "slow lo-fi guitar ballad with warm rhodes chords and vinyl noise",
    "fast techno with a heavy kick, acid bass line and open hi-hats",
    "a calm piano piece in a minor, gentle strings and a soft flute melody",
    "happy pop song with bright synth pads, claps and a catchy lead",
    "dark ambient drone, deep sub bass, slow evolving texture",
    "jazz trio: walking double bass, brushed drums and piano solo",
    "energetic rock with distorted electric guitar, drums and organ",
    "funk groove, slap bass, wah guitar and brass section",
    "house beat at 120 bpm in c major with a four on the floor kick",
    "sad orchestral film score, cello and violin, 90 bpm, f sharp minor",
    "hip hop drums, trap hats, 808 bass, bell melody, loop",
    "acoustic folk waltz in three four, harp and accordion",
)


def train_tokenizer(texts: Iterable[str], *, vocabulary: int = STARTER_VOCABULARY) -> Tokenizer:
    """Train on an iterable of texts; the same texts in the same order give the same tokenizer.

    Args:
        texts: captions and prompts, one a string; read once.
        vocabulary: number of ids, the three special ones and the plain keyboard included.
    """
    tokenizer = Tokenizer(models.BPE(unk_token=SPECIAL_TOKENS[UNK_ID], fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Lowercase(),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(),
            pre_tokenizers.Punctuation(),
            pre_tokenizers.Digits(individual_digits=True),  # 119 bpm is near 120, not a rare word
        ]
    )
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=_ALPHABET,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer=trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {SPECIAL_TOKENS[EOS_ID]}", special_tokens=[(SPECIAL_TOKENS[EOS_ID], EOS_ID)]
    )
    return tokenizer


def tiny_tokenizer() -> Tokenizer:
    """A tokenizer of a few hundred musical pieces, for tests and random bundles."""
    return train_tokenizer(TINY_TEXTS, vocabulary=256)


def save_tokenizer(tokenizer: Tokenizer, path: Path) -> None:
    """Write tokenizer.json."""
    path.write_text(tokenizer.to_str(), encoding="utf-8")  # pretty is two and a half times as long


def load_tokenizer(path: Path) -> Tokenizer:
    """Read a tokenizer.json and check T5's special ids.

    Raises:
        UserError: the file is missing, is no tokenizer, or numbers the special tokens otherwise.
    """
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises bare Exception from Rust, whatever went wrong
        raise UserError(
            "The tokenizer was not read", f"{path}: {error}", "Give a tokenizer.json file"
        ) from None
    found = tuple(tokenizer.token_to_id(token) for token in SPECIAL_TOKENS)
    if found != (PAD_ID, EOS_ID, UNK_ID):
        raise UserError(
            "The tokenizer was refused",
            f"{path} gives {', '.join(SPECIAL_TOKENS)} the ids {found}",
            "Give a T5 tokenizer, whose ids for them are 0, 1 and 2",
        )
    return tokenizer
