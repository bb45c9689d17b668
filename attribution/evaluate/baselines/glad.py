r"""GLAD (Whitehill and others, 2009): an ability for each labeller, a difficulty for each task.

.. math:: P(\text{right}) = \operatorname{logistic}(\alpha_w\, e^{b_i})

and a wrong label is any of the others with equal probability. EM with standard normal priors around
1 on :math:`\alpha` and :math:`b`, all classes equally frequent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from attribution.evaluate.annotators.table import LabelTable
    from attribution.evaluate.targets import Floats

#: Largest log-easiness and log-odds: beyond, nothing changes but rounding.
_BOUND = 30.0


@dataclass(frozen=True)
class GladSettings:
    """How far EM runs.

    Parameters
    ----------
    rounds
        Most rounds of EM.
    tolerance
        Least relative change of the expected log-posterior that goes on.
    """

    rounds: int = 100
    tolerance: float = 1e-5


def glad(table: LabelTable, settings: GladSettings | None = None) -> Floats:
    """Return class probabilities by EM.

    Parameters
    ----------
    table
        The labels.
    settings
        How far EM runs.

    Returns
    -------
    numpy.ndarray
        (T, K) probability of each class.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 - an optional dependency

    chosen = settings or GladSettings()
    workers = table.n_workers
    ability, ease = np.ones(workers), np.ones(table.n_tasks)
    probability, reached = _truth(table, ability, ease), np.inf
    for _ in range(chosen.rounds):
        found = minimize(
            lambda values, right: _loss(table, values, right),
            np.concatenate([ability, ease]),
            args=(probability[table.task, table.label],),
            jac=True,
            method="L-BFGS-B",
            # The next round starts where this one ends.
            options={"maxiter": 25},
        )
        ability, ease = found.x[:workers], found.x[workers:]
        probability = _truth(table, ability, ease)
        if abs(reached - found.fun) < chosen.tolerance * abs(found.fun):
            break
        reached = found.fun
    return probability


def _log_odds(table: LabelTable, ability: Floats, ease: Floats) -> Floats:
    odds = ability[table.worker] * np.exp(np.clip(ease[table.task], -_BOUND, _BOUND))
    return np.asarray(np.clip(odds, -_BOUND, _BOUND))


def _truth(table: LabelTable, ability: Floats, ease: Floats) -> Floats:
    odds = _log_odds(table, ability, ease)
    # Against a wrong label, all other classes being equally likely: a factor for the named class.
    gain = odds + np.log(max(table.n_classes - 1, 1))
    cell = table.task * table.n_classes + table.label
    size = table.n_tasks * table.n_classes
    joint = np.bincount(cell, gain, size).reshape(table.n_tasks, table.n_classes)
    weight = np.exp(joint - joint.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def _loss(table: LabelTable, values: Floats, right: Floats) -> tuple[float, Floats]:
    """Return minus the expected log-posterior and its gradient by abilities, then tasks."""
    workers = table.n_workers
    ability, ease = values[:workers], values[workers:]
    odds = _log_odds(table, ability, ease)
    wrong = np.log(max(table.n_classes - 1, 1))
    fit = right * -np.logaddexp(0.0, -odds) - (1.0 - right) * (np.logaddexp(0.0, odds) + wrong)
    slope = right - 1.0 / (1.0 + np.exp(-odds))
    factor = np.exp(np.clip(ease, -_BOUND, _BOUND))[table.task]
    gradient = np.concatenate(
        [
            np.bincount(table.worker, slope * factor, workers) - (ability - 1.0),
            np.bincount(table.task, slope * odds, table.n_tasks) - (ease - 1.0),
        ]
    )
    prior = 0.5 * float(((values - 1.0) ** 2).sum())
    return prior - float(fit.sum()), -gradient
