"""Grooves of Latin America, the Caribbean, Africa and Spain; notation as in grooves.

Claves and their layers follow common practice: son clave 3-2 and 2-3, cascara, tumbao on congas,
one drop, dembow, tresillo.
"""

_SON_32 = "x..x..x...x.x..."
_SON_23 = "..x.x...x..x..x."

WORLD: dict[str, dict[str, tuple[str, ...]]] = {
    "salsa": {
        "clave": ("x..x..x.|..x.x...", "..x.x...|x..x..x.", "x..x...x|..x.x..."),
        "conga mute": ("..o.....|..o.....",),
        "conga": ("..x.....|..x...x.", "..x.....|..x....."),
        "conga low": ("......xx|......xx",),
        "cowbell": ("x.xoxoxo|x.xoxoxo", "x...x...|x...x..."),
        "timbale": ("x.xx.x.x|.xx.x.xx", "x.x.xx.x|x.xx.x.x", ""),
        "guiro": ("x.oox.oo|x.oox.oo", ""),
        "kick": ("", "...x..x.|...x..x."),
        "bongo": ("", "xoxoxoxo|xoxoxoxo"),
    },
    "bossa": {
        "rim": ("x..x..x...x..x..", "x..x..x.|..x..x..", "x..x...x..x.x..."),
        "kick": ("X..xX..xX..xX..x", "X..ox..oX..ox..o"),
        "hat": ("xoxoxoxoxoxoxoxo", "x.o.x.o.x.o.x.o."),
        "shaker": ("xgogxgogxgogxgog", ""),
    },
    "samba": {
        "surdo": ("o...X...o...X...", "o...X...o...X.xx"),
        "kick": ("x..ox..ox..ox..o",),
        "shaker": ("xgoxxgoxxgoxxgox", "xooxxooxxooxxoox"),
        "agogo": ("x.x...x.x...x...", "..x.xx...x.x...."),
        "agogo low": ("....xx...x.x....", "x......x..x...xx"),
        "tamb": ("x.xxx.xxx.xxx.xx", "xooxxooxxooxxoox"),
        "snare": ("ggXggXggXggXggXg", "XggXggXgXggXgXgg"),
        "cuica": ("", "..x.............|......x........."),
        "cuica mute": ("", "....x.x.........|..x............."),
    },
    "cumbia": {
        "kick": ("X...X...X...X...", "X.......X......."),
        "guiro": ("..oo..oo..oo..oo",),
        "guiro long": ("x...x...x...x...",),
        "conga": ("..x...x...x...x.", "..x..ox...x..oxx"),
        "conga low": ("......x.......x.", ""),
        "cowbell": ("x...x...x...x...", ""),
        "timbale": ("", "....x.......x.xx"),
    },
    "dembow": {
        "kick": ("X...X...X...X...", "X.......X......."),
        "snare": ("...x..X....x..X.",),
        "hat": ("x.x.x.x.x.x.x.x.", "xgxgxgxgxgxgxgxg", ""),
        "clap": ("", "......x.......x."),
        "shaker": ("", "gogogogogogogogo"),
        "timbale": ("", "..............xx|................"),
        "cowbell": ("", "..o...o...o...o."),
    },
    "tango": {
        "kick": ("X...x...X...x...", "X.....x.X...x..."),
        "rim": ("", "......o.....o..."),
    },
    "flamenco": {
        "kick": ("X.......X.......", "X.....x.X......."),
        "clap": ("..x.x...x.x.x.x.", "..o.X..oo.o.X.oo", "x.oox.oox.oox.oo"),
        "rim": ("..o.o.o...o.o.oo", "oxo.oxo.oxo.oxoo"),
        "shaker": ("", "gogogogogogogogo"),
    },
    "afrobeat": {
        "kick": ("X.....x.X.....x.", "X..x..x...x..x..", "X.....x.x.x....."),
        "snare": ("....o..x..o.x...", "...x..x....x..x.", "....X..g.g..X..g"),
        "hat": ("xoxoxoxoxoxoxoxo", "x.xox.xox.xox.xo"),
        "open": ("", "......x.......x."),
        "shaker": ("xgogxgogxgogxgog", "xooxxooxxooxxoox"),
        "clave": (_SON_32, _SON_23, ""),
        "conga": ("..o...oo..o...oo", "o.oo..o.o.oo..o."),
        "conga low": ("......x.......x.", "...x......x....."),
        "agogo": ("", "x..x..x...x.x..."),
    },
    "afro 6/8": {
        "bell": ("x.x.xx.x.x.x", "x.x.x.xx.x.x"),
        "kick": ("X.....x.....", "X..x..x....."),
        "shaker": ("x.ox.ox.ox.o", "xooxooxooxoo"),
        "conga": ("..o..o..o..o", "..oo....oo.."),
        "conga low": ("......x.....", ".....x.....x"),
    },
    "one drop": {
        "kick": ("........X.......", "........X.......|........X.....x."),
        "rim": ("........X.......", "........X.....o."),
        "snare@0.75": ("", "........X......."),
        "hat": ("x.o.x.o.x.o.x.o.", "..x...x...x...x.", "xgogxgogxgogxgog"),
        "open": ("", "..............x."),
        "shaker": ("", "..o...o...o...o."),
        "bongo": ("", "..........o.oo..|..o...o........."),
    },
    "steppers": {
        "kick": ("X...X...X...X...",),
        "snare": ("........X.......", "........X......?"),
        "rim": ("....o.......o...", "..o...o..o....o.", ""),
        "hat": ("..x...x...x...x.", "x.o.x.o.x.o.x.o."),
        "open": ("", "......x........."),
        "shaker": ("", "gogogogogogogogo"),
    },
    "ska": {
        "kick": ("X.......X.......", "X...X...X...X...", "........X......."),
        "snare": ("....X.......X...",),
        "rim": ("", "..o...o...o...o."),
        "hat": ("..X...X...X...X.", "x.X.x.X.x.X.x.X."),
        "tamb": ("", "..x...x...x...x."),
    },
}
