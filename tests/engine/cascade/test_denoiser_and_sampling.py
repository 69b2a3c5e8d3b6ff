"""A stage around a hand-made network: guidance, windows, loops and takes, without ONNX."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import msgspec
import numpy as np
import pytest

from engine.bundle.manifest import LOG_SNR_CLEAN, SamplerPreset, StagePresets, StageSpec
from engine.cascade.denoiser import Denoiser, StageInputs, Track
from engine.cascade.plan import Lengths, StagePlan
from engine.cascade.sampling import sample_stage, stage_windows, state_length
from engine.diffusion.noise_schedule import noise_schedule
from engine.runtime.cancel import Cancelled, CancelToken
from engine.runtime.session import Model

Feeds = dict[str, np.ndarray]
Network = Callable[[Feeds], np.ndarray]


class FakeModel:
    """`bind` and `run` of engine.runtime.session.Model around a numpy function."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.calls: list[Feeds] = []

    def bind(self, **constants: np.ndarray) -> "FakeBound":
        return FakeBound(self, constants)


@dataclass
class FakeBound:
    """One binding; a model may have several at a time."""

    model: FakeModel
    constants: dict[str, np.ndarray]

    def run(self, cancel: CancelToken, **feeds: np.ndarray) -> np.ndarray:
        cancel.check()
        assert all(value.dtype == np.float32 for value in feeds.values())
        self.model.calls.append({**self.constants, **feeds})
        return self.model.network(self.model.calls[-1])


def plan(**changes: Any) -> StagePlan:
    settings = SamplerPreset(steps=changes.pop("steps", 4), guidance=changes.pop("guidance", 1.0))
    settings = msgspec.structs.replace(
        settings,
        **{
            name: changes.pop(name)
            for name in ("sampler", "temperature", "clip_percentile")
            if name in changes
        },
    )
    fields = {
        "model": "net.onnx",
        "prediction": "x0",
        "noise_schedule": "cosine",
        "channels": 2,
        "rate_hz": 100,
        "multiple": 4,
        "max_length": 4096,
        "presets": StagePresets(draft=settings, standard=settings, paper=settings),
    }
    return StagePlan(
        "generator", StageSpec(**{**fields, **changes}), settings, "spectrogram-vocoder"
    )


def grid(frames: int, *, loop: bool) -> Lengths:
    return Lengths(frames, loop, frames * 160, frames * 240)


def sample(
    network: Network,
    stage: StagePlan,
    inputs: StageInputs | None = None,
    *,
    lengths: Lengths,
    takes: list[int] | None = None,
    on_step: Callable[[int, int, np.ndarray], None] = lambda *_: None,
    cancel: CancelToken | None = None,
) -> np.ndarray:
    return sample_stage(
        cast(Model, FakeModel(network)),
        stage,
        inputs or StageInputs(),
        lengths=lengths,
        seed=7,
        takes=takes or [1],
        cancel=cancel or CancelToken(),
        on_step=on_step,
    )


def smoothing(feeds: Feeds) -> np.ndarray:
    """A local network: a 9-element moving average, zero-padded like a convolution, and a bias."""
    kernel = np.full(9, 1 / 9)
    x = feeds["x"]
    rows = [np.convolve(row, kernel, mode="same") for row in x.reshape(-1, x.shape[-1])]
    return (np.reshape(rows, x.shape) + 0.1).astype(np.float32)


def denoiser(model: FakeModel, stage: StagePlan, inputs: StageInputs, takes: int) -> Denoiser:
    return Denoiser(
        cast(Model, model),
        stage,
        inputs,
        noise=noise_schedule("cosine"),
        windows=stage_windows(stage, grid(64, loop=False)),
        takes=takes,
        cancel=CancelToken(),
    )


def text_inputs(takes: int) -> StageInputs:
    return StageInputs(
        constants={"text_mask": np.ones((takes, 3), np.float32)},
        unguided={"text_mask": np.zeros((takes, 3), np.float32)},
    )


def test_guidance_extrapolates_from_hidden_to_shown_text_in_one_call() -> None:
    model = FakeModel(
        lambda f: np.broadcast_to(f["text_mask"].sum(1)[:, None, None], f["x"].shape).copy()
    )
    x = np.zeros((2, 2, 64), np.float32)
    estimate = denoiser(model, plan(text=True, guidance=4.0), text_inputs(2), 2)(x, 0.5)
    assert np.allclose(estimate, 4 * 3.0 + (1 - 4) * 0.0)
    assert len(model.calls) == 1
    assert model.calls[0]["x"].shape == (4, 2, 64)
    assert model.calls[0]["text_mask"].sum(1).tolist() == [3, 3, 0, 0]


def test_autoguidance_is_the_networks_to_apply_and_goes_to_every_branch() -> None:
    model = FakeModel(lambda f: f["x"])
    stage = plan(text=True, guidance=2.0, autoguidance=True)
    settings = msgspec.structs.replace(stage.settings, autoguidance=1.5)
    x = np.zeros((2, 2, 64), np.float32)
    denoiser(model, replace(stage, settings=settings), text_inputs(2), 2)(x, 0.5)
    assert model.calls[0]["autoguidance"].tolist() == [1.5] * 4
    denoiser(model, plan(), StageInputs(), 2)(x, 0.5)
    assert "autoguidance" not in model.calls[1]


def test_guidance_one_is_one_branch() -> None:
    model = FakeModel(lambda f: f["x"])
    denoiser(model, plan(text=True, guidance=1.0), text_inputs(2), 2)(
        np.zeros((2, 2, 64), np.float32), 0.5
    )
    assert model.calls[0]["x"].shape == (2, 2, 64)


@pytest.mark.parametrize(
    ("first", "last", "branches"),
    [
        (0.0, 1.0, [2] * 8), (0.25, 1.0, [1, 1, 2, 2, 2, 2, 2, 2]),
        (0.125, 0.5, [1, 2, 2, 2, 1, 1, 1, 1]), (0.5, 0.5, [1] * 8), (0.75, 0.25, [1] * 8),
    ],
)  # fmt: skip
def test_only_steps_with_guidance_run_both_branches(
    first: float, last: float, branches: list[int]
) -> None:
    seen: list[tuple[int, ...]] = []

    def network(feeds: Feeds) -> np.ndarray:
        assert feeds["text_mask"].shape[0] == feeds["x"].shape[0] == feeds["log_snr"].shape[0]
        seen.append(feeds["x"].shape)
        return feeds["x"]

    stage = plan(text=True, guidance=4.0)
    settings = msgspec.structs.replace(
        stage.settings, steps=8, guidance_from=first, guidance_until=last
    )
    stage = replace(stage, settings=settings)
    sample(network, stage, text_inputs(2), lengths=grid(64, loop=False), takes=[1, 2])
    assert seen == [(2 * count, 2, 64) for count in branches]


def test_a_step_without_guidance_hears_the_text_alone() -> None:
    stage = plan(text=True, guidance=4.0)
    settings = msgspec.structs.replace(stage.settings, steps=4, guidance_from=0.5)
    words: list[list[float]] = []

    def network(feeds: Feeds) -> np.ndarray:
        words.append(feeds["text_mask"].sum(1).tolist())
        return feeds["x"]

    sample(network, replace(stage, settings=settings), text_inputs(1), lengths=grid(64, loop=False))
    assert words == [[3], [3], [3, 0], [3, 0]]


def test_inputs_reach_the_network() -> None:
    stage = plan(text=True, guidance=2.0, augmentation=True)
    model = FakeModel(lambda f: f["x"])
    track = np.arange(64, dtype=np.float32)[None, None]
    inputs = StageInputs(
        {"signals": Track(track)}, text_inputs(1).constants, text_inputs(1).unguided
    )
    denoiser(model, stage, inputs, 1)(np.zeros((1, 2, 64), np.float32), 0.25)
    call = model.calls[0]
    assert np.allclose(call["log_snr"], noise_schedule("cosine").log_snr(0.25))
    assert call["augmentation_log_snr"].tolist() == [LOG_SNR_CLEAN] * 2
    assert np.array_equal(call["signals"], np.concatenate([track, track]))


@pytest.mark.parametrize("prediction", ["epsilon", "v", "x0"])
def test_every_prediction_type_answers_x0(prediction: str) -> None:
    rng = np.random.default_rng(0)
    x0, epsilon = rng.standard_normal((2, 1, 2, 64)).astype(np.float32)
    noise = noise_schedule("cosine")
    alpha, sigma = float(noise.alpha(0.4)), float(noise.sigma(0.4))
    answer = {"epsilon": epsilon, "v": alpha * epsilon - sigma * x0, "x0": x0}[prediction]
    model = FakeModel(lambda _: answer.astype(np.float32))
    estimate = denoiser(model, plan(prediction=prediction), StageInputs(), 1)(
        (alpha * x0 + sigma * epsilon).astype(np.float32), 0.4
    )
    assert np.allclose(estimate, x0, atol=1e-5)


def test_dynamic_clipping_bounds_the_estimate() -> None:
    model = FakeModel(lambda f: 5 * np.sign(f["x"]))
    x = np.random.default_rng(1).standard_normal((1, 2, 64)).astype(np.float32)
    assert np.abs(denoiser(model, plan(clip_percentile=99.0), StageInputs(), 1)(x, 0.5)).max() <= 1


def test_chunked_equals_whole() -> None:
    lengths = grid(1700, loop=False)
    whole = sample(smoothing, plan(context=4, max_length=10_000), lengths=lengths)
    chunked = sample(smoothing, plan(context=4, rate_hz=100), lengths=lengths)
    assert len(stage_windows(plan(context=4), lengths)) == 2  # 10 s chunks
    reference = sample(smoothing, plan(context=0), lengths=lengths)
    error = np.abs(chunked - reference).max() / np.abs(reference).max()
    assert 20 * np.log10(error + 1e-12) < -100
    assert np.array_equal(whole, chunked)


def test_a_take_is_the_same_alone_or_beside_others() -> None:
    for loop in (False, True):
        together = sample(smoothing, plan(), lengths=grid(333, loop=loop), takes=[1, 2, 3])
        alone = sample(smoothing, plan(), lengths=grid(333, loop=loop), takes=[3])
        assert np.array_equal(together[2], alone[0])
        assert not np.allclose(together[0], together[1])


def test_padding_is_cut_off() -> None:
    lengths = grid(333, loop=False)
    assert state_length(plan(), lengths) == 336
    shapes: list[tuple[int, ...]] = []
    result = sample(
        smoothing, plan(), lengths=lengths, on_step=lambda i, n, x0: shapes.append(x0.shape)
    )
    assert result.shape == (1, 2, 333)
    assert shapes == [(1, 2, 333)] * 4


def edge_marking(feeds: Feeds) -> np.ndarray:
    """A network that spoils the ends of what it sees, as zero padding does."""
    estimate = np.zeros_like(feeds["x"])
    estimate[..., :3] = estimate[..., -3:] = 1
    return estimate


@pytest.mark.parametrize("frames", [333, 126])
def test_a_loop_has_no_marked_edge(frames: int) -> None:
    assert state_length(plan(), grid(frames, loop=True)) == frames
    assert not sample(edge_marking, plan(), lengths=grid(frames, loop=True)).any()
    assert sample(edge_marking, plan(), lengths=grid(frames, loop=False)).any()


def test_a_loops_tracks_rotate_with_its_state() -> None:
    track = np.random.default_rng(3).standard_normal((1, 2, 333)).astype(np.float32)
    seen_starts = set()

    def copies_track(feeds: Feeds) -> np.ndarray:
        seen_starts.add(float(feeds["signals"][0, 0, 0]))
        return feeds["signals"]

    result = sample(
        copies_track,
        plan(),
        StageInputs({"signals": Track(track)}),
        lengths=grid(333, loop=True),
    )
    assert np.allclose(result, track, atol=1e-6)
    assert len(seen_starts) == 4  # it was looked at from another place at every step


def test_cancel_ends_between_steps() -> None:
    token, steps = CancelToken(), list[int]()

    def on_step(step: int, _: int, __: np.ndarray) -> None:
        steps.append(step)
        token.cancel()

    with pytest.raises(Cancelled):
        sample(smoothing, plan(), lengths=grid(64, loop=False), on_step=on_step, cancel=token)
    assert steps == [1]


def test_temperature_is_the_size_of_the_noise_put_back() -> None:
    """Of a network that says silence, x is noise alone; the noise it began with is another's."""

    def states(temperature: float, sampler: str = "ancestral") -> list[np.ndarray]:
        seen: list[np.ndarray] = []

        def silence(feeds: Feeds) -> np.ndarray:
            seen.append(feeds["x"])
            return np.zeros_like(feeds["x"])

        stage = plan(sampler=sampler, temperature=temperature)
        sample(silence, stage, lengths=grid(400, loop=False))
        return seen

    full, half, none = states(1.0), states(0.5), states(0.0)
    for whole, tempered, kept in zip(full, half, none, strict=True):
        np.testing.assert_allclose(tempered - kept, 0.5 * (whole - kept), atol=1e-5)
    np.testing.assert_array_equal(full[0], none[0])
    assert none[-1].std() < 0.5 * full[-1].std()
    for whole, tempered in zip(states(1.0, "ddim"), states(0.5, "ddim"), strict=True):
        np.testing.assert_array_equal(whole, tempered)
