"""Principal axes: untrained, the estimate is the best linear one, and no axis hides another."""

import msgspec
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.training.networks.axes import PrincipalAxes
from engine.training.networks.inputs import example_inputs
from engine.training.networks.presets import PRESETS
from engine.training.networks.unet import UNet

SIZE = 12
LEVELS = (-20.0, -6.0, -1.0, 0.0, 2.0, 7.0, 20.0)


def data(count: int, seed: int = 0) -> tuple[Tensor, NDArray[np.float64], NDArray[np.float64]]:
    """(count, SIZE) correlated Gaussian patches, their covariance and mean."""
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(SIZE, SIZE)) * np.geomspace(3, 0.4, SIZE)
    mean = rng.normal(size=SIZE)
    patches = rng.normal(size=(count, SIZE)) @ mixing.T + mean
    return torch.from_numpy(patches).float(), mixing @ mixing.T, mean


def fitted(axes: int, patches: Tensor) -> PrincipalAxes:
    module = PrincipalAxes(SIZE, axes)
    module.fit(patches)
    return module


def as_state(patches: Tensor) -> Tensor:
    """(N, SIZE) → (1, SIZE, 1, N)."""
    return patches.T[None, :, None, :]


def noisy(patches: Tensor, log_snr: float) -> tuple[Tensor, float, float]:
    """X, α and σ."""
    alpha, sigma = (float(1 / (1 + np.exp(sign * log_snr))) ** 0.5 for sign in (-1, 1))
    noise = torch.randn(patches.shape, generator=torch.Generator().manual_seed(3))
    return alpha * patches + sigma * noise, alpha, sigma


@pytest.mark.parametrize("log_snr", LEVELS)
def test_without_a_word_it_is_the_best_linear_estimate(log_snr: float) -> None:
    """E[x₀ | x] = m + αC (α²C + σ²I)⁻¹ (x − αm) of a Gaussian, solved densely here."""
    patches, _, _ = data(4000)
    centred = patches.double().numpy() - patches.double().numpy().mean(0)
    covariance, mean = centred.T @ centred / (len(centred) - 1), patches.double().numpy().mean(0)
    x, alpha, sigma = noisy(patches[:50], log_snr)
    total = alpha**2 * covariance + sigma**2 * np.eye(SIZE)
    best = mean + alpha * np.linalg.solve(total, (x.double().numpy() - alpha * mean).T).T @ (
        covariance
    )
    module = fitted(SIZE, patches)
    with torch.no_grad():
        along = module(as_state(x), torch.tensor([log_snr]))
        said = module.patches(along, torch.zeros_like(along.seen))[0, :, 0].T
    np.testing.assert_allclose(said.numpy(), best, atol=3e-3)


@pytest.mark.parametrize("log_snr", LEVELS)
def test_the_network_sees_what_can_be_known_at_unit_power(log_snr: float) -> None:
    patches, _, _ = data(20_000)
    module = fitted(SIZE, patches)
    x, alpha, sigma = noisy(patches, log_snr)
    with torch.no_grad():
        seen = module(as_state(x), torch.tensor([log_snr])).seen[0, :, 0]
    variances = module.variances.numpy()
    known = alpha**2 * variances / (alpha**2 * variances + sigma**2)
    power = known * variances**0.5
    np.testing.assert_allclose(seen.mean(dim=1), 0, atol=0.05)
    np.testing.assert_allclose(seen.std(dim=1), (power / power.mean()) ** 0.5, rtol=0.04)


def test_a_word_that_is_right_counts_for_what_x_does_not_tell() -> None:
    """Along one axis, x₀ = half said + half unknown: the estimate is the Gaussian posterior's."""
    module = PrincipalAxes(1, 1)
    rng = np.random.default_rng(1)
    expected, unknown = rng.normal(size=(2, 50_000))
    x0 = 3 * (0.5**0.5) * (expected + unknown)
    with torch.no_grad():
        module.vectors.fill_(1)
        module.variances.fill_(9)
        module.log_unknown.fill_(np.log(0.5))
        for log_snr in (-8.0, -2.0, 0.0, 4.0):
            alpha, sigma = (float(1 / (1 + np.exp(s * log_snr))) ** 0.5 for s in (-1, 1))
            x = alpha * x0 + sigma * rng.normal(size=len(x0))
            state = torch.from_numpy(x).float()[None, None, None]
            said = torch.from_numpy(0.5**0.5 * expected).float()[None, None, None]
            along = module(state, torch.tensor([log_snr]))
            left = module.patches(along, said)[0, 0, 0].numpy() - x0
            least = 4.5 * sigma**2 / (alpha**2 * 4.5 + sigma**2)
            assert np.mean(left**2) == pytest.approx(least, rel=0.03)


def test_an_untrained_network_keeps_the_axes_apart() -> None:
    """What is seen along one axis is louder in its own channel at the exit than elsewhere."""
    torch.manual_seed(0)
    config = msgspec.structs.replace(PRESETS["tiny-generator"], base=16, axes=8)
    network = UNet(config)
    heard: list[Tensor] = []
    network.exit_combine.register_forward_pre_hook(lambda _, inputs: heard.append(inputs[0]))
    inputs = example_inputs(config, 1, 8 * config.multiple, 5)
    with torch.no_grad():
        quiet = torch.zeros_like(inputs["x"])
        network(**(inputs | {"x": quiet}))
        own, elsewhere = 0.0, 0.0
        for axis in range(config.axes):
            assert network.axes is not None
            patch = network.axes.vectors[axis].view(config.patch, config.channels).T
            x = quiet.clone()
            x[0, :, 16:20] = 30 * patch
            network(**(inputs | {"x": x}))
            change = (heard[-1] - heard[0])[0, :, 0, 4].abs()
            own += float(change[axis])
            elsewhere += float(change.sum() - change[axis]) / (config.base - 1)
    assert own > 2 * elsewhere


def test_axes_are_in_order_and_orthonormal_and_what_lies_beyond_is_the_mean() -> None:
    patches, covariance, mean = data(50_000)
    module = fitted(4, patches)
    np.testing.assert_allclose(
        module.variances.numpy(), np.linalg.eigvalsh(covariance)[::-1][:4], rtol=0.03
    )
    np.testing.assert_allclose(module.vectors @ module.vectors.T, np.eye(4), atol=1e-5)
    np.testing.assert_allclose(module.mean.numpy(), mean, atol=0.1)
    with torch.no_grad():
        along = module(as_state(patches[:30]), torch.tensor([20.0]))
        said = module.patches(along, torch.zeros_like(along.seen))[0, :, 0].T
    beyond = np.linalg.svd(module.vectors.numpy())[2][4:]
    np.testing.assert_allclose((said - module.mean).numpy() @ beyond.T, 0, atol=1e-4)
    kept = (patches[:30] - module.mean) @ module.vectors.T
    np.testing.assert_allclose((said - module.mean) @ module.vectors.T, kept, atol=1e-3)


def test_a_fresh_module_is_finite_at_every_level() -> None:
    torch.manual_seed(0)
    module = PrincipalAxes(SIZE, 5)
    with torch.no_grad():
        for log_snr in LEVELS:
            along = module(torch.randn(2, SIZE, 1, 3), torch.full((2,), log_snr))
            said = module.patches(along, torch.randn(2, 5, 1, 3))
            assert said.shape == (2, SIZE, 1, 3)
            assert torch.isfinite(said).all()
