"""The last touch: articles, capitals, spaces; and whether a sentence may stand."""

import re

from engine.composer.dice import Dice
from engine.corpus.captions.teller import ARTICLE, CAPITAL, END, KEEP

_ARTICLE = re.compile(f"([{ARTICLE}{CAPITAL}])\\s*(\\W*)(\\w[\\w&']*)")
_KEPT = re.compile(f"({KEEP}[^{END}]*{END})")
_AN_LETTERS = re.compile(r"[AEFHILMNORSX](?:[A-Z0-9&]|$)|8|11\b|18\b")
_A_SOUNDS = re.compile(r"(?:uk|ukg|uni|use|euro|eu|one|once|u-)", re.IGNORECASE)
_REPEAT = re.compile(r"\b([a-z]{4,})\b(?=.*\b\1\b)")
_MAY_REPEAT = frozenset({"with", "that", "like", "guitar", "synth", "piano", "bass", "drums",
                         "music", "from", "style"})  # fmt: skip
SHORTEST_WORDS, LONGEST_WORDS = 6, 40


def _article(match: re.Match[str]) -> str:
    marker, quote, word = match.groups()
    if (
        word.isupper()
        or (word[0].isupper() and len(word) > 1 and not word[1:].islower())
        or word[0].isdigit()
    ):
        vowel = bool(_AN_LETTERS.match(word))
    else:
        vowel = word[0].lower() in "aeiou" and not _A_SOUNDS.match(word)
    text = "an" if vowel else "a"
    return f"{text.capitalize() if marker == CAPITAL else text} {quote}{word}"


def _lower(text: str) -> str:
    pieces = _KEPT.split(text)
    return "".join(piece if piece.startswith(KEEP) else piece.lower() for piece in pieces)


def polish(raw: str, *, style: str) -> str:
    """A sentence from raw text.

    Args:
        raw: what the teller said, with its marks.
        style: "sentence" (capital and full stop), "lower", or "plain" (as it stands).
    """
    text = _ARTICLE.sub(_article, raw)
    text = re.sub(r"\s+", " ", text).replace(" ,", ",").replace(" .", ".").strip(" ,;")
    if style == "lower":
        text = _lower(text)
    text = text.replace(KEEP, "").replace(END, "")
    if style == "sentence":
        text = text[:1].upper() + text[1:]
        text = re.sub(r"([.?!] )([a-z])", lambda m: m[1] + m[2].upper(), text)
        if text[-1] not in ".?!":
            text += "."
    return text


def stands(text: str) -> bool:
    """Whether a long caption has 6–40 words and does not repeat itself."""
    if not SHORTEST_WORDS <= len(text.split()) <= LONGEST_WORDS:
        return False
    if re.search(r"\b(\w+) \1\b", text.lower()):
        return False
    if "led by" in text.lower() and "lead" in text.lower():
        return False
    return all(word in _MAY_REPEAT for word in _REPEAT.findall(text.lower()))


def title_case(text: str) -> str:
    """Capitals for a title."""
    small = {"and", "in", "of", "the", "for", "with", "a", "at", "bpm", "sharp", "flat",
             "major", "minor", "beats", "per", "minute"}  # fmt: skip
    words = text.split(" ")
    return " ".join(
        word if (word in small and place) or word[:1].isupper() else word[:1].upper() + word[1:]
        for place, word in enumerate(words)
    )


def pick_style(voice: str, dice: Dice) -> str:
    """How a voice writes: catalogues in sentences, prompts in lower case, requests either way."""
    if voice == "prompt":
        return "lower" if dice.chance(0.92) else "plain"
    return "sentence" if dice.chance(0.7 if voice == "describe" else 0.45) else "lower"
