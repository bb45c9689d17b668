"""Is a probability of 70 % right seven times in ten? With labels that may name sets of actors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from attribution.evaluate.probabilities import FLOOR, check_probabilities

if TYPE_CHECKING:
    from attribution.evaluate.targets import Bools, Floats, Targets


@dataclass(frozen=True, eq=False)
class Reliability:
    """What a reliability diagram of the likeliest actor is drawn from, one entry per filled bin.

    Attributes
    ----------
    confidence
        (B,) mean probability of the likeliest actor.
    accuracy
        (B,) mean credit of that actor (see `reliability`).
    weight
        (B,) number of incidents in the bin; labels of one incident share a weight of 1.
    """

    confidence: Floats
    accuracy: Floats
    weight: Floats


def reliability(targets: Targets, p: npt.ArrayLike, bins: int = 10) -> Reliability:
    """Confidence against accuracy of the likeliest actor, in bins of equal width.

    A label that names S credits the likeliest actor t with P(z = t | z ∈ S) = p_t 1[t ∈ S] / p(S):
    0 or 1 for a single name, a fraction for a set. Counting "t ∈ S" as a full hit instead would
    call every calibrated forecast underconfident as soon as a label is broad. If p is calibrated
    and labellers widen their sets without regard to who within S did it, the credit's expectation
    is p_t (law of total expectation), so calibrated forecasts have confidence equal to accuracy.

    Parameters
    ----------
    targets
        The labels; the labels of an incident share a weight of 1.
    p
        (N, K) probability of each actor.
    bins
        Number of equal bins of [0, 1].

    Returns
    -------
    Reliability
        One entry for each bin that holds an incident.

    Raises
    ------
    ValueError
        If bins < 1 or `p` is not a table of distributions.
    """
    if bins < 1:
        raise ValueError(f"bins is {bins}, it must be at least 1")
    rows = check_probabilities(targets, p)[targets.incident]
    top = rows.argmax(axis=1)
    each = np.arange(len(rows))
    confidence = rows[each, top]
    named = np.maximum(np.sum(rows * targets.sets, axis=1), FLOOR)
    credit = np.where(targets.sets[each, top], np.minimum(confidence / named, 1.0), 0.0)
    code = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    weight, share = np.bincount(code, targets.share, minlength=bins), targets.share
    filled: Bools = weight > 0
    return Reliability(
        confidence=np.bincount(code, share * confidence, bins)[filled] / weight[filled],
        accuracy=np.bincount(code, share * credit, bins)[filled] / weight[filled],
        weight=weight[filled],
    )


def calibration_error(targets: Targets, p: npt.ArrayLike, bins: int = 10) -> float:
    """Measure the expected calibration error of the likeliest actor (Naeini and others, 2015).

    Σ_b n_b / n · |accuracy_b - confidence_b| over the bins of `reliability`. Biased upwards for
    few incidents: compare predictions on the same incidents, never with a fixed bar.

    Parameters
    ----------
    targets
        The labels.
    p
        (N, K) probability of each actor.
    bins
        Number of equal bins of [0, 1].

    Returns
    -------
    float
        In [0, 1]; NaN without labels.

    Raises
    ------
    ValueError
        If bins < 1 or `p` is not a table of distributions.
    """
    table = reliability(targets, p, bins)
    if not len(table.weight):
        return float("nan")
    return float(np.average(np.abs(table.accuracy - table.confidence), weights=table.weight))
