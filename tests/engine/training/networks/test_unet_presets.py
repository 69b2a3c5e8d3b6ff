"""The presets against the paper's Table 2 and the starter's budgets, on the meta device."""

import pytest
import torch

from engine.audio.bands import MelParameters, frame_bins
from engine.training.networks.cost import gflop, parameter_count
from engine.training.networks.inputs import example_inputs
from engine.training.networks.presets import PRESETS
from engine.training.networks.unet import UNet

FULL_LENGTH = {  # 30 s, padded to the multiple
    "starter-generator": 3_072,
    "starter-vocoder": 480_000,
    "starter-super-resolution": 720_000,
    "starter-waveform-generator": 96_000,
    "starter-cascader": 480_000,
}


@pytest.mark.parametrize(
    ("name", "table_2"),
    [
        ("paper-spectrogram-generator", 745e6),
        ("paper-waveform-cascader", 487e6),
        ("paper-super-resolution", 81e6),
    ],
)
def test_counts_are_within_5_percent_of_table_2(name: str, table_2: float) -> None:
    assert parameter_count(PRESETS[name]) == pytest.approx(table_2, rel=0.05)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("paper-waveform-generator", 630_155_777),  # Table 2: 724M, see the presets' docstring
        ("paper-waveform-cascader", 504_362_497),
        ("paper-spectrogram-generator", 748_525_136),
        ("paper-vocoder", 32_945_665),  # Table 2: 25.7M, less than its own block convolutions
        ("paper-super-resolution", 84_273_409),
        ("starter-generator", 17_512_000),
        ("starter-vocoder", 5_313_192),
        ("starter-super-resolution", 2_120_400),
        ("starter-waveform-generator", 9_292_672),
        ("starter-cascader", 3_615_688),
    ],
)
def test_counts_are_pinned(name: str, count: int) -> None:
    assert parameter_count(PRESETS[name]) == count


def test_the_vocoder_cannot_be_the_papers_25_7_million() -> None:
    vocoder = PRESETS["paper-vocoder"]
    convolutions = sum(
        2 * 2 * blocks * width * width * vocoder.kernel
        for blocks, width in zip(vocoder.blocks, vocoder.widths, strict=True)
    )
    assert convolutions == 28_835_840


@pytest.mark.parametrize(
    ("name", "most_gflop", "most_parameters"),
    [
        ("starter-generator", 12, 20e6),
        ("starter-vocoder", 60, 6e6),
        ("starter-super-resolution", 30, 2.5e6),
        ("starter-waveform-generator", 25, 10e6),
        ("starter-cascader", 30, 4e6),
    ],
)
def test_starter_keeps_its_budgets_for_30_s(
    name: str, most_gflop: float, most_parameters: float
) -> None:
    cost = gflop(PRESETS[name], FULL_LENGTH[name], text_tokens=64)
    assert 0.7 * most_gflop < cost < most_gflop
    assert parameter_count(PRESETS[name]) < most_parameters


def test_the_frame_vocoder_says_left_right_and_middle_of_the_mels_windows() -> None:
    config, mel = PRESETS["starter-frame-vocoder"], MelParameters()
    assert config.channels == 2 * mel.n_mels
    assert config.outputs == 3 * frame_bins(mel)


def test_the_starter_route_is_54_mb_in_float16() -> None:
    route = ("starter-generator", "starter-vocoder", "starter-super-resolution")
    assert sum(2 * parameter_count(PRESETS[name]) for name in route) < 54e6


def test_starter_attends_to_at_most_750_positions() -> None:
    for name, length in FULL_LENGTH.items():
        config = PRESETS[name]
        for level, total_stride in enumerate(config.total_strides):
            if config.attends(level)[0]:
                assert length // total_stride <= 750


def test_starter_widths_suit_the_blocked_layout() -> None:
    for name in FULL_LENGTH:
        assert all(width % 16 == 0 for width in (PRESETS[name].base, *PRESETS[name].widths))


def test_gflop_of_one_convolution_stack_by_hand() -> None:
    # doubling the batch doubles the work; text of twice the length adds only projections and scores
    tiny = PRESETS["tiny-cascader"]
    one = gflop(tiny, 320, text_tokens=8)
    assert gflop(tiny, 320, batch=2, text_tokens=8) == pytest.approx(2 * one, rel=1e-9)
    assert gflop(tiny, 640, text_tokens=8) > 1.9 * one
    extra = gflop(tiny, 320, text_tokens=16) - one
    width, attending, positions = 8, 2, 320 // 160
    projections = 2 * 8 * tiny.text_width * 2 * width
    products = 2 * 2 * 8 * width * positions
    assert extra * 1e9 == pytest.approx(attending * (projections + products), rel=1e-9)


@pytest.mark.parametrize("name", [name for name in PRESETS if not name.startswith("tiny")])
def test_large_presets_keep_the_shape(name: str) -> None:
    config = PRESETS[name]
    with torch.device("meta"):
        network = UNet(config)
    prediction = network(**example_inputs(config, 2, 3 * config.multiple, 5, device="meta"))
    assert prediction.shape == (2, config.outputs or config.channels, 3 * config.multiple)


@pytest.mark.parametrize(
    "stage",
    [
        "generator",
        "vocoder",
        "frame-vocoder",
        "super-resolution",
        "waveform-generator",
        "cascader",
    ],
)
def test_tiny_presets_mirror_their_starter(stage: str) -> None:
    tiny, starter = PRESETS[f"tiny-{stage}"], PRESETS[f"starter-{stage}"]
    assert tiny.multiple == starter.multiple
    assert (tiny.signals, tiny.globals, tiny.low) == (starter.signals, starter.globals, starter.low)
    assert tiny.aligned_hop == starter.aligned_hop
    assert tiny.self_attention == starter.self_attention
    assert tiny.outputs == starter.outputs
    # a linear map from what is played and one from who plays, to the entry and to the word
    notes = (tiny.base + tiny.axes) * (tiny.notes * tiny.patch + tiny.players)
    assert parameter_count(tiny) - notes < 50_000
    assert bool(tiny.notes) == bool(starter.notes) == (stage == "generator")
