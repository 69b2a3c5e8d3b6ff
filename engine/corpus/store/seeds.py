"""From a corpus seed to its clips: seeds, splits, keys, and when two are the same composition.

Every clip's seed is a hash of the corpus seed and the clip's number, so that clip 70 000 can be
made alone, and the splits are a hash of that seed: a corpus that grows never moves a clip.
"""

import hashlib
from itertools import accumulate

from engine.corpus.store.layout import SPLITS, Split
from engine.music.score import Score

_SEED_BITS = 48  # exact in every JSON reader
_PER_QUARTER = 12  # grid of the fingerprint: humanised copies of one piece share it


def clip_seed(corpus_seed: int, number: int) -> int:
    """The composition seed of a clip, 0 ≤ seed < 2⁴⁸."""
    digest = hashlib.blake2b(f"clip {corpus_seed} {number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> (64 - _SEED_BITS)


def clip_key(corpus_seed: int, number: int) -> str:
    """Its name: unique over corpora, without a dot (which ends a key in WebDataset)."""
    return f"{corpus_seed}-{number:08d}"


def split_of(seed: int) -> Split:
    """The split of a composition seed, in the proportions of SPLITS."""
    digest = hashlib.blake2b(f"split {seed}".encode(), digest_size=8).digest()
    place = int.from_bytes(digest) / 2**64
    edges = accumulate(SPLITS.values())
    return next(name for name, edge in zip(SPLITS, edges, strict=True) if place < edge + 1e-12)


def fingerprint(score: Score) -> str:
    """A hash of the notes on a grid of twelfths: equal for copies that differ in touch or sound.

    Velocity, micro-timing, tempo and instruments do not count; meter, length and pitches do.
    """
    notes = {
        (round(note.start_q * _PER_QUARTER), note.pitch, part.role == "drums")
        for part in score.parts
        for note in part.notes
    }
    text = f"{score.meter} {score.bars} {sorted(notes)}"
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
