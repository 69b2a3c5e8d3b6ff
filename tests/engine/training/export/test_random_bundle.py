"""Random cascades: assembled as a trained one would be. Tracing itself is tested elsewhere.

Tracing a cascade takes minutes, so each traced graph is replaced by a tiny one of the same inputs.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import onnx
import pytest
import torch
from torch import Tensor, nn

from engine.audio.high_band import SEEN_BINS
from engine.bundle.manifest import ROUTE_STAGES, Manifest, StageName, StageSpec
from engine.bundle.store import open_bundle
from engine.errors import UserError
from engine.music.signals import GLOBALS, SIGNALS
from engine.training.export import stage as stage_module
from engine.training.export.presets import FRAME_PRESETS, STARTER_PRESETS
from engine.training.export.random_bundle import (
    FRAMES,
    ROWS,
    Route,
    random_bundle,
    random_parts,
)
from engine.training.export.spec import stage_spec
from engine.training.export.trace import stage_inputs
from engine.training.networks.config import receptive_field
from engine.training.networks.presets import PRESETS
from engine.training.networks.unet import UNet
from tests.fixtures.tiny_graphs import outputs_of, stage_graph, text_graph

ROUTES: tuple[Route, ...] = ("spectrogram", "waveform")
CASCADES: tuple[tuple[Route, bool], ...] = (  # and whether stages work on frames
    ("spectrogram", True),
    ("spectrogram", False),
    ("waveform", False),
)


@pytest.fixture
def no_tracing(monkeypatch: pytest.MonkeyPatch) -> None:
    specs = {
        part.module.config.name: part.spec  # type: ignore[union-attr]  # every one is a UNet
        for route in ROUTES
        for frames in (True, False)
        for part in random_parts("tiny", route, seed=0, frames=frames)[1].values()
    }

    def traced(module: nn.Module, inputs: Mapping[str, Tensor], **_: object) -> onnx.ModelProto:
        if not isinstance(module, UNet):
            return text_graph(vocabulary=256, width=16, seed=0)
        seed = int(module.entry.weight.abs().sum() * 1000)  # other weights, another graph
        graph = stage_graph(specs[module.config.name], text_width=16, seed=seed)
        assert [item.name for item in graph.graph.input] == list(inputs)
        return graph

    monkeypatch.setattr(stage_module, "trace", traced)


@pytest.mark.usefixtures("no_tracing")
@pytest.mark.parametrize(("route", "frames"), CASCADES)
def test_the_engine_opens_a_random_bundle(tmp_path: Path, route: Route, frames: bool) -> None:
    identity = random_bundle(tmp_path / "bundle", "tiny", route, seed=3, frames=frames)
    bundle = open_bundle(tmp_path / "bundle")
    assert bundle.sha256 == identity
    assert bundle.manifest.route == route
    assert tuple(bundle.manifest.stages) == ROUTE_STAGES[route]
    assert "makes noise" in bundle.manifest.description
    assert bundle.manifest.text.width == 16
    on_frames = {name for name, s in bundle.manifest.stages.items() if s.form == "frames"}
    assert on_frames == ({"vocoder", "super_resolution"} if frames else set())
    for name, spec in bundle.manifest.stages.items():
        assert (spec.model, spec.model_fp16) == (f"{name}.onnx", f"{name}.fp16.onnx")
        assert 16 < spec.activation_bytes < 100_000


@pytest.mark.usefixtures("no_tracing")
def test_a_seed_is_a_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_module, "activation_bytes", lambda *_: 1)  # slow, and seedless

    def identity(folder: str, seed: int) -> str:
        return random_bundle(tmp_path / folder, "tiny", seed=seed)

    assert identity("a", 1) == identity("b", 1) != identity("c", 2)


@pytest.mark.usefixtures("no_tracing")
def test_a_full_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(UserError, match="not empty"):
        random_bundle(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_making_parts_leaves_torchs_rng_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    random_parts("tiny", "spectrogram", seed=9)
    assert torch.equal(torch.rand(3), expected)


@torch.no_grad()
@pytest.mark.parametrize(("route", "frames"), CASCADES)
def test_every_network_is_loud_and_hears_every_input(route: Route, frames: bool) -> None:
    text, stages = random_parts("tiny", route, seed=0, frames=frames)
    for part in stages.values():
        inputs = stage_inputs(part.spec, text.encoder.width, batch=3, blocks=2)
        inputs["log_snr"].zero_()
        expected = part.module(**inputs)
        batch, _, length = inputs["x"].shape
        channels = outputs_of(part.spec)
        assert expected.shape == (batch, channels, length)
        assert 0.1 < expected.std() < 1
        for name, tensor in inputs.items():
            if name == "text_mask":
                changed = tensor.flip(0)
            else:
                changed = tensor + (10.0 if name.endswith("log_snr") else 1.0) * torch.randn(
                    tensor.shape, generator=torch.Generator().manual_seed(1)
                )
            difference = part.module(**{**inputs, name: changed}) - expected
            assert difference.abs().max() > 1e-3, (part.spec.model, name)


def test_the_spec_is_read_off_the_network() -> None:
    config = PRESETS["starter-vocoder"]
    spec = stage_spec(
        config,
        rate_hz=16_000,
        max_length=491_520,
        prediction="x0",
        noise_schedule="linear",
        presets=STARTER_PRESETS["spectrogram"]["vocoder"],
    )
    assert (spec.channels, spec.multiple, spec.aligned_channels, spec.aligned_hop) == (
        (2, 160, 160, 160)
    )
    assert spec.context == receptive_field(config) > 0
    assert (spec.text, spec.low, spec.augmentation, spec.signals) == (False, False, True, ())


@pytest.mark.parametrize(
    ("stage", "network", "channels", "steps"),
    [
        ("vocoder", "frame-vocoder", 160, [3, 6, 60]),
        ("super_resolution", "high-band", 2 * SEEN_BINS, [1, 1, 1]),
    ],
)
def test_the_spec_of_a_stage_on_frames(
    stage: StageName, network: str, channels: int, steps: list[int]
) -> None:
    config, presets = PRESETS[f"starter-{network}"], FRAME_PRESETS[stage]
    spec = stage_spec(
        config,
        rate_hz=100,
        max_length=3072,
        prediction="x0",
        noise_schedule="linear",
        presets=presets,
    )
    assert config.outputs == PRESETS[f"tiny-{network}"].outputs == outputs_of(spec)
    assert (spec.form, spec.channels, spec.rate_hz, spec.multiple) == ("frames", channels, 100, 4)
    assert spec.context == receptive_field(config) > 0
    assert (spec.text, spec.low, spec.augmentation, spec.aligned_hop) == (False, False, True, 0)
    assert [presets.draft.steps, presets.standard.steps, presets.paper.steps] == steps


def generator_spec(**changes: int) -> StageSpec:
    return stage_spec(
        msgspec.structs.replace(PRESETS["tiny-generator"], **changes),
        rate_hz=100,
        max_length=3072,
        prediction="x0",
        noise_schedule="linear",
        presets=STARTER_PRESETS["spectrogram"]["generator"],
    )


def test_the_generators_spec_names_every_signal_and_global() -> None:
    spec = generator_spec()
    assert (spec.signals, spec.globals) == (tuple(SIGNALS), tuple(GLOBALS))
    assert (len(spec.signals), len(spec.globals)) == (203, 244)
    assert spec.signals[-PRESETS["tiny-generator"].notes] == "notes_present"


def test_a_network_of_fewer_signals_takes_the_first() -> None:
    before = generator_spec(signals=28, globals=30, notes=0, players=0)
    assert before.signals == tuple(SIGNALS)[:28]
    assert (before.signals[0], before.signals[-1]) == ("beat_sin", "chroma_present")
    assert (before.globals[0], before.globals[-1]) == ("log_bpm", "loop")
    assert generator_spec(signals=7, notes=0, players=0).signals == tuple(SIGNALS)[:7]


@pytest.mark.parametrize(("kind", "count"), [("signals", 204), ("globals", 245)])
def test_more_signals_than_the_engines_are_refused(kind: str, count: int) -> None:
    with pytest.raises(ValueError, match=f"{count} {kind}, and there are only {count - 1}"):
        generator_spec(**{kind: count})


def test_thirty_seconds_fit_one_pass_of_every_starter_stage() -> None:
    for route, rows in (*ROWS.items(), ("frames", FRAMES)):
        for stage, row in rows.items():
            config = PRESETS[f"starter-{row.network}"]
            length = round(30.72 * row.rate_hz)
            assert length % config.multiple == 0, (route, stage)
            assert length >= 30 * row.rate_hz


def test_the_manifest_is_readable_json(tiny_bundle: Path) -> None:
    text = (tiny_bundle / "manifest.json").read_text()
    assert text.startswith('{\n  "schema": 1,\n  "name": "tiny-spectrogram"')
    assert msgspec.json.decode(text, type=Manifest).schema == 1
