"""The clip library: files in a folder and rows in SQLite, never out of step."""
