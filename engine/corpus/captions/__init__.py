"""The caption grammar: from labels to text, in many voices, true to the labels."""

from engine.corpus.captions.describe import describe
from engine.corpus.captions.model import Captions

__all__ = ["Captions", "describe"]
