"""How tunes move: rhythm cells by bank and rows that `engine.composer.melody` reads.

A cell is one bar: x a note, - hold, . rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["motif", "run", "double"]
Notes = Literal["mode", "pentatonic", "blues"]

_THREE: dict[str, tuple[str, ...]] = {
    "long": ("x-----------", "x-------x---", "....x-------"),
    "lyric": ("x---x---x---", "x-------x---", "x-----x-x---", "x---x-x-x---", "....x---x---"),
    "flow": ("x-x-x-x-x---", "x---x-x-x-x-", "x-x-x-x-x-x-", "x--xx-x-x---"),
    "busy": ("xxxxx-x-x-x-", "x-xxx-xxx-x-", "x-xxxxxxx-x-"),
}
_SIX: dict[str, tuple[str, ...]] = {
    "long": ("x-----------", "x-----x-----", "x---------x-"),
    "lyric": ("x---x-x-----", "x-----x---x-", "x---x-x---x-", "x-x-x-x-----"),
    "flow": ("x-x-x-x-x-x-", "x---x-x-x-x-", "x-x-x-x---x-"),
    "busy": ("xxxxxxx-x-x-", "x-xxx-x-xxx-", "x-x-xxxxx-x-"),
}

# bank → meter → cells
RHYTHMS: dict[str, dict[str, tuple[str, ...]]] = {
    "long": {"4/4": ("x-------x-------", "x---------------", "x-----x-x-------",
                     "x-----------x---", "....x-----------", "x-------x---x---"),
             "3/4": _THREE["long"], "6/8": _SIX["long"]},
    "lyric": {"4/4": ("x---x---x-x-x---", "x-----x-x---x---", "..x-x-x-x-----..",
                      "x-x-x---x-------", "x---x-x-x---....", "x-x-x-x-x---x---",
                      "....x-x-x---x---", "x-----x-x-x-x---", "x---x---x-------"),
              "3/4": _THREE["lyric"], "6/8": _SIX["lyric"]},
    "synco": {"4/4": ("x--x--x-x--x--x-", "x--x--x---x-x---", "..x-x--x--x-x---",
                      "x-x--x--x-------", "x--x----..x-x-x-", "..x--x--x-x-....",
                      "x-xx--x-x-x-....", "x--x--x-....x-x-", "..x-x-x--x--x---"),
              "3/4": _THREE["flow"], "6/8": _SIX["lyric"]},
    "flow": {"4/4": ("x-x-x-x-x-x-x-x-", "x-x-x-x-x---x-x-", "x-x-x-x-x-x-x---",
                     "x---x-x-x-x-x-x-", "x-xxx-x-x-x-x-x-"),
             "3/4": _THREE["flow"], "6/8": _SIX["flow"]},
    "busy": {"4/4": ("x-xxx-x-x-xxx-x-", "xxx-x-x-xx-xx-x-", "x-x-xxx-x-x-x---",
                     "xxxxx-x-xxxxx-x-", "x-xxx-xxx-xxx-x-"),
             "3/4": _THREE["busy"], "6/8": _SIX["busy"]},
    "stream": {"4/4": ("xxxxxxxxxxxxxxxx", "x-xxxxxxx-xxxxxx"),
               "3/4": ("xxxxxxxxxxxx", "x-xxxxxxx-xx"), "6/8": ("x-x-x-x-x-x-",)},
    "swing": {"4/4": ("x-x-x--x-x--x---", "..x-x-x-x--x----", "x--x--x-....x-x-",
                      "...x-x--x-x-x---", "x-x-x-x-x--x----", "..x--x-x--x-x---",
                      "x-----x--x-x-x--"),
              "3/4": _THREE["flow"], "6/8": _SIX["flow"]},
    "blues": {"4/4": ("..x-x-x-x-------", "x-x-x---....x-x-", "....x-x-x---....",
                      "x-..x-x-x-x-....", "..x-x---x---....", "x-x-x-x-x-------"),
              "3/4": _THREE["lyric"], "6/8": ("..x-x-x-----", "x-x-x-x-----", "x---x-x-x---")},
    "hook": {"4/4": ("x--x--x-........", "x-x-..x-x-..x-..", "x--x--x--x--x-x-",
                     "x-x-x-..x-x-x-..", "x-..x-x-x-......", "..x-..x-x-x-...."),
             "3/4": _THREE["lyric"], "6/8": _SIX["lyric"]},
    "stab": {"4/4": ("x-....x-........", "x.x.......x-....", "......x-..x-x-..",
                     "x-..........x-x-", "x.xx..x-........"),
             "3/4": ("x-......x-..",), "6/8": ("x-....x-....",)},
    "clave": {"4/4": ("x--x--x---x-x---", "..x-x---x--x--x-", "x--x--x-x--x--x-",
                      "x-xx-xx-x-x-....", "..x--x-x--x--x--"),
              "3/4": _THREE["flow"], "6/8": _SIX["flow"]},
    "trap": {"4/4": ("x--x--x-x-------", "x-x-x-....x-x-..", "x--x--..x--x--..",
                     "x-x-xx..x-x-....", "x-----x-x--x----"),
             "3/4": _THREE["lyric"], "6/8": _SIX["lyric"]},
}  # fmt: skip


@dataclass(frozen=True)
class MelodyStyle:
    """One way of singing.

    Attributes:
        banks: rhythm banks, weighted.
        kind: motif (cells that come back), run (an improvised line), double (follows the tune).
        notes: what lies between chord tones.
        leap: chance that a step of the contour is a leap.
        gate: share of its step that a note sounds.
        rest: chance that a bar of the answer is left empty, to breathe.
        ornament: chance of a grace note, of chromatic approach in runs.
        interval: semitones under the tune (kind "double").
    """

    banks: Mapping[str, float]
    kind: Kind = "motif"
    notes: Notes = "mode"
    leap: float = 0.2
    gate: float = 0.9
    rest: float = 0.15
    ornament: float = 0.0
    interval: int = 0


MELODY: dict[str, MelodyStyle] = {
    "lyric": MelodyStyle({"lyric": 3, "long": 1, "flow": 1}, leap=0.2, gate=0.95, rest=0.1),
    "long": MelodyStyle({"long": 3, "lyric": 1}, leap=0.25, gate=0.98, rest=0.1),
    "pop": MelodyStyle({"synco": 3, "lyric": 2}, leap=0.2, rest=0.15),
    "pentatonic": MelodyStyle({"synco": 1, "lyric": 2, "flow": 1}, notes="pentatonic", leap=0.15),
    "hook": MelodyStyle({"hook": 3, "synco": 1}, notes="pentatonic", leap=0.25, gate=0.7, rest=0.1),
    "anthem": MelodyStyle({"lyric": 2, "synco": 2, "long": 1}, leap=0.3, gate=0.95, rest=0.05),
    "busy": MelodyStyle({"busy": 2, "flow": 2}, leap=0.2, gate=0.8, rest=0.1),
    "stream": MelodyStyle({"stream": 2, "busy": 1, "flow": 1}, leap=0.12, gate=0.85, rest=0.0),
    "reel": MelodyStyle({"flow": 3, "busy": 2}, leap=0.18, gate=0.9, rest=0.0, ornament=0.2),
    "air": MelodyStyle({"lyric": 3, "flow": 1}, leap=0.25, gate=0.97, rest=0.05, ornament=0.2),
    "swing": MelodyStyle({"swing": 3, "lyric": 1}, leap=0.25, gate=0.85, rest=0.15, ornament=0.1),
    "bebop": MelodyStyle({"flow": 1}, kind="run", leap=0.15, gate=0.9, rest=0.2, ornament=0.35),
    "cool": MelodyStyle({"flow": 1}, kind="run", leap=0.2, gate=0.92, rest=0.4, ornament=0.2),
    "blues": MelodyStyle(
        {"blues": 3, "swing": 1}, notes="blues", leap=0.15, rest=0.2, ornament=0.3
    ),
    "rock": MelodyStyle(
        {"synco": 2, "flow": 1, "blues": 1}, notes="pentatonic", leap=0.2, gate=0.92, ornament=0.12
    ),
    "shred": MelodyStyle({"busy": 3, "stream": 1}, notes="mode", leap=0.1, gate=0.9, rest=0.05),
    "stabs": MelodyStyle({"stab": 3}, notes="pentatonic", leap=0.3, gate=0.6, rest=0.2),
    "latin": MelodyStyle({"clave": 3, "synco": 1}, leap=0.2, gate=0.8, rest=0.15),
    "trap": MelodyStyle({"trap": 3, "hook": 1}, notes="mode", leap=0.15, gate=0.9, rest=0.15),
    "sparse": MelodyStyle(
        {"long": 2, "lyric": 1}, notes="pentatonic", leap=0.3, gate=1.0, rest=0.35
    ),
    "chip": MelodyStyle({"busy": 1, "flow": 2, "synco": 2}, leap=0.3, gate=0.8, rest=0.05),
    "counter": MelodyStyle({"long": 2, "lyric": 1}, leap=0.1, gate=0.97, rest=0.3),
    "thirds": MelodyStyle({"long": 1}, kind="double", interval=3),
    "octave": MelodyStyle({"long": 1}, kind="double", interval=12),
}
