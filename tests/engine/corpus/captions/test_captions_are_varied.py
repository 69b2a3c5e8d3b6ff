"""How many different sentences there are."""

from math import prod

from engine.composer import Request, compose
from engine.composer.dice import Dice
from engine.composer.genres import GENRES
from engine.corpus.annotate import Annotations, annotate
from engine.corpus.captions import lexicon
from engine.corpus.captions.describe import sentence
from engine.corpus.captions.facts import Clip
from engine.corpus.captions.polish import pick_style
from engine.corpus.captions.teller import Teller
from engine.corpus.captions.template import Choice, Option, Sequence, Slot, Template

MILLION = 10**6


def _clip(seed: int, **fixed: object) -> Annotations:
    return annotate(compose(seed, request=Request(**fixed)))  # type: ignore[arg-type]  # test data


class _Counter:
    """A lower bound of what one template can say of a clip: players count as one noun each."""

    def __init__(self, clip: Annotations) -> None:
        self.teller = Teller(Clip(clip), Dice(0))
        first, second = self.teller.clip.players[:2]
        nouns = [
            sum(not w.held_out for w in lexicon.INSTRUMENT[part.instrument])
            for part in (first, second)
        ]
        moods = sum(
            not w.held_out for mood in clip.moods for w in lexicon.MOODS_BY_KIND["mood"][mood]
        )
        genres = sum(not w.held_out and not w.needs for w in lexicon.GENRE[clip.genre])
        self.slots = {"insts": prod(nouns), "bare insts": prod(nouns), "one": nouns[0],
                      "bare one": nouns[0], "mood": moods, "genre": genres, "genre any": genres,
                      "clause": nouns[0] * 2}  # fmt: skip

    def template(self, template: Template) -> int:
        return self.sequence(template.body) if template.when.fits(self.teller.clip.facts) else 0

    def sequence(self, nodes: Sequence) -> int:
        total = 1
        for node in nodes:
            match node:
                case Slot(name):
                    total *= self.slot(name)
                case Choice(options):
                    total *= sum(self.sequence(option) for option in options)
                case Option():
                    pass  # counted as left out: a lower bound
        return total

    def slot(self, name: str) -> int:
        if name in lexicon.RULES:
            return sum(self.template(rule) for rule in lexicon.RULES[name])
        if name in lexicon.FLAT:
            return len(self.teller.fitting(name, lexicon.FLAT[name]))
        return self.slots.get(name, 1)


def test_one_clip_alone_has_over_a_million_sentences() -> None:
    counter = _Counter(_clip(3, genre="deep house", texture="full"))
    for voice in ("describe", "ask"):
        assert sum(counter.template(t) for t in lexicon.VOICES[voice]) > MILLION


def test_the_prompts_of_a_few_genres_are_over_a_million() -> None:
    total = 0
    for place, genre in enumerate(list(GENRES)[::4]):
        counter = _Counter(_clip(place, genre=genre, texture="full"))
        total += sum(counter.template(t) for t in lexicon.VOICES["prompt"])
    assert total > MILLION


def test_sampled_sentences_hardly_ever_repeat() -> None:
    clips = [_clip(31 * place, genre=genre) for place, genre in enumerate(GENRES)]
    said: list[str] = []
    wanted = 20_000
    tellers = [Teller(Clip(clip), Dice("sample", clip.seed)) for clip in clips]
    while len(said) < wanted:
        for teller in tellers:
            said += [sentence(teller, v, pick_style(v, teller.dice)) for v in lexicon.VOICES]
    assert len(set(said)) >= 0.99 * len(said)
    lengths = sorted(len(text.split()) for text in said)
    assert lengths[len(lengths) // 20] <= 9
    assert lengths[-len(lengths) // 20] >= 22


def test_rare_moods_are_said_first() -> None:
    rarity = lexicon.MOOD_RARITY
    assert rarity["solemn"] > 1.5 * rarity["energetic"]
