"""From a trained torch module to a bundle: ONNX graphs, shared float16 weights, a manifest."""
