"""ONNX Runtime behind one small interface: devices, sessions, memory, cancellation."""
