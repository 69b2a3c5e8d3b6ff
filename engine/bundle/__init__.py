"""Bundles: a trained cascade as verified files. `manifest` says what, `store` opens and installs."""
