r"""Draws of one distribution as draws of another: Pareto-smoothed importance sampling.

Draws weighted by how much more likely they are under the second distribution than under the first
are draws of the second. The largest weights are replaced by quantiles of a generalised Pareto
distribution fitted to them; its shape, k-hat, says whether the weights can be relied on (Vehtari,
Simpson, Gelman, Yao and Gabry, 2024, Journal of Machine Learning Research 25:72).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.model.verdict import Check

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

#: Fewer draws have no tail to which a distribution could be fitted (five of a fifth of them).
LEAST_DRAWS = 25
#: With as many effective draws, five lie beyond each end of a 90 % interval.
LEAST_EFFECTIVE = 100.0
#: Largest k-hat whatever the number of draws: the paper's.
LARGEST_KHAT = 0.7


@dataclass(frozen=True, eq=False)
class Weights:
    """Importance weights of draws and how far they can be relied on.

    Parameters
    ----------
    values
        One a draw, summing to 1: (draws,).
    khat
        Shape of the tail of the raw weights; 0 if they are all equal, infinite if it cannot be
        estimated.
    """

    values: NDArray[np.float64]
    khat: float

    @property
    def draws(self) -> int:
        """Number of draws."""
        return len(self.values)

    @property
    def effective(self) -> float:
        """Number of equally weighted draws that would say as much."""
        return float(1.0 / np.square(self.values).sum())

    def checks(self, khat: str, effective: str) -> tuple[Check, Check]:
        """Hold both figures against their limits.

        Parameters
        ----------
        khat, effective
            What to call them.

        Returns
        -------
        The checks of k-hat and of the effective draws.
        """
        limit = khat_limit(self.draws)
        # Of few draws, no more can be asked than that half of them still count.
        least = min(LEAST_EFFECTIVE, self.draws / 2)
        return (
            Check(khat, self.khat, limit, self.khat <= limit),
            Check(effective, self.effective, least, self.effective >= least),
        )


def khat_limit(draws: int) -> float:
    r"""Return the largest k-hat at which weights of so many draws can be relied on.

    Parameters
    ----------
    draws
        Number of draws, 2 or more.

    Returns
    -------
    :math:`\min(1 - 1 / \log_{10} S, 0.7)`, of the paper named above.
    """
    return float(min(1.0 - 1.0 / np.log10(max(draws, 2)), LARGEST_KHAT))


def smoothed(log_ratio: NDArray[np.float64]) -> Weights:
    """Smooth importance weights.

    Parameters
    ----------
    log_ratio
        Log of the raw weights, up to a constant: (draws,).

    Returns
    -------
    Weights
        By ArviZ's Pareto smoothing, draws counting as independent.
    """
    from arviz_stats.base.array import array_stats  # noqa: PLC0415 - heavy, seldom needed

    count = len(log_ratio)
    raw = np.exp(log_ratio - log_ratio.max())
    if np.ptp(log_ratio) == 0:
        return Weights(raw / raw.sum(), 0.0)
    if count < LEAST_DRAWS:
        return Weights(raw / raw.sum(), float("inf"))
    # ArviZ's, not typed; it smooths the weights of leaving out, so that the sign is the other one.
    smooth: Callable[[NDArray[np.float64]], tuple[NDArray[np.float64], float]] = array_stats.psislw
    try:
        # Weights of which hardly any counts divide by zero on the way to an infinite k-hat.
        with np.errstate(all="ignore"):
            log_weights, khat = smooth(-log_ratio)
    except ValueError:
        # The largest weights are all the same: there is no tail.
        return Weights(raw / raw.sum(), float("inf"))
    values = np.exp(log_weights - log_weights.max())
    if not (np.isfinite(khat) and np.isfinite(values).all()):
        return Weights(raw / raw.sum(), float("inf"))
    return Weights(values / values.sum(), float(khat))


def resampled(weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Choose draws as often as they weigh: systematic resampling, nothing of it left to chance.

    Parameters
    ----------
    weights
        One a draw, summing to 1: (draws,).

    Returns
    -------
    Positions of as many draws, rising. Each occurs as often as its weight says, rounded up or
    down; with equal weights every draw occurs once.
    """
    count = len(weights)
    middles = (np.arange(count) + 0.5) / count
    chosen = np.searchsorted(np.cumsum(weights), middles)
    return np.asarray(np.minimum(chosen, count - 1), dtype=np.int64)
