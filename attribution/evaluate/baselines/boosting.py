"""Gradient-boosted trees (XGBoost), set-valued labels as weighted copies of a row."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from attribution.evaluate.baselines import em
from attribution.evaluate.baselines.encoding import design_matrix
from attribution.evaluate.baselines.extra import xgboost
from attribution.evaluate.credit import divide

if TYPE_CHECKING:
    import pandas as pd

    from attribution.evaluate.targets import Floats, Targets


@dataclass(frozen=True)
class BoostedTrees:
    """XGBoost with a soft-max over the actors; depth and number of rounds from inner folds.

    An incident becomes one row for each actor that its labels allow, weighted by the labels divided
    in proportion to the class frequencies: the first round of EM, after which the forest and the
    logit do best here, too.

    Attributes
    ----------
    depths
        Candidate depths of a tree, the default first.
    rounds
        Candidate numbers of boosting rounds, the default first.
    rate
        Learning rate.
    rows, columns
        Shares of rows and columns that a tree sees.
    """

    depths: tuple[int, ...] = (3, 1)
    rounds: tuple[int, ...] = (30, 15, 60)
    rate: float = 0.1
    rows: float = 0.8
    columns: float = 0.5
    name: str = "xgboost"

    def predict(self, features: pd.DataFrame, train: Targets, seed: int) -> Floats:
        """Fit and predict.

        Parameters
        ----------
        features
            One row per incident.
        train
            The labels to learn from.
        seed
            Seed of the trees and of the inner folds.

        Returns
        -------
        numpy.ndarray
            (N, K) probabilities, mixed with 2 % class frequencies.

        Raises
        ------
        MissingExtraError
            If XGBoost is not installed.
        """
        x = design_matrix(features)

        def predict(setting: tuple[int, int], labels: Targets) -> Floats:
            return em.smooth(self._fit_predict(x, labels, setting, seed), labels)

        settings = list(product(self.depths, self.rounds))
        return predict(em.choose(settings, predict, train, seed), train)

    def _fit_predict(
        self, x: Floats, train: Targets, setting: tuple[int, int], seed: int
    ) -> Floats:
        base = em.frequencies(train)
        actors = np.flatnonzero(train.sets.any(axis=0))
        if len(actors) < 2:
            return np.tile(base, (len(x), 1))
        soft = divide(train, np.tile(base, (len(train.incidents), 1)))
        row, actor = np.nonzero(soft)
        library = xgboost()
        depth, rounds = setting
        data = library.DMatrix(
            x[train.incidents][row],
            label=np.searchsorted(actors, actor),
            weight=soft[row, actor],
            nthread=1,
        )
        options = {
            "objective": "multi:softprob",
            "num_class": len(actors),
            "max_depth": depth,
            "eta": self.rate,
            "subsample": self.rows,
            "colsample_bytree": self.columns,
            "nthread": 1,
            "seed": seed,
            "verbosity": 0,
        }
        trees = library.train(options, data, num_boost_round=rounds)
        p = np.zeros((len(x), len(train.actors)))
        p[:, actors] = trees.predict(library.DMatrix(x, nthread=1))
        # Single precision inside the library.
        return p / p.sum(axis=1, keepdims=True)
