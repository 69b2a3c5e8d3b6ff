import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from app.model.heard import LINE_LIMIT_CHARS, error_of, shown_mel
from engine.protocol.messages import Failed


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Use --device auto, which takes the best there is", "Choose another device in Settings"),
        ("Install one with: noisefall bundle install FILE", "Install a bundle in Settings"),
        ("Ask for less", "Ask for less"),
    ],
)
def test_a_remedy_is_one_that_the_window_has(said: str, shown: str) -> None:
    assert error_of(Failed(job=None, what="a", why="b", remedy=said)).remedy == shown


@given(st.text(max_size=2 * LINE_LIMIT_CHARS))
def test_a_refusal_is_one_line(why: str) -> None:
    error = error_of(Failed(job=None, what="a", why=why, remedy="c"))
    assert len(error.why) <= LINE_LIMIT_CHARS
    assert error.why.splitlines() in ([error.why], [])


@given(arrays.arrays(np.float16, (4, 3)))
def test_a_mel_for_painting_is_in_range_and_otherwise_as_it_came(half: np.ndarray) -> None:
    mel = shown_mel(half)
    assert mel.dtype == np.float32
    inside = np.abs(half) <= 1
    assert np.array_equal(mel[inside], half[inside].astype(np.float32))
    assert np.all(np.abs(mel) <= 1)
