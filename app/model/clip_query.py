"""What part of the library is shown, and in which order: pure, so that it can be measured."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.library.clip import Clip


@dataclass(frozen=True, kw_only=True)
class ClipQuery:
    """A filter; the default shows every clip that is not in the bin.

    Attributes:
        text: words that must all occur in name, prompt, tags, key, tempo or chords; any case.
        bpm: (low, high), both inside; None is any, clips without tempo included.
        key: canonical key; None is any.
        stars: at least so many.
        loop: loops (True) or one-shots (False); None is both.
        tag: exactly this tag; "" is any.
        in_bin: the bin's clips in place of the others.
        sort: one of SORTS.
        descending: the largest first.
    """

    text: str = ""
    bpm: tuple[float, float] | None = None
    key: str | None = None
    stars: int = 0
    loop: bool | None = None
    tag: str = ""
    in_bin: bool = False
    sort: str = "created"
    descending: bool = True


# name of a column → what it is sorted by; clips without the value come last upward
SORTS: Final[dict[str, Callable[[Clip], Any]]] = {
    "created": lambda clip: clip.created_s,
    "name": lambda clip: clip.name.casefold(),
    "prompt": lambda clip: clip.prompt.casefold(),
    "bpm": lambda clip: float("inf") if clip.bpm is None else clip.bpm,
    "key": lambda clip: "~" if clip.key is None else clip.key,
    "length": lambda clip: clip.seconds,
    "stars": lambda clip: clip.stars,
    "tags": lambda clip: " ".join(clip.tags).casefold() or "\uffff",
}


def ordered(clips: Iterable[Clip], query: ClipQuery) -> list[Clip]:
    """All clips in the query's order; equal ones newest first. Typing does not change it."""
    newest_first = sorted(clips, key=_id, reverse=True)
    return sorted(newest_first, key=SORTS[query.sort], reverse=query.descending)


def filtered(clips: Sequence[Clip], query: ClipQuery) -> list[Clip]:
    """The clips that the query selects, in the order given: one pass per filter that is on."""
    found = [clip for clip in clips if (clip.deleted_s is not None) is query.in_bin]
    if query.bpm is not None:
        low, high = query.bpm
        found = [clip for clip in found if clip.bpm is not None and low <= clip.bpm <= high]
    if query.key is not None:
        found = [clip for clip in found if clip.key == query.key]
    if query.stars:
        found = [clip for clip in found if clip.stars >= query.stars]
    if query.loop is not None:
        found = [clip for clip in found if clip.loop is query.loop]
    if query.tag:
        found = [clip for clip in found if query.tag in clip.tags]
    for word in query.text.casefold().split():
        found = [clip for clip in found if word in clip.haystack]
    return found


def selected(clips: Iterable[Clip], query: ClipQuery) -> list[Clip]:
    """The clips that are shown, in order."""
    return filtered(ordered(clips, query), query)


def _id(clip: Clip) -> int:
    return clip.id
