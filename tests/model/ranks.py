"""Are ranks uniform? The band of Säilynoja, Bürkner and Vehtari (2022), exactly.

Ranks of true values among draws of the posteriors given data simulated from them are uniform if the
sampler draws from the posterior of the very model that made the data. Their empirical distribution
function, at every attainable value z, is then binomial; the band takes the same pointwise level
gamma everywhere, chosen so that all values lie inside together with the probability wanted. That
probability is computed by their recursion over the evaluation points, not by simulation.
Statistics and Computing 32:32, section 2."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binom


@dataclass(frozen=True)
class Band:
    """Least and largest number of ranks at or below each value: (values,) each."""

    low: np.ndarray
    high: np.ndarray

    def holds(self, ranks):
        """Whether all of the empirical distribution function lies inside."""
        below = counts_at(ranks, len(self.low) + 1)
        return bool(((self.low <= below) & (below <= self.high)).all())


def counts_at(ranks, values):
    """Number of ranks at or below 0, 1, ..., the last value excepted: all are below that."""
    return np.array([(np.asarray(ranks) <= value).sum() for value in range(values - 1)])


def band(simulations, values, level):
    """The simultaneous band of `simulations` ranks among `values` attainable ones."""
    share = np.arange(1, values) / values
    lower, upper = 0.0, level
    for _ in range(40):
        middle = (lower + upper) / 2
        if coverage(pointwise(simulations, share, middle), simulations, share) > 1 - level:
            lower = middle
        else:
            upper = middle
    return pointwise(simulations, share, lower)


def pointwise(simulations, share, gamma):
    low = binom.ppf(gamma / 2, simulations, share)
    high = binom.ppf(1 - gamma / 2, simulations, share)
    return Band(low.clip(0), high)


def coverage(limits, simulations, share):
    """Probability that uniform ranks stay within the limits at every value."""
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
    return inside.sum()
