"""Sentence templates: a text with slots, options and choices, parsed once.

"{slot}" is filled by the teller, "[…]" may be left out, "(a|b)" is one of several. A template may
end with the lexicon's conditions (" @need @!ban").
Rejected: string formatting (a slot that has no true filler must make its option vanish).
"""

from dataclasses import dataclass

from engine.corpus.captions.words import Word, parse_word


@dataclass(frozen=True, slots=True)
class Slot:
    """Something to be filled in."""

    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several."""

    options: tuple["Sequence", ...]


@dataclass(frozen=True, slots=True)
class Option:
    """What may be left out."""

    body: "Sequence"


Node = str | Slot | Choice | Option
Sequence = tuple[Node, ...]
_MOST_CHARACTERS = 600


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template and its conditions."""

    body: Sequence
    when: Word


def _error(text: str, why: str) -> ValueError:
    return ValueError(f"{why} in the template {text!r}")


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0

    def peek(self) -> str:
        return self.text[self.place : self.place + 1]

    def sequence(self, stops: str) -> Sequence:
        nodes: list[Node] = []
        while self.peek() and self.peek() not in stops:
            nodes.append(self.node())
        return tuple(nodes)

    def node(self) -> Node:
        character = self.peek()
        if character == "{":
            end = self.text.find("}", self.place)
            if end < self.place + 2:
                raise _error(self.text, "an unclosed or empty slot")
            name, self.place = self.text[self.place + 1 : end], end + 1
            return Slot(name)
        if character == "[":
            self.place += 1
            body = self.sequence("]")
            self.close("]")
            return Option(body)
        if character == "(":
            self.place += 1
            options = [self.sequence("|)")]
            while self.peek() == "|":
                self.place += 1
                options.append(self.sequence("|)"))
            self.close(")")
            return Choice(tuple(options))
        return self.plain()

    def plain(self) -> str:
        start = self.place
        while self.peek() and self.peek() not in "{[(|])}":
            self.place += 1
        if self.place == start:
            raise _error(self.text, f"a stray {self.peek()!r}")
        return self.text[start : self.place]

    def close(self, bracket: str) -> None:
        if self.peek() != bracket:
            raise _error(self.text, f"a missing {bracket!r}")
        self.place += 1


def parse_template(text: str) -> Template:
    """A template from its notation.

    Raises:
        ValueError: it is too long, or its brackets do not match.
    """
    if len(text) > _MOST_CHARACTERS:
        raise _error(text[:40], "too many characters")
    phrase, _, marks = text.partition(" @")
    when = parse_word(f"template @{marks}" if marks else "template")
    reader = _Reader(phrase)
    body = reader.sequence("")
    return Template(body, when)


def slots_of(body: Sequence) -> set[str]:
    """Names of all slots."""
    found: set[str] = set()
    for node in body:
        match node:
            case Slot(name):
                found.add(name)
            case Choice(options):
                found |= {name for option in options for name in slots_of(option)}
            case Option(inner):
                found |= slots_of(inner)
    return found
