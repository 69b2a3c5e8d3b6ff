"""Does a text contradict the labels? An independent reading of captions, for tests and audits.

The grammar says only what facts allow; this module reads the finished text the other way round:
every phrase that means something is looked up and held against the labels themselves. It shares
the lexicon's lists of synonyms with the grammar, and none of its conditions.
Rejected: trusting the conditions (a wrong one would be wrong in both places).
"""

import re
from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache

from engine.corpus.annotate import Annotations
from engine.corpus.captions import lexicon
from engine.music.meter import pulse_bpm
from engine.text.reading import read_prompt

_NOT_NEARBY = (r"(?<![\w-])(?:", r")(?![\w-])")

# words for whole families of instruments, wherever no longer phrase explains them
_HEADS: dict[str, tuple[str, ...]] = {
    r"pianos?": ("piano", "electric piano"),
    r"rhodes": ("electric piano",),
    r"organs?|hammond": ("organ",),
    r"guitars?": ("acoustic guitar", "electric guitar", "distorted guitar"),
    r"drums?|drummer|kick|snare|hi-hats|hats|cymbal|claps|kit": ("drums", "drum machine"),
    r"strings?": ("strings", "pizzicato strings", "violin", "viola", "cello"),
    r"sax|saxophone": ("saxophone",),
    r"horns?|brass": ("brass", "trumpet", "trombone", "french horn", "saxophone"),
    r"choir|voices|oohs|vocals|singing": ("choir",),
    r"flutes?": ("flute", "pan flute", "ocarina", "whistle"),
    r"violins?|fiddles?": ("violin", "fiddle"),
    r"cellos?": ("cello",),
    r"trumpets?": ("trumpet", "brass"),
    r"trombones?": ("trombone", "brass"),
    r"banjos?": ("banjo",),
    r"harps?": ("harp", "harmonica", "kalimba"),
    r"accordions?": ("accordion",),
    r"synths?|supersaws?": ("synth pad", "synth lead", "synth pluck", "synth bass", "supersaw",
                            "fm keys", "fm bell", "chiptune lead", "acid bass", "reese bass",
                            "sub bass", "808 bass"),
    r"808s?": ("808 bass", "drum machine"),
    r"bass": ("bass guitar", "upright bass", "slap bass", "synth bass", "808 bass", "sub bass",
              "acid bass", "reese bass", "contrabass"),
}  # fmt: skip


def _has(a: Annotations, *roles: str) -> bool:
    return any(part.role in roles for part in a.parts)


def _trait(a: Annotations, *traits: str) -> bool:
    return any(trait in part.traits for part in a.parts for trait in traits)


def _effect(a: Annotations, name: str, least: float) -> bool:
    return any(part.effects.get(name, 0) >= least for part in a.parts)


def _sections(a: Annotations, *names: str) -> bool:
    return any(section.name in names for section in a.sections)


def _rises(a: Annotations) -> bool:
    return a.sections[-1].energy > a.sections[0].energy


Claim = tuple[str, Callable[[Annotations], bool]]

# what a text says → what must be true of the labels; the first are read before any other word
_FIRST: tuple[Claim, ...] = (
    (r"no drums|drumless|without drums|beatless|no beats|no percussion|percussion-free",
     lambda a: not _has(a, "drums")),
    (r"no bass|without bass", lambda a: not _has(a, "bass")),
    (r"no lead melody|no lead|topline-free", lambda a: not _has(a, "melody")),
    (r"no vocals|no singing|without vocals|sans vocals|purely instrumental",
     lambda a: not any(part.family == "choir" for part in a.parts)),
    (r"3/4|in three|waltz feel|in waltz time|three-four lilt|triple time",
     lambda a: a.meter == "3/4"),
    (r"6/8|in six|six-eight", lambda a: a.meter == "6/8"),
    (r"4/4", lambda a: a.meter == "4/4"),
    (r"breaks down in the middle", lambda a: len(a.sections) > 2),
)  # fmt: skip
_CLAIMS: tuple[Claim, ...] = (
    (r"unaccompanied|alone|nothing but|on its own|by itself|no other instruments|drums only|"
     r"with no backing|and nothing else|minus the band",
     lambda a: sum(part.role != "fx" for part in a.parts) == 1),
    (r"duo|two players", lambda a: len(a.parts) == 2),
    (r"trio", lambda a: len(a.parts) == 3),
    (r"quartet", lambda a: sum(p.role != "fx" for p in a.parts) == 4),
    (r"full-orchestra|symphonic|philharmonic-style", lambda a: len(a.parts) > 4),
    (r"full-band|multi-layered|thickly layered", lambda a: len(a.parts) > 3),
    (r"sparse|minimal|bare-bones|stripped-back", lambda a: a.texture == "sparse"),
    (r"melody|melodies|tune|tunes|topline|lead melody", lambda a: _has(a, "melody")),
    (r"arpeggios?|arp|arps|arpeggiated", lambda a: _has(a, "arpeggio")),
    (r"loop|loops|loops seamlessly|seamless", lambda a: a.loop),
    (r"swung|swing|swinging|loping", lambda a: a.swing >= 0.5),
    (r"shuffled?|shuffling|triplet-feel", lambda a: a.swing >= 0.6),
    (r"straight feel|straight timing", lambda a: a.swing < 0.1),
    (r"half-time", lambda a: _trait(a, "half-time", "one drop")),
    (r"four-on-the-floor|four-to-the-floor|kick on every beat",
     lambda a: _trait(a, "four on the floor")),
    (r"backbeat|snare on two and four", lambda a: _trait(a, "backbeat")),
    (r"one-drop", lambda a: _trait(a, "one drop")),
    (r"walking", lambda a: _trait(a, "walking")),
    (r"strummed|strumming", lambda a: _trait(a, "strummed")),
    (r"palm-muted|chugging|chugs?", lambda a: _trait(a, "palm-muted")),
    (r"congas?", lambda a: _trait(a, "lane conga")),
    (r"cowbell", lambda a: _trait(a, "lane cowbell")),
    (r"shakers?", lambda a: _trait(a, "lane shaker")),
    (r"tambourine", lambda a: _trait(a, "lane tamb")),
    (r"claps", lambda a: _trait(a, "lane clap")),
    (r"rimshots", lambda a: _trait(a, "lane rim")),
    (r"minor-key|harmonic-minor|minor", lambda a: (a.key or "").endswith("m")),
    (r"major-key|major", lambda a: a.key is not None and not a.key.endswith("m")),
    (r"dorian|dorian-mode", lambda a: a.mode == "dorian"),
    (r"phrygian|phrygian-mode", lambda a: a.mode == "phrygian"),
    (r"lydian", lambda a: a.mode == "lydian"),
    (r"vinyl|vinyl-worn|crackle|crackly|surface noise", lambda a: a.master.get("vinyl", 0) > 0.1),
    (r"tape|tape-saturated|tape-worn|cassette", lambda a: a.master.get("tape", 0) > 0.2),
    (r"muffled|rolled-off|lo-fi finish|band-limited", lambda a: a.master.get("lofi_hz", 0) > 0),
    (r"sidechain|sidechained|ducking|pumping", lambda a: _effect(a, "sidechain", 0.3)),
    (r"reverb-drenched|cavernous|lots of reverb|long reverb tails|spacious",
     lambda a: a.master.get("reverb_room", 0.35) >= 0.3),
    (r"almost no reverb|dry|up-close", lambda a: min(p.reverb for p in a.parts) < 0.15),
    (r"echoes|echoing|delay-soaked|delayed|delay throws",
     lambda a: any(part.delay >= 0.2 for part in a.parts)),
    (r"filter sweeps|opening filter", lambda a: any(part.sweep > 0.2 for part in a.parts)),
    (r"saturated|gritty saturation|gritty",
     lambda a: _effect(a, "saturation", 0.3)
     or any(part.family == "distorted guitar" for part in a.parts)
     or a.master.get("tape", 0) > 0.2),
    (r"drop|drops", lambda a: _sections(a, "drop")),
    (r"verse", lambda a: _sections(a, "verse")),
    (r"builds up|builds steadily|builds to a peak|keeps growing|swells to the finish", _rises),
    (r"builds into", lambda a: _sections(a, "build")),
    (r"intro", lambda a: _sections(a, "intro")),
    (r"final chord|last chord|full stop", lambda a: a.final_chord and not a.loop),
)  # fmt: skip

_ENERGY_LIMITS = {"low": (0.0, 0.4), "mid": (0.0, 1.0), "high": (0.6, 1.0)}
_BPM = re.compile(r"(\d+(?:\.\d+)?) (?:bpm|beats per minute)", re.IGNORECASE)
_BARS = re.compile(r"(\d+)-bar")


def _phrases(texts: list[str]) -> re.Pattern[str]:
    parts = sorted({re.escape(text.lower()) for text in texts}, key=len, reverse=True)
    return re.compile("|".join(parts).join(_NOT_NEARBY))


@lru_cache(maxsize=1)
def _index() -> dict[str, list[tuple[str, str]]]:
    """Phrase → what it may mean: (kind, value) pairs, any of which must be true."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    groups = (("mood", lexicon.MOODS_BY_KIND["mood"]), ("genre", lexicon.GENRE),
              ("mood", lexicon.MOODS_BY_KIND["mood noun"]), ("energy", lexicon.ENERGY),
              ("era", lexicon.ERA), ("instrument", lexicon.INSTRUMENT))  # fmt: skip
    for kind, rows in groups:
        for value, words in rows.items():
            for word in words:
                found[word.text.lower()].append((kind, value))
    for low, high, words in lexicon.TEMPO:
        for word in words:
            found[word.text.lower()].append(("tempo", f"{low} {high}"))
    for group in ("activity", "tool", "picture"):
        for word in lexicon.FLAT[group]:
            scene = word.text.lower()
            found[scene].append(("scene", ""))
            found[re.sub("^(?:a|an|the) ", "", scene)].append(("scene", ""))
    found["swing"].append(("swing", ""))
    for spelling in ("lo-fi", "lofi"):
        found[spelling].append(("lofi", ""))
    return dict(found)


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    return _phrases(list(_index()))


_TRUE: dict[str, Callable[[Annotations, str], bool]] = {
    "mood": lambda a, value: value in a.moods,
    "genre": lambda a, value: value == a.genre,
    "instrument": lambda a, value: any(part.instrument == value for part in a.parts),
    "era": lambda a, value: value == a.era,
    "energy": lambda a, value: _ENERGY_LIMITS[value][0] <= a.energy <= _ENERGY_LIMITS[value][1],
    "tempo": lambda a, value: (
        float(value.split()[0]) <= pulse_bpm(a.bpm, a.meter) < float(value.split()[1])
    ),
    "swing": lambda a, _value: a.swing >= 0.5,
    "lofi": lambda a, _value: a.master.get("lofi_hz", 0) > 0 or "vinyl" in a.master,
    "scene": lambda _a, _value: True,
}


def contradictions(text: str, annotations: Annotations) -> list[str]:
    """What a text says that the labels deny; an empty list where it is true.

    Args:
        text: a caption, a tag or a title.
        annotations: of the clip.
    """
    a = annotations
    wrong: list[str] = []
    rest = text.lower()
    for pattern, holds in _FIRST:  # "no bass" must not be read as "bass"
        found = re.compile(pattern.join(_NOT_NEARBY))
        wrong += [m[0] for m in found.finditer(rest) if not holds(a)]
        rest = found.sub(" | ", rest)
    left = rest
    for match in _pattern().finditer(rest):
        means = any(_TRUE[kind](a, value) for kind, value in _index()[match[0]])
        means = means or any(match[0] in own.text.lower() for own in lexicon.GENRE[a.genre])
        if not means and not _head_holds(match[0], a):
            wrong.append(match[0])
        left = left.replace(match[0], " | ", 1)
    for pattern, holds in _CLAIMS:
        said = re.search(pattern.join(_NOT_NEARBY), left)
        if said and not holds(a):
            wrong.append(said[0])
    for pattern in _HEADS:
        said = re.search(pattern.join(_NOT_NEARBY), left)
        if said and not _head_holds(said[0], a):
            wrong.append(said[0])
    return wrong + _numbers(text, a)


def _head_holds(word: str, a: Annotations) -> bool:
    """Whether a family word ("drums", "guitar") is true."""
    families = {part.family for part in a.parts}
    return any(
        re.fullmatch(pattern, word) is not None and not families.isdisjoint(allowed)
        for pattern, allowed in _HEADS.items()
    )


def _numbers(text: str, a: Annotations) -> list[str]:
    wrong = [m[0] for m in _BPM.finditer(text) if float(m[1]) != a.bpm]
    wrong += [m[0] for m in _BARS.finditer(text) if int(m[1]) != a.bars]
    reading = read_prompt(text)
    if reading.key is not None and reading.key != a.key:
        wrong.append(f"key {reading.key}")
    if reading.meter is not None and reading.meter != a.meter:
        wrong.append(f"meter {reading.meter}")
    return wrong
