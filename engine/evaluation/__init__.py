"""Measures of a trained cascade (extra "train")."""
