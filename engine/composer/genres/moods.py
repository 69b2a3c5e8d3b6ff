"""Moods as decisions, and eras as the sound of their machines.

A mood steers what a listener would hear it by: mode, tempo within the genre's range, register,
density, brightness, room. Words that no decision could make audible have no row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Mood:
    """What a mood does to a composition.

    Attributes:
        modes: how much likelier each mode becomes (factor; missing 1); 0 forbids.
        tempo: −1 … 1, where in the genre's tempo range it leans.
        energy: added to the energy.
        register: semitones added to melodies, pads and arpeggios.
        density: factor on how many notes are played.
        lowpass_hz: how dark chords and pads are filtered; 0 not at all.
        reverb: added to the sends.
        contour: −1 falling … 1 rising melodies.
        velocity: factor on how hard everybody plays.
        partners: moods that may stand beside it.
    """

    modes: Mapping[str, float] = field(default_factory=dict)
    tempo: float = 0.0
    energy: float = 0.0
    register: int = 0
    density: float = 1.0
    lowpass_hz: float = 0.0
    reverb: float = 0.0
    contour: float = 0.0
    velocity: float = 1.0
    partners: tuple[str, ...] = ()


_BRIGHT = {"major": 2.0, "lydian": 1.5, "mixolydian": 1.3, "minor": 0.0, "phrygian": 0.0,
           "harmonic minor": 0.0, "dorian": 0.0, "blues": 0.8}  # fmt: skip
_DARK = {"major": 0.0, "lydian": 0.0, "mixolydian": 0.0, "minor": 1.5, "phrygian": 2.0,
         "harmonic minor": 1.5, "dorian": 0.7, "blues": 0.0}  # fmt: skip
_SAD = {"major": 0.0, "lydian": 0.0, "mixolydian": 0.0, "minor": 2.0, "phrygian": 0.3,
        "harmonic minor": 1.2, "dorian": 1.0, "blues": 0.4}  # fmt: skip

MOODS: dict[str, Mood] = {
    "happy": Mood(_BRIGHT, 0.3, 0.05, 2, 1.1, 0, 0.0, 0.3, 1.03, ("playful", "carefree")),
    "uplifting": Mood(_BRIGHT, 0.3, 0.15, 3, 1.1, 0, 0.05, 0.8, 1.05, ("hopeful", "energetic")),
    "hopeful": Mood(_BRIGHT, 0.0, 0.0, 1, 1.0, 0, 0.08, 0.6, 1.0, ("warm", "uplifting")),
    "triumphant": Mood(_BRIGHT, 0.2, 0.2, 2, 1.1, 0, 0.1, 0.8, 1.1, ("epic", "uplifting")),
    "playful": Mood(_BRIGHT, 0.4, 0.0, 3, 1.2, 0, -0.04, 0.1, 1.0, ("happy",)),
    "carefree": Mood(_BRIGHT, 0.1, -0.05, 1, 1.0, 0, 0.0, 0.2, 0.97, ("happy", "warm")),
    "romantic": Mood({"phrygian": 0.0}, -0.4, -0.1, 0, 0.9, 0, 0.1, 0.2, 0.92, ("warm",)),
    "warm": Mood({"phrygian": 0.0, "harmonic minor": 0.3}, -0.2, -0.05, -2, 1.0, 4500, 0.02, 0.0,
                 0.95, ("relaxed", "nostalgic")),
    "relaxed": Mood({"phrygian": 0.0}, -0.6, -0.2, -1, 0.8, 5000, 0.05, -0.1, 0.88, ("warm",)),
    "calm": Mood({"phrygian": 0.0}, -0.8, -0.25, 0, 0.7, 5000, 0.12, -0.1, 0.8, ("dreamy",)),
    "dreamy": Mood({"lydian": 2.0, "dorian": 1.5, "phrygian": 0.3}, -0.4, -0.15, 3, 0.85, 6000,
                   0.22, 0.1, 0.88, ("nostalgic", "calm", "ethereal")),
    "ethereal": Mood({"lydian": 2.0, "dorian": 1.3, "phrygian": 0.3}, -0.6, -0.2, 6, 0.75, 0, 0.3,
                     0.2, 0.82, ("mysterious", "dreamy")),
    "nostalgic": Mood({"phrygian": 0.0}, -0.3, -0.1, 0, 0.9, 4500, 0.08, -0.3, 0.92,
                      ("melancholic", "warm")),
    "melancholic": Mood(_SAD, -0.4, -0.12, -1, 0.85, 5000, 0.1, -0.4, 0.9, ("nostalgic",)),
    "sad": Mood(_SAD, -0.7, -0.2, -2, 0.75, 4000, 0.12, -0.7, 0.82, ("melancholic",)),
    "dark": Mood(_DARK, -0.1, 0.0, -5, 1.0, 2500, 0.05, -0.4, 1.0, ("tense", "mysterious")),
    "tense": Mood(_DARK, 0.2, 0.08, -2, 1.15, 0, 0.0, 0.2, 1.03, ("dark",)),
    "mysterious": Mood({**_DARK, "dorian": 1.2, "lydian": 0.8}, -0.4, -0.1, 0, 0.8, 3500, 0.2, 0.0,
                       0.88, ("dark", "ethereal")),
    "aggressive": Mood(_DARK, 0.5, 0.25, -4, 1.25, 0, -0.06, 0.0, 1.15, ("dark", "energetic")),
    "energetic": Mood({}, 0.6, 0.22, 1, 1.2, 0, -0.04, 0.2, 1.08, ("uplifting", "groovy")),
    "epic": Mood({"phrygian": 1.2, "minor": 1.3}, 0.0, 0.22, 0, 1.1, 0, 0.15, 0.6, 1.1,
                 ("triumphant", "tense")),
    "groovy": Mood({"dorian": 1.6, "mixolydian": 1.4}, 0.1, 0.05, 0, 1.1, 0, -0.04, 0.0, 1.0,
                   ("warm", "energetic")),
    "hypnotic": Mood({"phrygian": 1.4, "dorian": 1.4}, 0.0, 0.0, -1, 1.0, 3500, 0.08, 0.0, 1.0,
                     ("dark", "groovy")),
    "solemn": Mood(_SAD, -0.7, -0.1, -3, 0.75, 0, 0.18, -0.2, 0.95, ("sad", "epic")),
}  # fmt: skip


@dataclass(frozen=True)
class Era:
    """How a decade sounds: what it adds to the mix, and the instruments it reached for."""

    master: Mapping[str, float] = field(default_factory=dict)
    prefers: tuple[str, ...] = ()
    width: float = 1.0  # factor on every part's width
    reverb: float = 0.0  # added to every send


ERAS: dict[str, Era] = {
    "": Era(),
    "1950s": Era({"tape": 0.5, "lofi_hz": 6500}, ("upright bass", "jazz guitar", "brush kit",
                 "honky-tonk piano"), 0.4, 0.05),
    "1960s": Era({"tape": 0.45, "lofi_hz": 9000}, ("drawbar organ", "clean guitar", "fingered bass",
                 "harpsichord"), 0.7, 0.05),
    "1970s": Era({"tape": 0.35}, ("electric piano", "clavinet", "fingered bass", "string ensemble",
                 "standard kit"), 0.9, 0.0),
    "1980s": Era({}, ("fm electric piano", "saw lead", "supersaw", "power kit", "synth bass",
                 "fm bell", "warm pad"), 1.0, 0.1),
    "1990s": Era({}, ("bright piano", "909 kit", "standard kit", "fm keys", "slow strings"), 1.0,
        0.0),
    "2000s": Era({"glue": 0.3}, ("supersaw", "pluck synth", "picked bass", "trap kit"), 1.0, 0.0),
    "2010s": Era({"glue": 0.4}, ("808 bass", "pluck synth", "detuned pad", "reese bass"), 1.1, 0.0),
    "2020s": Era({"glue": 0.35}, ("808 bass", "sub bass", "glass pad", "trap kit"), 1.1, 0.0),
}  # fmt: skip
