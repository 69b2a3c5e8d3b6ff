"""File names: readable, safe on every system, and spelt so that a DAW reads tempo and key off them.

`slow-lofi-guitar_72bpm_Am_take1.wav`: what it is, then the fields, `_` between them. A sharp stays
"#": it is legal on Windows, macOS and Linux, and samplers and DAWs look for "F#m", not "Fsm".

Rejected: transliterating every script (a Japanese prompt stays Japanese: all three systems store
it), and random names (nobody finds them again).
"""

import re
import unicodedata
from typing import Final

SLUG_WORDS: Final = 3
SLUG_LIMIT_CHARS: Final = 40
FALLBACK: Final = "clip"

_SKIPPED: Final = frozenset(
    {"a", "an", "the", "of", "with", "and", "in", "for", "to", "on", "at", "by"}
)
_RESERVED: Final = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{port}{digit}" for port in ("com", "lpt") for digit in range(10)}
)
_LATIN_ACCENTS: Final = re.compile("[\u0300-\u036f]")  # not the marks of kana or Devanagari
_INSIDE_WORDS: Final = re.compile(r"(?<=\w)[-‐‑'’](?=\w)")  # lo-fi, hip‑hop, don't


def clip_name(
    prompt: str,
    *,
    bpm: float | None = None,
    key: str | None = None,
    take: int | None = None,
    loop: bool = False,
) -> str:
    """A clip's file name, `slow-lofi-guitar_72bpm_Am_loop_take1.wav`; absent fields are left out.

    Args:
        prompt: its first words become the slug.
        bpm: quarter notes per minute, shown to a hundredth.
        key: canonical key name, such as "F#m".
        take: take number.
        loop: adds "loop".
    """
    fields = (
        slug(prompt),
        None if bpm is None else f"{round(bpm, 2):g}bpm",
        key,
        "loop" if loop else None,
        None if take is None else f"take{take}",
    )
    return "_".join(field for field in fields if field) + ".wav"


def slug(text: str) -> str:
    """The first telling words of a text, lower case, joined by hyphens; never empty or reserved.

    Latin letters lose their accents, other scripts stay; hyphens inside words go (lo-fi → lofi).
    """
    plain = unicodedata.normalize("NFKD", text)
    plain = _LATIN_ACCENTS.sub("", plain)
    plain = unicodedata.normalize("NFKC", plain).casefold()
    words = re.findall(r"[^\W_]+", _INSIDE_WORDS.sub("", plain))
    telling = [word for word in words if word not in _SKIPPED] or words
    joined = ""
    for word in telling[:SLUG_WORDS]:
        longer = f"{joined}-{word}" if joined else word[:SLUG_LIMIT_CHARS]
        if len(longer) > SLUG_LIMIT_CHARS:
            break
        joined = longer
    if not joined:
        return FALLBACK
    return f"{joined}-{FALLBACK}" if joined in _RESERVED else joined
