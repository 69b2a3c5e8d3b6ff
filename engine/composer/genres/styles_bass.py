"""How basses play: rows that `engine.composer.bass` reads.

One character is one step of the bar (as in grooves): r root, R accented root, o octave above,
5 fifth above, f fifth below, 3 third, 7 seventh or sixth, a approach to the next root,
n the next root early, g dead note, - hold, . rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["pattern", "walk", "kick", "drone", "acid", "808"]


@dataclass(frozen=True)
class BassStyle:
    """One way of playing: `patterns` by meter (a missing meter is adapted from 4/4)."""

    kind: Kind = "pattern"
    patterns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    gate: float = 0.9


_P: Kind = "pattern"
_THREE = ("r-----------", "r-------5---", "r---5---5---", "r-----r-5---", "r---3---5---")
_SIX = ("r-----r-----", "r-----5-----", "r---r-5---5-", "r-----r---a-", "r---5-o---5-")

BASS: dict[str, BassStyle] = {
    "whole": BassStyle(_P, {"4/4": ("r---------------", "r---------r-----", "r-----------r---"),
                            "3/4": _THREE[:2], "6/8": _SIX[:2]}, 0.97),
    "roots": BassStyle(_P, {"4/4": ("r-------r-------", "r-----r-r-------", "r-------r-----a-",
                                    "r---r---r---r---", "r-------5-------"),
                            "3/4": _THREE, "6/8": _SIX}, 0.92),
    "eighths": BassStyle(_P, {"4/4": ("r-r-r-r-r-r-r-r-", "R-r-r-r-R-r-r-r-",
                                      "R-r-r-r-R-r-r-a-", "R-r-r-5-R-r-r-5-"),
                              "3/4": ("R-r-r-r-r-r-", "R-r-r-r-r-a-"),
                              "6/8": ("R-r-r-R-r-r-", "R-r-r-R-r-a-")}, 0.85),
    "quarters": BassStyle(_P, {"4/4": ("r---r---r---r---", "r---r---5---5---", "r---r---r---a---"),
                               "3/4": _THREE[2:], "6/8": _SIX[2:]}, 0.8),
    "pop": BassStyle(_P, {"4/4": ("r-----r-r-------", "r--r--r-r--r--r-", "r-----r-..r-r-a-",
                                  "r--r----r--r--a-", "r-----5-r-----a-", "r------rr-----5-"),
                          "3/4": _THREE, "6/8": _SIX}, 0.9),
    "root fifth": BassStyle(_P, {"4/4": ("r-------5-------", "r-------f-------", "r---5---r---5---",
                                         "r-------5-----a-", "r---f---r---f---"),
                                 "3/4": ("r-----------", "r-------5---", "r-----------"),
                                 "6/8": ("r-----5-----", "r-----f-----")}, 0.8),
    "disco": BassStyle(_P, {"4/4": ("r-o-r-o-r-o-r-o-", "r.o.r.o.r.o.r.oo", "r-oor-oor-oor-oa",
                                    "R..oR..or-o-r-o-", "r-r-o-r-r-r-o-a-")}, 0.8),
    "offbeat": BassStyle(_P, {"4/4": ("..r-..r-..r-..r-", "..r-..r-..r-..o-", "..rr..rr..rr..rr",
                                      "..r-..r-..o-..r-")}, 0.85),
    "house": BassStyle(_P, {"4/4": ("r..r..r...r.r...", "..r...r..r....o.", "r.....r..r..r.a.",
                                    "..r..r....r..ro.", "r..o..r...r..o..", "...r..r....r..7.")},
                                        0.85),
    "rolling": BassStyle(_P, {"4/4": (".rrr.rrr.rrr.rrr", "..rr..rr..rr..rr", ".rr.rr.r.rr.rr.r",
                                      "..r...r...r...rr")}, 0.8),
    "driving": BassStyle(_P, {"4/4": ("rrrrrrrrrrrrrrrr", "RrrrRrrrRrrrRrrr", "RroRRroRRroRRroR",
                                      "RrorRrorRrorRror")}, 0.75),
    "funk": BassStyle(_P, {"4/4": ("R..r..o...r.7.o.", "R.g.r.o.g.r..7o.", "R..go..r..g.r.7a",
                                   "Rr..o..7r..g.o..", "R...r.g.o.7.5.a.", "R.gr..o.g7.o.ra.")},
                                       0.7),
    "slap": BassStyle(_P, {"4/4": ("R.go.gr.R.go.go.", "R..og.ro..go7.o.", "Rg.og.R.g.o.7.oa")},
        0.6),
    "soul": BassStyle(_P, {"4/4": ("r-----r-5---7-a-", "r--r..5-r--5..a-", "r---r-3-5---3-a-",
                                   "r--r--5-o--5--a-"),
                           "6/8": ("r---r-5---7-", "r-----5-7-a-")}, 0.88),
    "boom bap": BassStyle(_P, {"4/4": ("r-----r...r---..", "r--r......r-7-..", "r-----5-..r---a-",
                                       "r---..r-r---..a-")}, 0.9),
    "reggae": BassStyle(_P, {"4/4": ("r-r-5-..r-r---..", "..r-r-5-r---....", "r---r-3-5---....",
                                     "r-..5-5-r---..a-", "....r-r-5-3-r---", "r--r--5-....o-5-")},
                                         0.85),
    "dub": BassStyle(_P, {"4/4": ("r-----r-5-----..", "r---..5-r-----..", "....r---5-..r-..",
                                  "r-------..5-3-r-")}, 0.95),
    "tumbao": BassStyle(_P, {"4/4": ("......5-----n---", "...5-----...n---", "......5---..n---",
                                     "r-....5-----n---")}, 0.92),
    "bossa": BassStyle(_P, {"4/4": ("r-----5-5-----r-", "r-----5-f-----f-", "r-----5-5-----a-",
                                    "r-----r-5-----5-")}, 0.9),
    "samba": BassStyle(_P, {"4/4": ("r-....f-R-....r-", "r--.f---r--.f---", "r-----fff-----rr")},
        0.8),
    "cumbia": BassStyle(_P, {"4/4": ("r-------5---5---", "r-------3---5---", "r-------5---f---")},
        0.75),
    "dembow": BassStyle(_P, {"4/4": ("r-----r---r-----", "r--r--r-r--r--r-", "R-----r-R-----r-",
                                     "r--r--r-r-----r-")}, 0.9),
    "habanera": BassStyle(_P, {"4/4": ("r-----5-5---o---", "r--r--5-r--r--5-", "r---r---r---r---",
                                       "r-----5-r---5---"), "3/4": _THREE}, 0.7),
    "afro": BassStyle(_P, {"4/4": ("r..r..5...r.7.r.", "r.r...5.r.....7.", "..r.5..r..r.5.7."),
                           "6/8": ("r...r.5.7...", "r..r..5.5.7.")}, 0.75),
    "march": BassStyle(_P, {"4/4": ("r---....5---....", "r---f---r---f---"),
                            "3/4": ("r---........",), "6/8": ("r-----5-----",)}, 0.6),
    "baroque": BassStyle(_P, {"4/4": ("r---3---5---a---", "r---r---3---5---", "r-------5---a---",
                                      "r-5-3-5-r-5-3-a-"),
                              "3/4": ("r---3---5---", "r-------a---", "r---5---3---"),
                              "6/8": ("r-----5-----", "r---3-5---a-")}, 0.9),
    "synth eighths": BassStyle(_P, {"4/4": ("rrrrrrrrrrrrrrrr", "r-r-r-r-r-r-r-r-",
                                            "r-rrr-rrr-rrr-rr", "r-o-r-o-r-o-r-o-",
                                            "rrorrrorrrorrror")}, 0.7),
    "chip": BassStyle(_P, {"4/4": ("r-o-r-o-r-o-r-o-", "rro.rro.rro.rro.", "r-r-o-r-r-5-o-5-",
                                   "r..or..or..or..o")}, 0.75),
    "electro": BassStyle(_P, {"4/4": ("r..r..r...o.r...", "rr.r..o.rr.r..7.", "r.r...r.o...r.7.",
                                      "r.rrr.o.r.rrr.7.")}, 0.7),
    "reese": BassStyle(_P, {"4/4": ("r---------------", "r---------r---..", "r-----r---r---..",
                                    "r--r--------o---")}, 0.98),
    "wobble": BassStyle(_P, {"4/4": ("r-r-r-r-r---r---", "r---r-r-rrr-r---", "r-----r-r-r-o-r-",
                                     "rrr-r---r-rrr---", "r---rrrrr-----o-")}, 0.92),
    "two step": BassStyle(_P, {"4/4": ("r-----r...r--...", "r...o.r...r.7...", "r-....r--r..o...",
                                       "..r---..r.r-..o.")}, 0.88),
    "phonk": BassStyle(_P, {"4/4": ("r--r--r-..r-----", "r-----r-r--r----")}, 0.95),
    "metal": BassStyle(_P, {"4/4": ("RrrrRrrrRrrrRrrr", "R-rrR-rrR-rrR-rr", "Rr.rRr.rRr.rR.r."),
                            "6/8": ("RrrrrrRrrrrr", "R-rrr-R-rrr-")}, 0.8),
    "kick": BassStyle("kick", gate=0.9),
    "808": BassStyle("808", gate=0.98),
    "walk": BassStyle("walk", gate=0.92),
    "drone": BassStyle("drone", gate=1.0),
    "acid": BassStyle("acid", gate=0.6),
}  # fmt: skip
