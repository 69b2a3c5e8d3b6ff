"""WordNet's synonyms and glosses: what English words mean, beyond the words of our captions.

Reads the `data.*` files of WordNet 3 (Debian's package wordnet-base), one synset a line, as its
manual page wndb(5WN) lays them out: https://wordnet.princeton.edu/documentation/wndb5wn

    offset lex_file type count(hex) {word lex_id}… pointers… [frames…] | gloss

Rejected: nltk (a large dependency whose data are downloaded at run time), and the index files (a
synset's own line already holds all of its words).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from engine.errors import UserError

Kind = Literal["n", "v", "a", "s", "r"]  # noun, verb, adjective, its satellite, adverb

_KINDS: Final[dict[str, Kind]] = {kind: kind for kind in get_args(Kind)}
FILES: Final = ("data.noun", "data.verb", "data.adj", "data.adv")
_MOST_FILE_BYTES: Final = 64 * 2**20  # the largest of WordNet 3.0 has 15 MB
_MOST_LINE_CHARACTERS: Final = 32_768  # the longest has 13 thousand
_MOST_WORDS: Final = 0x40  # the largest synset has 28
_MOST_WORD_CHARACTERS: Final = 128
_FIXED_FIELDS: Final = 4
_OFFSET: Final = re.compile(r"[0-9]{8}")
_COUNT: Final = re.compile(r"[0-9a-f]{2}")
_MARKER: Final = re.compile(r"\((?:a|p|ip)\)$")  # where an adjective may stand; no part of it
_EXAMPLE: Final = re.compile(r'; *".*$', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Synset:
    """A meaning.

    Attributes:
        offset: its place in its file, which with `kind` names it.
        kind: part of speech.
        words: that mean it, with spaces, the commonest first.
        gloss: its definition, without examples.
    """

    offset: int
    kind: Kind
    words: tuple[str, ...]
    gloss: str


def parse_synset(line: str) -> Synset:
    """A synset from its line.

    Raises:
        ValueError: it is too long, or no synset.
    """
    if len(line) > _MOST_LINE_CHARACTERS:
        raise _error(line, "too many characters")
    head, bar, gloss = line.partition(" | ")
    fields = head.split(" ")
    if not bar or len(fields) < _FIXED_FIELDS:
        raise _error(line, "fields are missing")
    offset, _, letter, count = fields[:_FIXED_FIELDS]
    kind = _KINDS.get(letter)
    if kind is None or not _OFFSET.fullmatch(offset) or not _COUNT.fullmatch(count):
        raise _error(line, "no offset, type and count")
    words = int(count, 16)
    if not 0 < words <= _MOST_WORDS or len(fields) < _FIXED_FIELDS + 2 * words:
        raise _error(line, f"not {words} words")
    found = fields[_FIXED_FIELDS : _FIXED_FIELDS + 2 * words : 2]
    if not all(0 < len(word) <= _MOST_WORD_CHARACTERS for word in found):
        raise _error(line, "an empty or endless word")
    return Synset(int(offset), kind, tuple(_plain(word) for word in found), _definition(gloss))


def read_wordnet(folder: Path) -> Iterator[Synset]:
    """All synsets of a folder with WordNet's data files, in the order of `FILES`.

    Raises:
        UserError: a file is missing, too large or not WordNet's.
    """
    for name in FILES:
        path = folder / name
        try:
            if path.stat().st_size > _MOST_FILE_BYTES:
                raise _refused(path, f"it is larger than {_MOST_FILE_BYTES >> 20} MiB")
            lines = path.read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise _refused(path, str(error)) from None
        for line in lines:
            if not line or line.startswith("  "):  # the licence
                continue
            try:
                yield parse_synset(line)
            except ValueError as error:
                raise _refused(path, str(error)) from None


def _plain(word: str) -> str:
    return _MARKER.sub("", word).replace("_", " ")


def _definition(gloss: str) -> str:
    return _EXAMPLE.sub("", gloss.strip()).strip(" ;")


def _error(line: str, why: str) -> ValueError:
    return ValueError(f"{why} in the synset {line[:40]!r}")


def _refused(path: Path, why: str) -> UserError:
    return UserError(
        "WordNet was not read",
        f"{path}: {why}",
        "Give the folder of WordNet 3's data files (on Debian: apt-get install wordnet-base, "
        "then /usr/share/wordnet)",
    )
