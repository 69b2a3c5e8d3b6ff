"""What is true of a clip and of its parts, as names that the lexicon's conditions can ask for.

A fact is a string: a role ("melody"), or a kind and a value ("m:dark" mood, "s:jazz" shelf of
genres, "g:techno" genre, "y:1980s" era, "f:piano" family, "i:celesta" instrument, "t:walking"
trait of playing, "x:vinyl" production, "e:high" energy, "v:fast" felt tempo, "n:two" players,
"meter:3/4", "mode:dorian", "form:drop"), or a conclusion ("half", "swing", "acoustic",
"dips", "grows"). A fact that would be doubtful is left out: silence is never wrong.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from engine.composer.genres import GENRES
from engine.corpus.annotate import Annotations, PartLabel
from engine.music.instruments import INSTRUMENTS
from engine.music.meter import pulse_bpm

QUIET = frozenset({"calm", "relaxed", "sad", "dreamy", "solemn", "ethereal", "melancholic",
                   "romantic", "nostalgic"})  # fmt: skip
LOUD = frozenset({"energetic", "aggressive", "triumphant", "epic", "uplifting"})
LOW_ENERGY, HIGH_ENERGY = 0.36, 0.66

BOWED = frozenset({"violin", "viola", "cello", "contrabass"})
LOW_FAMILIES = frozenset({"bass guitar", "upright bass", "slap bass", "synth bass", "808 bass",
                          "sub bass", "acid bass", "reese bass", "contrabass"})  # fmt: skip
ACOUSTIC = frozenset({
    "piano", "harpsichord", "celesta", "music box", "vibraphone", "marimba", "bells", "accordion",
    "harmonica", "acoustic guitar", "upright bass", "violin", "viola", "cello", "contrabass",
    "strings", "pizzicato strings", "harp", "timpani", "trumpet", "trombone", "french horn",
    "brass", "saxophone", "oboe", "bassoon", "clarinet", "flute", "pan flute", "whistle",
    "ocarina", "sitar", "banjo", "kalimba", "steel drums", "drums",
})  # fmt: skip
SYNTHS = frozenset({"synth pad", "synth pluck", "synth lead", "supersaw", "fm keys", "fm bell",
                    "chiptune lead", "synth bass", "808 bass", "sub bass", "acid bass",
                    "reese bass", "drum machine", "riser", "impact"})  # fmt: skip
WINDS = frozenset({"saxophone", "trumpet", "clarinet", "flute", "trombone"})
PLUCKED = frozenset({"acoustic guitar", "electric guitar", "distorted guitar", "banjo", "harp",
                     "pizzicato strings", "sitar", "kalimba", "synth pluck", "harpsichord",
                     "clavinet"})  # fmt: skip
BRIGHT = frozenset({"bells", "celesta", "fm bell", "chiptune lead", "distorted guitar",
                    "supersaw", "impact", "riser"})  # fmt: skip
PERCUSSIVE = frozenset({"marimba", "vibraphone", "kalimba", "bells", "timpani", "steel drums"})

_PART_KINDS = ("t:", "f:", "i:", "x:")  # facts that a part has for itself


def _where(pairs: Iterable[tuple[str, bool]]) -> set[str]:
    return {name for name, holds in pairs if holds}


def _energy(a: Annotations, players: list[PartLabel]) -> str:
    moods = set(a.moods)
    strong = any(p.role == "drums" or p.family == "distorted guitar" for p in players)
    if a.energy < LOW_ENERGY and not moods & LOUD:
        return "e:low"
    if a.energy > HIGH_ENERGY and not moods & QUIET and (strong or len(players) > 2):
        return "e:high"
    return "e:mid"


def felt_bpm(a: Annotations) -> float | None:
    """Beats a minute that a foot would tap; None where half time makes it doubtful."""
    halved = any(t in ("half-time", "one drop") for part in a.parts for t in part.traits)
    return None if halved or a.genre in ("reggae", "dub") else pulse_bpm(a.bpm, a.meter)


def _tempo(a: Annotations) -> str:
    felt = felt_bpm(a)
    if felt is None:
        return "v:mid"
    return "v:slow" if felt < 84 else "v:fast" if felt > 124 else "v:mid"


def _form(a: Annotations) -> set[str]:
    levels = [section.energy for section in a.sections]
    names = {f"form:{section.name}" for section in a.sections}
    if a.texture != "full":
        names = set()  # everybody plays all the time: the form is hardly heard
    steps = [later - earlier for earlier, later in pairwise(levels)]
    moving = not a.loop and a.texture == "full" and bool(steps)
    rises = moving and all(step >= -0.01 for step in steps) and levels[-1] - levels[0] > 0.15
    dips = any(a < -0.15 and b > 0.15 for a, b in pairwise(steps))
    return names | _where((
        ("builds", rises),
        ("grows", rises and len(levels) > 2),
        ("dips", moving and dips),
        ("opens-small", moving and steps[0] > 0.2),
        ("falls", moving and steps[-1] < -0.12),
        ("flat", max(levels) - min(levels) < 0.06),
        ("final", a.final_chord and len(a.parts) > 1),
    ))  # fmt: skip


def _production(a: Annotations) -> set[str]:
    master, parts = a.master, a.parts

    def effect(name: str, least: float, role: str = "") -> bool:
        return any(p.effects.get(name, 0) >= least for p in parts if role in ("", p.role))

    sends = [p.reverb for p in parts if p.role != "bass"] or [p.reverb for p in parts]
    wettest = max(sends, default=0.0)
    return _where((
        ("x:vinyl", master.get("vinyl", 0) >= 0.2),
        ("x:tape", master.get("tape", 0) >= 0.3),
        ("x:lofi", 0 < master.get("lofi_hz", 0) <= 7000),
        ("x:glue", master.get("glue", 0) >= 0.4 and len(parts) > 2),
        ("x:hall", master.get("reverb_room", 0.35) >= 0.35 and wettest >= 0.35),
        ("x:room", 0.15 <= master.get("reverb_room", 0.0) < 0.35 and wettest >= 0.15),
        ("x:all-dry", wettest <= 0.12 and not any(p.delay > 0.05 for p in parts)),
        ("x:pump", effect("sidechain", 0.5) and any(p.role == "drums" for p in parts)),
        ("x:echo", any(p.delay >= 0.25 for p in parts)),
        ("x:filter-moves", any(p.sweep >= 0.25 for p in parts)),
        ("x:chorus", effect("chorus", 0.4)),
        ("x:chorus-chords", effect("chorus", 0.4, "harmony")),
        ("x:tremolo", effect("tremolo", 0.3)),
        ("x:wobble", effect("tremolo", 0.4)),
        ("x:hot", effect("saturation", 0.4)),
        ("x:hot-drums", effect("saturation", 0.3, "drums")),
        ("x:spread", len(parts) > 2 and any(p.width >= 0.85 for p in parts)),
        ("x:narrow", len(parts) > 1 and all(p.width <= 0.32 for p in parts)),
    ))  # fmt: skip


def _groove(a: Annotations) -> set[str]:
    traits = {trait for part in a.parts for trait in part.traits}
    drums = any(part.role == "drums" for part in a.parts)
    moving = drums or any(part.notes_per_s > 2.0 for part in a.parts)
    swing = a.swing >= 0.5 and moving
    return _where((
        ("swing", swing),
        ("shuffle", swing and a.swing >= 0.65 and GENRES[a.genre].swing_unit == 0.5),
        ("straight", a.swing < 0.05 and moving and a.meter == "4/4"),
        ("half", bool(traits & {"half-time", "one drop"})),
        ("slow", _tempo(a) == "v:slow"),
    ))  # fmt: skip


def _company(a: Annotations, players: list[PartLabel]) -> set[str]:
    families = {part.family for part in players}
    count = len(players)
    bowed = all(part.instrument in BOWED for part in players)
    return _where((
        ("n:two", count == 2), ("n:three", count == 3), ("n:many", count > 2), ("n:big", count > 4),
        ("full", a.texture == "full" and count > 1), ("solo", count == 1),
        ("quartet", count == 4 and bowed),
        ("orchestra", a.texture == "full" and count > 4
            and GENRES[a.genre].family in ("classical", "cinematic")),
        ("voice", "choir" in families),
        ("synth", bool((families - {"drum machine"}) & SYNTHS)),
        ("all-synth", families <= SYNTHS and count > 1),
        ("acoustic", families <= ACOUSTIC),
        ("low-end", bool(families & LOW_FAMILIES) or any(p.role == "bass" for p in players)),
        ("drum-like", bool({"timpani", "steel drums", "impact"} & {p.family for p in a.parts})),
        ("percussive", bool(families & PERCUSSIVE)),
        ("band", a.texture == "full" and count > 3 and not families & SYNTHS
            and {"drums", "bass"} <= {part.role for part in players}),
        ("drums-alone", count == 1 and players[0].role == "drums"),
        ("chordal", any("chords" in part.traits for part in players)),
    ))  # fmt: skip


@dataclass(frozen=True)
class Clip:
    """A clip's labels with the facts that follow from them."""

    labels: Annotations

    @cached_property
    def players(self) -> list[PartLabel]:
        """Everybody but the effects; the effects where nobody else plays."""
        playing = [part for part in self.labels.parts if part.role != "fx"]
        return playing or list(self.labels.parts)

    @cached_property
    def facts(self) -> frozenset[str]:
        """The facts of the whole."""
        a = self.labels
        result = {f"m:{mood}" for mood in a.moods} | {part.role for part in a.parts}
        result |= {f"f:{part.family}" for part in a.parts}
        result |= {f"i:{part.instrument}" for part in a.parts}
        result |= {f"t:{trait}" for part in a.parts for trait in part.traits}
        result |= {f"s:{GENRES[a.genre].family}", f"g:{a.genre}", f"y:{a.era}", f"meter:{a.meter}"}
        result |= {f"texture:{a.texture}", _energy(a, self.players), _tempo(a)}
        if a.key is not None:
            result |= {"minor" if a.key.endswith("m") else "major", f"mode:{a.mode}"}
            result |= _where((("plain-major", a.mode == "major"),))
        if a.loop:
            result.add("loop")
        result |= _form(a) | _production(a) | _groove(a) | _company(a, self.players)
        return frozenset(result)

    @cached_property
    def part_facts(self) -> dict[str, frozenset[str]]:
        """Part name → the facts of the whole, but playing, instrument and effects its own."""
        shared = {fact for fact in self.facts if not fact.startswith(_PART_KINDS)}
        return {part.name: frozenset(shared | self._own(part)) for part in self.labels.parts}

    def _own(self, part: PartLabel) -> set[str]:
        effects = part.effects
        own = {f"f:{part.family}", f"i:{part.instrument}", f"{part.role}-part"}
        own |= {f"t:{trait}" for trait in part.traits}
        dust = self.labels.master.get("vinyl", 0) >= 0.2 or part.instrument == "lofi kit"
        return own | _where((
            ("plucked", part.family in PLUCKED), ("wind", part.family in WINDS),
            ("bright", part.family in BRIGHT),
            ("electronic-kit", part.family == "drum machine"),
            ("x:lowpass", 0 < effects.get("lowpass_hz", 0) <= 3500),
            ("x:chorus", effects.get("chorus", 0) >= 0.4),
            ("x:tremolo", effects.get("tremolo", 0) >= 0.3),
            ("x:saturation", effects.get("saturation", 0) >= 0.3),
            ("x:sidechain", effects.get("sidechain", 0) >= 0.4 and "drums" in self.facts),
            ("x:delay", part.delay >= 0.25), ("x:reverb", part.reverb >= 0.42),
            ("x:dry", part.reverb <= 0.08 and part.role != "bass"),
            ("x:wide", part.width >= 0.8), ("x:dust", dust),
            ("singular", INSTRUMENTS[part.instrument].source != "kit"),
        ))  # fmt: skip
