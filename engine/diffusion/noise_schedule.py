"""How much noise there is at time t: α_t, σ_t and λ_t, continuous in t ∈ [0, 1] (App. A.1).

Eq. 5 read literally ends at σ² = 0.02 and never reaches noise. It is read as its source, DDPM
(Ho et al., arXiv 2006.11239): β_j linear from 1e-4 to 0.02 over j = 1…1000, ᾱ_k = ∏_{j≤k}(1−β_j),
and t ∈ [0, 1] runs over k = 1 + 999 t ∈ [1, 1000]. So σ_0² = 1e-4, the paper's, and
σ_1² = 1 − 4.04e-5.

Between the whole k the product is continued by the gamma function, which is smooth and exact at
all 1000 of DDPM's levels. Rejected: interpolating a table of ln ᾱ (λ gets kinks, and a
second-order solver measures them) and the continuous limit exp(−∫β) (ᾱ_1 is 7 % off DDPM's).

Values are float64. A scalar t gives a numpy scalar: take `float()` of it before it meets a
float32 array, or numpy makes that float64.
"""

import math
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_NEWTON_STEPS = 4  # from the quadratic guess, 1 % off: 1e-4, 1e-8, rounding; one to spare


class NoiseSchedule(Protocol):
    """x_t ~ N(α_t x, σ_t² I), α² + σ² = 1, and λ = ln(α²/σ²) falls with t (eqs. 2, 3)."""

    def alpha(self, t: ArrayLike) -> Floats:
        """α_t, the share of signal; same shape as t."""
        ...

    def sigma(self, t: ArrayLike) -> Floats:
        """σ_t, the share of noise; same shape as t."""
        ...

    def log_snr(self, t: ArrayLike) -> Floats:
        """λ_t = ln(α_t²/σ_t²); same shape as t."""
        ...

    def t_from_log_snr(self, log_snr: ArrayLike) -> Floats:
        """The t whose λ_t this is; beyond the schedule's ends, 0 or 1."""
        ...


@dataclass(frozen=True)
class LinearSchedule:
    """DDPM's linear β, continued between its levels.

    With 1 − β_j = c − d (j−1), c = 1 − β_1, d the step of β:
    ᾱ_k = d^k Γ(z)/Γ(z−k), z = c/d + 1, and Stirling's series gives ln Γ, z being about 5e4.

    Attributes:
        beta_first: β_1, which is σ_0².
        beta_last: β of the last level.
        levels: how many levels β runs over.
    """

    beta_first: float = 1e-4
    beta_last: float = 0.02
    levels: int = 1000

    def alpha(self, t: ArrayLike) -> Floats:
        """As `NoiseSchedule.alpha`."""
        return np.exp(0.5 * self._log_alpha_bar(self._level(t)))

    def sigma(self, t: ArrayLike) -> Floats:
        """As `NoiseSchedule.sigma`."""
        return np.sqrt(-np.expm1(self._log_alpha_bar(self._level(t))))

    def log_snr(self, t: ArrayLike) -> Floats:
        """As `NoiseSchedule.log_snr`."""
        log_alpha_bar = self._log_alpha_bar(self._level(t))
        return log_alpha_bar - np.log(-np.expm1(log_alpha_bar))

    def t_from_log_snr(self, log_snr: ArrayLike) -> Floats:
        """As `NoiseSchedule.t_from_log_snr`, by Newton's method on ln ᾱ."""
        ends = self.log_snr(np.array([1.0, 0.0]))
        target = -np.logaddexp(0.0, -np.clip(log_snr, *ends))  # ln ᾱ
        # ln ᾱ ≈ −Σβ_j = −(offset k + d k²/2)
        offset = self.beta_first - self._beta_step / 2
        k = (np.sqrt(offset**2 - 2 * self._beta_step * target) - offset) / self._beta_step
        for _ in range(_NEWTON_STEPS):
            slope = np.log1p(-offset - self._beta_step * k)  # ln d + ψ(z−k), ψ(w) ≈ ln(w−½)
            k = k - (self._log_alpha_bar(k) - target) / slope
        t: Floats = np.clip((k - 1) / (self.levels - 1), 0.0, 1.0)
        return t

    @property
    def _beta_step(self) -> float:
        return (self.beta_last - self.beta_first) / (self.levels - 1)

    def _level(self, t: ArrayLike) -> Floats:
        return 1 + (self.levels - 1) * np.asarray(t, np.float64)

    def _log_alpha_bar(self, k: Floats) -> Floats:
        # ln Γ(z) − ln Γ(w) with w = z − k, arranged so that no two large terms cancel.
        z = (1 - self.beta_first) / self._beta_step + 1
        w = z - k
        leading = k * (math.log(self._beta_step * z) - 1) - (w - 0.5) * np.log1p(-k / z)
        return leading - k / (12 * z * w)


@dataclass(frozen=True)
class CosineSchedule:
    """α_t = cos(a t + b), with a and b set by the log-SNR at both ends (eq. 6).

    Attributes:
        log_snr_first: λ_0.
        log_snr_last: λ_1.
    """

    log_snr_first: float = 20.0
    log_snr_last: float = -20.0

    def alpha(self, t: ArrayLike) -> Floats:
        """As `NoiseSchedule.alpha`."""
        return np.cos(self._angle(t))

    def sigma(self, t: ArrayLike) -> Floats:
        """As `NoiseSchedule.sigma`."""
        return np.sin(self._angle(t))

    def log_snr(self, t: ArrayLike) -> Floats:
        """As `NoiseSchedule.log_snr`."""
        return -2 * np.log(np.tan(self._angle(t)))

    def t_from_log_snr(self, log_snr: ArrayLike) -> Floats:
        """As `NoiseSchedule.t_from_log_snr`."""
        inside = np.clip(log_snr, self.log_snr_last, self.log_snr_first)
        a, b = self._coefficients
        return np.clip((np.arctan(np.exp(-0.5 * inside)) - b) / a, 0.0, 1.0)

    @property
    def _coefficients(self) -> tuple[float, float]:
        b = math.atan(math.exp(-0.5 * self.log_snr_first))
        return math.atan(math.exp(-0.5 * self.log_snr_last)) - b, b

    def _angle(self, t: ArrayLike) -> Floats:
        a, b = self._coefficients
        return a * np.asarray(t, np.float64) + b


NOISE_SCHEDULES: Final[dict[str, NoiseSchedule]] = {
    "linear": LinearSchedule(),
    "cosine": CosineSchedule(),
}


def noise_schedule(name: str) -> NoiseSchedule:
    """The paper's "linear" or "cosine" schedule.

    Raises:
        ValueError: there is no schedule of that name.
    """
    if name not in NOISE_SCHEDULES:
        msg = f"noise schedule {name!r} is none of {', '.join(NOISE_SCHEDULES)}"
        raise ValueError(msg)
    return NOISE_SCHEDULES[name]
