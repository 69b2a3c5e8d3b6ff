"""Native audio and MIDI libraries, each in a child process of its own."""
