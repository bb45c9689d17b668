"""Scores of class probabilities where the class is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from attribution.evaluate.targets import Floats, Ints

#: Probabilities enter a logarithm no smaller: one impossible truth costs at most 13.8 nats. Vote
#: shares need such a floor, since a unanimous task gives the other classes nothing.
FLOOR = 1e-6
BINS = 10


@dataclass(frozen=True)
class ClassScores:
    """Scores over the tasks whose class is known; NaN without any.

    Attributes
    ----------
    accuracy
        Share of tasks whose likeliest class is the true one; of classes that tie, the first counts.
    log_loss
        Mean of minus the log of the true class's probability, nats.
    ece
        Expected calibration error of the likeliest class in ten equal bins of its probability
        (Naeini and others, 2015), in [0, 1].
    tasks
        Number of tasks scored.
    """

    accuracy: float
    log_loss: float
    ece: float
    tasks: int


def score_classes(probability: Floats, truth: Ints) -> ClassScores:
    """Score class probabilities.

    Parameters
    ----------
    probability
        (T, K) probability of each class.
    truth
        (T,) class of each task, -1 where unknown.

    Returns
    -------
    ClassScores
        Over the tasks whose class is known.
    """
    known = truth >= 0
    if not known.any():
        return ClassScores(float("nan"), float("nan"), float("nan"), 0)
    rows, own = probability[known], truth[known]
    confidence, right = rows.max(axis=1), rows.argmax(axis=1) == own
    given = np.maximum(rows[np.arange(len(own)), own], FLOOR)
    code = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    gap = np.bincount(code, right - confidence, minlength=BINS)
    return ClassScores(
        float(right.mean()),
        float(-np.log(given).mean()),
        float(np.abs(gap).sum() / len(own)),
        len(own),
    )
