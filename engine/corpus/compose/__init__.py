"""The composer: a seed, and what is asked for, become a Score."""

from engine.corpus.compose.composer import compose
from engine.corpus.compose.request import Request, draw_plan

__all__ = ["Request", "compose", "draw_plan"]
