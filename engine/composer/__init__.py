"""The composer: a seed, and what is asked for, become a Score."""

from engine.composer.composer import compose
from engine.composer.request import Request, draw_plan

__all__ = ["Request", "compose", "draw_plan"]
