r"""Whether a fit may be trusted, and how far its shares rest on the priors and on the data.

Power-scaling (Kallioinen, Paananen, Bürkner and Vehtari, 2024, Statistics and Computing 34:57):
raise the prior, or the likelihood, to a power near 1 and see how the distribution of a quantity
moves, by Pareto-smoothed importance weights of the draws and so without a refit. The figure is the
cumulative Jensen-Shannon distance for each doubling of the power; 0.05, the authors' threshold,
goes with a shift by about a third of a standard deviation.

The prior is raised channel by channel: the log density of hundreds of parameters varies so much
from draw to draw that its weights would drown what they are asked for, and the channel says where
to look. Draws are finite, and weights move even a quantity that has nothing to do with them: the
*noise* of a figure is what hardly ever comes out when weights and quantity are paired at random. A
figure counts only above it; more kept draws lower it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

#: Powers on both sides of 1, and the figure from which a quantity counts as sensitive: the paper's.
POWERS = (0.99, 1.01)
THRESHOLD = 0.05
#: Random pairings that measure the noise, and how many of their standard deviations above their
#: mean it lies: of the hundred figures of a table none should exceed it by chance.
PAIRINGS = 50
DEVIATIONS = 4.0
SENSITIVITY_COLUMNS = [
    "quantity",
    "prior",
    "prior_noise",
    "prior_of",
    "likelihood",
    "likelihood_noise",
    "diagnosis",
]
NOT_RECORDED = "not recorded"

WORDS = {
    (True, True): "moves with the priors and with the data",
    (True, False): "moves with the priors, hardly with the data",
    (False, True): "moves with the data, hardly with the priors",
    (False, False): "hardly moves with either",
}


@dataclass(frozen=True, eq=False)
class Densities:
    """Log densities of the kept draws.

    Parameters
    ----------
    log_prior
        Log prior density of each channel's parameters, (draws,) by channel.
    log_likelihood
        Log-likelihood of the incidents of the fit, (draws,).
    """

    log_prior: Mapping[str, NDArray[np.float64]]
    log_likelihood: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """Whether the fit may be trusted.

    Parameters
    ----------
    passed
        Whether every check passed.
    table
        One row a check: check, value, limit, passed.
    worst
        The worst table entries: entry, rhat, ess_bulk.
    text
        The verdict in words.
    measure
        Computes ``sensitivity``, which takes a moment and which few ask for.
    """

    passed: bool
    table: pd.DataFrame
    worst: pd.DataFrame
    text: str
    measure: Callable[[], pd.DataFrame] = field(repr=False)

    @cached_property
    def sensitivity(self) -> pd.DataFrame:
        """How far each actor's share of all incidents rests on the priors and on the data.

        One row an actor; see ``power_scaling`` for the columns.
        """
        return self.measure()


def power_scaling(
    quantities: Mapping[str, NDArray[np.float64]], densities: Densities | None, seed: int
) -> pd.DataFrame:
    """Measure how far quantities move when the prior or the likelihood is raised to a power.

    Parameters
    ----------
    quantities
        Draws by name, each (draws,).
    densities
        Log densities of the same draws; None if the model was saved without them.
    seed
        Seed of the random pairings.

    Returns
    -------
    One row a quantity: quantity; prior, the distance for each doubling of the power of one
    channel's prior, prior_noise and prior_of, the channel, for the one that stands out most from
    its noise; likelihood and likelihood_noise, the same for the likelihood; and the diagnosis in
    words. Without densities NaN and "not recorded".
    """
    if densities is None:
        missing = [(name, *[np.nan] * 2, "", *[np.nan] * 2, NOT_RECORDED) for name in quantities]
        return pd.DataFrame(missing, columns=SENSITIVITY_COLUMNS)
    random = np.random.default_rng(seed)
    # In the order of names, so that a saved model answers as it did before.
    logs = sorted(densities.log_prior.items())
    priors = {name: _scaled(values, random) for name, values in logs}
    data = _scaled(densities.log_likelihood, random)
    rows = []
    for name, values in quantities.items():
        moved = {channel: _distance(values, scaled.weights) for channel, scaled in priors.items()}
        # Whether a figure stands out decides before its size.
        most = max(moved, key=lambda channel: _excess(moved[channel], priors[channel].noise))
        likelihood = _distance(values, data.weights)
        sensitive = (
            _excess(moved[most], priors[most].noise) >= 0,
            _excess(likelihood, data.noise) >= 0,
        )
        noise = priors[most].noise
        rows.append((name, moved[most], noise, most, likelihood, data.noise, WORDS[sensitive]))
    return pd.DataFrame(rows, columns=SENSITIVITY_COLUMNS)


class _Scaled(NamedTuple):
    """Importance weights of the draws, one array a power, and the noise that they make."""

    weights: tuple[NDArray[np.float64], ...]
    noise: float


def _scaled(log_density: NDArray[np.float64], random: np.random.Generator) -> _Scaled:
    weights = _weights(log_density)
    count = len(log_density)
    pairings = [_distance(random.normal(size=count), weights) for _ in range(PAIRINGS)]
    return _Scaled(weights, float(np.mean(pairings) + DEVIATIONS * np.std(pairings)))


def _excess(distance: float, noise: float) -> float:
    """Return by how much a figure exceeds both its noise and the threshold."""
    return distance - max(THRESHOLD, noise)


def _weights(log_density: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Return normalised importance weights of the draws, one array a power."""
    from arviz_stats.base.array import array_stats  # noqa: PLC0415 - heavy, seldom needed

    draws = np.asarray(log_density, dtype=np.float64)[None]
    if np.ptp(draws) == 0:
        return (np.full(draws.shape, 1.0 / draws.size),) * len(POWERS)
    scale: Callable[..., NDArray[np.float64]] = array_stats.power_scale_lw  # ArviZ's, not typed
    logs = [scale(draws, alpha=power, axis=(-2, -1)) for power in POWERS]
    raw = [np.exp(each - np.max(each)) for each in logs]
    return tuple(np.asarray(each / each.sum()) for each in raw)


def _distance(values: NDArray[np.float64], weights: tuple[NDArray[np.float64], ...]) -> float:
    """Return ArviZ's power-scaling sensitivity of one quantity; 0 of one that does not vary."""
    from arviz_stats.base.array import array_stats  # noqa: PLC0415 - heavy, seldom needed

    if np.ptp(values) == 0 or all(np.ptp(each) == 0 for each in weights):
        return 0.0
    lower, upper = weights
    draws = np.asarray(values, dtype=np.float64)[None]
    sensitivity: Callable[..., float] = array_stats.power_scale_sense  # ArviZ's, not typed
    return float(sensitivity(draws, lower, upper, *POWERS))
