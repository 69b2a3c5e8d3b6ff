"""What a voice is asked to play, and the two ways of playing it: note by note, or as one line.

Notes are quantised where nobody hears it (length to 10 ms, brightness to a tenth) so that a riff's
repetitions, and those of the next score, come from the cache; level and start stay exact.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.corpus.render.canvas import RATE_HZ, Played, Signal
from engine.corpus.render.tables import Cache, pitch_hz

FLAVOURS: Final = 6  # settings of every voice, chosen by the score's seed
_LENGTH_STEP: Final = RATE_HZ // 100
_STRENGTH_STEPS: Final = 10
_LOUDNESS_EXPONENT: Final = 1.5  # velocity → amplitude
_LEGATO_S: Final = 0.03
_OVERLAP_S: Final = 0.006

Envelope = NDArray[np.float32]


@dataclass(frozen=True)
class Phrase:
    """All notes of one part.

    Attributes:
        notes: sorted by start.
        frames: samples to render.
        flavour: 0 … FLAVOURS − 1, a setting of the voice.
        cache: of notes and waves, shared by all scores of a process.
        rng: for noise that belongs to this part alone.
    """

    notes: Sequence[Played]
    frames: int
    flavour: int
    cache: Cache
    rng: np.random.Generator


@dataclass(frozen=True)
class Tone:
    """One note to be made.

    Attributes:
        pitch: MIDI note number.
        strength: 0–1, from velocity; brightness, not level.
        held: samples until release.
        glide_from: pitch that a legato line comes from; None starts afresh.
        flavour: setting of the voice.
        cache: for waves.
    """

    pitch: int
    strength: float
    held: int
    glide_from: int | None
    flavour: int
    cache: Cache

    @property
    def hz(self) -> float:
        """Fundamental frequency."""
        return pitch_hz(self.pitch)

    @property
    def rng(self) -> np.random.Generator:
        """A generator that depends on the note alone, so that caching changes nothing."""
        name = f"{self.pitch} {self.strength:.2f} {self.held} {self.glide_from} {self.flavour}"
        return np.random.default_rng(zlib.crc32(name.encode()))


MakeTone = Callable[[Tone], Signal]  # (1 or 2, samples)
Voice = Callable[[Phrase], Signal]  # (1 or 2, frames)


def seconds(frames: int) -> Envelope:
    """(frames,) time in seconds."""
    return np.arange(frames, dtype=np.float32) / np.float32(RATE_HZ)


def adsr(
    held: int, *, attack_s: float, decay_s: float, sustain: float, release_s: float
) -> Envelope:
    """Envelope of held + release samples; exponential decays, a smooth rise, an end at zero."""
    release = max(round(release_s * RATE_HZ), 48)
    time = seconds(held + release)
    envelope = np.float32(sustain) + np.float32(1 - sustain) * np.exp(-time / decay_s)
    attack = min(max(round(attack_s * RATE_HZ), 24), held + release)
    envelope[:attack] *= 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, attack, dtype=np.float32))
    fall = np.linspace(0, 1, release, dtype=np.float32)
    envelope[held:] *= np.exp(-4 * fall) * (1 - fall**2)
    return np.asarray(envelope, np.float32)


def fade_out(sound: Signal, frames: int) -> Signal:
    """The same array, its last `frames` samples faded to zero."""
    frames = min(frames, sound.shape[-1])
    if frames:
        sound[..., -frames:] *= np.linspace(1, 0, frames, dtype=np.float32)
    return sound


def level_of(velocity: int) -> float:
    """Amplitude of a note."""
    return float((velocity / 127) ** _LOUDNESS_EXPONENT)


def polyphonic(name: str, make: MakeTone) -> Voice:
    """A voice whose notes do not know of one another."""

    def play(phrase: Phrase) -> Signal:
        return _sum(name, make, phrase, [(note, None) for note in phrase.notes])

    return play


def monophonic(name: str, make: MakeTone) -> Voice:
    """A voice that plays one note at a time, and glides where they touch."""

    def play(phrase: Phrase) -> Signal:
        return _sum(name, make, phrase, _line(phrase.notes))

    return play


def _line(notes: Sequence[Played]) -> list[tuple[Played, int | None]]:
    """Each note cut at the next one's start, with the pitch that it glides from."""
    line: list[tuple[Played, int | None]] = []
    overlap, legato = round(_OVERLAP_S * RATE_HZ), round(_LEGATO_S * RATE_HZ)
    for note in notes:
        glide_from = None
        if line:
            before, come_from = line[-1]
            distance = note.start - before.start
            if distance <= overlap:
                line.pop()
                glide_from = come_from
            elif before.held >= distance - legato:
                glide_from = before.pitch if before.held > distance + overlap else None
                cut = min(before.held, distance + overlap)
                line[-1] = (Played(before.start, cut, before.pitch, before.velocity), come_from)
        line.append((note, glide_from if glide_from != note.pitch else None))
    return line


def _sum(
    name: str, make: MakeTone, phrase: Phrase, notes: Sequence[tuple[Played, int | None]]
) -> Signal:
    out = np.zeros((1, phrase.frames), np.float32)
    for note, glide_from in notes:
        strength = round(note.velocity / 127 * _STRENGTH_STEPS) / _STRENGTH_STEPS
        held = max(1, round(note.held / _LENGTH_STEP)) * _LENGTH_STEP
        tone = Tone(note.pitch, strength, held, glide_from, phrase.flavour, phrase.cache)
        key = (name, phrase.flavour, note.pitch, strength, held, glide_from)
        sound = phrase.cache.get(key, lambda tone=tone: make(tone))  # type: ignore[misc]
        if sound.shape[0] > out.shape[0]:
            out = np.repeat(out, sound.shape[0], axis=0)
        span = min(sound.shape[1], phrase.frames - note.start)
        level = np.float32(level_of(note.velocity))
        out[:, note.start : note.start + span] += level * sound[:, :span]
    return out
