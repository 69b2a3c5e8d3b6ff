"""The corpus on disk: planned, rendered into shards, read back.

Reading is what others need, and is all that is offered here: making (`engine.corpus.store.make`)
pulls in the composer and the renderer.
"""

from engine.corpus.store.layout import SPLITS, ClipInfo, Split
from engine.corpus.store.read import Corpus, StoredClip, clips, open_corpus

__all__ = [
    "SPLITS",
    "ClipInfo",
    "Corpus",
    "Split",
    "StoredClip",
    "clips",
    "open_corpus",
]
