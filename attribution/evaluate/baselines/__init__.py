"""Strong and fair competitors, one algorithm a file, all on the same features and labels."""

from __future__ import annotations

from attribution.evaluate.baselines.base import Baseline
from attribution.evaluate.baselines.boosting import BoostedTrees
from attribution.evaluate.baselines.extra import MissingExtraError
from attribution.evaluate.baselines.features import features_from_case
from attribution.evaluate.baselines.forest import RandomForest
from attribution.evaluate.baselines.logistic import LogisticRegression
from attribution.evaluate.baselines.majority import MajorityOfLabellers
from attribution.evaluate.baselines.naive_bayes import NaiveBayes
from attribution.evaluate.baselines.neighbours import NearestNeighbours
from attribution.evaluate.baselines.simple import AlwaysFirst, ClassFrequencies

__all__ = [
    "AlwaysFirst",
    "Baseline",
    "BoostedTrees",
    "ClassFrequencies",
    "LogisticRegression",
    "MajorityOfLabellers",
    "MissingExtraError",
    "NaiveBayes",
    "NearestNeighbours",
    "RandomForest",
    "fast_baselines",
    "features_from_case",
    "standard_baselines",
]


def fast_baselines() -> tuple[Baseline, ...]:
    """List the baselines that need seconds and no further library.

    Returns
    -------
    tuple of Baseline
        With their documented default settings.
    """
    return (AlwaysFirst(), ClassFrequencies(), NearestNeighbours(), NaiveBayes())


def standard_baselines() -> tuple[Baseline, ...]:
    """List the baselines that every evaluation reports, from the simplest to the strongest.

    Returns
    -------
    tuple of Baseline
        With their documented default settings.
    """
    return (*fast_baselines(), LogisticRegression(), RandomForest(), BoostedTrees())
