"""What a baseline is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pandas as pd

    from attribution.evaluate.targets import Floats, Targets


class Baseline(Protocol):
    """A competitor: learns from labels of some incidents, predicts every incident of the case."""

    @property
    def name(self) -> str:
        """Name in tables of results."""
        ...

    def predict(self, features: pd.DataFrame, train: Targets, seed: int) -> Floats:
        """Fit and predict.

        Parameters
        ----------
        features
            One row per incident of the case (`features.features_from_case`); nothing from labels.
        train
            The labels that may be learned from.
        seed
            Seed of anything random.

        Returns
        -------
        numpy.ndarray
            (N, K) probability of each actor for each incident.
        """
        ...
