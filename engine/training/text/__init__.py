"""The text side of training: a T5 encoder and a tokenizer of our own, or a local folder's."""
