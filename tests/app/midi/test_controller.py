"""What a controller is, and where it takes over."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.midi.controller import ABSOLUTE, OFFSET, SIGN, TWOS, Binding, Takeover, kind_of, steps


@pytest.mark.parametrize(
    ("mode", "value", "expected"),
    [
        (TWOS, 1, 1), (TWOS, 5, 5), (TWOS, 127, -1), (TWOS, 125, -3),
        (OFFSET, 65, 1), (OFFSET, 63, -1), (OFFSET, 70, 6), (OFFSET, 64, 0),
        (SIGN, 1, 1), (SIGN, 65, -1), (SIGN, 67, -3), (SIGN, 64, 0),
    ],
)  # fmt: skip
def test_steps(mode: str, value: int, expected: int) -> None:
    assert steps(mode, value) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([64], None), ([64, 65], None), ([10, 11, 12, 13], ABSOLUTE), ([127, 0], None),
        ([1, 1], TWOS), ([127, 127], TWOS), ([1, 127, 127], TWOS), ([2, 3, 3], TWOS),
        ([65, 65], OFFSET), ([63, 63], OFFSET), ([63, 65, 65], OFFSET),
        ([65, 1, 1], SIGN), ([1, 65, 66, 66], SIGN),
        ([0, 127, 0, 127, 0, 127], ABSOLUTE), ([30, 30], ABSOLUTE),
    ],
)  # fmt: skip
def test_the_kind_of_a_controller(values: list[int], expected: str | None) -> None:
    assert kind_of(values) == expected


@given(st.lists(st.integers(0, 127), max_size=12))
def test_six_messages_settle_every_controller(values: list[int]) -> None:
    assert kind_of(values) is not None or len(values) < 6


def test_a_controller_takes_over_where_it_meets_the_knob() -> None:
    knob = Takeover()
    knob.set_knob(0.5)
    assert knob.move(0.1) is None
    assert knob.move(0.3) is None
    assert knob.move(0.6) == 0.6  # crossed it
    assert knob.move(0.9) == 0.9


def test_a_controller_that_starts_near_takes_over_at_once() -> None:
    knob = Takeover()
    knob.set_knob(0.5)
    assert knob.move(0.51) == 0.51


def test_a_knob_moved_by_the_mouse_lets_go() -> None:
    knob = Takeover()
    knob.set_knob(0.5)
    assert knob.move(0.5) == 0.5
    knob.set_knob(0.5)  # the window's echo
    assert knob.move(0.6) == 0.6
    knob.set_knob(0.2)  # the mouse
    assert knob.move(0.61) is None
    assert knob.move(0.15) == 0.15


def test_without_a_knob_a_controller_counts_at_once() -> None:
    assert Takeover().move(0.7) == 0.7


@given(st.integers(-5, 25), st.integers(-5, 200), st.sampled_from(["absolute", "twos", "x"]))
def test_bindings_survive_json_or_are_refused(channel: int, control: int, mode: str) -> None:
    data = {"port": "p", "channel": channel, "control": control, "mode": mode}
    good = 1 <= channel <= 16 and 0 <= control <= 127 and mode != "x"
    if not good:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(data, Binding)
        return
    bound = msgspec.convert(data, Binding)
    assert json.loads(json.dumps(msgspec.to_builtins(bound))) == data
