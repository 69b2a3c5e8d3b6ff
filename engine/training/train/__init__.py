"""Training of every stage, with torch, numpy and safetensors alone.

Nothing that a GPU machine may lack is imported on the way from prepared data to a checkpoint:
`prepare`, `embed` and `part` (which read corpora, encode text and write bundles) are the other
side, and are imported by those who call them.
"""

from engine.training.train.plain import provide_msgspec

provide_msgspec()
