"""Naive Bayes on categories, set-valued labels by EM."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from attribution.evaluate.baselines import em
from attribution.evaluate.baselines.encoding import category_codes

if TYPE_CHECKING:
    import pandas as pd

    from attribution.evaluate.targets import Floats, Ints, Targets


@dataclass(frozen=True)
class NaiveBayes:
    """p(k | x) ∝ p(k) Π_c p(x_c | k), each feature on its own given the actor.

    Attributes
    ----------
    masses
        Candidate smoothing masses m, the default first: p(x_c | k) = (n_kc + m p(x_c)) / (n_k + m),
        which shrinks an actor seen once to the feature's overall frequencies (m-estimate, Cestnik
        1990).
    rounds
        Candidate numbers of EM rounds, the default first; 0 keeps the division of broad labels by
        class frequencies. Mass and rounds are chosen together in folds of the training labels.
    """

    masses: tuple[float, ...] = (50.0, 15.0, 5.0, 150.0)
    rounds: tuple[int, ...] = (0, 3, 30)
    name: str = "naive_bayes"

    def predict(self, features: pd.DataFrame, train: Targets, seed: int) -> Floats:
        """Fit by EM and predict.

        Parameters
        ----------
        features
            One row per incident; numbers are cut at their quintiles.
        train
            The labels to learn from.
        seed
            Seed of the inner folds.

        Returns
        -------
        numpy.ndarray
            (N, K) probabilities, mixed with 2 % class frequencies.
        """
        codes = category_codes(features)

        def predict(setting: tuple[float, int], labels: Targets) -> Floats:
            mass, rounds = setting
            rows = codes[labels.incidents]
            soft = em.run(labels, lambda soft: _posterior(codes, rows, soft, mass)[1], rounds)
            return em.smooth(_posterior(codes, rows, soft, mass)[0], labels)

        settings = list(product(self.masses, self.rounds))
        return predict(em.choose(settings, predict, train, seed), train)


def _posterior(codes: Ints, rows: Ints, soft: Floats, mass: float) -> tuple[Floats, Floats]:
    """Probabilities of all incidents (N, K) and of the training ones (M, K).

    `codes` (N, C) and `rows` (M, C) are category codes, `soft` (M, K) the soft targets.
    """
    count = soft.sum(axis=0)
    prior = np.log(count + em.PSEUDO_COUNT)
    every = np.tile(prior, (len(codes), 1))
    own = np.tile(prior, (len(rows), 1))
    for column in range(codes.shape[1]):
        levels = int(codes[:, column].max()) + 1
        seen = np.zeros((levels, soft.shape[1]))
        np.add.at(seen, rows[:, column], soft)
        # Half a count per level, so a level without a training incident tells actors nothing apart.
        overall = seen.sum(axis=1, keepdims=True) + 0.5
        table = np.log((seen + mass * overall / overall.sum()) / (count + mass))
        every += table[codes[:, column]]
        own += table[rows[:, column]]
    return _softmax(every), _softmax(own)


def _softmax(log: Floats) -> Floats:
    p = np.exp(log - log.max(axis=1, keepdims=True))
    rows: Floats = p / p.sum(axis=1, keepdims=True)
    return rows
