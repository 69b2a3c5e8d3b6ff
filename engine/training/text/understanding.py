"""Makes the bundle's file of what words mean (engine.bundle.understanding), and measures it.

The map is a softmax regression on vectors of the encoder: the captions' words, alone and beside a
stray word, against stretches of captions and words of sound and use that name nothing. How sure it
may be is fitted on prompts made of words that neither the map nor a caption has had.

Rejected: means of each category's vectors and the nearest word (on held-out words right as often,
but no better a "none of them" than a cosine), and fitting on the words it was trained on (it would
be sure of everything).
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar, cast

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from engine.bundle.understanding import (
    SCHEMA,
    Kind,
    UnderstandingFile,
    hashed_words,
)
from engine.errors import UserError
from engine.music.instruments import INSTRUMENTS
from engine.text.encoder import EncodedText
from engine.text.phrases import key, segments, spans, split_known
from engine.text.reading import without_readings
from engine.text.tokens import encode_batch
from engine.text.understanding import (
    LONGEST_GUESS,
    Embed,
    Source,
    Understander,
    token_means,
)
from engine.training.text.encoder import TextEncoder
from engine.training.text.labelled import (
    Labelled,
    Meaning,
    fitted_words,
    known_words,
    labelled_captions,
    labelled_prompts,
    meaning_of,
    word_table,
)
from engine.training.text.vocabulary import categories, words_by_kind

FloatArray = NDArray[np.float32]
Content = TypeVar("Content")
_BATCH: Final = 128
_DAMAGED: Final = (OSError, KeyError, UnicodeDecodeError, SafetensorError, msgspec.MsgspecError)
_SHARPNESS: Final = 10.0  # vectors of length 1 are brought to this one for the regression
_NOTHING: Final = 0.3  # weight of a text that names nothing
_DECAY: Final = 3e-5  # of the map's weights
_STRAYS: Final = 2  # copies of each word beside a stray one
_NEWTON_STEPS: Final = 20
_RIDGE: Final = 1.0  # towards the map's own say, in guesses
_SURE: Final = 0.98  # of a phrase with one meaning before it was seen
_PRIOR: Final = 4.0  # captions that this assumption counts as


@dataclass(frozen=True, kw_only=True)
class FileAmounts:
    """How much the file is made from.

    Attributes:
        clips: compositions whose captions are read.
        prompts: of each sort to fit confidences on.
        nothings: stretches of captions that name nothing.
        updates: of the regression, at most.
    """

    clips: int = 300
    prompts: int = 1000
    nothings: int = 2500
    updates: int = 100


def encoder_means(encoder: TextEncoder, tokenizer: Tokenizer) -> Embed:
    """N texts → (N, D) mean token embeddings of a torch encoder."""

    @torch.no_grad()
    def embed(texts: Sequence[str]) -> FloatArray:
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        means = np.zeros((len(texts), encoder.width), np.float32)
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            ids, mask = encode_batch(tokenizer, [texts[i] for i in places], max_tokens=96)
            rows = encoder(torch.from_numpy(ids), torch.from_numpy(mask)).numpy()
            means[places] = token_means(EncodedText(rows, mask.astype(np.float32)))
        return means

    return embed


def teachers_basis(folder: Path) -> FloatArray | None:
    """(D, D) in which an encoder's vectors lie as in its teacher's space; None without a head.

    With the head H it is the root of HᵀH, so that lengths and angles are those of H · vector: words
    that the map has not had are told apart better there than by the plain vectors.

    Raises:
        UserError: the file is damaged.
    """
    kept = _kept(folder / "head.safetensors", lambda path: load_file(path)["weight"])
    if kept is None:
        return None
    head = kept.astype(np.float64)
    values, vectors = np.linalg.eigh(head.T @ head)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    scaled: FloatArray = (root / max(float(np.abs(root).max()), 1e-9)).astype(np.float32)
    return scaled


def learnt_words(folder: Path) -> set[str] | None:
    """Every word of the texts that an encoder was taught on; None where they are not kept.

    Raises:
        UserError: the file is damaged.
    """
    texts = _kept(
        folder / "texts.json", lambda path: msgspec.json.decode(path.read_bytes(), type=list[str])
    )
    if texts is None:
        return None
    return {word for text in texts for words in segments(text) for word in words}


def _kept(path: Path, read: Callable[[Path], Content]) -> Content | None:
    """What a file of an encoder's folder holds; None where it is not there."""
    if not path.is_file():
        return None
    try:
        return read(path)
    except _DAMAGED as error:
        raise UserError(
            "The bundle was not written", f"{path}: {error}", "Train the text encoder again"
        ) from None


def understanding_of(
    folder: Path,
    encoder: TextEncoder,
    tokenizer: Tokenizer,
    *,
    amounts: FileAmounts | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> UnderstandingFile | None:
    """The file for the encoder of a folder; None where its texts are not kept. About a minute.

    Raises:
        UserError: the folder's texts or its head are damaged.
    """
    words = learnt_words(folder)
    if words is None:
        return None
    embed = encoder_means(encoder, tokenizer)
    return understanding_file(embed, words, basis=teachers_basis(folder), amounts=amounts, say=say)


def understanding_file(
    embed: Embed,
    words: set[str],
    *,
    basis: FloatArray | None = None,
    amounts: FileAmounts | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> UnderstandingFile:
    """Make the file.

    Args:
        embed: the encoder.
        words: every word that it has met.
        basis: (D, D) in which its vectors are to be compared; None takes them as they are.
        amounts: how much it is made from.
        say: takes lines of progress.
    """
    amounts = amounts or FileAmounts()
    say("composing captions")
    captions = labelled_captions("train", clips=amounts.clips)
    say("fitting what words mean")
    first = _first_file(embed, words, basis, captions, amounts)
    fitted = _with_confidences(first, embed, amounts)
    table = word_table(known_words, fitted_words)
    return msgspec.structs.replace(fitted, phrases=_phrases(table, captions))


def _first_file(
    embed: Embed,
    words: set[str],
    basis: FloatArray | None,
    captions: Sequence[Labelled],
    amounts: FileAmounts,
) -> UnderstandingFile:
    """The file with the map as it comes, and no word that captions never use."""
    names = _names()
    guessed = sorted({meaning_of(category) for category in categories()})
    texts, targets = _examples(guessed, _nothings(captions, amounts.nothings))
    vectors = embed(texts)
    rows, width = 1 + len(guessed), vectors.shape[1]
    empty = UnderstandingFile(
        schema=SCHEMA,
        width=width,
        names=tuple((cast(Kind, kind), name) for kind, name in names),
        guessed=len(guessed),
        basis=b"" if basis is None else basis.astype("<f2").tobytes(),
        weights=bytes(2 * rows * width),
        biases=bytes(4 * rows),
        slope=1.0,
        offset=0.0,
        phrases=_phrases(word_table(known_words), captions),
        slip=1.0,
        words=hashed_words(words),
    )
    weights, biases = fit_map(empty.unit(vectors), np.array(targets), rows, amounts.updates)
    return msgspec.structs.replace(
        empty, weights=weights.astype("<f2").tobytes(), biases=biases.astype("<f4").tobytes()
    )


def _nothings(captions: Sequence[Labelled], number: int) -> list[str]:
    """Stretches of captions, and words of sound and use, that name nothing; the usual first."""
    table = word_table(known_words, fitted_words)
    found: Counter[str] = Counter()
    for caption in captions:
        for words in segments(caption.text):
            for run in split_known(table, words)[1]:
                stretches = spans(run, LONGEST_GUESS)
                found.update(" ".join(run[a:b]).casefold() for a, b in stretches)
    other = [word for kind in ("sound", "use") for word in words_by_kind()[kind]]
    free = [word for word in other if not _speaks(table, word)]
    return [text for text, _ in found.most_common(number)] + free


def _speaks(table: Mapping[str, frozenset[Meaning]], text: str) -> bool:
    return any(split_known(table, words)[0] for words in segments(text))


def _examples(names: list[Meaning], nothings: list[str]) -> tuple[list[str], list[int]]:
    """Texts and their rows of the map; 0 is nothing."""
    rows = {name: place + 1 for place, name in enumerate(names)}
    rng = random.Random(0)  # noqa: S311 - which stray word stands beside which
    strays = [text.split()[-1] for text in nothings] or ["more"]
    texts, targets = list(nothings), [0] * len(nothings)
    for category in categories():
        for word in category.known:
            beside = [rng.choice(strays) for _ in range(_STRAYS)]
            variants = [word] + [
                f"{word} {stray}" if rng.random() < 0.5 else f"{stray} {word}" for stray in beside
            ]
            texts += variants
            targets += [rows[meaning_of(category)]] * len(variants)
    return texts, targets


def fit_map(
    vectors: FloatArray, targets: NDArray[np.int64], rows: int, updates: int
) -> tuple[FloatArray, FloatArray]:
    """Softmax regression from (N, D), of length 1, on rows' numbers: (rows, D) and (rows,)."""
    inputs, wanted = torch.from_numpy(vectors * np.float32(_SHARPNESS)), torch.from_numpy(targets)
    counts = torch.where(wanted == 0, _NOTHING, 1.0)
    weights = torch.zeros(rows, vectors.shape[1], requires_grad=True)
    biases = torch.zeros(rows, requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [weights, biases], max_iter=updates, line_search_fn="strong_wolfe"
    )

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        scores = inputs @ weights.T + biases
        each = torch.nn.functional.cross_entropy(scores, wanted, reduction="none")
        value = (each * counts).mean() + _DECAY * weights.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return (weights.detach() * _SHARPNESS).numpy(), biases.detach().numpy()


def _names() -> list[Meaning]:
    """Everything that can be reported: what the map knows, then families and wide words."""
    guessed = sorted({meaning_of(category) for category in categories()})
    wide = {m for row in _narrowed(word_table(known_words)).values() for m in row}
    return [*guessed, *sorted(wide.difference(guessed))]


def _narrowed(table: Mapping[str, frozenset[Meaning]]) -> dict[str, frozenset[Meaning]]:
    """A word for several instruments is their family, or, where they have several, itself."""
    written = {key(word): word for category in categories() for word in category.known}
    found = dict(table)
    for word, meanings in table.items():
        names = {name for kind, name in meanings if kind == "instrument"}
        if len(names) > 1:
            families = {INSTRUMENTS[name].family for name in names}
            wide = families.pop() if len(families) == 1 else written.get(word, word)
            others = {m for m in meanings if m[0] != "instrument"}
            found[word] = frozenset({*others, ("instrument", wide)})
    for row in INSTRUMENTS.values():
        found.setdefault(key(row.family), frozenset([("instrument", row.family)]))
    return found


def _phrases(
    table: Mapping[str, frozenset[Meaning]], captions: Sequence[Labelled]
) -> dict[str, tuple[tuple[int, float], ...]]:
    """Each phrase's names, with the share of captions with the phrase that meant the name."""
    place = {name: index for index, name in enumerate(_names())}
    said: Counter[str] = Counter()
    meant: Counter[tuple[str, Meaning]] = Counter()
    narrowed = _narrowed(table)
    for caption in captions:
        for words in segments(caption.text):
            for found, _ in split_known(narrowed, words)[0]:
                said[found] += 1
                meant.update((found, one) for one in narrowed[found] if caption.allows(one))

    def share(word: str, one: Meaning) -> float:
        assumed = _PRIOR * _SURE / len(narrowed[word])
        return round((meant[word, one] + assumed) / (said[word] + _PRIOR), 4)

    return {
        word: tuple((place[one], share(word, one)) for one in sorted(meanings))
        for word, meanings in sorted(narrowed.items())
    }


def _with_confidences(
    file: UnderstandingFile, embed: Embed, amounts: FileAmounts
) -> UnderstandingFile:
    """The file with slope, offset and the share of slips fitted on words it does not know."""
    reader = Understander(file, embed)
    guesses = _judged(reader, labelled_prompts(fitted_words, number=amounts.prompts), "guess")
    slope, offset = fit_shares(list(guesses.values()))
    typed = labelled_prompts(known_words, number=amounts.prompts, seed=1, slips=True)
    slips = [right for _, right in _judged(reader, typed, "slip").values()]
    slip = (sum(slips) + _SURE) / (len(slips) + 1)
    return msgspec.structs.replace(file, slope=slope, offset=offset, slip=min(slip, 1.0))


def _judged(
    reader: Understander, prompts: Sequence[Labelled], source: Source
) -> dict[tuple[str, str], tuple[float, bool]]:
    """(words, name) → (confidence, whether it is right) of one source in prompts, each once.

    A word that comes in twenty prompts says no more of the others than one that comes in one.
    """
    return {
        (one.guess.words.casefold(), one.guess.name): (
            one.guess.confidence,
            prompt.allows((one.kind, one.guess.name)),
        )
        for prompt in prompts
        for one in reader.meant(without_readings(prompt.text))
        if one.source == source
    }


def fit_shares(judged: Sequence[tuple[float, bool]]) -> tuple[float, float]:
    """Slope and offset of `share_of` that make confidences true (Platt scaling); (1, 0) for few.

    Source: Platt, "Probabilistic outputs for support vector machines", 1999.
    """
    if len({right for _, right in judged}) < 2:
        return 1.0, 0.0
    said = np.clip(np.array([share for share, _ in judged], np.float64), 1e-6, 1 - 1e-6)
    inputs = np.stack([np.log(said / (1 - said)), np.ones(len(said))], axis=1)
    right = np.array([float(was) for _, was in judged])
    line = np.array([1.0, 0.0])
    for _ in range(_NEWTON_STEPS):
        found = 1 / (1 + np.exp(-inputs @ line))
        slope = inputs.T @ (right - found) - _RIDGE * (line - [1.0, 0.0])
        curve = (inputs * (found * (1 - found))[:, None]).T @ inputs + _RIDGE * np.eye(2)
        line = line + np.clip(np.linalg.solve(curve, slope), -1.0, 1.0)
    return float(np.clip(line[0], 0.1, 10.0)), float(np.clip(line[1], -20.0, 20.0))
