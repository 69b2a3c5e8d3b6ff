"""The words and sentences of the captions, parsed once: data, grouped by what it expresses."""

from collections import Counter

from engine.composer.genres import GENRES, MOODS
from engine.corpus.captions.lexicon import sentences
from engine.corpus.captions.lexicon.genre_words import GENRE, PIECE
from engine.corpus.captions.lexicon.instrument_words import BEAT, INSTRUMENT, PLAYED, TONE
from engine.corpus.captions.lexicon.mood_words import ENERGY, MOOD, MOOD_NOUN
from engine.corpus.captions.lexicon.scene_words import ACTIVITY, PICTURE, TOOL
from engine.corpus.captions.lexicon.sound_words import (
    ABSENCE,
    DENSITY,
    ERA,
    FEEL,
    FORM,
    GROOVE,
    METER,
    MODE,
    PRODUCTION,
    SOLO_ALONE,
    SOLO_DRUMS,
    SOLO_HEAD,
    TEMPO,
    TREATMENT,
    VERB,
)
from engine.corpus.captions.lexicon.title_words import TITLE_FORM, TITLE_NOUN
from engine.corpus.captions.template import Template, parse_template
from engine.corpus.captions.words import Facts, Word

FLAT: dict[str, tuple[Word, ...]] = {
    "piece": PIECE, "production": PRODUCTION, "treatment": TREATMENT, "groove": GROOVE,
    "feel": FEEL, "meter": METER, "form": FORM, "density": DENSITY, "mode": MODE,
    "absence": ABSENCE, "activity": ACTIVITY, "tool": TOOL, "picture": PICTURE, "title": TITLE_NOUN,
}  # fmt: skip
MOODS_BY_KIND: dict[str, dict[str, tuple[Word, ...]]] = {"mood": MOOD, "mood noun": MOOD_NOUN}

RULES: dict[str, tuple[Template, ...]] = {
    name: tuple(parse_template(text) for text in forms) for name, forms in sentences.RULES.items()
}
VOICES: dict[str, tuple[Template, ...]] = {
    "describe": tuple(parse_template(text) for text in sentences.DESCRIBE),
    "prompt": tuple(parse_template(text) for text in sentences.PROMPT),
    "ask": tuple(parse_template(text) for text in sentences.ASK),
}
TITLES: tuple[Template, ...] = tuple(parse_template(text) for text in TITLE_FORM)

# how people write the tonics that have two names
SPELLINGS: dict[str, tuple[str, ...]] = {
    "Db": ("Db", "D flat", "D-flat", "C#", "C sharp"),
    "C#": ("C#", "C sharp", "C-sharp", "Db"),
    "Eb": ("Eb", "E flat", "E-flat"),
    "F#": ("F#", "F sharp", "F-sharp", "Gb"),
    "Ab": ("Ab", "A flat", "A-flat"),
    "G#": ("G#", "G sharp", "G-sharp", "Ab"),
    "Bb": ("Bb", "B flat", "B-flat"),
}


def _rarity() -> dict[str, float]:
    """How much rarer than average a mood is among the genres (and as a partner)."""
    counts: Counter[str] = Counter(mood for row in GENRES.values() for mood in row.moods)
    for row in MOODS.values():
        counts.update(row.partners)
    mean = sum(counts.values()) / len(MOODS)
    return {mood: mean / max(1, counts[mood]) for mood in MOODS}


MOOD_RARITY: dict[str, float] = _rarity()


def energy_of(facts: Facts) -> str:
    """The row of ENERGY that a clip's facts ask for."""
    return next(fact[2:] for fact in ("e:low", "e:mid", "e:high") if fact in facts)


__all__ = [
    "BEAT", "ENERGY", "ERA", "FLAT", "GENRE", "INSTRUMENT", "MOODS_BY_KIND", "MOOD_RARITY",
    "PLAYED", "RULES", "SOLO_ALONE", "SOLO_DRUMS", "SOLO_HEAD", "SPELLINGS", "TEMPO",
    "TITLES", "TONE", "VERB", "VOICES", "energy_of",
]  # fmt: skip
