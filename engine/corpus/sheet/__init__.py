"""A corpus at a glance: one HTML file with a clip of every genre."""

from engine.corpus.sheet.sheet import write_sheet

__all__ = ["write_sheet"]
