"""What the other labellers of the same incident say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.evaluate.baselines import em
from attribution.evaluate.probabilities import FLOOR

if TYPE_CHECKING:
    import pandas as pd

    from attribution.evaluate.targets import Floats, Targets


@dataclass(frozen=True)
class MajorityOfLabellers:
    """The vote of the labels of an incident that may be seen.

    Each label l votes with the weight w_l of its confidence, evenly for the n_l actors of its set:
    p_k = (Σ_l w_l 1[k ∈ S_l] / n_l + m f_k) / (Σ_l w_l + m), f the class frequencies. Where no
    label is seen, only the frequencies are left.

    Attributes
    ----------
    masses
        Candidate weights m of the frequencies, the default first. Each training label is predicted
        from the other labels of its incident, and the weight with the lowest label loss is taken.
    """

    masses: tuple[float, ...] = (0.5, 0.1, 0.2, 1.0, 2.0, 5.0)
    name: str = "majority_of_labellers"

    def predict(self, features: pd.DataFrame, train: Targets, seed: int) -> Floats:  # noqa: ARG002
        """Count the votes of the training labels.

        Parameters
        ----------
        features
            One row per incident; only counted.
        train
            The labels that may be seen, those of the predicted incidents among them.
        seed
            Not used.

        Returns
        -------
        numpy.ndarray
            (N, K) probabilities, all positive.
        """
        base = em.frequencies(train)
        ballots = train.sets / train.sets.sum(axis=1, keepdims=True) * train.weight[:, None]
        votes = np.zeros((len(features), len(train.actors)))
        np.add.at(votes, train.incident, ballots)
        mass = self._mass(train, votes[train.incident] - ballots, base)
        return _shares(votes, base, mass)

    def _mass(self, train: Targets, others: Floats, base: Floats) -> float:
        # Rounding leaves specks where a label's own vote was all there was.
        others = np.where(others > FLOOR, others, 0.0)
        shared = np.any(others > 0, axis=1)
        if not np.any(shared):
            return self.masses[0]
        losses = [
            -np.log(np.sum(_shares(others, base, mass) * train.sets, axis=1)[shared]).mean()
            for mass in self.masses
        ]
        return self.masses[int(np.argmin(losses))]


def _shares(votes: Floats, base: Floats, mass: float) -> Floats:
    p: Floats = (votes + mass * base) / (votes.sum(axis=1, keepdims=True) + mass)
    return p
