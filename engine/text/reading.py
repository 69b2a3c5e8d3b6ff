"""Tempo, key, meter and bars read out of a prompt's words, to fill the knobs.

Only unmistakable wordings count: a tempo needs its unit, a key needs a capital tonic and a mode
(or "key of"), because "a minor setback" is no A minor and "100 guitars" no tempo.
Rejected: reading italian tempo words as numbers ("allegro" is a mood and a range; the text encoder
hears it as a word).
"""

import re
from dataclasses import dataclass

from engine.music.keys import canonical_key
from engine.music.meter import METER_TABLE

_BPM = re.compile(
    r"(?<![\d.])(\d{2,3}(?:\.\d{1,3})?)\s*-?\s*(?:bpm|beats?\s+(?:per|a)\s+minute)\b", re.IGNORECASE
)
_TONIC = r"([A-G](?:#|♯|b|♭|[ -](?:sharp|flat))?)"
_KEY_WITH_MODE = re.compile(
    rf"(?<![\w#]){_TONIC}[ -]?((?i:major|minor|maj|min))\b(?![ -](?i:key|mood|feel|setback)\b)"
)
# A bare "in A" may be an article ("In A Silent Way"), so nothing but punctuation may follow it.
_KEY_SHORT = re.compile(rf"(?i:\b(?:in|key of|key:))\s+(?!A\s+\w)({_TONIC[1:-1]}m?)(?![\w#♯♭-])")
_METER = re.compile(r"(?<![\d/])(\d{1,2}/[48])(?![\d/])")
_BARS = re.compile(r"(?<![\d.])(\d{1,3})[ -]?bars?\b", re.IGNORECASE)


@dataclass(frozen=True)
class PromptReading:
    """What a prompt says in words; None where it says nothing, or two different things."""

    bpm: float | None = None
    key: str | None = None
    meter: str | None = None
    bars: int | None = None


def _single(values: set[str]) -> str | None:
    return values.pop() if len(values) == 1 else None


def _keys(prompt: str) -> set[str]:
    keys = {
        canonical_key(f"{match[1]} {match[2].lower()}") for match in _KEY_WITH_MODE.finditer(prompt)
    }
    return keys or {canonical_key(match[1]) for match in _KEY_SHORT.finditer(prompt)}


def read_prompt(prompt: str) -> PromptReading:
    """Read tempo (quarter notes per minute), key (canonical), meter and bars out of a prompt."""
    bpm = _single({match[1] for match in _BPM.finditer(prompt)})
    bars = _single({match[1] for match in _BARS.finditer(prompt)})
    return PromptReading(
        bpm=None if bpm is None else float(bpm),
        key=_single(_keys(prompt)),
        meter=_single({m[1] for m in _METER.finditer(prompt) if m[1] in METER_TABLE}),
        bars=None if bars is None else int(bars),
    )


def without_readings(prompt: str) -> str:
    """The prompt with a comma in the place of every wording that `read_prompt` reads."""
    for pattern in (_BPM, _KEY_WITH_MODE, _KEY_SHORT, _METER, _BARS):
        prompt = pattern.sub(", ", prompt)
    return prompt


def conflicts(
    reading: PromptReading,
    *,
    bpm: float | None,
    key: str | None,
    meter: str | None,
    bars: int | None = None,
) -> list[str]:
    """One line per knob that says something else than the prompt; the knob wins."""
    pairs = (
        ("tempo", reading.bpm, bpm, "{:g} BPM"),
        ("key", reading.key, key, "{}"),
        ("meter", reading.meter, meter, "{}"),
        ("bars", reading.bars, bars, "{} bars"),
    )
    return [
        f"the prompt says {form.format(said)}, the {knob} knob {form.format(asked)}"
        for knob, said, asked, form in pairs
        if said is not None and asked is not None and said != asked
    ]
