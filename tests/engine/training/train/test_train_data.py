"""Prepared data, batches and conditions."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.composer import compose
from engine.composer.request import Request
from engine.corpus.annotate import annotate
from engine.corpus.annotate.tracks import frame_tracks
from engine.corpus.captions import describe
from engine.errors import UserError
from engine.music.signals import GLOBALS, SIGNALS
from engine.training.networks.presets import PRESETS
from engine.training.train.batches import Batches, Needs
from engine.training.train.conditions import (
    GLOBAL_GROUPS,
    SIGNAL_GROUPS,
    hide_groups,
    signals_and_globals,
)
from engine.training.train.data import FORMAT, FULL_SCALE, ClipEntry, open_data, open_part
from engine.training.train.embed import embed_texts
from engine.training.train.examples import example, needs
from engine.training.train.prepare import entry, grid_frames, on_grid
from engine.training.train.settings import Stage, settings_for

NEEDS = Needs(arrays=("mel", "audio16"), frames=32, rate_hz=100, signals=True, text=True)


def batches(folder: Path, *, need: Needs = NEEDS, augment: bool = True, **given: Any) -> Batches:
    run = settings_for("generator", "tiny-generator", batch=4, text_tokens=6, **given)
    return Batches(open_data(folder, "train"), need, run, augment=augment)


@pytest.fixture(scope="module")
def folder(make_data: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = make_data(tmp_path_factory.mktemp("data"), clips=4)
    return made


def test_a_step_is_a_function_of_its_number(folder: Path) -> None:
    once, again = batches(folder), batches(folder)
    whole = once.batch(9, first=0, count=4)
    half = again.batch(9, first=2, count=2)
    ahead = again.ahead(9, first=2, count=2)
    for name, array in whole.items():
        np.testing.assert_array_equal(array[2:], half[name])
    for name, array in next(ahead).items():
        np.testing.assert_array_equal(array, half[name])
    ahead.close()  # type: ignore[attr-defined]
    assert not np.array_equal(whole["mel"], once.batch(10, first=0, count=4)["mel"])


def test_an_epoch_visits_every_clip_once(folder: Path) -> None:
    one = replace(NEEDS, arrays=("mel",), frames=96, signals=False)
    data, found = open_data(folder, "train"), []
    stored = np.asarray(data.parts[0].arrays["mel"], np.float32).reshape(4, 96, 160)
    for index in range(4):
        mel = batches(folder, need=one).item(3, index)["mel"]
        match = [
            any(np.array_equal(np.roll(mel, s, 0), clip) for s in range(96)) for clip in stored
        ]
        found.append(match.index(True))
    assert sorted(found) == [0, 1, 2, 3]


def test_arrays_of_a_crop_lie_on_one_grid(folder: Path) -> None:
    """Every array is asked for its crop through the position signal of a one-shot."""
    data = open_data(folder, "train")
    source = batches(folder, augment=False)
    for step in range(6):
        item = source.item(step, 0)
        position = item["signals"][list(SIGNALS).index("position")]
        if not item["signals"][list(SIGNALS).index("position_present")].all():
            continue  # a loop
        first = round(float(position[0]) * 96 - 0.5)
        mel = data.parts[0].arrays["mel"]
        crops = [mel[96 * c + first : 96 * c + first + 32] for c in range(4)]
        where = [c for c, crop in enumerate(crops) if np.array_equal(item["mel"], crop)]
        assert len(where) == 1
        start = (96 * where[0] + first) * 160
        np.testing.assert_array_equal(
            item["audio16"][480:-480], data.parts[0].arrays["audio16"][start : start + 5120]
        )


def test_short_one_shots_end_and_short_loops_go_round(folder: Path) -> None:
    need = Needs(arrays=("mel", "audio16"), frames=128, rate_hz=100)
    seen = set()
    for index in range(4):
        item = batches(folder, need=need).item(0, index)
        loops = bool(item["valid"].all())
        seen.add(loops)
        if loops:
            np.testing.assert_array_equal(item["mel"][:32], item["mel"][96:])
        else:
            assert item["valid"].sum() == 96
            assert (item["mel"][96:, :80] == -1).all()
            assert (item["mel"][96:, 80:] == 0).all()
            assert not item["audio16"][(96 + 3) * 160 :].any()
    assert seen == {True, False}


def test_prompts_are_hidden_as_often_as_asked(folder: Path) -> None:
    need = Needs(arrays=(), frames=8, rate_hz=100, text=True)
    source = batches(folder, need=need, hide_prompt=0.25)
    masks = np.stack([source.item(step, i)["text_mask"] for step in range(300) for i in range(4)])
    assert np.mean(masks.sum(axis=1) == 0) == pytest.approx(0.25, abs=0.04)
    lengths = set(masks.sum(axis=1).tolist())
    assert lengths == {0.0, 3.0, 5.0}  # both texts are drawn
    quiet = batches(folder, need=need, hide_prompt=0.9, augment=False)
    assert all(quiet.item(step, 0)["text_mask"].any() for step in range(30))


def test_groups_are_hidden_by_chance_and_entirely() -> None:
    rng = np.random.default_rng(0)
    shares = {"grid": 0.1, "bpm": 0.2, "key": 0.3, "chroma": 0.5, "length": 0.0}
    counts = dict.fromkeys(shares, 0)
    for _ in range(2000):
        signals, values = np.ones((len(SIGNALS), 3), np.float32), np.ones(len(GLOBALS), np.float32)
        hidden = hide_groups(signals, values, shares=shares, rng=rng)
        for group in shares:
            counts[group] += group in hidden
            rows = signals[SIGNAL_GROUPS[group]].ravel().tolist()
            rows += values[GLOBAL_GROUPS[group]].tolist()
            assert set(rows) == ({0.0} if group in hidden else {1.0})
    for group, share in shares.items():
        assert counts[group] / 2000 == pytest.approx(share, abs=0.035)


def test_every_condition_but_loop_belongs_to_one_group() -> None:
    names = [list(SIGNALS)[i] for rows in SIGNAL_GROUPS.values() for i in rows]
    assert sorted(names) == sorted(SIGNALS)
    names = [list(GLOBALS)[i] for rows in GLOBAL_GROUPS.values() for i in rows]
    assert sorted(names) == sorted(set(GLOBALS) - {"loop"})


@pytest.mark.parametrize("loop", [False, True])
def test_conditions_of_a_composition_are_its_labels(loop: bool) -> None:
    score = compose(5, request=Request(bars=4, loop=loop))
    labels = annotate(score)
    frames = grid_frames(round(labels.seconds * 24_000), loop=loop)
    clip = entry("a", labels, describe(labels, 5), 0, frames)
    signals, values = signals_and_globals(clip, np.arange(frames), 100)
    tracks = frame_tracks(labels, frames)
    rows = list(SIGNALS)
    np.testing.assert_array_equal(signals[rows.index("beat_sin")], tracks["beat_sin"])
    chroma = signals[rows.index("chroma_0") : rows.index("chroma_0") + 12]
    np.testing.assert_array_equal(chroma, tracks["chroma"])
    assert 2 ** values[0] * 120 == pytest.approx(labels.bpm)
    assert values[list(GLOBALS).index("loop")] == float(loop)
    tags = clip.texts[3].split(", ")
    assert clip.texts[4:] == (", ".join(tags[:3]), tags[0])
    assert clip.labels["genre"] == (labels.genre,)
    assert set(clip.labels["mood"]) == set(labels.moods)


@pytest.mark.parametrize("loop", [False, True])
def test_a_clip_lies_on_the_frame_grid(loop: bool) -> None:
    t = np.arange(24_100) / 24_000
    tone = (0.5 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
    arrays = on_grid(np.stack([tone, tone], axis=1), loop=loop)
    frames = 100 if loop else 101
    assert arrays["mel"].shape == (frames, 160)
    assert arrays["audio16"].shape == (frames * 160, 2)
    assert arrays["audio24"].shape == (frames * 240, 2)
    low = arrays["audio16"][1000:2000, 0].astype(float) / FULL_SCALE
    assert np.sqrt(np.mean(low**2)) == pytest.approx(0.5 / 2**0.5, rel=0.02)


STAGES: list[tuple[Stage, str, tuple[int, ...], dict[str, tuple[int, ...]]]] = [
    (
        "generator",
        "tiny-generator",
        (2, 160, 64),
        {"signals": (2, len(SIGNALS), 64), "globals": (2, len(GLOBALS))},
    ),
    ("generator", "tiny-waveform-generator", (2, 2, 2048), {"signals": (2, 28, 2048)}),
    ("vocoder", "tiny-vocoder", (2, 2, 10240), {"aligned": (2, 160, 64)}),
    ("cascader", "tiny-cascader", (2, 2, 10240), {"low": (2, 2, 10240)}),
    ("super_resolution", "tiny-super-resolution", (2, 2, 15360), {"low": (2, 2, 15360)}),
    ("vocoder", "paper-vocoder", (2, 1, 10240), {"aligned": (2, 80, 64)}),
]


@pytest.mark.parametrize(("stage", "preset", "x_shape", "inputs"), STAGES)
def test_examples_have_the_networks_shapes(
    folder: Path, stage: Stage, preset: str, x_shape: Any, inputs: Any
) -> None:
    config = PRESETS[preset]
    run = settings_for(stage, preset, crop_s=0.64, batch=2, text_tokens=6)
    need = needs(stage, config, run.crop_s)
    arrays = Batches(open_data(folder, "train"), need, run).batch(0, first=0, count=2)
    batch = example(stage, config, arrays, x_scale=2.0, device=torch.device("cpu"))
    assert tuple(batch.x0.shape) == x_shape
    assert x_shape[-1] % config.multiple == 0
    assert tuple(batch.valid.shape) == (2, 1, x_shape[-1])
    for name, shape in inputs.items():
        assert tuple(batch.inputs[name].shape) == shape


def test_the_low_band_of_super_resolution_is_the_data(folder: Path) -> None:
    """The synthetic tones all lie below 1.4 kHz: up-sampled, they are x₀ itself."""
    config = PRESETS["tiny-super-resolution"]
    run = settings_for("super_resolution", config.name, crop_s=0.32, batch=2)
    need = needs("super_resolution", config, run.crop_s)
    source = Batches(open_data(folder, "train"), need, run)
    for step in range(5):
        arrays = source.batch(step, first=0, count=2)
        made = example("super_resolution", config, arrays, x_scale=1.0, device=torch.device("cpu"))
        inside = slice(2400, -2400)  # synthetic clips begin and end with a click
        off = (made.x0 - made.inputs["low"])[..., inside]
        assert float(off.abs().max()) < 0.02


def test_another_stages_network_is_refused() -> None:
    with pytest.raises(UserError, match="no network for the stage"):
        needs("vocoder", PRESETS["tiny-generator"], 1.0)


def test_texts_are_embedded_in_place(make_data: Any, tmp_path: Path) -> None:
    make_data(tmp_path)
    count = embed_texts(
        tmp_path, lambda texts: [np.full((len(t), 3), len(t), np.float32) for t in texts]
    )
    part = open_part(tmp_path / "train-0000")
    assert count == 4
    assert open_data(tmp_path, "train").text_width == 3
    for clip in part.clips:
        for text, (first, n) in zip(clip.texts, clip.rows, strict=True):
            assert n == len(text)
            assert (part.arrays["text"][first : first + n] == n).all()


def test_no_data_and_damaged_data_are_told(make_data: Any, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no prepared clips"):
        open_data(tmp_path, "train")
    make_data(tmp_path)
    np.save(tmp_path / "train-0000" / "mel.npy", np.zeros((3, 160), np.float16))
    with pytest.raises(UserError, match="it holds float16"):
        _ = open_data(tmp_path, "train").parts[0].arrays


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(
    data=st.binary(max_size=60)
    | st.builds(
        lambda clips: json.dumps({"format": FORMAT, "mean_square": 1, "clips": clips}).encode(),
        JSON,
    )
)
def test_any_clips_json_opens_or_is_told(tmp_path_factory: Any, data: bytes) -> None:
    part = tmp_path_factory.getbasetemp() / "fuzz-0000"
    part.mkdir(exist_ok=True)
    (part / "clips.json").write_bytes(data)
    try:
        clips = open_part(part).clips
    except UserError:
        return
    assert all(isinstance(clip, ClipEntry) for clip in clips)
