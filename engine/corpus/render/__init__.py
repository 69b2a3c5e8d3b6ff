"""Playing scores: `Renderer().render(score)` gives a mastered 24 kHz and 16 kHz clip."""

from engine.corpus.render.renderer import Renderer, Rendering

__all__ = ["Renderer", "Rendering"]
