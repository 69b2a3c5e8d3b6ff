"""The instruments: what plays them and in which range. One table for composer, renderer, captions.

`source` "gm" is a General MIDI program in a SoundFont (drum kits: bank 128), "synth" one of the
project's own voices (engine.corpus.render.voices), for what General MIDI lacks.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Instrument:
    """How an instrument sounds.

    Attributes:
        family: what a listener would call it (captions' word group).
        source: SoundFont or own voice.
        program: General MIDI program 0–127, or the kit of bank 128 for drums.
        voice: the own voice's name when source is "synth".
        low, high: comfortable range as MIDI notes.
    """

    family: str
    source: Literal["gm", "kit", "synth"]
    program: int = 0
    voice: str = ""
    low: int = 36
    high: int = 96


def _gm(family: str, program: int, low: int, high: int) -> Instrument:
    return Instrument(family, "gm", program, "", low, high)


def _synth(family: str, voice: str, low: int, high: int) -> Instrument:
    return Instrument(family, "synth", 0, voice, low, high)


def _kit(program: int) -> Instrument:
    return Instrument("drums", "kit", program, "", 35, 81)


Players = Literal["one", "drums only", "few", "all"]  # how many play
DRUM_FAMILIES = frozenset({"drums", "drum machine"})

INSTRUMENTS: dict[str, Instrument] = {
    "grand piano": _gm("piano", 0, 24, 103),
    "bright piano": _gm("piano", 1, 24, 103),
    "honky-tonk piano": _gm("piano", 3, 28, 96),
    "electric piano": _gm("electric piano", 4, 28, 96),
    "fm electric piano": _gm("electric piano", 5, 28, 96),
    "harpsichord": _gm("harpsichord", 6, 29, 89),
    "clavinet": _gm("clavinet", 7, 36, 89),
    "celesta": _gm("celesta", 8, 60, 108),
    "music box": _gm("music box", 10, 60, 100),
    "vibraphone": _gm("vibraphone", 11, 53, 89),
    "marimba": _gm("marimba", 12, 45, 96),
    "tubular bells": _gm("bells", 14, 60, 77),
    "drawbar organ": _gm("organ", 16, 36, 96),
    "rock organ": _gm("organ", 18, 36, 96),
    "church organ": _gm("organ", 19, 36, 96),
    "accordion": _gm("accordion", 21, 41, 89),
    "harmonica": _gm("harmonica", 22, 60, 84),
    "nylon guitar": _gm("acoustic guitar", 24, 40, 84),
    "steel guitar": _gm("acoustic guitar", 25, 40, 84),
    "jazz guitar": _gm("electric guitar", 26, 40, 86),
    "clean guitar": _gm("electric guitar", 27, 40, 86),
    "muted guitar": _gm("electric guitar", 28, 40, 86),
    "overdriven guitar": _gm("distorted guitar", 29, 40, 86),
    "distorted guitar": _gm("distorted guitar", 30, 36, 86),
    "upright bass": _gm("upright bass", 32, 28, 55),
    "fingered bass": _gm("bass guitar", 33, 28, 55),
    "picked bass": _gm("bass guitar", 34, 28, 55),
    "fretless bass": _gm("bass guitar", 35, 28, 55),
    "slap bass": _gm("slap bass", 36, 28, 55),
    "synth bass": _gm("synth bass", 38, 28, 55),
    "violin": _gm("violin", 40, 55, 100),
    "viola": _gm("viola", 41, 48, 88),
    "cello": _gm("cello", 42, 36, 76),
    "contrabass": _gm("contrabass", 43, 28, 55),
    "tremolo strings": _gm("strings", 44, 36, 96),
    "pizzicato strings": _gm("pizzicato strings", 45, 36, 96),
    "harp": _gm("harp", 46, 28, 103),
    "timpani": _gm("timpani", 47, 36, 57),
    "string ensemble": _gm("strings", 48, 36, 96),
    "slow strings": _gm("strings", 49, 36, 96),
    "choir": _gm("choir", 52, 48, 79),
    "voice oohs": _gm("choir", 53, 48, 79),
    "trumpet": _gm("trumpet", 56, 55, 86),
    "trombone": _gm("trombone", 57, 40, 72),
    "muted trumpet": _gm("trumpet", 59, 55, 82),
    "french horn": _gm("french horn", 60, 41, 77),
    "brass section": _gm("brass", 61, 40, 84),
    "soprano sax": _gm("saxophone", 64, 56, 87),
    "alto sax": _gm("saxophone", 65, 49, 80),
    "tenor sax": _gm("saxophone", 66, 44, 76),
    "baritone sax": _gm("saxophone", 67, 36, 68),
    "oboe": _gm("oboe", 68, 58, 91),
    "bassoon": _gm("bassoon", 70, 34, 72),
    "clarinet": _gm("clarinet", 71, 50, 91),
    "flute": _gm("flute", 73, 60, 96),
    "pan flute": _gm("pan flute", 75, 60, 96),
    "whistle": _gm("whistle", 78, 60, 96),
    "ocarina": _gm("ocarina", 79, 60, 84),
    "warm pad": _gm("synth pad", 89, 36, 96),
    "sitar": _gm("sitar", 104, 48, 77),
    "banjo": _gm("banjo", 105, 48, 84),
    "kalimba": _gm("kalimba", 108, 48, 79),
    "fiddle": _gm("fiddle", 110, 55, 96),
    "steel drums": _gm("steel drums", 114, 52, 76),
    "808 bass": _synth("808 bass", "808", 24, 55),
    "sub bass": _synth("sub bass", "sub", 24, 55),
    "acid bass": _synth("acid bass", "acid", 28, 64),
    "reese bass": _synth("reese bass", "reese", 24, 55),
    "supersaw": _synth("supersaw", "supersaw", 36, 96),
    "detuned pad": _synth("synth pad", "pad", 36, 96),
    "glass pad": _synth("synth pad", "glass", 48, 96),
    "pluck synth": _synth("synth pluck", "pluck", 36, 96),
    "square lead": _synth("synth lead", "square", 48, 96),
    "saw lead": _synth("synth lead", "saw", 48, 96),
    "fm keys": _synth("fm keys", "fm", 36, 96),
    "fm bell": _synth("fm bell", "fmbell", 48, 103),
    "chip lead": _synth("chiptune lead", "chip", 48, 103),
    "riser": _synth("riser", "riser", 36, 84),
    "impact": _synth("impact", "impact", 24, 60),
    "standard kit": _kit(0),
    "room kit": _kit(8),
    "power kit": _kit(16),
    "jazz kit": _kit(32),
    "brush kit": _kit(40),
    "orchestra kit": _kit(48),
    "808 kit": Instrument("drum machine", "synth", 0, "kit808", 35, 81),
    "909 kit": Instrument("drum machine", "synth", 0, "kit909", 35, 81),
    "trap kit": Instrument("drum machine", "synth", 0, "kittrap", 35, 81),
    "lofi kit": Instrument("drum machine", "synth", 0, "kitlofi", 35, 81),
    "chip kit": Instrument("drum machine", "synth", 0, "kitchip", 35, 81),
}
