"""The corpus that Noisefall composes, renders and describes itself (extra "train")."""
