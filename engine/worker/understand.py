"""The answer to Understand: what the text encoder makes of a prompt, beside what its words say.

Kept apart from the process, as `engine.worker.convert` is.
"""

from msgspec.structs import replace

from engine.cascade.alone import players_said
from engine.music.keys import canonical_key
from engine.protocol.messages import Meaning, Understand, Understood
from engine.recipe import BPM_RANGE, PROMPT_LIMIT_CHARS
from engine.runtime.cancel import CancelToken
from engine.text.reading import conflicts, read_prompt
from engine.text.understanding import Guess, Understanding
from engine.worker.parts import Renderer


def understood(request: Understand, renderer: Renderer, cancel: CancelToken) -> Understood:
    """Answer a question about a prompt; what lies past the longest prompt is not read.

    Raises:
        UserError: the bundle's text encoder cannot run.
        Cancelled: the token was cancelled.
    """
    prompt = request.prompt[:PROMPT_LIMIT_CHARS]
    found = renderer.understand(prompt, cancel=cancel)
    return _with_meanings(_read(request, prompt, found), found)


def _read(request: Understand, prompt: str, found: Understanding | None) -> Understood:
    reading = read_prompt(prompt)
    bpm = reading.bpm
    if bpm is not None and not BPM_RANGE[0] <= bpm <= BPM_RANGE[1]:
        bpm = None
    return Understood(
        number=request.number,
        available=found is not None,
        players=players_said(prompt, found),
        bpm=bpm,
        key=reading.key,
        meter=reading.meter,
        bars=reading.bars,
        conflicts=tuple(
            conflicts(
                reading,
                bpm=request.bpm,
                key=_key(request.key),
                meter=request.meter,
                bars=request.bars,
            )
        ),
    )


def _key(typed: str | None) -> str | None:
    """The knob's key in the spelling that prompts are read in; None where it is no key yet."""
    try:
        return None if typed is None else canonical_key(typed)
    except ValueError:
        return None


def _with_meanings(answer: Understood, found: Understanding | None) -> Understood:
    if found is None:
        return answer
    return replace(
        answer,
        genre=_meanings(found.genre),
        instruments=_meanings(found.instruments),
        moods=_meanings(found.moods),
        era=_meanings(found.era),
        unknown_words=found.unknown_words,
    )


def _meanings(guesses: tuple[Guess, ...]) -> tuple[Meaning, ...]:
    return tuple(
        Meaning(name=guess.name, confidence=guess.confidence, words=guess.words)
        for guess in guesses
    )
