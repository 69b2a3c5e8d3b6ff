"""Musical time and pitch as numbers: one source for the cascade, the training and the corpus."""
