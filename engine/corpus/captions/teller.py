"""Who fills the templates: one teller per clip, which never says what the clip's facts deny.

A sentence remembers the words and the players that it has used, so that it does not repeat them.
Rejected: expanding a context-free grammar and filtering (most expansions would be thrown away).
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from engine.composer.dice import Dice
from engine.corpus.annotate import PartLabel
from engine.corpus.captions import lexicon
from engine.corpus.captions.facts import Clip, felt_bpm
from engine.corpus.captions.template import Choice, Option, Slot, Template
from engine.corpus.captions.template import Sequence as Nodes
from engine.corpus.captions.words import Facts, Number, Word
from engine.music.keys import KEYS, key_index

# "a" or "an", its capital; around what keeps its capitals
ARTICLE, CAPITAL, KEEP, END = "\x01", "\x04", "\x02", "\x03"

_COMMON = frozenset({
    "and", "the", "with", "for", "from", "into", "over", "that", "this", "its", "but", "music",
    "some", "than", "like", "under", "one", "two", "more", "part", "parts", "per",
})  # fmt: skip
_TOKEN = re.compile(r"[a-z0-9&'/]{3,}")
_RARELY, _OFTEN, _HELD_OUT = 0.13, 0.5, 0.75
_MOST_PLAYERS = 4


class Silent(Exception):  # noqa: N818 (not an error: a template that does not fit)
    """Nothing true can be said in this place."""


@lru_cache(maxsize=8192)
def tokens(text: str) -> frozenset[str]:
    """The words of a phrase that should not come twice in a sentence, without plural s."""
    found = _TOKEN.findall(text.lower())
    return frozenset(word.rstrip("s") for word in found if word not in _COMMON)


class Teller:
    """Says true things about a clip."""

    def __init__(self, clip: Clip, dice: Dice, *, held_out: bool = False) -> None:
        self.clip = clip
        self.dice = dice
        self.held_out = held_out
        self._fitting: dict[tuple[str, str], list[Word]] = {}
        self._used: set[str] = set()
        self._mentioned: set[str] = set()
        self._moods: set[str] = set()

    # words -------------------------------------------------------------------------------------

    def fitting(
        self, group: str, words: Sequence[Word], part: PartLabel | None = None
    ) -> list[Word]:
        """The words of a group that are true here, held-out ones only where they are wanted."""
        key = (group, "" if part is None else part.name)
        if key not in self._fitting:
            facts: Facts = self.clip.facts if part is None else self.clip.part_facts[part.name]
            allowed = self.held_out
            self._fitting[key] = [
                word for word in words if (allowed or not word.held_out) and word.fits(facts)
            ]
        return self._fitting[key]

    def choose(self, words: Sequence[Word], *, fresh: bool = True) -> Word:
        """One of some words, not used before in the sentence. Raises Silent."""
        free = [w for w in words if self._used.isdisjoint(tokens(w.text))] if fresh else list(words)
        if self.held_out and self.dice.chance(_HELD_OUT):
            free = [word for word in free if word.held_out] or free
        if not free:
            raise Silent
        word = self.dice.pick(free)
        self._used |= tokens(word.text)
        return word

    def word(self, group: str) -> str:
        """A word of a flat group."""
        return self.choose(self.fitting(group, lexicon.FLAT[group])).text

    def mood(self, kind: str = "mood") -> str:
        """A word of one of the moods, the rarer mood first."""
        groups = lexicon.MOODS_BY_KIND[kind]
        left = [m for m in self.clip.labels.moods if m not in self._moods]
        moods = left or list(self.clip.labels.moods)
        name = self.dice.weighted({mood: lexicon.MOOD_RARITY[mood] for mood in moods})
        word = self.choose(self.fitting(f"{kind} {name}", groups[name]))
        self._moods.add(name)
        return word.text

    def tempo(self) -> str:
        """A word of the tempo that is felt."""
        felt = felt_bpm(self.clip.labels)
        if felt is None:
            raise Silent
        words = [w for low, high, row in lexicon.TEMPO if low <= felt < high for w in row]
        return self.choose(self.fitting("tempo", words)).text

    def keyed(self, group: str, rows: dict[str, tuple[Word, ...]], name: str) -> Word:
        """A word of a table's row. Raises Silent where the row is missing."""
        if name not in rows:
            raise Silent
        return self.choose(self.fitting(group, rows[name]))

    def genre(self, *, alone: bool = False) -> str:
        """What the genre is called: before a noun, or alone."""
        words = self.fitting("genre", lexicon.GENRE[self.clip.labels.genre])
        return self.choose([w for w in words if alone or w.number != "m"]).text

    # players -----------------------------------------------------------------------------------

    def noun(self, part: PartLabel) -> Word:
        """What a player's instrument is called; may repeat a word such as "guitar"."""
        words = self.fitting("noun", lexicon.INSTRUMENT[part.instrument], part)
        return self.choose(words, fresh=False)

    def _tone(self, part: PartLabel, chance: float) -> str:
        if not self.dice.chance(chance):
            return ""
        try:
            return self.choose(self.fitting("tone", lexicon.TONE, part)).text + " "
        except Silent:
            return ""

    def _shape(self, part: PartLabel, noun: Word, patterns: Sequence[Word]) -> Word:
        """A pattern that goes with a noun: a plural, or one with a tail, stands at the end."""
        last = noun.number != "s" or " with " in noun.text or " in " in noun.text
        own = tokens(noun.text)
        fitting = [
            p for p in patterns
            if (not last or p.number == "n" or p.text.endswith("{n}"))
            and (noun.number == "s" or not p.text.startswith("a "))
            and own.isdisjoint(tokens(p.text.replace("{n}", "")))
        ]  # fmt: skip
        return self.choose(fitting, fresh=False)

    def phrase(self, part: PartLabel, *, tone: float = 0.4) -> tuple[str, Number]:
        """How a player is named, with its number: "walking upright bass"."""
        self._mentioned.add(part.instrument)
        noun = self.noun(part)
        patterns = self.fitting("played", lexicon.PLAYED[part.role], part)
        shape = self._shape(part, noun, patterns)
        number = noun.number if shape.number == "n" else shape.number
        text = shape.text.replace("{n}", noun.text)
        if shape.text.startswith("{n}"):  # one adjective is enough
            text = self._tone(part, tone) + text
        elif shape.text.startswith("a "):
            number = "m"
        self._used |= tokens(text)
        return text, number

    def _free(self, roles: Sequence[str] = ()) -> list[PartLabel]:
        parts = [
            part for part in self.clip.labels.parts
            if part.instrument not in self._mentioned and (not roles or part.role in roles)
        ]  # fmt: skip
        return [p for p in parts if p.role != "fx"] or parts

    def player(self, *roles: str, tone: float = 0.4) -> tuple[str, Number]:
        """A player that the sentence has not named yet. Raises Silent."""
        free = self._free(roles)
        if not free:
            raise Silent
        return self.phrase(self.dice.pick(free), tone=tone)

    def articled(self, named: tuple[str, Number], *, the: bool = False) -> str:
        """With its article."""
        text, number = named
        if number != "s":
            return text
        return f"the {text}" if the and self.dice.chance(_OFTEN) else f"{ARTICLE} {text}"

    def players(self, *, bare: bool, most: int = _MOST_PLAYERS, least: int = 2) -> str:
        """Several players in a row."""
        free = self.dice.shuffled(self._free())
        if len(free) > 2 and self.dice.chance(0.15):
            free = self._free()
        count = min(len(free), self.dice.integer(least, most))
        if count == 0:
            raise Silent
        bare = bare or self.dice.chance(0.6)
        named: list[str] = []
        for part in free:
            if len(named) == count or part.instrument in self._mentioned:
                continue
            phrase = self.phrase(part, tone=0.35)
            named.append(phrase[0] if bare else self.articled(phrase))
        if len(named) == 1:
            return named[0]
        return ", ".join(named[:-1]) + " and " + named[-1]

    def beat(self) -> tuple[str, Number]:
        """The drums by something that they do."""
        drummer = next((p for p in self.clip.labels.parts if p.role == "drums"), None)
        if drummer is None:
            raise Silent
        if self.dice.chance(0.3) and "drums-alone" not in self.clip.facts:
            return self.player("drums")
        word = self.choose(self.fitting("beat", lexicon.BEAT, drummer))
        return word.text, word.number

    def clause(self) -> str:
        """A player and what it does."""
        free = [p for p in self._free() if p.role in lexicon.VERB]
        if not free:
            raise Silent
        part = self.dice.pick(free)
        named = self.phrase(part, tone=0.45)
        verbs = self.fitting("verb", lexicon.VERB[part.role], part)
        singular, plural = self.choose(verbs).text.split("|")
        return f"{self.articled(named, the=True)} {plural if named[1] == 'p' else singular}"

    def late(self) -> str:
        """Somebody who enters after the opening."""
        seconds = self.clip.labels.seconds
        late = [p for p in self._free() if p.active and p.active[0][0] > 0.2 * seconds]
        if not late:
            raise Silent
        text, number = self.phrase(self.dice.pick(late), tone=0.2)
        if number == "p":  # the template's verb is singular
            raise Silent
        return self.articled((text, number), the=True)

    # one player alone --------------------------------------------------------------------------

    def take(self, *, singular: bool) -> str:
        """The only player as a piece: "drum loop", "unaccompanied cello"."""
        part = self.clip.players[0]
        if part.role == "drums":
            words = self.fitting("solo drums", lexicon.SOLO_DRUMS, part)
            return self.choose([w for w in words if w.number == "s" or not singular]).text
        noun = self.noun(part)
        if " with " in noun.text:
            raise Silent
        own = tokens(noun.text)
        shapes = [
            shape for shape in self.fitting("solo", lexicon.SOLO_HEAD, part)
            if own.isdisjoint(tokens(shape.text.replace("{n}", "")))
            and (noun.number == "s" or shape.number != "n" or not singular)
        ]  # fmt: skip
        return self.choose(shapes, fresh=False).text.replace("{n}", noun.text)

    def alone(self) -> tuple[str, Number]:
        """The only player, and that it is the only one."""
        part = self.clip.players[0]
        noun = self.noun(part)
        fitting = self.fitting("alone", lexicon.SOLO_ALONE, part)
        if noun.number == "p":
            fitting = [w for w in fitting if "on its own" not in w.text and "itself" not in w.text
                       and "one {n}" not in w.text and "single" not in w.text]  # fmt: skip
        shape = self.choose(fitting, fresh=False)
        number = noun.number if shape.number == "n" else "m"
        return shape.text.replace("{n}", noun.text), number

    # numbers -----------------------------------------------------------------------------------

    def key(self) -> str:
        """The key, exact, in one of its spellings."""
        a = self.clip.labels
        if a.key is None or a.mode not in ("major", "minor", "harmonic minor"):
            raise Silent
        index = key_index(a.key)
        name = KEYS[index].removesuffix("m")
        name = self.dice.pick(lexicon.SPELLINGS.get(name, (name,)))
        mode = "major" if index < 12 else "minor"
        return f"{KEEP}{name} {mode}{END}"

    def bpm(self) -> str:
        """The tempo as a number."""
        unit = self.dice.pick(("bpm", "bpm", "BPM", "beats per minute"))
        return f"{self.clip.labels.bpm:g} {unit}"

    def bars(self) -> str:
        """The length as a number."""
        return f"{self.clip.labels.bars}-bar"

    def _rarely(self, text: Callable[[], str], before: str) -> str:
        return before + text() if self.dice.chance(_RARELY) else ""

    # templates ---------------------------------------------------------------------------------

    def tell(self, template: Template) -> str:
        """A sentence as raw text. Raises Silent where a slot cannot be filled."""
        self._forget()
        return self._sequence(template.body)

    def say(self, slot: str) -> str:
        """One slot's filler by itself, for a tag. Raises Silent."""
        self._forget()
        return self._slot(slot)

    def name_player(self, part: PartLabel) -> str:
        """A player's name by itself, for a tag. Raises Silent."""
        self._forget()
        return self.phrase(part, tone=0.0)[0] if self.dice.chance(0.4) else self.noun(part).text

    def _forget(self) -> None:
        self._used, self._mentioned, self._moods = set(), set(), set()

    def _sequence(self, nodes: Nodes) -> str:
        said: list[str] = []
        for node in nodes:
            match node:
                case str():
                    said.append(node)
                case Slot(name):
                    said.append(self._slot(name))
                case Choice(options):
                    said.append(self._sequence(self.dice.pick(options)))
                case Option(body):
                    said.append(self._option(body))
        return "".join(said)

    def _option(self, body: Nodes) -> str:
        if not self.dice.chance(_OFTEN):
            return ""
        before = set(self._used), set(self._mentioned), set(self._moods)
        try:
            return self._sequence(body)
        except Silent:
            self._used, self._mentioned, self._moods = before
            return ""

    def rule(self, name: str) -> str:
        """A form of a rule; another where one cannot be told. Raises Silent."""
        fitting = [t for t in lexicon.RULES[name] if t.when.fits(self.clip.facts)]
        for _ in range(4):
            before = set(self._used), set(self._mentioned), set(self._moods)
            try:
                return self._sequence(self.dice.pick(fitting).body)
            except Silent:
                self._used, self._mentioned, self._moods = before
        raise Silent

    def _slot(self, name: str) -> str:
        if name[0].isupper():
            text = self._slot(name[0].lower() + name[1:])
            return CAPITAL + text[1:] if text[0] == ARTICLE else text[:1].upper() + text[1:]
        if name in lexicon.RULES:
            return self.rule(name)
        if name in lexicon.FLAT:
            return self.word(name)
        return SLOTS[name](self)


def _bare(named: tuple[str, Number]) -> str:
    return named[0]


_PITCHED = ("harmony", "melody", "arpeggio", "pad", "bass")

SLOTS: dict[str, Callable[[Teller], str]] = {
    "a": lambda t: ARTICLE,
    "mood": lambda t: t.mood(),
    "mood noun": lambda t: t.mood("mood noun"),
    "energy": lambda t: t.keyed("energy", lexicon.ENERGY, lexicon.energy_of(t.clip.facts)).text,
    "tempo": lambda t: t.tempo(),
    "era": lambda t: t.keyed("era", lexicon.ERA, t.clip.labels.era).text,
    "genre": lambda t: t.genre(),
    "genre any": lambda t: t.genre(alone=True),
    "insts": lambda t: t.players(bare=False),
    "bare insts": lambda t: t.players(bare=True),
    "others": lambda t: t.players(bare=False, most=2, least=1),
    "one": lambda t: t.articled(t.player()),
    "bare one": lambda t: _bare(t.player()),
    "melodist": lambda t: t.articled(t.player("melody")),
    "bare melodist": lambda t: _bare(t.player("melody")),
    "pitched": lambda t: t.articled(t.player(*_PITCHED)),
    "bare pitched": lambda t: _bare(t.player(*_PITCHED)),
    "lows": lambda t: t.articled(t.player("bass")),
    "bare lows": lambda t: _bare(t.player("bass")),
    "beat": lambda t: t.articled(t.beat()),
    "bare beat": lambda t: _bare(t.beat()),
    "clause": lambda t: t.clause(),
    "later": lambda t: t.late(),
    "take": lambda t: t.take(singular=True),
    "bare take": lambda t: t.take(singular=False),
    "alone": lambda t: t.articled(t.alone()),
    "bare alone": lambda t: _bare(t.alone()),
    "count": lambda t: str(t.dice.integer(1, 12)),
    "instrument": lambda t: t.noun(t.dice.pick(t.clip.players)).text,
    "key": lambda t: t.key(),
    "bpm": lambda t: t.bpm(),
    "bars": lambda t: t.bars(),
    "+key": lambda t: t._rarely(t.key, " in "),
    ",key": lambda t: t._rarely(t.key, ", "),
    "+bpm": lambda t: t._rarely(t.bpm, " at "),
    ",bpm": lambda t: t._rarely(t.bpm, ", "),
    "+bars": lambda t: t._rarely(t.bars, ", "),
}
