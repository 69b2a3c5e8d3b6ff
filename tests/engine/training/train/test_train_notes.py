"""A generator that hears notes: crops, the first fit, training, warm start, a bundle."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import msgspec
import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.bundle.manifest import MelSpec
from engine.bundle.store import open_bundle
from engine.cascade.cascade import Cascade
from engine.cascade.composed import composed
from engine.cascade.events import CascadeEvent, TakeReady
from engine.cascade.plan import lengths
from engine.errors import UserError
from engine.music.grid import loop_timeline
from engine.music.roll import (
    PLAYER_NAMES,
    ROW_NAMES,
    VOICES,
    Voice,
    played,
    roll,
    voice_players,
    voice_rows,
)
from engine.music.signals import GLOBALS, SIGNALS, signal_rows
from engine.recipe import Recipe, checked
from engine.runtime.cancel import CancelToken
from engine.runtime.devices import choose
from engine.runtime.session import Runtime
from engine.training.export import stage as stage_module
from engine.training.export.parity import PARITY_LIMIT, parity
from engine.training.export.presets import EMPHASIS
from engine.training.export.random_bundle import random_parts
from engine.training.export.stage import round_to_half
from engine.training.export.trace import stage_inputs, trace
from engine.training.export.write import write_bundle
from engine.training.networks.config import UNetConfig
from engine.training.networks.layers import Linear
from engine.training.networks.notes import NOTES, Notes
from engine.training.networks.presets import PRESETS
from engine.training.networks.unet import UNet
from engine.training.train.batches import Arrays, Batches, Needs
from engine.training.train.conditions import GLOBAL_GROUPS, SIGNAL_GROUPS, clip_conditions
from engine.training.train.data import notes_of, open_data
from engine.training.train.data_notes import fit_notes
from engine.training.train.data_patches import data_patches
from engine.training.train.examples import MEL_SCALE, Example, example
from engine.training.train.loop import train
from engine.training.train.part import checkpoint_at, stage_part
from engine.training.train.settings import Settings, settings_for
from tests.fixtures.tiny_graphs import stage_graph, text_graph

TINY = PRESETS["tiny-generator"]
BEFORE = msgspec.structs.replace(TINY, name="before", signals=28, globals=30, notes=0, players=0)
FIRST = list(SIGNALS).index("notes_present")
HEARD = 80  # rows of the roll that the side of the data's mels shows


def run_of(**given: Any) -> Settings:
    few = {
        "batch": 4, "crop_s": 0.32, "text_tokens": 6, "workers": 1, "warmup": 0, "samples": 0,
        "precision": "fp32",
    }  # fmt: skip
    return settings_for("generator", "tiny-generator", **(few | given))


@pytest.fixture(scope="module")
def data(make_data: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Mels that are a linear function of the notes: a mixture of the roll, and the roll itself."""
    folder: Path = make_data(tmp_path_factory.mktemp("notes"), clips=16, frames=192, notes=True)
    opened = open_data(folder, "train").parts[0]
    mixing = np.random.default_rng(1).standard_normal((80, HEARD)) / 8
    mels = []
    for clip in opened.clips:
        track = clip_conditions(clip, 100, notes=notes_of(opened, clip)).notes
        assert track is not None
        assert not track[HEARD:].any()
        mels.append(np.concatenate([mixing @ track[:HEARD], track[:HEARD]]).T)
    np.save(opened.folder / "mel.npy", np.concatenate(mels).astype(np.float16))
    return folder


def batches_of(folder: Path, *, frames: int = 64, augment: bool = False, **given: Any) -> Batches:
    need = Needs(arrays=("mel",), frames=frames, rate_hz=100, signals=True, text=True)
    return Batches(open_data(folder, "train"), need, run_of(**given), augment=augment)


# ── crops ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("frames", [64, 256])  # within a clip; beyond its end, or round it
def test_notes_lie_where_the_mel_lies(data: Path, frames: int) -> None:
    source, kinds = batches_of(data, frames=frames), set()
    loop = list(GLOBALS).index("loop")
    for step in range(4):
        for index in range(4):
            item = source.item(step, index)
            rows = item["signals"][FIRST + 1 :][:HEARD]
            np.testing.assert_allclose(rows.T, item["mel"][:, 80:], atol=1e-3)
            assert rows.max() > 0.3
            there = item["valid"]
            np.testing.assert_array_equal(item["signals"][FIRST], there.astype(np.float32))
            assert not item["signals"][:, ~there].any()
            kinds.add((bool(item["globals"][loop]), bool(there.all())))
    assert kinds == {(True, True), (False, frames == 64)}


@pytest.mark.parametrize("group", ["notes", "players"])
def test_hidden_notes_and_players_are_gone_and_nothing_else(data: Path, group: str) -> None:
    shown = batches_of(data).item(3, 1)
    shares = dict.fromkeys(SIGNAL_GROUPS, 0.0) | {group: 1.0}
    hidden = batches_of(data, augment=True, hide=shares, hide_prompt=0.0).item(3, 1)
    names, values = np.array(list(SIGNALS)), np.array(list(GLOBALS))
    rows = set(names[(shown["signals"] != hidden["signals"]).any(axis=1)])
    numbers = set(values[shown["globals"] != hidden["globals"]])
    if group == "notes":
        assert rows == {"notes_present", *names[FIRST + 1 :][shown["signals"][FIRST + 1 :].any(1)]}
        assert not numbers
        assert list(SIGNAL_GROUPS["notes"]) == list(range(FIRST, len(SIGNALS)))
    else:
        assert not rows
        assert numbers == {
            "players_present", "plays_drums_909_kit", "plays_bass_sub_bass", "width_drums",
            "reverb_drums", "pan_bass", "width_bass", "reverb_bass",
        }  # fmt: skip
        last = range(len(GLOBALS) - len(PLAYER_NAMES) - 1, len(GLOBALS))
        assert list(GLOBAL_GROUPS["players"]) == list(last)


# ── the fit ───────────────────────────────────────────────────────────────────────────────


def as_example(arrays: Arrays) -> Example:
    return example("generator", TINY, arrays, x_scale=MEL_SCALE, device=torch.device("cpu"))


@torch.no_grad()
def error_of(network: UNet, batch: Example) -> float:
    """Mean square of what the network does not know of x₀ when x is noise."""
    x = torch.randn(batch.x0.shape, generator=torch.Generator().manual_seed(9))
    said = network(x=x, log_snr=torch.full((len(x),), -9.0), **batch.inputs)
    return float(((said - batch.x0) * batch.valid).square().mean())


def untrained(source: Batches) -> UNet:
    torch.manual_seed(0)
    network = UNet(TINY).eval()
    assert network.axes is not None
    network.axes.fit(data_patches(source, as_example, batch=8, patch=TINY.patch, count=2000))
    return network


def test_what_notes_say_of_a_mel_is_known_before_training(data: Path) -> None:
    source = batches_of(data, batch=8)
    network = untrained(source)
    assert network.axes is not None
    assert network.notes is not None
    held_out = as_example(source.batch(1000, first=0, count=8))
    unfitted = error_of(network, held_out)
    with torch.no_grad():
        network.axes.log_unknown[::2] = -9.0  # a trained network's, below what a fit may say
    before = network.axes.log_unknown.detach().clone()
    fit_notes(network, source, as_example, batch=8, seed=0)
    assert error_of(network, held_out) < 0.1 * unfitted
    after = network.axes.log_unknown.detach()
    assert (after <= before).all()
    assert torch.equal(after[::2], before[::2])
    loud = network.axes.variances[1::2] > 0.01 * network.axes.variances[0]
    assert (after[1::2][loud] < np.log(0.1)).all()
    assert loud.sum() > 5


def test_notes_of_other_clips_explain_nothing(data: Path) -> None:
    source = batches_of(data, batch=8)
    network = untrained(source)
    shuffled = as_example(source.batch(1000, first=0, count=8))
    unfitted = error_of(network, shuffled)
    fit_notes(network, source, as_example, batch=8, seed=0, count=3000)
    signals = shuffled.inputs["signals"].clone()
    signals[:, FIRST + 1 :] = signals[:, FIRST + 1 :].roll(1, dims=0)
    wrong = replace(shuffled, inputs=shuffled.inputs | {"signals": signals})
    assert error_of(network, wrong) > unfitted


def test_a_ridge_regression_finds_the_map_and_silence_stays_silent() -> None:
    rng = torch.Generator().manual_seed(0)
    notes = Notes(1, 4, 3, players=False)
    played_ = torch.randn(4000, NOTES, generator=rng)
    played_[:, 5] = 0  # a note that is never played
    truth = torch.randn(NOTES, 3, generator=rng)
    notes.fit(played_.T @ played_, played_.T @ (played_ @ truth))
    weight = notes.expected.weight[:, :, 0, 0]
    heard = [row for row in range(NOTES) if row != 5]
    torch.testing.assert_close(weight[:, heard], truth[heard].T, rtol=2e-2, atol=2e-2)
    assert not weight[:, 5].any()
    notes.fit(torch.zeros(NOTES, NOTES), torch.zeros(NOTES, 3))
    assert not notes.expected.weight.any()


@torch.no_grad()
def test_who_plays_changes_the_notes_of_their_voice_alone() -> None:
    rng = torch.Generator().manual_seed(0)
    patch, base, axes = 2, 6, 5
    notes = Notes(patch, base, axes, players=True)
    notes.expected.weight.copy_(torch.randn(notes.expected.weight.shape, generator=rng))
    rolls = torch.rand(3, patch * NOTES, 1, 7, generator=rng)
    who = torch.rand(3, len(PLAYER_NAMES), generator=rng)

    def heard(rolls: Tensor, who: Tensor | None) -> Tensor:
        return torch.cat(notes(rolls, who), dim=1)

    alike = heard(rolls, None)
    torch.testing.assert_close(heard(rolls, who), alike)  # untrained, everybody sounds alike
    assert notes.players is not None
    scales = {}
    for voice, module in notes.players.items():
        layer = cast("Linear", module)
        layer.weight.copy_(torch.randn(layer.weight.shape, generator=rng))
        given = torch.cat([who[:, part] for part in voice_players(cast("Voice", voice))], dim=1)
        scales[voice] = 1 + layer(given)
    silent, total = torch.zeros_like(rolls), torch.zeros_like(alike)
    for voice in VOICES:
        alone = silent.clone().reshape(3, patch, NOTES, 7)
        rows = voice_rows(voice)
        there = slice(1 + rows.start, 1 + rows.stop)
        alone[:, :, there] = rolls.reshape(3, patch, NOTES, 7)[:, :, there]
        flat = alone.reshape(rolls.shape)
        expected = heard(flat, None) * scales.get(voice, torch.ones(3, 11))[:, :, None, None]
        torch.testing.assert_close(heard(flat, who), expected, rtol=1e-4, atol=1e-5)
        total += expected
    present = silent.clone().reshape(3, patch, NOTES, 7)
    present[:, :, 0] = rolls.reshape(3, patch, NOTES, 7)[:, :, 0]
    total += heard(present.reshape(rolls.shape), None)
    torch.testing.assert_close(heard(rolls, who), total, rtol=1e-4, atol=1e-4)


def test_a_network_without_notes_is_not_fitted(data: Path) -> None:
    with pytest.raises(ValueError, match="before hears no notes"):
        fit_notes(UNet(BEFORE), batches_of(data), as_example, batch=1, seed=0)


@torch.no_grad()
def test_silenced_notes_leave_a_network_as_it_was() -> None:
    torch.manual_seed(0)
    before, after = UNet(BEFORE).eval(), UNet(TINY).eval()
    weights = before.state_dict()
    wide = torch.zeros_like(after.get_parameter("embedding.globals.weight"))
    wide[:, : BEFORE.globals] = weights["embedding.globals.weight"]
    missing = after.load_state_dict(weights | {"embedding.globals.weight": wide}, strict=False)
    assert {"notes.entry.weight", "notes.expected.weight"} <= set(missing.missing_keys)
    assert all(name.startswith("notes.") for name in missing.missing_keys)
    assert after.notes is not None
    x, text, mask = torch.randn(2, 160, 64), torch.randn(2, 5, 16), torch.ones(2, 5)
    given = {"x": x, "log_snr": torch.tensor([-3.0, 4.0]), "text": text, "text_mask": mask}
    signals, values = torch.rand(2, TINY.signals, 64), torch.rand(2, TINY.globals)
    old = before(signals=signals[:, :28], globals=values[:, :30], **given)
    heard = after(signals=signals, globals=values, **given)
    assert (heard - old).abs().max() > 1e-3
    after.notes.silence()
    torch.testing.assert_close(
        after(signals=signals, globals=values, **given), old, rtol=0, atol=1e-6
    )


# ── training ──────────────────────────────────────────────────────────────────────────────


def tensors_of(path: Path) -> dict[str, Tensor]:
    found: dict[str, Tensor] = load_file(path)
    return found


@pytest.mark.usefixtures("short_fit")
def test_a_warm_start_without_notes_keeps_what_was_learnt_and_hears_them(
    data: Path, tmp_path: Path
) -> None:
    first = train(run_of(steps=2), data=data, out=tmp_path / "a", config=BEFORE)
    still = run_of(steps=1, learning_rate=1e-12, ema=0.0)
    second = train(still, data=data, out=tmp_path / "b", init=first.path)
    before, after = tensors_of(first.path), tensors_of(second.path)
    for name in (n for n in before if n.startswith("ema.")):
        ours, weight = before[name], after[name.replace("ema.", "weights.")]
        if name == "ema.embedding.globals.weight":
            assert not weight[:, 30:].abs().max() > 1e-9  # no player is heard yet
            weight = weight[:, :30]
        if name == "ema.axes.log_unknown":
            assert (weight <= ours + 1e-9).all()
            assert (weight < ours - 0.5).any()
            continue
        torch.testing.assert_close(ours, weight, atol=1e-9, rtol=0)
    assert after["weights.notes.entry.weight"].abs().max() < 1e-9
    assert after["weights.notes.expected.weight"].abs().max() > 0.01  # and what they say is known
    smaller = msgspec.structs.replace(TINY, base=16)
    with pytest.raises(UserError, match="holds another network"):
        train(run_of(steps=1), data=data, out=tmp_path / "c", init=first.path, config=smaller)
    with pytest.raises(UserError, match="holds another network"):  # nor backwards
        train(run_of(steps=1), data=data, out=tmp_path / "d", init=second.path, config=BEFORE)


@pytest.mark.usefixtures("short_fit")
def test_data_without_notes_train_a_network_that_hears_them(make_data: Any, tmp_path: Path) -> None:
    make_data(tmp_path / "data")
    outcome = train(run_of(steps=2), data=tmp_path / "data", out=tmp_path / "run")
    assert outcome.finished
    assert np.isfinite(outcome.loss)
    assert not tensors_of(outcome.path)["weights.notes.expected.weight"].any()


# One level; export time grows with the layers.
FLAT = UNetConfig(
    name="flat", channels=160, base=8, kernel=3, strides=(1,), multipliers=(1,), blocks=(1,),
    patch=4, signals=TINY.signals, globals=TINY.globals, axes=160, notes=TINY.notes,
    players=TINY.players,
)  # fmt: skip
RECIPE = Recipe(prompt="funk", key="Am", bpm=120, bars=1, loop=True, chords="Am", seed=4)


def takes_of(bundle: Path) -> list[TakeReady]:
    events: list[CascadeEvent] = []
    cascade = Cascade(open_bundle(bundle), Runtime(choose("cpu"), 1))
    cascade.render(RECIPE, emit=events.append, cancel=CancelToken())
    return [event for event in events if isinstance(event, TakeReady)]


@pytest.mark.usefixtures("short_fit")
def test_a_trained_generator_with_notes_becomes_a_bundle_that_plays_a_score(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(run_of(steps=2), data=data, out=tmp_path / "run", config=FLAT)
    part = stage_part(checkpoint_at(tmp_path / "run"))
    assert part.spec.emphasis == EMPHASIS
    assert stage_part(checkpoint_at(tmp_path / "run"), emphasis=1.5).spec.emphasis == 1.5
    text, parts = random_parts("tiny", "spectrogram", seed=0)
    parts["generator"] = part

    def traced(module: nn.Module, inputs: Mapping[str, Tensor], **given: Any) -> onnx.ModelProto:
        """The generator as it is; tiny graphs of the same inputs for the rest."""
        if not isinstance(module, UNet):
            return text_graph(vocabulary=256, width=16, seed=0)
        if module.config.name == "flat":
            return trace(module, inputs, **given)
        specs = {p.module.config.name: p.spec for p in parts.values()}  # type: ignore[union-attr]  # every one is a UNet
        return stage_graph(specs[module.config.name], text_width=16, seed=0)

    monkeypatch.setattr(stage_module, "trace", traced)
    bundle = tmp_path / "bundle"
    write_bundle(
        bundle, name="notes", version="1.0.0", licence="CC0-1.0", text=text, stages=parts,
        mel=MelSpec(),
    )  # fmt: skip
    spec = open_bundle(bundle).manifest.stages["generator"]
    assert (spec.signals, spec.globals) == (tuple(SIGNALS), tuple(GLOBALS))
    assert isinstance(part.module, UNet)
    round_to_half(part.module)
    for batch, blocks in ((2, 3), (1, 1), (3, 60)):
        inputs = stage_inputs(spec, 16, batch=batch, blocks=blocks, tokens=4)
        assert parity(part.module, bundle / spec.model, inputs) <= PARITY_LIMIT

    heard: list[np.ndarray] = []

    def spying(names: Any, conditions: Any, *, share: float) -> np.ndarray:
        rows = signal_rows(names, conditions)
        rows[FIRST:] *= share
        heard.append(rows)
        return rows

    monkeypatch.setattr("engine.cascade.stages.signal_rows", partial(spying, share=1.0))
    (take,) = takes_of(bundle)
    assert take.audio.shape == (32_000, 2)
    assert np.isfinite(take.audio).all()
    score = composed(checked(take.recipe), None)
    assert score is not None
    line = loop_timeline(200, 100, bars=1, meter="4/4")
    assert lengths(take.recipe).frames == 200
    expected = roll(played(score, frames=200).notes, line, loop=True)
    assert expected.max() > 0.3
    assert expected.shape == (len(ROW_NAMES), 200)
    (rows,) = [r for r in heard if r.shape[1] == 200]
    assert (rows[FIRST] == 1).all()
    np.testing.assert_allclose(rows[FIRST + 1 :], expected, atol=1e-6)
    monkeypatch.setattr("engine.cascade.stages.signal_rows", partial(spying, share=0.0))
    (silent,) = takes_of(bundle)
    assert np.abs(silent.audio - take.audio).max() > 1e-3  # the network hears them
