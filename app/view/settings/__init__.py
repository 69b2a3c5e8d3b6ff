"""The settings: pages of rows, each applied at once; there is no OK to forget."""
