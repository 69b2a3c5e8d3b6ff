"""The joint space of text and sound (the paper's MuLan role), and what can be heard in a mel."""
