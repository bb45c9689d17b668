"""Learning from labels that name sets: expectation and maximisation around any classifier.

A label l of incident i that names the set S adds log Σ_{k∈S} p_k(x_i) to the log-likelihood. The
E-step divides each label over its members, r_lk ∝ p_k(x_i) 1[k ∈ S]; the M-step fits the
classifier to the divided labels (Jin and Ghahramani, "Learning with multiple labels", 2002).
Labels count by their share within the incident, so that each incident counts as in the label
loss. Starting from the class frequencies, not from an even division, keeps a common actor common.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from attribution.evaluate.credit import divide
from attribution.evaluate.crossval import out_of_fold
from attribution.evaluate.scores import label_loss
from attribution.evaluate.splits import kfold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from attribution.evaluate.targets import Floats, Targets

PSEUDO_COUNT = 0.5
FREQUENCY_SHARE = 0.02
TOLERANCE = 1e-3
INNER_FOLDS = 4


def frequencies(targets: Targets, pseudo_count: float = PSEUDO_COUNT) -> Floats:
    """Frequencies of the actors among labelled incidents, from set-valued labels.

    EM for p_k = (a + Σ_i soft_ik) / (K a + M), the posterior mode under a symmetric Dirichlet
    prior with parameter 1 + a.

    Parameters
    ----------
    targets
        The labels; without any, the answer is uniform.
    pseudo_count
        a, in incidents per actor; 0.5 as in Krichevsky and Trofimov (1981).

    Returns
    -------
    numpy.ndarray
        (K,) probabilities, all positive.
    """
    n_actors, n_rows = len(targets.actors), len(targets.incidents)
    p: Floats = np.full(n_actors, 1 / n_actors)
    # Without features, labels that name the same set are divided alike.
    sets, code = np.unique(targets.sets, axis=0, return_inverse=True)
    weight = np.bincount(code.ravel(), targets.share, minlength=len(sets))
    for _ in range(1000):
        named = p * sets
        count = weight @ (named / named.sum(axis=1, keepdims=True))
        new = (pseudo_count + count) / (n_actors * pseudo_count + n_rows)
        done = np.max(np.abs(new - p)) < 1e-9
        p = new
        if done:
            break
    return p


def run(targets: Targets, step: Callable[[Floats], Floats], rounds: int) -> Floats:
    """Alternate E- and M-steps until the soft targets settle.

    Parameters
    ----------
    targets
        The labels to learn from.
    step
        Fits the classifier to soft targets (M, K) and returns its probabilities (M, K) for the
        same incidents, for the next division.
    rounds
        Most rounds to run.

    Returns
    -------
    numpy.ndarray
        (M, K) the last soft targets, to fit the final classifier to.
    """
    start = frequencies(targets)
    soft = divide(targets, np.tile(start, (len(targets.incidents), 1)))
    for _ in range(rounds):
        new = divide(targets, step(soft))
        done = np.max(np.abs(new - soft), initial=0.0) < TOLERANCE
        soft = new
        if done:
            break
    return soft


def smooth(p: Floats, targets: Targets) -> Floats:
    """Mix in 2 % of the smoothed class frequencies.

    An actor that no training label names would otherwise get probability 0 and one test label
    would cost 27.6 nats; no competent competitor would hand that in.

    Parameters
    ----------
    p
        (N, K) probabilities.
    targets
        The training labels.

    Returns
    -------
    numpy.ndarray
        (N, K) probabilities, all positive.
    """
    mixed: Floats = (1 - FREQUENCY_SHARE) * p + FREQUENCY_SHARE * frequencies(targets)
    return mixed


def choose[Candidate](
    candidates: Sequence[Candidate],
    predict: Callable[[Candidate, Targets], Floats],
    train: Targets,
    seed: int,
) -> Candidate:
    """Choose a setting by label loss in folds of the training incidents.

    Parameters
    ----------
    candidates
        Settings, the default first: it is taken where fewer than 16 incidents leave nothing to
        choose by, and on ties.
    predict
        Fits a setting to labels and returns (N, K) probabilities.
    train
        The training labels; no others are looked at.
    seed
        Seed of the inner folds.

    Returns
    -------
    Candidate
        The setting with the lowest label loss over 4 inner folds.
    """
    if len(candidates) == 1 or len(train.incidents) < 4 * INNER_FOLDS:
        return candidates[0]
    folds = kfold(train, INNER_FOLDS, seed)
    losses = [
        label_loss(train, out_of_fold(partial(predict, each), train, folds)) for each in candidates
    ]
    return candidates[int(np.argmin(losses))]
