"""No caption contradicts its labels, none leaks a held-out word, all are well-formed."""

import re

import msgspec
import pytest

from engine.composer import Request, compose
from engine.composer.genres import GENRES, MOODS
from engine.corpus.annotate import Annotations, annotate
from engine.corpus.captions import Captions, describe, lexicon
from engine.corpus.captions.check import contradictions
from engine.corpus.captions.words import Word
from engine.music.instruments import INSTRUMENTS

SEEDS = 4


@pytest.fixture(scope="module")
def clips() -> list[Annotations]:
    requests = [Request(genre=genre) for genre in GENRES]
    requests += [Request(genre=genre) for genre in GENRES]
    requests += [Request(texture="solo", instruments=(name,)) for name in INSTRUMENTS
                 if name not in ("riser", "impact")][::2]  # fmt: skip
    return [annotate(compose(7 * seed, request=r)) for seed, r in enumerate(requests)]


@pytest.fixture(scope="module")
def told(clips: list[Annotations]) -> list[tuple[Annotations, Captions]]:
    return [(clip, describe(clip, seed)) for clip in clips for seed in range(SEEDS)]


def _texts(captions: Captions) -> list[str]:
    return [*captions.long, *captions.short, captions.title]


def _held_out() -> set[str]:
    found: set[str] = set()

    def visit(value: object) -> None:
        if isinstance(value, Word) and value.held_out:
            texts = value.text.replace("{n}", "").split("|")
            found.update(text.strip().lower() for text in texts)
        elif isinstance(value, dict):
            visit(list(value.values()))
        elif isinstance(value, list | tuple):
            for item in value:
                visit(item)

    visit([getattr(lexicon, name) for name in dir(lexicon) if name.isupper()])
    return found


def test_nothing_contradicts_the_labels(told: list[tuple[Annotations, Captions]]) -> None:
    wrong = [
        (text, clip.genre, found)
        for clip, captions in told
        for text in _texts(captions)
        if (found := contradictions(text, clip))
    ]
    assert not wrong, wrong[:5]


def test_held_out_captions_are_true_too(clips: list[Annotations]) -> None:
    for clip in clips[:70]:
        for text in _texts(describe(clip, 1, held_out=True)):
            assert not contradictions(text, clip), text


def test_training_captions_never_use_a_held_out_word(
    told: list[tuple[Annotations, Captions]],
) -> None:
    texts = [text.lower() for _, captions in told for text in _texts(captions)]
    assert len(texts) > 5000
    words = sorted(_held_out(), key=len, reverse=True)
    assert len(words) > 250
    pattern = re.compile("|".join(map(re.escape, words)).join((r"(?<!\w)(?:", r")(?!\w)")))
    assert not [found[0] for text in texts if (found := pattern.search(text))]


def test_held_out_captions_do_use_them(clips: list[Annotations]) -> None:
    words = sorted(_held_out(), key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, words)).join((r"(?<!\w)(?:", r")(?!\w)")))
    texts = [text.lower() for clip in clips for text in describe(clip, 3, held_out=True).long]
    assert sum(pattern.search(text) is not None for text in texts) > 0.9 * len(texts)


def test_form(told: list[tuple[Annotations, Captions]]) -> None:
    for _, captions in told:
        assert len(set(captions.long)) == 3
        assert all(6 <= len(text.split()) <= 40 for text in captions.long)
        assert 4 <= len(captions.short) <= 8
        assert len(set(captions.short)) == len(captions.short)
        assert all(1 <= len(tag.split()) <= 8 for tag in captions.short)
        assert 1 <= len(captions.title.split()) <= 8
        for text in _texts(captions):
            assert not re.search(r"[{}\[\]|@~÷\x01-\x04]|/n\b|/p\b|/m\b|  | ,|,,", text), text
            assert not re.search(r"\b(\w+) \1\b", text.lower()), text
            assert not re.search(r"\ba (?!one)[aeio]|\ban [bcdfgjklpqtvwxyz](?!\b)", text), text


def test_entities_are_canonical(told: list[tuple[Annotations, Captions]]) -> None:
    families = {row.family for row in INSTRUMENTS.values()}
    for clip, captions in told:
        assert captions.entities[0] == clip.genre
        rest = set(captions.entities[1:])
        assert set(clip.moods) <= rest
        assert rest <= families | set(MOODS) | {clip.era}


def test_the_same_seed_says_the_same(clips: list[Annotations]) -> None:
    clip = clips[0]
    assert describe(clip, 4) == describe(clip, 4)
    assert len({describe(clip, seed).long for seed in range(20)}) == 20


def test_a_solo_is_named_by_what_plays() -> None:
    clip = annotate(compose(9, request=Request(genre="string quartet", texture="solo",
                                               instruments=("cello",))))  # fmt: skip
    for seed in range(60):
        captions = describe(clip, seed)
        assert not any("quartet" in text.lower() for text in _texts(captions))
        assert sum("cello" in text.lower() for text in captions.long) >= 1


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("a happy techno track with piano", {"happy", "techno", "piano"}),
        ("dark jazz at 90 bpm in C major", {"dark", "90 bpm", "key C", "major"}),
        ("no drums, unaccompanied flute, very fast", {"no drums", "unaccompanied", "flute",
                                                     "very fast"}),
        ("1980s groove in 3/4 with tape hiss", {"1980s", "3/4", "meter 3/4", "tape"}),
        ("calm soul with a saxophone melody over four-on-the-floor drums",
         {"melody", "four-on-the-floor", "saxophone"}),
    ],
)  # fmt: skip
def test_the_checker_finds_lies(text: str, wrong: set[str]) -> None:
    request = Request(genre="soul", moods=("calm",), key="Am", bpm=72.0, era="1960s", meter="6/8",
                      texture="full")  # fmt: skip
    clip = annotate(compose(1, request=request))
    clip = _without(clip, melody=True)
    assert wrong <= set(contradictions(text, clip)) | ({"tape"} & wrong)


def _without(clip: Annotations, *, melody: bool) -> Annotations:
    gone = ("piano", "electric piano", "saxophone", "flute")
    parts = tuple(
        part
        for part in clip.parts
        if not (melody and part.role == "melody") and part.family not in gone
    )
    return msgspec.structs.replace(clip, parts=parts, master={})
