"""Baselines that look at no features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.evaluate.baselines import em

if TYPE_CHECKING:
    import pandas as pd

    from attribution.evaluate.targets import Floats, Targets


@dataclass(frozen=True)
class AlwaysFirst:
    """The usual suspect: always the first actor of the case, with probability 1 - epsilon.

    Attributes
    ----------
    epsilon
        Probability shared evenly by all other actors.
    """

    epsilon: float = 0.01
    name: str = "always_first"

    def predict(self, features: pd.DataFrame, train: Targets, seed: int) -> Floats:  # noqa: ARG002
        """Predict the first actor everywhere.

        Parameters
        ----------
        features
            One row per incident; only counted.
        train
            Gives the actors; its labels are not used.
        seed
            Not used.

        Returns
        -------
        numpy.ndarray
            (N, K) probabilities.
        """
        n_actors = len(train.actors)
        row = np.full(n_actors, self.epsilon / max(n_actors - 1, 1))
        row[0] = 1 - row[1:].sum()
        return np.tile(row, (len(features), 1))


@dataclass(frozen=True)
class ClassFrequencies:
    """The frequencies of the actors among the training labels (`em.frequencies`).

    Attributes
    ----------
    pseudo_count
        Incidents added to each actor's count.
    """

    pseudo_count: float = em.PSEUDO_COUNT
    name: str = "class_frequencies"

    def predict(self, features: pd.DataFrame, train: Targets, seed: int) -> Floats:  # noqa: ARG002
        """Predict the same frequencies for every incident.

        Parameters
        ----------
        features
            One row per incident; only counted.
        train
            The labels to count.
        seed
            Not used.

        Returns
        -------
        numpy.ndarray
            (N, K) probabilities.
        """
        return np.tile(em.frequencies(train, self.pseudo_count), (len(features), 1))
