"""Whether a corpus sounds as its labels say, measured by ears that the composer does not know."""

from engine.corpus.check.report import Report
from engine.corpus.check.run import check_corpus

__all__ = ["Report", "check_corpus"]
