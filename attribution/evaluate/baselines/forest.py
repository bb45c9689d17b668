"""Random forest, set-valued labels by EM."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np

from attribution.evaluate.baselines import em
from attribution.evaluate.baselines.encoding import design_matrix
from attribution.evaluate.baselines.extra import sklearn
from attribution.evaluate.probabilities import FLOOR

if TYPE_CHECKING:
    import pandas as pd

    from attribution.evaluate.targets import Floats, Targets


class Forest(Protocol):
    """The part of scikit-learn's fitted forest that is used here; M rows, K outputs."""

    oob_prediction_: Floats

    def predict(self, x: Floats) -> Floats:
        """Mean soft target of the leaves that each row of (N, P) falls in, (N, K)."""
        ...


@dataclass(frozen=True)
class RandomForest:
    """Random forest; leaf size and EM round are chosen by the out-of-bag label loss.

    The trees are grown on the soft targets themselves, one row per incident, as a regression with
    K outputs. Its splits are those of a classification forest on one row per incident and actor
    weighted by the soft targets: summed over outputs, the fall in squared error equals the fall in
    Gini impurity, since both are Σ_children n_c Σ_k mean_ck² up to a constant. But the rows of a
    weighted classification would be bagged one by one: nearly every tree would see some row of
    every incident, and its out-of-bag probabilities would repeat the incident's own soft targets.

    Attributes
    ----------
    trees
        Trees of the final forest.
    em_trees
        Trees of the forests inside EM.
    leaves
        Candidate least numbers of incidents in a leaf, a tie goes to the first.
    max_features
        Columns tried at a split, as scikit-learn takes it: the square root of their number, which
        beat shares of .3 and .6 here.
    rounds
        Most divisions of the labels tried, at least 1; the first is by class frequencies. One by
        default: on the Iraq tables (5 folds, 3 seeds) it gave a label loss of .94 and a parent
        loss of 1.43, up to ten gave .96 and 1.50.
    """

    trees: int = 500
    em_trees: int = 200
    leaves: tuple[int, ...] = (1, 2, 4)
    max_features: float | str = "sqrt"
    rounds: int = 1
    name: str = "random_forest"

    def predict(self, features: pd.DataFrame, train: Targets, seed: int) -> Floats:
        """Fit by EM, dividing labels by out-of-bag probabilities, and predict.

        A forest repeats the soft targets at its own training rows, so the first division of the
        labels would hardly change. Out-of-bag probabilities come from trees that did not see the
        incident. They also tell when to stop: later rounds make the divided labels purer than
        they deserve, so the leaf size and the round with the lowest out-of-bag label loss are kept.

        Parameters
        ----------
        features
            One row per incident.
        train
            The labels to learn from.
        seed
            Seed of the forests.

        Returns
        -------
        numpy.ndarray
            (N, K) probabilities, mixed with 2 % class frequencies.

        Raises
        ------
        MissingExtraError
            If scikit-learn is not installed.
        """
        if len(train.incidents) < 2:
            return np.tile(em.frequencies(train), (len(features), 1))
        x = design_matrix(features)
        rows = x[train.incidents]
        tried: list[tuple[float, int, Floats]] = []

        def step(leaf: int, soft: Floats) -> Floats:
            forest = self._grow(rows, soft, leaf=leaf, seed=seed, trees=self.em_trees)
            p = _distribution(forest.oob_prediction_)
            tried.append((_set_loss(train, em.smooth(p, train)), leaf, soft))
            return p

        for leaf in self.leaves:
            em.run(train, partial(step, leaf), max(self.rounds, 1))
        _, leaf, soft = min(tried, key=lambda each: each[0])
        forest = self._grow(rows, soft, leaf=leaf, seed=seed, trees=self.trees)
        return em.smooth(_distribution(forest.predict(x)), train)

    def _grow(self, rows: Floats, soft: Floats, *, leaf: int, seed: int, trees: int) -> Forest:
        model = sklearn("ensemble").RandomForestRegressor(
            n_estimators=trees,
            min_samples_leaf=leaf,
            max_features=self.max_features,
            oob_score=_no_score,
            random_state=seed,
        )
        forest: Forest = model.fit(rows, soft)
        return forest


def _no_score(truth: Floats, predicted: Floats) -> float:  # noqa: ARG001
    """Only the out-of-bag predictions are wanted; the default R² warns about constant outputs."""
    return 0.0


def _distribution(p: Floats) -> Floats:
    """Sum the rows to 1 against rounding, and where no tree left the incident out (all zero)."""
    positive = np.maximum(p, FLOOR)
    rows: Floats = positive / positive.sum(axis=1, keepdims=True)
    return rows


def _set_loss(train: Targets, p: Floats) -> float:
    """Label loss of probabilities (M, K) given for the scored incidents only."""
    row = np.searchsorted(train.incidents, train.incident)
    named = np.sum(p[row] * train.sets, axis=1)
    return float(-np.sum(train.share * np.log(named)) / len(train.incidents))
