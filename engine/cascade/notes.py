"""What is played in a take, as a file for the DAW that plays its sound."""

from engine.cascade.plan import Take
from engine.music.midi import midi_bytes, score_to_midi
from engine.music.score import cut
from engine.recipe import duration_s


def notes_file(take: Take) -> bytes:
    """The Standard MIDI File of a take's score, to the end of its sound; empty where it has none.

    A score fills whole bars; a recipe in seconds may end inside one.
    """
    score = take.score
    if score is None:
        return b""
    return midi_bytes(score_to_midi(cut(score, duration_s(take.recipe) * score.bpm / 60)))
