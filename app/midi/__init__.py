"""A DAW's clock and a controller's knobs."""
