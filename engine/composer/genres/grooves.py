"""The drum grammars: families of patterns per lane, and the General MIDI keys that they strike.

A pattern is one bar, or several parted by "|"; its length in characters divides the bar, so twelve
characters are triplet eighths in 4/4 and sixteenths in 3/4. X accent, x hit, o soft, g ghost,
? a ghost that comes and goes. A lane lists alternatives: a composition picks one for its main
groove and may pick another for its peak. "" means the lane may be left out. "@" sets the level
from which a lane plays, if not LANE_ENTERS.
"""

from engine.composer.genres.grooves_acoustic import ACOUSTIC
from engine.composer.genres.grooves_electronic import ELECTRONIC
from engine.composer.genres.grooves_world import WORLD

Groove = dict[str, tuple[str, ...]]

# lane → General MIDI percussion key
LANES: dict[str, int] = {
    "kick": 36, "snare": 38, "rim": 37, "clap": 39, "hat": 42, "pedal": 44, "open": 46,
    "ride": 51, "bell": 53, "crash": 49, "low tom": 43, "mid tom": 47, "high tom": 50,
    "tamb": 54, "cowbell": 56, "shaker": 70, "cabasa": 69, "conga mute": 62, "conga": 63,
    "conga low": 64, "bongo": 60, "bongo low": 61, "timbale": 65, "timbale low": 66,
    "agogo": 67, "agogo low": 68, "guiro": 73, "guiro long": 74, "clave": 75, "block": 76,
    "block low": 77, "cuica mute": 78, "cuica": 79, "triangle mute": 80, "triangle": 81,
    "surdo": 41, "brush": 40,
}  # fmt: skip

# lane → the level of a section from which it plays
LANE_ENTERS: dict[str, float] = {
    "kick": 0.4, "snare": 0.5, "rim": 0.4, "clap": 0.5, "hat": 0.25, "pedal": 0.3, "open": 0.6,
    "ride": 0.35, "bell": 0.7, "crash": 0.6, "low tom": 0.5, "mid tom": 0.5, "high tom": 0.6,
    "tamb": 0.65, "cowbell": 0.65, "shaker": 0.35, "cabasa": 0.3, "conga mute": 0.4, "conga": 0.4,
    "conga low": 0.4, "bongo": 0.4, "bongo low": 0.4, "timbale": 0.65, "timbale low": 0.65,
    "agogo": 0.5, "agogo low": 0.5, "guiro": 0.3, "guiro long": 0.3, "clave": 0.3, "block": 0.5,
    "block low": 0.5, "cuica mute": 0.7, "cuica": 0.7, "triangle mute": 0.5, "triangle": 0.5,
    "surdo": 0.25, "brush": 0.2,
}  # fmt: skip

VELOCITIES: dict[str, int] = {"X": 116, "x": 98, "o": 78, "g": 42, "?": 46}

# fills by family: each spans its last characters of a bar (16 to a 4/4 bar); a letter is a lane
FILL_LANES: dict[str, str] = {
    "k": "kick", "s": "snare", "h": "high tom", "m": "mid tom", "l": "low tom", "c": "clap",
    "t": "timbale", "b": "timbale low", "r": "rim", "n": "conga", "w": "conga low", "o": "open",
}  # fmt: skip
FILLS: dict[str, tuple[str, ...]] = {
    "toms": ("hhmmmmll", "s.hhm.ml", "sshhmmll", "h.hm.ml.", "ss.hh.ml", "s..hm..lk.s.hml."),
    "snare": ("s.ss", "ss.sssss", "....s.ss", "s..s..s.", "s.s.ssss", "..s...ss"),
    "roll": ("ssssssss", "ssssssssssssssss", "s.s.s.s.ssssssss", "c.c.c.c.cccccccc"),
    "dropout": ("........", "....", "k.......", ".......s"),
    "double": ("s.sshhsshhmmllkk", "kkssmmll", "sskksskk", "skkskkskk"),
    "break": ("k.s.ksk.", "ks.sk.ss", "s.ks.sks", "kss.ksss"),
    "timbales": ("t.ttb.tt", "tttbttbb", "t.tb.tbt", "nnw.ttbb"),
    "brush": ("s.s.", "..ss", "s..s"),
    "rimshot": ("r.rr", "rr.r..rr", "s.....rr"),
}

GROOVES: dict[str, Groove] = ELECTRONIC | ACOUSTIC | WORLD
