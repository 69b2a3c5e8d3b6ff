"""Pseudo-labels for anyone's audio (section 3.5): captions by ear, tempo and key by measuring."""
