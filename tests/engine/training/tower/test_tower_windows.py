"""Windows, and which part of a clip each of them hears."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UserError
from engine.training.tower.windows import (
    WINDOW_FRAMES,
    checked_mel,
    clip_means,
    crop,
    window_starts,
    windows,
)


@given(st.integers(1, 20_000))
def test_windows_cover_a_clip_evenly(frames: int) -> None:
    starts = window_starts(frames)
    assert len(starts) == max(1, -(-frames // WINDOW_FRAMES))
    assert starts[0] == 0
    if frames >= WINDOW_FRAMES:
        assert starts[-1] == frames - WINDOW_FRAMES
        gaps = np.diff(starts)
        assert (gaps <= WINDOW_FRAMES).all()
        assert np.ptp(gaps) <= 1 if len(gaps) else True


def test_a_whole_number_of_windows_does_not_overlap() -> None:
    assert window_starts(3000) == (0, 1000, 2000)
    assert window_starts(2500) == (0, 750, 1500)


def test_a_short_clip_repeats() -> None:
    rows = np.arange(300, dtype=np.float32)[:, None]
    assert crop(rows, 250)[:, 0].tolist() == [(250 + n) % 300 for n in range(1000)]
    mel = np.broadcast_to(rows.T, (160, 300)).astype(np.float32)
    (only,) = windows(mel)
    assert only.shape == (160, 1000)
    assert (only[0] == np.arange(1000) % 300).all()


def test_a_long_clip_is_cut() -> None:
    mel = np.tile(np.arange(1500, dtype=np.float32), (160, 1))
    first, second = windows(mel)
    assert (first[0, 0], first[0, -1], second[7, 0], second[7, -1]) == (0, 999, 500, 1499)


def test_means_are_by_clip() -> None:
    rows = np.array([[1, 0], [3, 0], [5, 6]], np.float32)
    assert clip_means(rows, [2, 1]).tolist() == [[2, 0], [5, 6]]
    assert clip_means(rows[:0], []).shape == (0, 2)


@pytest.mark.parametrize("shape", [(80, 100), (160, 0), (160,), (1, 160, 100)])
def test_something_else_is_no_mel(shape: tuple[int, ...]) -> None:
    with pytest.raises(UserError, match="shape"):
        checked_mel(np.zeros(shape, np.float32))


def test_no_number_is_no_mel() -> None:
    mel = np.zeros((160, 10), np.float32)
    mel[3, 4] = np.nan
    with pytest.raises(UserError, match="no numbers"):
        checked_mel(mel)
