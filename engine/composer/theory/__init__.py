"""Music theory as tables and small pure functions: modes, chords, numerals, voicings, key fit."""
