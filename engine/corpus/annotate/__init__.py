"""What a composition is, as plain data: labels for captions, and exact tracks for training."""

from engine.corpus.annotate.annotations import (
    Annotations,
    ChordSpan,
    PartLabel,
    SectionSpan,
    annotate,
)
from engine.corpus.annotate.tracks import ROLES, TRACKS, frame_tracks

__all__ = [
    "ROLES",
    "TRACKS",
    "Annotations",
    "ChordSpan",
    "PartLabel",
    "SectionSpan",
    "annotate",
    "frame_tracks",
]
