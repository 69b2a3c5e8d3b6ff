"""Chunked evaluation of a local operator must equal whole evaluation, on lines and on circles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cascade.windows import Window, round_up, windows

CONTEXT = 7


def local_operator(x: np.ndarray) -> np.ndarray:
    """A stand-in for a network: each output depends on CONTEXT inputs on either side."""
    kernel = np.linspace(1, 2, 2 * CONTEXT + 1)
    return np.stack([np.convolve(row, kernel, mode="same") for row in x[0]])[None]


def evaluate(plan: list[Window], x: np.ndarray) -> np.ndarray:
    result = np.full_like(x, np.nan)
    for window in plan:
        window.keep(local_operator(window.take(x)), result)
    return result


@settings(deadline=None)
@given(st.integers(1, 80), st.integers(1, 40), st.sampled_from([1, 2, 4]))
def test_chunked_equals_whole_on_a_line(blocks: int, chunk: int, multiple: int) -> None:
    length = blocks * multiple
    x = np.random.default_rng(0).standard_normal((1, 2, length)).astype(np.float32)
    plan = windows(length, multiple=multiple, context=CONTEXT, chunk=chunk, loop=False)
    if length > 2 * CONTEXT:
        assert np.allclose(evaluate(plan, x), local_operator(x), atol=1e-4)
    assert len({window.width for window in plan}) == 1
    assert all(window.start % multiple == 0 and window.start >= 0 for window in plan)
    assert all(window.start + window.width <= length for window in plan)


@settings(deadline=None)
@given(st.integers(20, 200), st.integers(1, 60), st.sampled_from([1, 3, 8]))
def test_chunked_equals_circular_on_a_loop(length: int, chunk: int, multiple: int) -> None:
    x = np.random.default_rng(1).standard_normal((1, 2, length)).astype(np.float32)
    plan = windows(length, multiple=multiple, context=CONTEXT, chunk=chunk, loop=True)
    tripled = local_operator(np.concatenate([x, x, x], axis=-1))
    assert np.allclose(evaluate(plan, x), tripled[..., length : 2 * length], atol=1e-4)
    assert all(window.width % multiple == 0 for window in plan)


def test_a_context_too_small_is_heard() -> None:
    x = np.random.default_rng(2).standard_normal((1, 1, 400)).astype(np.float32)
    plan = windows(400, multiple=1, context=CONTEXT - 2, chunk=50, loop=False)
    assert not np.allclose(evaluate(plan, x), local_operator(x), atol=1e-4)


def test_tracks_at_a_hop() -> None:
    track = np.arange(10, dtype=np.float32)[None, None]
    assert Window(40, 30, 40, 70).take(track, 10).tolist() == [[[4, 5, 6]]]
    assert Window(-20, 40, 0, 20).take(track, 10).tolist() == [[[8, 9, 0, 1]]]


@pytest.mark.parametrize(
    ("length", "multiple", "rounded"), [(1, 16, 16), (16, 16, 16), (17, 16, 32)]
)
def test_round_up(length: int, multiple: int, rounded: int) -> None:
    assert round_up(length, multiple) == rounded
