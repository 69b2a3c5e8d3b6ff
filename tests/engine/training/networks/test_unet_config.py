"""What a configuration refuses, what it derives, and that whatever it accepts can be built."""

import math
from typing import Any

import msgspec
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.training.networks.config import UNetConfig, receptive_field
from engine.training.networks.inputs import example_inputs, input_names, input_shapes
from engine.training.networks.presets import PRESETS
from engine.training.networks.unet import UNet

VALID: dict[str, Any] = {
    "name": "small",
    "channels": 2,
    "base": 8,
    "kernel": 3,
    "strides": (2, 5),
    "multipliers": (1, 2),
    "blocks": (1, 1),
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"multipliers": (1,)}, "multipliers has 1 entries for 2 strides"),
        ({"blocks": (1, 1, 1)}, "blocks has 3 entries for 2 strides"),
        ({"self_attention": (True,)}, "self_attention has 1 entries for 2 strides"),
        ({"strides": (), "multipliers": (), "blocks": ()}, "at least one level"),
        ({"kernel": 4}, "kernel 4 is even"),
        ({"base": 9}, "time embedding's width is odd"),
        ({"embedding": 7}, "time embedding's width is odd"),
        ({"multipliers": (1, 1.3)}, "base 8 x 1.3 is no whole number of channels"),
        ({"multipliers": (1, 0)}, "base 8 x 0 is no whole number of channels"),
        ({"self_attention": (False, True), "heads": 3}, "16 channels do not split into 3 heads"),
        ({"self_attention": (False, True), "heads": 16}, "16 channels do not split into 16 heads"),
        ({"text_width": 4}, "cross_attention and text_width need each other"),
        ({"cross_attention": (False, True), "heads": 2}, "cross_attention and text_width"),
        ({"aligned_channels": 4}, "aligned_channels and aligned_hop need each other"),
        ({"aligned_hop": 10}, "aligned_channels and aligned_hop need each other"),
        ({"aligned_channels": 4, "aligned_hop": 5}, "no level has aligned_hop 5.*give 2, 10"),
        ({"aligned_channels": 4, "aligned_hop": 10, "patch": 4}, "aligned_hop 10.*give 8, 40"),
    ],
)
def test_refuses_what_does_not_fit(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        UNetConfig(**(VALID | change))


def test_decoding_refuses_unknown_and_unfit_fields() -> None:
    good = msgspec.json.decode(msgspec.json.encode(UNetConfig(**VALID)), type=UNetConfig)
    assert good == UNetConfig(**VALID)
    for change in ({"colour": 1}, {"base": 0}, {"base": 7}, {"strides": [0, 5]}, {"outputs": -1}):
        text = msgspec.json.encode(VALID | change)
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(text, type=UNetConfig)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_survive_json(name: str) -> None:
    text = msgspec.json.encode(PRESETS[name])
    assert msgspec.json.decode(text, type=UNetConfig) == PRESETS[name]
    assert PRESETS[name].name == name


def test_aligned_enters_at_the_level_of_its_hop() -> None:
    vocoder = PRESETS["paper-vocoder"]
    assert vocoder.total_strides == (2, 8, 32, 160)
    assert vocoder.aligned_level == 3
    assert vocoder.multiple == vocoder.aligned_hop == 160
    with torch.device("meta"):
        levels = UNet(vocoder).levels
    assert [level.aligned is not None for level in levels] == [False, False, False, True]
    higher = UNetConfig(**VALID, aligned_channels=3, aligned_hop=2)
    assert higher.aligned_level == 0
    assert input_shapes(higher, batch=1, length=20)["aligned"] == (1, 3, 10)
    assert PRESETS["tiny-cascader"].aligned_level is None


def test_input_names_follow_the_manifest() -> None:
    everything = UNetConfig(
        **VALID,
        cross_attention=(False, True),
        heads=2,
        text_width=4,
        signals=3,
        globals=5,
        aligned_channels=6,
        aligned_hop=10,
        low=True,
        augmentation=True,
    )
    assert input_shapes(everything, batch=2, length=30, text_tokens=7) == {
        "x": (2, 2, 30),
        "log_snr": (2,),
        "signals": (2, 3, 30),
        "globals": (2, 5),
        "text": (2, 7, 4),
        "text_mask": (2, 7),
        "aligned": (2, 6, 3),
        "low": (2, 2, 30),
        "augmentation_log_snr": (2,),
    }
    assert input_names(UNetConfig(**VALID)) == ("x", "log_snr")
    for length in (0, 15):
        with pytest.raises(ValueError, match=f"length {length} is not a positive multiple of 10"):
            input_shapes(everything, batch=1, length=length)


def test_receptive_field_by_hand() -> None:
    # exit 1 → ÷5: 1, +2 blocks' side: 3, both sides of the bottom 3+2=5 → ×5 = 25, entry +1
    one_level = UNetConfig(**(VALID | {"strides": (5,), "multipliers": (1,), "blocks": (1,)}))
    assert receptive_field(one_level) == 30
    assert receptive_field(PRESETS["paper-spectrogram-generator"]) == 0
    assert receptive_field(PRESETS["paper-vocoder"]) == 6720


levels = st.integers(1, 3)


@st.composite
def configs(draw: st.DrawFn) -> dict[str, Any]:
    """Fields of which about half fit each other."""
    depth = draw(levels)

    def per_level(element: st.SearchStrategy[Any]) -> tuple[Any, ...]:
        return tuple(draw(st.lists(element, min_size=depth, max_size=depth)))

    fields: dict[str, Any] = {
        "name": "drawn",
        "channels": draw(st.integers(1, 3)),
        "base": draw(st.sampled_from([4, 8, 9])),
        "kernel": draw(st.sampled_from([1, 3, 5, 6])),
        "strides": per_level(st.integers(1, 5)),
        "multipliers": per_level(st.sampled_from([1, 1.5, 2, 1.1])),
        "blocks": per_level(st.integers(1, 2)),
        "self_attention": draw(st.sampled_from([(), per_level(st.booleans())])),
        "heads": draw(st.sampled_from([1, 2, 3])),
        "patch": draw(st.integers(1, 4)),
        "low": draw(st.booleans()),
        "augmentation": draw(st.booleans()),
        "signals": draw(st.integers(0, 2)),
        "globals": draw(st.integers(0, 2)),
        "embedding": draw(st.sampled_from([0, 6, 7])),
        "outputs": draw(st.sampled_from([0, 5])),
    }
    if draw(st.booleans()):
        fields |= {"cross_attention": per_level(st.booleans()), "text_width": 4}
    if draw(st.booleans()):
        hop = fields["patch"] * math.prod(fields["strides"][: draw(st.integers(1, depth))])
        fields |= {"aligned_channels": 3, "aligned_hop": hop + draw(st.sampled_from([0, 0, 1]))}
    return fields


@settings(max_examples=40, deadline=None)
@given(fields=configs())
def test_whatever_is_accepted_can_be_built_and_run(fields: dict[str, Any]) -> None:
    try:
        config = UNetConfig(**fields)
    except ValueError as error:
        assert str(error).startswith("drawn: ")  # noqa: PT017 - either outcome is right
        return
    length = 2 * config.multiple
    with torch.device("meta"):
        network = UNet(config)
    prediction = network(**example_inputs(config, 2, length, 3, device="meta"))
    assert prediction.shape == (2, config.outputs or config.channels, length)
    assert receptive_field(config) % config.multiple == 0


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_decoding_never_crashes(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):  # nothing that short and random is a configuration
        msgspec.json.decode(data, type=UNetConfig)
