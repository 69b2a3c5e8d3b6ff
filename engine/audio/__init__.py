"""Sound as arrays and files: mel, resampling, WAV, loudness, tempo and key measurement."""
