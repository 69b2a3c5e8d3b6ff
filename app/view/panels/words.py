"""Words and sentences of the window, in one place each: names of knobs, stages, presets, states.

They are functions, not constants: `QCoreApplication.translate` needs the application's language.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QCoreApplication

from app.model.chords import chord_names
from app.texts import QT_TRANSLATE_NOOP
from engine.music.keys import KEYS, key_index
from engine.recipe import NO_CHORDS, Recipe

CONTEXT: Final = "words"


def tr(text: str) -> str:
    """A word in the application's language."""
    return QCoreApplication.translate(CONTEXT, text)


# knob → (name, what it does to the sound)
KNOB_WORDS: Final = {
    "bpm": (
        QT_TRANSLATE_NOOP("words", "Tempo"),
        QT_TRANSLATE_NOOP("words", "Quarter notes per minute. The model follows it beat by beat."),
    ),
    "key": (
        QT_TRANSLATE_NOOP("words", "Key"),
        QT_TRANSLATE_NOOP(
            "words", "Which notes sound at home. Any leaves the choice to the prompt."
        ),
    ),
    "bars": (
        QT_TRANSLATE_NOOP("words", "Bars"),
        QT_TRANSLATE_NOOP("words", "Length in whole bars, exact to the sample."),
    ),
    "seconds": (
        QT_TRANSLATE_NOOP("words", "Seconds"),
        QT_TRANSLATE_NOOP("words", "Length in seconds, for sounds without a grid."),
    ),
    "takes": (
        QT_TRANSLATE_NOOP("words", "Takes"),
        QT_TRANSLATE_NOOP(
            "words", "How many answers to hear side by side. Each costs its own time."
        ),
    ),
    "steps": (
        QT_TRANSLATE_NOOP("words", "Steps"),
        QT_TRANSLATE_NOOP("words", "More steps: finer detail, longer wait."),
    ),
    "gamma": (
        QT_TRANSLATE_NOOP("words", "γ"),
        QT_TRANSLATE_NOOP(
            "words", "Noise put back at each step: 0 is calm, 1 livelier and rougher."
        ),
    ),
    "temperature": (
        QT_TRANSLATE_NOOP("words", "Temperature"),
        QT_TRANSLATE_NOOP(
            "words", "How far the ancestral samplers stray: low is plainer and surer, 1 is free."
        ),
    ),
    "guidance": (
        QT_TRANSLATE_NOOP("words", "Guidance"),
        QT_TRANSLATE_NOOP(
            "words", "How strictly it follows the prompt; high is bolder, less varied."
        ),
    ),
    "guidance_from": (
        QT_TRANSLATE_NOOP("words", "Guided from"),
        QT_TRANSLATE_NOOP(
            "words",
            "The share of the steps that go without it at first; more, and takes differ.",
        ),
    ),
    "guidance_until": (
        QT_TRANSLATE_NOOP("words", "Guided until"),
        QT_TRANSLATE_NOOP(
            "words", "The share of the steps after which it ends; sooner is faster, and softer."
        ),
    ),
    "autoguidance": (
        QT_TRANSLATE_NOOP("words", "Contrast"),
        QT_TRANSLATE_NOOP(
            "words", "How far it goes beyond the average of all music; high is clearer, harder."
        ),
    ),
    "clip_percentile": (
        QT_TRANSLATE_NOOP("words", "Clipping"),
        QT_TRANSLATE_NOOP(
            "words", "Reins in what strong guidance overdrives (dynamic clipping). 0 is off."
        ),
    ),
}

STAGE_WORDS: Final = {
    "text": QT_TRANSLATE_NOOP("words", "Text"),
    "generator": QT_TRANSLATE_NOOP("words", "Generator"),
    "vocoder": QT_TRANSLATE_NOOP("words", "Vocoder"),
    "cascader": QT_TRANSLATE_NOOP("words", "Cascader"),
    "super_resolution": QT_TRANSLATE_NOOP("words", "Super-resolution"),
    "finish": QT_TRANSLATE_NOOP("words", "Finish"),
}

STAGE_TIPS: Final = {
    "generator": QT_TRANSLATE_NOOP("words", "From words to a picture of the sound"),
    "vocoder": QT_TRANSLATE_NOOP("words", "From the picture to sound at 16 kHz"),
    "cascader": QT_TRANSLATE_NOOP("words", "From 3.2 kHz to 16 kHz"),
    "super_resolution": QT_TRANSLATE_NOOP("words", "From 16 kHz to the 24 kHz master, when kept"),
}

PRESET_WORDS: Final = (
    ("draft", QT_TRANSLATE_NOOP("words", "Draft"),
     QT_TRANSLATE_NOOP("words", "Few steps: hear the idea at once")),
    ("standard", QT_TRANSLATE_NOOP("words", "Standard"),
     QT_TRANSLATE_NOOP("words", "The steps at which more is hardly heard")),
    ("paper", QT_TRANSLATE_NOOP("words", "Paper"),
     QT_TRANSLATE_NOOP("words", "The step counts and schedules that were published: slow")),
)  # fmt: skip

SCHEDULE_WORDS: Final = {
    "front-heavy": QT_TRANSLATE_NOOP("words", "Front-heavy"),
    "uniform": QT_TRANSLATE_NOOP("words", "Uniform"),
    "back-heavy": QT_TRANSLATE_NOOP("words", "Back-heavy"),
    "back-heavy-eval": QT_TRANSLATE_NOOP("words", "Back-heavy, evaluation"),
    "log-snr": QT_TRANSLATE_NOOP("words", "Equal log-SNR"),
    "log-snr-truncated": QT_TRANSLATE_NOOP("words", "Truncated SNR"),
}

SAMPLER_WORDS: Final = {
    "ancestral": QT_TRANSLATE_NOOP("words", "Ancestral"),
    "ddim": "DDIM",
    "dpmpp-2m": "DPM++ 2M",
    "dpmpp-2m-sde": "DPM++ 2M SDE",
}

# kinds of what a prompt says, on its chips
KIND_WORDS: Final = {
    "tempo": QT_TRANSLATE_NOOP("words", "tempo"),
    "key": QT_TRANSLATE_NOOP("words", "key"),
    "meter": QT_TRANSLATE_NOOP("words", "meter"),
    "bars": QT_TRANSLATE_NOOP("words", "bars"),
    "genre": QT_TRANSLATE_NOOP("words", "genre"),
    "instrument": QT_TRANSLATE_NOOP("words", "instrument"),
    "mood": QT_TRANSLATE_NOOP("words", "mood"),
    "era": QT_TRANSLATE_NOOP("words", "era"),
    "players": QT_TRANSLATE_NOOP("words", "players"),
}
PLAYERS_WORDS: Final = {
    "one": QT_TRANSLATE_NOOP("words", "one"),
    "drums only": QT_TRANSLATE_NOOP("words", "drums only"),
    "few": QT_TRANSLATE_NOOP("words", "few"),
    "all": QT_TRANSLATE_NOOP("words", "all"),
}


def kind_text(kind: str) -> str:
    """The kind of a chip as it is written."""
    return tr(KIND_WORDS[kind]) if kind in KIND_WORDS else kind


def chip_text(kind: str, text: str) -> str:
    """What a chip says, as it is written."""
    if kind == "key":
        return text.replace("#", "♯")
    return tr(PLAYERS_WORDS[text]) if kind == "players" and text in PLAYERS_WORDS else text


_ANY: Final = QT_TRANSLATE_NOOP("words", "Any")
COMPOSED_NOTES: Final = QT_TRANSLATE_NOOP("words", "Composed notes")
COMPOSED_NOTES_TIP: Final = QT_TRANSLATE_NOOP(
    "words",
    "A band plays: bass, chords, drums and tune are written for each take. "
    "Off: the network finds its own sound.",
)
SAVE_NOTES: Final = QT_TRANSLATE_NOOP("words", "Save notes as MIDI…")
CHORDS: Final = QT_TRANSLATE_NOOP("words", "Chords")
_NO_CHORDS: Final = QT_TRANSLATE_NOOP("words", "none")


@dataclass(frozen=True)
class KeyTravel:
    """The key knob's way: 0 is any, 1–24 the keys, chromatic, each major before its minor."""

    low: float = 0.0
    high: float = 24.0
    default: float = 0.0
    step: float = 1.0
    fine: float = 1.0

    def clean(self, value: float) -> float:
        """A whole number in range."""
        return float(min(max(round(value), 0), 24))

    def position(self, value: float) -> float:
        """0–1."""
        return self.clean(value) / 24

    def value(self, position: float) -> float:
        """Of 0–1."""
        return self.clean(position * 24)


def key_number(key: str | None) -> int:
    """Where a canonical key lies on KeyTravel."""
    if key is None:
        return 0
    index = key_index(key)
    return 1 + 2 * (index % 12) + (index >= 12)


def key_of(number: float) -> str | None:
    """The canonical key at a place of KeyTravel; None is any."""
    place = round(number) - 1
    return None if place < 0 else KEYS[place // 2 + 12 * (place % 2)]


def shown_key(key: str | None) -> str:
    """A key as the window writes it: F♯m, B♭."""
    if key is None:
        return tr(_ANY)
    return _signs(key)


def shown_chords(chords: str) -> str:
    """Chords as the window writes them: B♭m7 F♯; "none" in the application's language."""
    return tr(_NO_CHORDS) if chords == NO_CHORDS else _signs(chords)


def chords_of(recipe: Recipe | None) -> str:
    """A take's or clip's chords as the window writes them; "" where nothing is known of them."""
    return "" if recipe is None else shown_chords(chord_names(recipe))


def _signs(text: str) -> str:
    return text.replace("#", "♯").replace("b", "♭")


def typed_key(text: str) -> float:
    """The place of a key typed as "a minor", "F#" or "any". Raises ValueError."""
    if text.strip().casefold() in ("", "any", tr(_ANY).casefold()):
        return 0.0
    return float(key_number(KEYS[key_index(text)]))


def shown_number(decimals: int) -> Callable[[float], str]:
    """Formats a knob's value: no needless zeros."""
    return lambda value: (
        f"{value:.{decimals}f}".rstrip("0").rstrip(".") if decimals else f"{value:.0f}"
    )


def typed_number(text: str) -> float:
    """A number as people type it: comma or point, a unit behind it. Raises ValueError."""
    head = text.replace(",", ".").replace("−", "-").split()
    if not head:
        raise ValueError(text)
    value = float(head[0].rstrip("%×xs"))
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - a NaN is typed
        raise ValueError(text)
    return value
