"""The project's own voices, by the names that engine.music.instruments uses.

General MIDI banks hold no 808, no supersaw and no drum machine. These are made from spectra
(engine.corpus.render.tables) and envelopes; every note depends on its own parameters alone and is
cached.
"""

from typing import Final

from engine.corpus.render.voices import basses, bells, leads, pads, transitions
from engine.corpus.render.voices.kits import KITS, kit_voice
from engine.corpus.render.voices.phrase import (
    FLAVOURS,
    MakeTone,
    Phrase,
    Voice,
    monophonic,
    polyphonic,
)

_POLYPHONIC: Final[dict[str, MakeTone]] = {
    **bells.POLYPHONIC,
    **leads.POLYPHONIC,
    **pads.POLYPHONIC,
    **transitions.POLYPHONIC,
}

VOICES: Final[dict[str, Voice]] = {
    **{name: polyphonic(name, make) for name, make in _POLYPHONIC.items()},
    **{name: monophonic(name, make) for name, make in basses.MONOPHONIC.items()},
    **{name: kit_voice(name) for name in KITS},
}

__all__ = ["FLAVOURS", "VOICES", "Phrase", "Voice"]
