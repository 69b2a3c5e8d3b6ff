"""The contract between the window (or the command line) and the engine process."""
