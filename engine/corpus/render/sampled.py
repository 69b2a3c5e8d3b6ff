"""SoundFont parts, put together from notes that FluidSynth plays once each.

Music repeats itself: of a hundred notes of a part, 34 (chords), 45 (basses), 65 (melodies) and 9
(drums) are distinct once length is rounded to 30 ms and velocity to a tenth (120 composed scores).
Level and start stay exact, to the sample. Kits are remembered from score to score.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from engine.corpus.render.canvas import RATE_HZ, Played, Signal
from engine.corpus.render.fluid import DRUM_BANK, FluidSynth, Strike
from engine.corpus.render.tables import Cache
from engine.corpus.render.voices.kits import CLOSED_HATS, OPEN_HAT, choked
from engine.music.instruments import Instrument

_LENGTH_STEP: Final = RATE_HZ * 3 // 100
_VELOCITY_STEP: Final = 10
_VELOCITY_EXPONENT: Final = 1.9  # SoundFont 2.4, 8.4.1: amplitude goes with velocity squared
_KIT_HOLD_S: Final = 2.0  # a kit's notes ring; their written length means nothing


def sampled_parts(
    fluid: FluidSynth,
    soundfont: str,
    parts: Mapping[int, tuple[Instrument, Sequence[Played], int]],
    cache: Cache,
) -> Iterator[tuple[int, Signal]]:
    """Render parts of a SoundFont.

    Args:
        fluid: the synthesizer.
        soundfont: path of the bank.
        parts: by index: instrument, notes sorted by start, samples to render.
        cache: remembers kits.

    Yields:
        Index and (2, samples).
    """
    wanted = {
        index: [_strike(instrument, note) for note in _one_per_key(instrument, notes)]
        for index, (instrument, notes, _) in parts.items()
    }
    distinct = dict.fromkeys(strike for strikes in wanted.values() for strike in strikes)
    # What is kept is taken out before anything new goes in, which may push it out.
    found = {s: cache.find((soundfont, s)) for s in distinct if s.bank == DRUM_BANK}
    sounds = {strike: sound for strike, sound in found.items() if sound is not None}
    missing = [strike for strike in distinct if strike not in sounds]
    for strike, sound in zip(missing, fluid.play(soundfont, missing), strict=True):
        sounds[strike] = sound
        if strike.bank == DRUM_BANK:
            cache.put((soundfont, strike), sound)
    for index, (_, notes, frames) in parts.items():
        yield index, _assembled(notes, wanted[index], sounds, frames)


def _strike(instrument: Instrument, note: Played) -> Strike:
    """The distinct note that stands for this one."""
    step = min(note.velocity // _VELOCITY_STEP * _VELOCITY_STEP + _VELOCITY_STEP // 2, 127)
    if instrument.source == "kit":
        held = round(_KIT_HOLD_S * RATE_HZ)
        return Strike(DRUM_BANK, instrument.program, note.pitch, step, held)
    held = max(1, round(note.held / _LENGTH_STEP)) * _LENGTH_STEP
    return Strike(0, instrument.program, note.pitch, step, held)


def _one_per_key(instrument: Instrument, notes: Sequence[Played]) -> list[Played]:
    """A key that is struck again was let go before."""
    if instrument.source == "kit":
        return list(notes)
    shortened = list(notes)
    latest: dict[int, int] = {}  # pitch → index of its last note
    for index, note in enumerate(notes):
        if note.pitch in latest:
            before = shortened[latest[note.pitch]]
            held = max(1, min(before.held, note.start - before.start))
            shortened[latest[note.pitch]] = Played(
                before.start, held, before.pitch, before.velocity
            )
        latest[note.pitch] = index
    return shortened


def _assembled(
    notes: Sequence[Played], strikes: Sequence[Strike], sounds: Mapping[Strike, Signal], frames: int
) -> Signal:
    out = np.zeros((2, frames), np.float32)
    hats = [note.start for note in notes if note.pitch in (*CLOSED_HATS, OPEN_HAT)]
    for note, strike in zip(notes, strikes, strict=True):
        sound = sounds[strike]
        if strike.bank == DRUM_BANK and note.pitch == OPEN_HAT:
            sound = choked(sound, hats, note.start)
        span = min(sound.shape[1], frames - note.start)
        level = np.float32((note.velocity / strike.velocity) ** _VELOCITY_EXPONENT)
        out[:, note.start : note.start + span] += level * sound[:, :span]
    return out
