"""Training: networks, text encoder and ONNX export (extra "train")."""
