"""What is heard: takes and clips through the sound card, and how loud they are."""
