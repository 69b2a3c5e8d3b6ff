"""Which clips a corpus has and in which shard each belongs, decided before anything is rendered.

Composing costs a fortieth of rendering, so the whole corpus is composed once for its plan: the
hours come out as asked, copies are left out wherever they are, and what is in a shard depends
neither on the number of workers nor on what was interrupted. More hours of the same seed begin
with the same clips in the same shards.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.composer import compose
from engine.corpus.store.layout import PlannedShard, Split
from engine.corpus.store.seeds import clip_seed, fingerprint, split_of
from engine.music.meter import seconds_per_bar

_SHORTEST_SHARD_S = 120.0
_LONGEST_SHARD_S = 3600.0  # a third of a gigabyte, about 160 clips, two minutes of work
_SHARDS = 16  # at least, for every worker to have some


@dataclass(frozen=True)
class Outline:
    """What the plan needs to know of a clip: its number, split, length and notes."""

    number: int
    split: Split
    seconds: float
    notes: str


@dataclass
class _Filling:
    clips: list[int] = field(default_factory=list)
    seconds: float = 0.0


def outline(corpus_seed: int, number: int) -> Outline:
    """Compose a clip and keep its outline."""
    seed = clip_seed(corpus_seed, number)
    score = compose(seed)
    seconds = score.bars * seconds_per_bar(score.bpm, score.meter)
    return Outline(number, split_of(seed), seconds, fingerprint(score))


def default_seconds_per_shard(hours: float) -> float:
    """An hour; less for a small corpus, so that several workers share it."""
    return min(_LONGEST_SHARD_S, max(_SHORTEST_SHARD_S, hours * 3600 / _SHARDS))


def plan_shards(
    outlines: Iterable[Outline], *, seconds: float, seconds_per_shard: float
) -> tuple[tuple[PlannedShard, ...], int]:
    """Fill shards, split by split, until the seconds are reached.

    Args:
        outlines: in the order of their numbers; no more of them are drawn than needed.
        seconds: of audio over all splits, at least.
        seconds_per_shard: a shard is full when it holds as much.

    Returns:
        The shards by name, and how many copies were left out.
    """
    seen: set[str] = set()
    full: dict[Split, list[_Filling]] = {}
    duplicates, total_s = 0, 0.0
    for clip in outlines:
        if clip.notes in seen:
            duplicates += 1
            continue
        seen.add(clip.notes)
        shards = full.setdefault(clip.split, [_Filling()])
        if shards[-1].seconds >= seconds_per_shard:
            shards.append(_Filling())
        shards[-1].clips.append(clip.number)
        shards[-1].seconds += clip.seconds
        total_s += clip.seconds
        if total_s >= seconds:
            break
    planned = [
        PlannedShard(
            name=f"{split}-{index:05d}", split=split, clips=tuple(shard.clips),
            seconds=round(shard.seconds, 6),
        )
        for split, shards in full.items()
        for index, shard in enumerate(shards)
    ]  # fmt: skip
    return tuple(sorted(planned, key=lambda shard: shard.name)), duplicates
