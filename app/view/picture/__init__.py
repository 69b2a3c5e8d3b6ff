"""Pictures of sound on a shared time line: pure arithmetic, and two widgets that paint it."""
