"""Reliability curves without bins: isotonic regression of what happened on what was predicted.

The curve is the CORP estimate (Dimitriadis, Gneiting and Jordan, "Stable reliability diagrams for
probabilistic classifiers", 2021): among all curves that never fall, the one nearest to the
outcomes, found by pooling adjacent violators (PAV). It needs no choice of bins, and between two
forecasts its flat pieces show which probabilities the sample cannot tell apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import isotonic_regression

from attribution.evaluate.bootstrap import resample

if TYPE_CHECKING:
    import numpy.typing as npt

    from attribution.evaluate.calibration import Points
    from attribution.evaluate.targets import Floats


@dataclass(frozen=True, eq=False)
class IsotonicCurve:
    """A reliability curve, one entry a distinct predicted probability, ascending.

    Attributes
    ----------
    predicted
        (U,) probability.
    observed
        (U,) calibrated probability; never falls.
    lo, hi
        (U,) pointwise interval of `observed` over resampled blocks.
    weight
        (U,) incidents with that probability.
    """

    predicted: Floats
    observed: Floats
    lo: Floats
    hi: Floats
    weight: Floats


def isotonic_curve(
    points: Points, block: npt.ArrayLike, seed: int, draws: int = 200, *, level: float = 0.9
) -> IsotonicCurve:
    """Regress credits on probabilities, never falling.

    Parameters
    ----------
    points
        (M,) probability and credit of each incident (`calibration.points`).
    block
        (M,) block of each incident, for instance its week.
    seed
        Seed of the resampling.
    draws
        Number of resamples.
    level
        Mass of the interval at each probability. In a resample without the probability itself the
        curve is read between its neighbours.

    Returns
    -------
    IsotonicCurve
        Empty without points.

    Raises
    ------
    ValueError
        If draws < 1 or level is outside (0, 1).
    """
    if draws < 1 or not 0 < level < 1:
        raise ValueError(f"draws is {draws} and level {level}; need draws >= 1 and 0 < level < 1")
    if not len(points.predicted):
        none = np.zeros(0)
        return IsotonicCurve(none, none, none, none, none)
    predicted, code = np.unique(points.predicted, return_inverse=True)
    _, member = np.unique(np.asarray(block), return_inverse=True)

    def curve(times: Floats) -> tuple[Floats, Floats]:
        weight = np.bincount(code, times, len(predicted))
        total = np.bincount(code, times * points.credit, len(predicted))
        held = weight > 0
        fitted = isotonic_regression(total[held] / weight[held], weights=weight[held]).x
        return np.interp(predicted, predicted[held], fitted), weight

    observed, weight = curve(np.ones(len(code)))
    drawn = np.stack(
        [curve(row[member].astype(np.float64))[0] for row in resample(member, seed, draws)]
    )
    lo, hi = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return IsotonicCurve(predicted, observed, lo, hi, weight)
