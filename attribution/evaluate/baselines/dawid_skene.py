"""Dawid and Skene (1979): a confusion matrix for each labeller, by EM.

Labels are independent given the class of the task: labeller ``w`` gives a task of class ``k`` the
label ``m`` with probability ``error[w, m, k]``. EM starts at the majority vote. Nothing is smoothed
but zeros: an expected count of 0 becomes 1e-10 where the labeller uses the label at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from attribution.evaluate.baselines.majority_vote import majority_vote

if TYPE_CHECKING:
    from attribution.evaluate.annotators.table import LabelTable
    from attribution.evaluate.targets import Floats

LEAST_COUNT = 1e-10


@dataclass(frozen=True)
class DawidSkeneSettings:
    """How far EM runs.

    Parameters
    ----------
    stop
        ``settled``: until the likelihood settles, the textbook's rule. ``early``: until a bound per
        label that counts the log-prevalence of the class once a label instead of once a task rises
        by less than ``tolerance``; it can fall, and stops EM after a few rounds. This is the rule
        of a widely used library, and the one behind the figures of the design.
    pseudo
        Labels added to every cell of every confusion matrix.
    rounds
        Most rounds of EM.
    tolerance
        Least rise per label that goes on, in nats.
    """

    stop: Literal["settled", "early"] = "settled"
    pseudo: float = 0.0
    rounds: int = 100
    tolerance: float = 1e-5


def dawid_skene(table: LabelTable, settings: DawidSkeneSettings | None = None) -> Floats:
    """Return class probabilities by EM.

    Parameters
    ----------
    table
        The labels.
    settings
        How far EM runs; until it settles by default.

    Returns
    -------
    numpy.ndarray
        (T, K) probability of each class.
    """
    chosen = settings or DawidSkeneSettings()
    probability = majority_vote(table)
    best = -np.inf
    for _ in range(chosen.rounds):
        error = _confusion(table, probability, chosen.pseudo)
        prevalence = np.maximum(probability.mean(axis=0), 1e-300)
        joint = _by_task(table, np.log(error[table.worker, table.label])) + np.log(prevalence)
        top = joint.max(axis=1, keepdims=True)
        likelihood = top + np.log(np.exp(joint - top).sum(axis=1, keepdims=True))
        probability = np.exp(joint - likelihood)
        if chosen.stop == "early":
            reached = _bound_by_label(table, probability, chosen.pseudo)
        else:
            reached = float(likelihood.sum()) / max(len(table), 1)
        if reached - best < chosen.tolerance:
            break
        best = reached
    return probability


def _by_task(table: LabelTable, values: Floats) -> Floats:
    """Sum (N, K) values over the labels of each task, (T, K)."""
    columns = [np.bincount(table.task, column, table.n_tasks) for column in values.T]
    return np.stack(columns, axis=1)


def _confusion(table: LabelTable, probability: Floats, pseudo: float) -> Floats:
    """Return (W, K labels, K classes) probability of a label given a class."""
    workers, classes = table.n_workers, table.n_classes
    cell = table.worker * classes + table.label
    weights = probability[table.task]
    counts = np.stack(
        [np.bincount(cell, column, workers * classes) for column in weights.T], axis=1
    ).reshape(workers, classes, classes)
    seen = np.bincount(cell, minlength=workers * classes).reshape(workers, classes, 1) > 0
    counts = np.where(seen, np.maximum(counts, LEAST_COUNT), 0.0) + pseudo
    total = counts.sum(axis=1, keepdims=True)
    return np.asarray(counts / np.where(total > 0.0, total, 1.0))


def _bound_by_label(table: LabelTable, probability: Floats, pseudo: float) -> float:
    """Return the bound of ``early`` after the parameters are fitted once more."""
    error = _confusion(table, probability, pseudo)
    joint = np.log(error[table.worker, table.label])
    joint = joint + np.log(np.maximum(probability.mean(axis=0), 1e-300))
    expected = float((probability[table.task] * joint).sum())
    entropy = -float((probability * np.log(np.maximum(probability, 1e-300))).sum())
    return (expected + entropy) / max(len(table), 1)
