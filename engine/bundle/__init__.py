"""Bundles: a trained cascade as verified files. `manifest` says what, `store` finds them."""
