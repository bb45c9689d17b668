"""The scores that tables show: their names, their direction, and what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attribution.evaluate.bootstrap import Difference

BETTER, WORSE, UNCLEAR = "better", "worse", "not told apart"


@dataclass(frozen=True)
class Metric:
    """A score as a column of a table.

    Attributes
    ----------
    key
        Field of `scores.Scores`.
    title
        Name in tables.
    meaning
        For a reader who meets it first.
    lower_is_better
        Direction.
    per_incident
        Whether each incident has a value of its own (`scores.IncidentScores`).
    """

    key: str
    title: str
    meaning: str
    lower_is_better: bool = True
    per_incident: bool = True

    def verdict(self, difference: Difference) -> str:
        """Say whether the first of two predictors is better.

        Parameters
        ----------
        difference
            First minus second, with its interval.

        Returns
        -------
        str
            "better" or "worse" if the interval leaves 0 out, else "not told apart".
        """
        if not (difference.lo > 0 or difference.hi < 0):
            return UNCLEAR
        return BETTER if (difference.mean < 0) == self.lower_is_better else WORSE


METRICS = (
    Metric(
        "label_loss", "label loss", "minus the log of the probability of whom a label names, nats"
    ),
    Metric(
        "parent_loss",
        "parent loss",
        "the same where one militia is named, given that it was some militia",
    ),
    Metric(
        "top1",
        "top-1",
        "how often that militia is the likeliest one",
        lower_is_better=False,
    ),
    Metric("top2", "top-2", "how often it is among the two likeliest", lower_is_better=False),
    Metric("top3", "top-3", "how often it is among the three likeliest", lower_is_better=False),
    Metric(
        "militia_or_not",
        "militia-or-not",
        'how often "more likely a militia than not" is right',
        lower_is_better=False,
    ),
    Metric("brier", "Brier", "quadratic loss from 0 to 2"),
    Metric(
        "ece",
        "ECE",
        "calibration error of the likeliest actor; grows as incidents get fewer",
        per_incident=False,
    ),
)

#: The losses for which a skill against the class frequencies is given.
SKILLS = {"label_loss": "label_skill", "parent_loss": "parent_skill", "brier": "brier_skill"}


def metric(key: str) -> Metric:
    """Find a metric.

    Parameters
    ----------
    key
        Its key.

    Returns
    -------
    Metric
        The metric.
    """
    return next(each for each in METRICS if each.key == key)
