"""Stages of the form "frames": one call of the network for magnitudes, phases on the host.

The vocoder's `steps` are the iterations of its phases; the super-resolution has its phases from
the band below and needs none. Windows over long takes, circular context and cancelling are as in
every other stage; a loop needs no rotation, for its frames wrap.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.audio.bands import MelParameters
from engine.audio.frames import FrameSpace
from engine.audio.high_band import HOP, N_FFT, features, log_powers, with_high_band
from engine.audio.spectral import Padding, istft, stft
from engine.bundle.manifest import LOG_SNR_CLEAN
from engine.cascade.plan import Lengths, StagePlan
from engine.cascade.sampling import OnStep, stage_windows, state_length
from engine.diffusion.noise import BatchNoise
from engine.runtime.cancel import CancelToken
from engine.runtime.session import Model

FloatArray = NDArray[np.float32]


def vocode_frames(
    model: Model,
    plan: StagePlan,
    mel: FloatArray,
    *,
    parameters: MelParameters,
    lengths: Lengths,
    seed: int,
    takes: Sequence[int],
    cancel: CancelToken,
    on_step: OnStep,
) -> FloatArray:
    """One take's mel (1, 160, frames) to 16 kHz audio (1, 2, frames · hop).

    Args:
        model: the stage's network.
        plan: its spec and settings.
        mel: of the take.
        parameters: what its channels mean.
        lengths: the grid.
        seed: the recipe's seed.
        takes: the take's number, alone.
        cancel: checked at every iteration and inside the network.
        on_step: called as (iteration, iterations, mel) after each.

    Raises:
        Cancelled: the token was cancelled.
    """
    gains = said_of(model, plan, mel, lengths=lengths, cancel=cancel)
    space = FrameSpace(mel[0], parameters, loop=lengths.loop)
    noise = BatchNoise(seed, takes, plan.name).draw((1, 2, space.samples))[0]
    steps = plan.settings.steps

    def iterated(done: int) -> None:
        cancel.check()
        on_step(done, steps, mel)

    cancel.check()
    audio = space.sound(gains, noise, steps, on_iteration=iterated)
    return np.ascontiguousarray(audio.T[None])


def high_band(
    model: Model,
    plan: StagePlan,
    low: FloatArray,
    *,
    lengths: Lengths,
    cancel: CancelToken,
    on_step: OnStep,
) -> FloatArray:
    """A take at 24 kHz (2, frames · 240), empty above 8 kHz, with a band above 7.5 kHz.

    Args:
        model: the stage's network.
        plan: its spec and settings.
        low: the up-sampled take.
        lengths: the grid.
        cancel: checked before and inside the network.
        on_step: called once, as (steps, steps, audio).

    Raises:
        Cancelled: the token was cancelled.
    """
    padding: Padding = "circular" if lengths.loop else "reflect"
    samples = low.shape[1]
    spectrum = stft(low.T, n_fft=N_FFT, hop_samples=HOP, padding=padding)  # (2, frames, bins)
    log_power = log_powers(spectrum)
    gains = said_of(model, plan, features(log_power), lengths=lengths, cancel=cancel)
    full = with_high_band(spectrum, log_power, gains, loop=lengths.loop)
    audio = istft(full, samples=samples, hop_samples=HOP, circular=lengths.loop).T
    cancel.check()
    on_step(plan.settings.steps, plan.settings.steps, audio[None])
    return audio


def said_of(
    model: Model, plan: StagePlan, x: FloatArray, *, lengths: Lengths, cancel: CancelToken
) -> FloatArray:
    """The network's word on every frame: x (1, C, frames) → (outputs, frames)."""
    missing = state_length(plan, lengths) - x.shape[-1]
    padded = np.pad(x, [(0, 0), (0, 0), (0, missing)], mode="edge")
    constants = {"log_snr": np.zeros(1, np.float32)}
    if plan.spec.augmentation:
        constants["augmentation_log_snr"] = np.full(1, LOG_SNR_CLEAN, np.float32)
    bound = model.bind(**constants)
    windows = stage_windows(plan, lengths)
    said = [bound.run(cancel, x=np.ascontiguousarray(window.take(padded))) for window in windows]
    whole = np.empty((1, said[0].shape[1], padded.shape[-1]), np.float32)
    for window, part in zip(windows, said, strict=True):
        window.keep(part, whole)
    return whole[0, :, : x.shape[-1]]
