"""Majority vote: the share of a task's labels that each class has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from attribution.evaluate.annotators.table import LabelTable
    from attribution.evaluate.targets import Floats


def majority_vote(table: LabelTable, pseudo: float = 0.0) -> Floats:
    """Return vote shares as probabilities.

    Parameters
    ----------
    table
        The labels.
    pseudo
        Labels added to every class of every task. None by default: five labels of five give the
        class probability 1, which a score has to cut.

    Returns
    -------
    numpy.ndarray
        (T, K) shares; uniform for a task without labels.

    Raises
    ------
    ValueError
        If ``pseudo`` is negative.
    """
    if pseudo < 0.0:
        raise ValueError(f"pseudo must not be negative: {pseudo}")
    votes = table.votes + pseudo
    total = votes.sum(axis=1, keepdims=True)
    even = np.full_like(votes, 1.0 / table.n_classes)
    return np.asarray(np.divide(votes, total, out=even, where=total > 0.0))
