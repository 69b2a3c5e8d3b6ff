"""The comparison with PyTorch runs the very networks of the bundle, at the manifest's shapes."""

from pathlib import Path

import pytest
import torch

from engine.bundle.manifest import StageSpec
from engine.errors import UserError
from engine.evaluation import torch_speed
from engine.training.export.presets import TINY_PRESETS
from engine.training.export.spec import stage_spec
from engine.training.networks.presets import PRESETS


def spec_of(preset: str, rate_hz: int) -> StageSpec:
    config = PRESETS[preset]
    return stage_spec(
        config,
        rate_hz=rate_hz,
        max_length=config.multiple * 100,
        prediction="x0",
        noise_schedule="linear",
        presets=TINY_PRESETS["spectrogram"]["vocoder"],
    )


@pytest.mark.parametrize(
    ("preset", "rate_hz"),
    [("tiny-generator", 100), ("tiny-vocoder", 16_000), ("tiny-super-resolution", 24_000)],
)
def test_the_manifest_rebuilds_its_network_and_feeds_it(preset: str, rate_hz: int) -> None:
    spec = spec_of(preset, rate_hz)
    network = torch_speed._network(spec)
    feeds = torch_speed._feeds(spec, 2, spec.multiple * 3, text_width=PRESETS[preset].text_width)
    with torch.inference_mode():
        answer = network(**{name: torch.from_numpy(value) for name, value in feeds.items()})
    assert answer.shape == feeds["x"].shape


def test_a_bundle_that_does_not_say_its_networks_is_told(tiny_bundle: Path) -> None:
    with pytest.raises(UserError, match="does not say how its networks are built"):
        torch_speed.against_torch(tiny_bundle, seconds=1.0, threads=1)


def test_calls_alternate_and_the_first_is_not_counted() -> None:
    calls: list[str] = []
    torch_speed._alternating_ms(lambda: calls.append("a"), lambda: calls.append("b"))
    assert "".join(calls) == "ab" * (torch_speed.CALLS + 1)
