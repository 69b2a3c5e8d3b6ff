"""Peak and loudness of what is played (ITU-R BS.1770-4, EBU Tech 3341).

The K-weighting is applied as its own impulse response, by FFT: what is cut off after 85 ms is
below 10⁻⁸. Rejected: scipy.signal (its import takes seconds on a slow machine, and the meters have
to move with the first note), and a recursion in Python (96,000 turns a second).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

_STEP_S: Final = 0.01
_MOMENTARY_STEPS: Final = 40  # 0.4 s
_SHORT_TERM_STEPS: Final = 300  # 3 s
_OFFSET_LUFS: Final = -0.691
_SILENCE: Final = 1e-14  # mean square below which there is no loudness to tell (−141 LUFS)
_RESPONSE_S: Final = 0.085
HOLD_S: Final = 1.5
FALL_DB_PER_S: Final = 20.0

Section = tuple[float, float, float, float, float]  # b0, b1, b2, a1, a2


def k_weighting(rate_hz: int) -> tuple[Section, Section]:
    """The K-weighting's two filters at a sample rate, after BS.1770-4, Annex 1.

    The standard gives numbers for 48 kHz only. These are the analogue filters behind them, as
    derived by Brecht De Man ("Evaluation of implementations of the EBU R128 loudness measurement",
    AES 145, 2018), through the bilinear transform; at 48 kHz they are the standard's numbers.
    """
    gain, frequency, q = 10 ** (3.999843853973347 / 20), 1681.974450955533, 0.7071752369554196
    k = np.tan(np.pi * frequency / rate_hz)
    middle = gain**0.4996667741545416
    norm = 1 + k / q + k * k
    shelf = (
        (gain + middle * k / q + k * k) / norm,
        2 * (k * k - gain) / norm,
        (gain - middle * k / q + k * k) / norm,
        2 * (k * k - 1) / norm,
        (1 - k / q + k * k) / norm,
    )
    frequency, q = 38.13547087602444, 0.5003270373238773
    k = np.tan(np.pi * frequency / rate_hz)
    norm = 1 + k / q + k * k
    high_pass = (1.0, -2.0, 1.0, 2 * (k * k - 1) / norm, (1 - k / q + k * k) / norm)
    return shelf, high_pass


def k_response(rate_hz: int) -> NDArray[np.float64]:
    """(taps,) impulse response of the K-weighting."""
    signal = [1.0] + [0.0] * (round(_RESPONSE_S * rate_hz) - 1)
    for b0, b1, b2, a1, a2 in k_weighting(rate_hz):
        first = second = 0.0  # transposed direct form II
        out = []
        for value in signal:
            result = b0 * value + first
            first = b1 * value - a1 * result + second
            second = b2 * value - a2 * result
            out.append(result)
        signal = out
    return np.array(signal)


class LoudnessMeter:
    """Momentary and short-term loudness of a stream that arrives in pieces of any size."""

    def __init__(self, rate_hz: int) -> None:
        response = k_response(rate_hz)
        self._taps = response.shape[0]
        self._size = 1 << (2 * self._taps - 1).bit_length()
        self._spectrum = np.fft.rfft(response, self._size)[:, None]
        self._past = np.zeros((self._taps - 1, 2))
        self._step_frames = round(_STEP_S * rate_hz)
        self._energy = np.zeros(_SHORT_TERM_STEPS)  # ring of sums over channels and one step
        self._at = 0
        self._open = 0.0
        self._open_frames = 0

    def push(self, frames: NDArray[np.float32]) -> None:
        """Take in (n, 2) more frames."""
        most = self._size - self._taps + 1
        for start in range(0, frames.shape[0], most):
            self._add(self._weighted(frames[start : start + most]))

    def _weighted(self, frames: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n, 2) K-weighted: overlap-save, n ≤ size − taps + 1."""
        known = np.concatenate([self._past, frames])
        self._past = known[known.shape[0] - self._taps + 1 :]
        out = np.fft.irfft(np.fft.rfft(known, self._size, axis=0) * self._spectrum, axis=0)
        return out[self._taps - 1 : known.shape[0]]

    def _add(self, weighted: NDArray[np.float64]) -> None:
        squares = np.sum(weighted**2, axis=1)
        done = 0
        while done < squares.shape[0]:
            count = min(squares.shape[0] - done, self._step_frames - self._open_frames)
            self._open += float(np.sum(squares[done : done + count]))
            self._open_frames += count
            done += count
            if self._open_frames == self._step_frames:
                self._energy[self._at % _SHORT_TERM_STEPS] = self._open
                self._at += 1
                self._open, self._open_frames = 0.0, 0

    def momentary_lufs(self) -> float:
        """Loudness of the last 0.4 s; −inf for silence."""
        return self._over(_MOMENTARY_STEPS)

    def short_term_lufs(self) -> float:
        """Loudness of the last 3 s; −inf for silence."""
        return self._over(_SHORT_TERM_STEPS)

    def _over(self, steps: int) -> float:
        rows = np.arange(self._at - steps, self._at) % _SHORT_TERM_STEPS
        mean = float(np.sum(self._energy[rows])) / (steps * self._step_frames)
        return _OFFSET_LUFS + 10 * float(np.log10(mean)) if mean > _SILENCE else -np.inf


class PeakHold:
    """The highest peak of two channels: held, then let fall. Pure: time is given."""

    def __init__(self) -> None:
        self._held_db = [-np.inf, -np.inf]
        self._at_s = [0.0, 0.0]

    def push(self, peaks_db: tuple[float, float], now_s: float) -> tuple[float, float]:
        """The held peaks, in dBFS, after these were seen at `now_s`."""
        return self._channel(0, peaks_db[0], now_s), self._channel(1, peaks_db[1], now_s)

    def reset(self) -> None:
        """Hold nothing."""
        self._held_db = [-np.inf, -np.inf]

    def _channel(self, index: int, peak_db: float, now_s: float) -> float:
        falling_s = max(0.0, now_s - self._at_s[index] - HOLD_S)
        shown = self._held_db[index] - FALL_DB_PER_S * falling_s
        if peak_db >= shown:
            self._held_db[index], self._at_s[index] = peak_db, now_s
            return peak_db
        return shown if shown > -120 else -np.inf


def peaks_db(frames: NDArray[np.float32]) -> tuple[float, float]:
    """Sample peaks of (n, 2), in dBFS; −inf for silence or nothing."""
    if frames.shape[0] == 0:
        return -np.inf, -np.inf
    left, right = np.max(np.abs(frames), axis=0)
    return _db(float(left)), _db(float(right))


def _db(value: float) -> float:
    return 20 * float(np.log10(value)) if value > 1e-7 else -np.inf
