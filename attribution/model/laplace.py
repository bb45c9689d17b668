r"""The posterior of many incidents without a chain: a normal approximation, weighed by its error.

The normal distribution :math:`N(m, Q^{-1})` nearest the posterior is the one under which the
gradient of the log posterior is 0 on average and minus its second derivatives are ``Q`` (Opper and
Archambeau, 2009, Neural Computation 21:786). The search starts at the mode, with the derivatives
there (`attribution.model.curvature`). Thousands of slightly skewed directions then move the mean:
by little in each, by many nats together.

Deviations :math:`\delta \sim N(0, Q^{-1})` are laid off to both sides of the centre. One side is
taken, with probability in proportion to the posterior's density there, and the draw weighs

.. math:: w = \frac{p(m + \delta, \text{data}) + p(m - \delta, \text{data})}
                   {2\, N(\delta \mid 0, Q^{-1})}

What skewness is left adds up in the density at a draw and cancels in the sum over its two sides, so
that these weights vary far less than those of single draws (symmetrised samplers: Goodman, Lin and
Morzfeld, 2016, Communications on Pure and Applied Mathematics 69:1924). They are Pareto-smoothed
(`attribution.model.importance`) and draws chosen as often as they weigh. Weights that vary too much
all the same, :math:`\hat k` beyond its limit, mean that the posterior is not what the approximation
takes it for, and the fit is refused.
"""

from __future__ import annotations

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.linalg import LinAlgError, cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize
from scipy.sparse.linalg import splu

from attribution.model.curvature import precision
from attribution.model.entry import log_density, parameters_at
from attribution.model.geometry import from_model
from attribution.model.importance import LARGEST_KHAT, resampled, smoothed
from attribution.model.tables import evenly_spaced
from attribution.model.verdict import Check, DiagnosticsError, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from attribution.model.importance import Weights
    from attribution.model.sampler import CompiledModel

logger = logging.getLogger(__name__)

#: Fewest deviations; each costs two evaluations of the density.
LEAST = 1000
#: Deviations over which the gradient is averaged.
PILOTS = 100
#: Deviations at once; bounds memory.
BLOCK = 100
#: Steps that L-BFGS remembers, and its largest number before the curvature is computed anew.
MEMORY = 30
FIRST = 60
ROUNDS = 6
#: What is added to the curvature's diagonal until it is that of a peak.
LIFTS = (0.0, 1.0, 10.0, 100.0, 1000.0, 10000.0)
#: The mode is found when one of Newton's steps would gain less than this many nats.
CLOSE = 1e-2
#: L-BFGS stops at a step that gains less than this share of the log posterior.
ENOUGH = 1e-10

KHAT = "Pareto k-hat of the approximation"
EFFECTIVE = "effective draws of the approximation"


class ApproximationError(DiagnosticsError):
    """The posterior is too far from normal for the approximation.

    Parameters
    ----------
    verdict
        What was measured.
    why
        What that means, in words.
    """

    def __init__(self, verdict: Verdict, why: str) -> None:
        super().__init__(verdict)
        self.args = (f"{why}. Nothing was fitted; use --method nuts, which takes longer",)


@dataclass(frozen=True, eq=False)
class Approximation:
    """Draws of the approximation, chosen as often as they weigh.

    Parameters
    ----------
    parameters
        The model's parameters on the scale of their priors, (draws, ...) by name.
    weights
        Weights of the draws before any was chosen.
    normal
        The normal distribution that they are draws of, weights apart.
    """

    parameters: dict[str, NDArray[np.float64]]
    weights: Weights
    normal: Normal

    @property
    def verdict(self) -> Verdict:
        """Whether the weights can be relied on."""
        return Verdict(self.weights.checks(KHAT, EFFECTIVE), (), 0)


@dataclass(frozen=True, eq=False)
class Normal:
    """The normal distribution, and how the model's coordinates become the sampler's.

    Parameters
    ----------
    centre
        Its mean, (parameters,).
    factor
        Lower factor of the precision, (parameters, parameters).
    forward
        See ``from_model``.
    """

    centre: NDArray[np.float64]
    factor: NDArray[np.float64]
    forward: sparse.csr_array

    def away(self, standard: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn standard normal deviates into deviations, both (deviations, parameters)."""
        found = solve_triangular(self.factor, standard.T, lower=True, trans="T", check_finite=False)
        return np.asarray(found.T)

    def deviations(self, standard: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the same in the sampler's coordinates."""
        return np.asarray((self.forward @ self.away(standard).T).T)


def approximate(compiled: CompiledModel, *, draws: int, seed: int) -> Approximation:
    """Approximate the posterior.

    Parameters
    ----------
    compiled
        The compiled model.
    draws
        Draws wanted.
    seed
        Seed of the deviations.

    Returns
    -------
    Approximation
        As many draws as wanted, whatever their weights: see ``verdict``.

    Raises
    ------
    ApproximationError
        If there is no mode with a curvature to speak of.
    """
    random = np.random.default_rng(seed)
    normal = find_normal(compiled, random)
    points, log_weight = two_sided(compiled, normal, max(draws, LEAST), random)
    weights = smoothed(log_weight)
    chosen = resampled(weights.values)
    kept = chosen[evenly_spaced(len(chosen), draws)]
    return Approximation(parameters_at(compiled.sampler, points[kept]), weights, normal)


def find_normal(compiled: CompiledModel, random: np.random.Generator) -> Normal:
    """Find the normal distribution nearest the posterior.

    Parameters
    ----------
    compiled
        The compiled model.
    random
        See ``nearest_normal``.

    Returns
    -------
    Normal
        The approximation.

    Raises
    ------
    ApproximationError
        If there is no mode with a curvature to speak of.
    """
    return nearest_normal(compiled, normal_at_mode(compiled), random)


def normal_at_mode(compiled: CompiledModel) -> Normal:
    """Find the mode: from afar in the sampler's coordinates, near it in those of the curvature.

    The curvature evens out what is left, so that few gradients more lead there.

    Parameters
    ----------
    compiled
        The compiled model.

    Returns
    -------
    Normal
        The approximation, with the curvature near the mode.

    Raises
    ------
    ApproximationError
        If the curvature there is not that of a peak.
    """
    model, sampler = compiled.model, compiled.sampler
    start = model.initial_point()
    values = [start[model.rvs_to_values[each].name].ravel() for each in model.free_RVs]
    forward = from_model(compiled.coordinates, sampler.n_dim)

    def from_afar(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, slopes = log_density(sampler, point)
        return -value, -slopes

    near = _lowest(from_afar, forward @ np.concatenate(values), FIRST)
    centre = splu(sparse.csc_array(forward)).solve(near)
    for _ in range(ROUNDS):
        curved = precision(compiled, centre)
        factor, lift = _lifted(curved)
        normal = _closer(compiled, Normal(centre, factor, forward), FIRST)
        slopes = forward.T @ log_density(sampler, forward @ normal.centre)[1]
        gain = 0.5 * slopes @ cho_solve((factor, True), slopes, check_finite=False)
        logger.info("a step to the mode would gain %.3g nats (lift %g)", gain, lift)
        if lift == 0 and gain < CLOSE:
            return normal
        centre = normal.centre
    raise _no_mode()


def _lifted(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return the Cholesky factor of a matrix, lifted along the diagonal until it has one.

    Far from the mode the log posterior may be hollow in some direction; coordinates on the way
    there need not be exact. The unit of the lift is a parameter's precision before any evidence.
    """
    for lift in LIFTS:
        try:
            return _factor(matrix + lift * np.eye(len(matrix))), lift
        except ApproximationError:
            continue
    raise _no_mode()


def _closer(compiled: CompiledModel, normal: Normal, steps: int) -> Normal:
    """Take the centre nearer to the mode, by L-BFGS where the curvature is that of a ball."""

    def density(standard: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        point = normal.forward @ (normal.centre + normal.away(standard[None])[0])
        value, slopes = log_density(compiled.sampler, point)
        turned = solve_triangular(
            normal.factor, normal.forward.T @ slopes, lower=True, check_finite=False
        )
        return -value, -turned

    nearest = _lowest(density, np.zeros(len(normal.centre)), steps)
    return replace(normal, centre=normal.centre + normal.away(nearest[None])[0])


def _lowest(
    function: Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]],
    start: NDArray[np.float64],
    steps: int,
) -> NDArray[np.float64]:
    """Go down by L-BFGS, so many steps at most."""
    options = {"maxcor": MEMORY, "maxiter": steps, "maxfun": 2 * steps, "ftol": ENOUGH}
    found = minimize(function, start, jac=True, method="L-BFGS-B", options=options)
    logger.info("on the way to the mode: %.6g nats after %d gradients", -found.fun, found.nfev)
    return np.asarray(found.x)


def _no_mode() -> ApproximationError:
    return ApproximationError(
        Verdict((Check(KHAT, np.inf, LARGEST_KHAT, passed=False),), (), 0),
        "the posterior has no peak near which it could be taken for a normal distribution",
    )


def nearest_normal(compiled: CompiledModel, normal: Normal, random: np.random.Generator) -> Normal:
    """Move a normal distribution at the mode to the one nearest the posterior.

    Parameters
    ----------
    compiled
        The compiled model.
    normal
        The approximation at the mode.
    random
        Source of the deviations over which derivatives are averaged, always on both sides.

    Returns
    -------
    Normal
        With another centre and another factor.

    Raises
    ------
    ApproximationError
        If the second derivatives, on average, are not those of a peak.
    """
    moved = _recentred(compiled, normal, random)
    standard = random.standard_normal(len(moved.centre))
    away = moved.away(standard[None])[0]
    average = precision(compiled, moved.centre + away)
    average += precision(compiled, moved.centre - away)
    average *= 0.5
    return _recentred(compiled, replace(moved, factor=_factor(average)), random)


def _recentred(compiled: CompiledModel, normal: Normal, random: np.random.Generator) -> Normal:
    """Take the step after which the gradient is 0 on average."""
    middle = normal.forward @ normal.centre
    away = normal.deviations(random.standard_normal((PILOTS, len(middle))))

    def slopes(point: NDArray[np.float64]) -> NDArray[np.float64]:
        return log_density(compiled.sampler, point)[1]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(slopes, [*(middle + away), *(middle - away)]))
    mean = normal.forward.T @ np.mean(found, axis=0)
    step = cho_solve((normal.factor, True), mean, check_finite=False)
    logger.info("the mean lies %.3g nats from the last centre", 0.5 * mean @ step)
    return replace(normal, centre=normal.centre + step)


def _factor(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the lower Cholesky factor of a precision, in its place."""
    try:
        found: NDArray[np.float64] = cholesky(
            matrix, lower=True, overwrite_a=True, check_finite=False
        )
    except LinAlgError as error:
        raise _no_mode() from error
    return found


def two_sided(
    compiled: CompiledModel, normal: Normal, count: int, random: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw on both sides of the mode and take one: see the module's head.

    Parameters
    ----------
    compiled, normal
        The compiled model and its approximation.
    count
        Number of draws.
    random
        Source of the deviations.

    Returns
    -------
    Points in the sampler's coordinates, (count, parameters), and the logs of their weights.
    """
    middle = normal.forward @ normal.centre
    points, log_weight = np.empty((count, len(middle))), np.empty(count)
    peak = log_density(compiled.sampler, middle)[0]

    def density(point: NDArray[np.float64]) -> float:
        return log_density(compiled.sampler, point)[0]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, count, BLOCK):
            standard = random.standard_normal((min(BLOCK, count - start), len(middle)))
            away = normal.deviations(standard)
            logs = np.array(list(pool.map(density, [*(middle + away), *(middle - away)])))
            ahead, behind = logs.reshape(2, -1) - peak
            total = np.logaddexp(ahead, behind)
            # Where both sides are impossible the weight is 0 and the side does not matter.
            with np.errstate(invalid="ignore"):
                forward = np.log(random.random(len(away))) < ahead - total
            side = np.where(forward, 1.0, -1.0)
            block = slice(start, start + len(away))
            points[block] = middle + side[:, None] * away
            log_weight[block] = total + 0.5 * np.square(standard).sum(axis=1)
    return points, log_weight
