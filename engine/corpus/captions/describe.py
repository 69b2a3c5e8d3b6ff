"""A clip's text: three long captions in three voices, short tags, a title, entity tags.

Rejected: captions by a language model (they could not be checked against the labels word by word,
and none can be had offline).
"""

import re
from collections.abc import Callable
from functools import partial

from engine.composer.dice import Dice
from engine.corpus.annotate import Annotations
from engine.corpus.captions import lexicon
from engine.corpus.captions.facts import Clip
from engine.corpus.captions.model import Captions
from engine.corpus.captions.polish import pick_style, polish, stands, title_case
from engine.corpus.captions.teller import Silent, Teller
from engine.corpus.captions.template import Template

_TRIES = 60
_NO_ARTICLE = re.compile(r"^(?:a|an|the) ")
_TAGS = (4, 8)
# slot → how often it is offered as a tag
_TAG_SLOTS = (
    ("mood", 0.7), ("energy", 0.7), ("tempo", 0.7), ("era", 0.7), ("production", 0.6),
    ("groove", 0.6), ("density", 0.5), ("mode", 0.4), ("absence", 0.6), ("bare beat", 0.5),
    ("activity", 0.4), ("bars", 0.3), ("bpm", 0.15), ("key", 0.15), ("meter", 0.3),
)  # fmt: skip


def sentence(teller: Teller, voice: str, style: str) -> str:
    """One long caption.

    Args:
        teller: of the clip.
        voice: "describe", "prompt" or "ask".
        style: as engine.corpus.captions.polish has it.

    Raises:
        RuntimeError: no template of the voice fits the clip (a hole in the grammar).
    """
    templates = _fitting(teller, lexicon.VOICES[voice])
    for _ in range(_TRIES):
        try:
            text = polish(teller.tell(teller.dice.pick(templates)), style=style)
        except Silent:
            continue
        if stands(text):
            return text
    msg = f"nothing to say of {teller.clip.labels.genre!r} in the voice {voice!r}"
    raise RuntimeError(msg)


def _fitting(teller: Teller, templates: tuple[Template, ...]) -> list[Template]:
    return [template for template in templates if template.when.fits(teller.clip.facts)]


def _long(teller: Teller) -> tuple[str, str, str]:
    dice = teller.dice
    said = [
        sentence(teller, voice, pick_style(voice, dice))
        for voice in dice.shuffled(("describe", "prompt", "ask"))
    ]
    return said[0], said[1], said[2]


def _short(teller: Teller) -> tuple[str, ...]:
    """Four to eight tags: always the genre and a mood, then whatever else is true."""
    dice = teller.dice
    makers: list[Callable[[], str]] = [
        partial(teller.name_player, part) for part in teller.clip.players
    ]
    makers += [partial(teller.say, name) for name, share in _TAG_SLOTS if dice.chance(share)]
    tags = [polish(teller.say("genre any"), style="lower")]
    count = dice.integer(*_TAGS)
    first: Callable[[], str] = partial(teller.say, "mood")
    for make in [first, *dice.shuffled(makers)] * 2:
        if len(tags) == count:
            break
        try:
            tag = _NO_ARTICLE.sub("", polish(make(), style="lower"))
        except Silent:
            continue
        if tag not in tags:
            tags.append(tag)
    return tuple(tags)


def _title(teller: Teller) -> str:
    fitting = _fitting(teller, lexicon.TITLES)
    for _ in range(_TRIES):
        try:
            text = teller.tell(teller.dice.pick(fitting))
        except Silent:
            continue
        return title_case(polish(text, style="plain"))
    return title_case(teller.clip.labels.moods[0])


def _entities(a: Annotations) -> tuple[str, ...]:
    families = dict.fromkeys(part.family for part in a.parts if part.role != "fx")
    return (a.genre, *families, *a.moods, *((a.era,) if a.era else ()))


def describe(annotations: Annotations, seed: int, *, held_out: bool = False) -> Captions:
    """The text of a clip, the same for the same labels and seed on every machine.

    Args:
        annotations: what may be said.
        seed: which of the many ways to say it.
        held_out: prefer the words that never appear in training captions, to measure how well
            words are understood that were not trained.
    """
    dice = Dice("captions", annotations.seed, seed, held_out)
    teller = Teller(Clip(annotations), dice, held_out=held_out)
    return Captions(
        long=_long(teller), short=_short(teller), title=_title(teller),
        entities=_entities(annotations),
    )  # fmt: skip
