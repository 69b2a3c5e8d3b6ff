"""Text into the model: tokenizer, encoder, and what the words say of tempo and key."""
