"""The outcome of an evaluation: tables, a text, figures, and a folder of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attribution.evaluate import tables
from attribution.evaluate.folder import write_folder
from attribution.evaluate.summary import summary

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd
    from matplotlib.figure import Figure

    from attribution.evaluate.heldout import HeldOut
    from attribution.pictures.picture import Picture


@dataclass(frozen=True, eq=False, repr=False)
class EvaluationReport:
    """How well hidden labels were predicted.

    Attributes
    ----------
    held
        The predictions and what was asked.
    about
        Date, versions and fingerprints (`provenance.describe_run`).
    table
        One row a predictor, the model first: the scores, means over the seeds
        (`tables.score_table`).
    by_seed
        The same for every seed.
    differences
        Paired differences with intervals (`tables.difference_table`).
    predictions
        Every prediction of every incident asked about (`tables.incident_table`).
    questions
        Label loss by quarter, labeller or fold (`tables.question_table`).
    reliability
        Isotonic reliability curves (`tables.reliability_table`).
    """

    held: HeldOut
    about: Mapping[str, str]
    table: pd.DataFrame
    by_seed: pd.DataFrame
    differences: pd.DataFrame
    predictions: pd.DataFrame
    questions: pd.DataFrame
    reliability: pd.DataFrame

    @property
    def text(self) -> str:
        """What came out, in plain words, with the main table."""
        return summary(self.held, self.about, self.table, self.differences, self.questions)

    def plot(self) -> Picture:
        """Draw the reliability of the likeliest actor, with the best baseline's beside it.

        Returns
        -------
        attribution.pictures.picture.Picture
            Drawn from `reliability`.
        """
        from attribution.evaluate.figures import diagram  # noqa: PLC0415 - a second to import

        return diagram(self.held, self.table, self.reliability)

    def plot_overview(self) -> Figure:
        """Draw the differences with their intervals, and the reliability of the likeliest actor.

        Returns
        -------
        matplotlib.figure.Figure
            Drawn from `differences` and `reliability`.
        """
        from attribution.evaluate.figures import overview  # noqa: PLC0415 - a second to import

        return overview(self.held, self.table, self.differences, self.reliability)

    def plot_actors(self) -> Figure:
        """Draw the reliability of each actor's probability, one against the rest.

        Returns
        -------
        matplotlib.figure.Figure
            Drawn from `reliability`, of the model, or without it of the best baseline.
        """
        from attribution.evaluate.figures import actors  # noqa: PLC0415 - a second to import

        return actors(self.held, self.table, self.reliability)

    def save(self, folder: str | Path, *, overwrite: bool = False) -> None:
        """Write all tables, figures and the text, all of it or nothing.

        Parameters
        ----------
        folder
            Where to; made if it does not exist.
        overwrite
            Replace an earlier evaluation there.

        Raises
        ------
        EvaluationError
            If the folder holds something that is not to be replaced.
        OSError
            If it cannot be written.
        """
        write_folder(self, folder, overwrite=overwrite)

    def __repr__(self) -> str:
        return (
            f"EvaluationReport({self.held.plan.scheme}: {len(self.table)} predictors, "
            f"{self.held.targets.n_incidents} incidents asked about)"
        )

    def _repr_html_(self) -> str:
        html: str = self.table.round(3).to_html()
        return html


def report_from(held: HeldOut, about: Mapping[str, str]) -> EvaluationReport:
    """Score predictions in every way.

    Parameters
    ----------
    held
        The predictions.
    about
        Date, versions and fingerprints, taken before the run: files may change under it.

    Returns
    -------
    EvaluationReport
        The outcome.
    """
    by_seed = tables.scores_by_seed(held)
    predictions = tables.incident_table(held)
    return EvaluationReport(
        held=held,
        about=about,
        table=tables.score_table(by_seed),
        by_seed=by_seed,
        differences=tables.difference_table(held),
        predictions=predictions,
        questions=tables.question_table(predictions),
        reliability=tables.reliability_table(held),
    )
