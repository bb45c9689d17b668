"""Whole files of incidents: one row in, one row out, in the same order."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from attribution.scoring.reading import read_incidents
from attribution.scoring.writing import check_destination, write_attributions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

_log = logging.getLogger(__name__)

_PARTIAL = "partial: "
_REJECTED = "rejected: "


class Attributor(Protocol):
    """What scoring needs of a posterior."""

    def attribute(self, incidents: pd.DataFrame) -> pd.DataFrame:
        """Return the score output, one row an incident; a bad row is marked, never dropped."""


@dataclass(frozen=True)
class ScoreSummary:
    """What became of the rows of a file.

    Attributes
    ----------
    rows
        Number of rows, in and out.
    ok, partial, rejected
        Rows by status.
    reasons
        Number of rows by status text, for every text but "ok".
    """

    rows: int
    ok: int
    partial: int
    rejected: int
    reasons: Mapping[str, int]


def score_file(posterior: Attributor, source: Path, destination: Path) -> ScoreSummary:
    """Attribute every incident of a file.

    Parameters
    ----------
    posterior
        The fitted model.
    source
        CSV or Parquet file with the columns of the case's incidents, as far as known; ``date`` is
        required, and ``claims`` may hold ;-separated brand names.
    destination
        CSV or Parquet file to write, replaced if it exists.

    Returns
    -------
    ScoreSummary
        Counts of rows by status.

    Raises
    ------
    InputFileError
        If the input cannot be read as a whole or the output cannot be written; nothing is written
        then. A single bad row is no such error: it is marked in the column ``status``.
    """
    check_destination(source, destination)
    content = read_incidents(source)
    _log.info("scoring %d rows of %s", len(content.rows), source.name)
    scored = posterior.attribute(content.rows)
    if len(scored) != len(content.rows):
        raise RuntimeError(f"{len(content.rows)} rows were scored, but {len(scored)} came back")
    scored = without_rejected(scored, content.rejected)
    write_attributions(scored, destination)
    return summary(scored)


def without_rejected(scored: pd.DataFrame, rejected: Mapping[int, str]) -> pd.DataFrame:
    """Take the answers away from rows that could not be read.

    Parameters
    ----------
    scored
        Score output.
    rejected
        Why a row could not be read, by position.

    Returns
    -------
    DataFrame
        The output with no number and no word in those rows, and the reason as their status.
    """
    result = scored.copy()
    rows = list(rejected)
    for name in result.columns.drop("incident_id"):
        result.loc[rows, name] = float("nan") if result[name].dtype.kind == "f" else ""
    result.loc[rows, "status"] = [f"{_REJECTED}{rejected[row]}" for row in rows]
    return result


def summary(scored: pd.DataFrame) -> ScoreSummary:
    """Count the rows of a score output by status.

    Parameters
    ----------
    scored
        Score output.

    Returns
    -------
    ScoreSummary
        The counts.
    """
    statuses = [str(status) for status in scored["status"]]
    partial = sum(status.startswith(_PARTIAL) for status in statuses)
    rejected = sum(status.startswith(_REJECTED) for status in statuses)
    return ScoreSummary(
        rows=len(statuses),
        ok=len(statuses) - partial - rejected,
        partial=partial,
        rejected=rejected,
        reasons=Counter(status for status in statuses if status != "ok"),
    )
