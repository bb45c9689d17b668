"""Nearest neighbours in space and time: the labels of what happened near by, not long before."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from attribution.channels.measured import kilometres
from attribution.evaluate.baselines import em
from attribution.evaluate.credit import divide

if TYPE_CHECKING:
    import pandas as pd

    from attribution.evaluate.targets import Floats, Targets


@dataclass(frozen=True)
class NearestNeighbours:
    """A kernel vote: labelled incidents vote the more, the nearer they are in space and time.

    p_k(i) = (Σ_j w_ij s_jk + m f_k) / (Σ_j w_ij + m) with w_ij = exp(-d_ij / h_d - t_ij / h_t), s_j
    the labels of incident j, sets divided evenly, f the class frequencies. Later incidents vote
    like earlier ones, if their labels are among those given.

    Attributes
    ----------
    kilometres, days
        Candidate lengths h_d and h_t, the default first.
    masses
        Candidate weights m of the class frequencies, in incidents, the default first. All three are
        chosen together in folds of the training labels.
    """

    kilometres: tuple[float, ...] = (50.0, 10.0, 200.0)
    days: tuple[float, ...] = (180.0, 45.0, 720.0)
    masses: tuple[float, ...] = (1.0, 0.3, 3.0)
    name: str = "nearest_neighbours"

    def predict(self, features: pd.DataFrame, train: Targets, seed: int) -> Floats:
        """Vote.

        Parameters
        ----------
        features
            One row per incident, with ``latitude`` and ``longitude`` in degrees and ``date``.
        train
            The labels to learn from.
        seed
            Seed of the inner folds.

        Returns
        -------
        numpy.ndarray
            (N, K) probabilities, all positive.
        """
        labelled = train.incidents
        distance, age = _distances(features, labelled)

        def vote(setting: tuple[float, float, float], labels: Targets) -> Floats:
            near, recent, mass = setting
            column = np.searchsorted(labelled, labels.incidents)
            weight = np.exp(-distance[:, column] / near - age[:, column] / recent)
            even = divide(labels, np.ones((len(labels.incidents), len(labels.actors))))
            votes = weight @ even + mass * em.frequencies(labels)
            p: Floats = votes / votes.sum(axis=1, keepdims=True)
            return p

        settings = list(product(self.kilometres, self.days, self.masses))
        return vote(em.choose(settings, vote, train, seed), train)


def _distances(features: pd.DataFrame, rows: np.ndarray) -> tuple[Floats, Floats]:
    """Great-circle distances in kilometres and gaps in days, (N, M) each."""
    latitude = features["latitude"].to_numpy(dtype=np.float64)
    longitude = features["longitude"].to_numpy(dtype=np.float64)
    day = features["date"].to_numpy(dtype="datetime64[D]").astype(np.float64)
    distance = kilometres(latitude, longitude, latitude[rows], longitude[rows])
    return distance, np.abs(day[:, None] - day[rows])
