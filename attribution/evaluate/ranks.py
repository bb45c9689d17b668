"""Are ranks uniform? The band of Säilynoja, Bürkner and Vehtari (2022), exactly.

Ranks of true values among draws of the posteriors given data simulated from them are uniform if the
sampler draws from the posterior of the very model that made the data (simulation-based calibration,
Talts and others 2018). Their empirical distribution function, at every attainable value z, is then
binomial; the band takes the same pointwise level gamma everywhere, chosen so that all values lie
inside together with the probability wanted. That probability is computed by their recursion over
the evaluation points, not by simulation. Statistics and Computing 32:32, section 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binom

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Halvings of the interval in which the pointwise level is sought.
HALVINGS = 40


@dataclass(frozen=True)
class Band:
    """Least and largest number of ranks at or below each attainable value but the last.

    Parameters
    ----------
    low, high
        (values - 1,) each.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def holds(self, ranks: NDArray[np.int64]) -> bool:
        """Tell whether all of the empirical distribution function lies inside.

        Parameters
        ----------
        ranks
            (simulations,), from 0 to the number of draws.

        Returns
        -------
        bool
            True for uniform ranks, but for one time in as many as the band's level says.
        """
        below = (ranks[:, None] <= np.arange(len(self.low))).sum(axis=0)
        return bool(((self.low <= below) & (below <= self.high)).all())


def band(simulations: int, values: int, level: float) -> Band:
    """Return the simultaneous band of uniform ranks.

    Parameters
    ----------
    simulations
        Number of ranks.
    values
        Number of attainable values: draws and one.
    level
        Probability that uniform ranks leave the band anywhere, at most.

    Returns
    -------
    Band
        The widest of that level with one pointwise level throughout.
    """
    share = np.arange(1, values) / values
    lower, upper = 0.0, level
    for _ in range(HALVINGS):
        middle = (lower + upper) / 2
        if coverage(_pointwise(simulations, share, middle), simulations, share) > 1 - level:
            lower = middle
        else:
            upper = middle
    return _pointwise(simulations, share, lower)


def coverage(limits: Band, simulations: int, share: NDArray[np.float64]) -> float:
    """Return the probability that uniform ranks stay within the limits at every value.

    Parameters
    ----------
    limits
        A band.
    simulations
        Number of ranks.
    share
        Values as shares of all: (values - 1,), rising.

    Returns
    -------
    float
        By recursion over the values.
    """
    inside = np.zeros(simulations + 1)
    inside[0] = 1.0
    count = np.arange(simulations + 1)
    before = 0.0
    for z, low, high in zip(share, limits.low, limits.high, strict=True):
        # Of the ranks still to come, each falls at or below z with this probability.
        step = binom.pmf(
            count[None, :] - count[:, None],
            simulations - count[:, None],
            (z - before) / (1 - before),
        )
        inside = inside @ np.nan_to_num(step)
        inside[(count < low) | (count > high)] = 0.0
        before = z
    return float(inside.sum())


def _pointwise(simulations: int, share: NDArray[np.float64], gamma: float) -> Band:
    low = binom.ppf(gamma / 2, simulations, share)
    high = binom.ppf(1 - gamma / 2, simulations, share)
    return Band(low.clip(0), high)
