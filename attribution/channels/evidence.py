"""What is known about a set of incidents, in the one shape that every channel reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from attribution.channels.distinct import FEW, column_of, distinct, together

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.channels.distinct import Distinct, Note

STATEMENT_COLUMNS = ("row", "speaker_id", "kind", "date", "source_id", "channel")
LABEL_COLUMNS = (
    "row",
    "labeller",
    "labeller_type",
    "group_id",
    "confidence",
    "contested",
    "date",
    "source_id",
    "scope",
    "basis",
)


@dataclass(frozen=True)
class Evidence:
    """Incidents with the statements and labels about them.

    Parameters
    ----------
    incidents
        One row an incident, ``RangeIndex``; text columns with ``""`` for missing, ``date`` as
        datetime (``NaT`` where unreadable).
    statements, labels
        Long tables; ``row`` is the position of the incident in ``incidents``. Undated rows carry
        ``NaT``.
    """

    incidents: pd.DataFrame
    statements: pd.DataFrame
    labels: pd.DataFrame

    def __len__(self) -> int:
        return len(self.incidents)

    def cell(self, column: str, row: int) -> Any:  # noqa: ANN401 - whatever the column holds
        """Return a cell of an incident by position, "" if the table lacks the column."""
        cells = self._cells.get(column)
        if cells is None:
            known = column in self.incidents
            cells = self.incidents[column].tolist() if known else [""] * len(self)
            self._cells[column] = cells
        return cells[row]

    @cached_property
    def _cells(self) -> dict[str, list[Any]]:
        """Columns that were asked for by cell, as lists."""
        return {}

    def alike(self, *columns: str) -> Distinct:
        """Find the incidents that are alike in some columns.

        Parameters
        ----------
        columns
            At least one; one that the table lacks has no text throughout.

        Returns
        -------
        Distinct
            Several channels read the same column, whose cells are compared only once.
        """
        if len(self) <= FEW:
            return distinct(*(column_of(self.incidents, column) for column in columns))
        for column in columns:
            if column not in self._alike:
                self._alike[column] = distinct(column_of(self.incidents, column))
        return together(*(self._alike[column] for column in columns))

    def looked_up(
        self, columns: Sequence[str], read: Callable[..., tuple[int, str]]
    ) -> tuple[NDArray[np.int64], list[Note]]:
        """Read each distinct combination of cells once.

        Parameters
        ----------
        columns
            Columns that are read; one that the table lacks has no text throughout.
        read
            Function from a cell a column to a code and a note, "" for none.

        Returns
        -------
        The code of every incident, (incidents,), and the notes in the order of incidents.
        """
        alike = self.alike(*columns)
        cells = alike.cells(*(column_of(self.incidents, column) for column in columns))
        return alike.spread(read(*each) for each in cells)

    @cached_property
    def _alike(self) -> dict[str, Distinct]:
        """Columns whose cells were compared."""
        return {}

    def take(self, rows: Sequence[int] | NDArray[np.int64]) -> Evidence:
        """Return the evidence about some of the incidents.

        Parameters
        ----------
        rows
            Positions, each from 0 to ``len(self) - 1``; one may occur several times.

        Returns
        -------
        Evidence
            Incidents in the order of ``rows``, each with its statements and labels.
        """
        positions = np.asarray(rows, dtype=np.int64)
        return Evidence(
            self.incidents.iloc[positions].reset_index(drop=True),
            _take(self.statements, positions, len(self)),
            _take(self.labels, positions, len(self)),
        )

    def without_labels(self) -> Evidence:
        """Return the same evidence with every label hidden."""
        return Evidence(self.incidents, self.statements, self.labels.iloc[:0])


def statements_of(evidence: Evidence, kinds: Collection[str]) -> pd.DataFrame:
    """Return the statements of some kinds.

    Parameters
    ----------
    evidence
        Incidents with the statements about them.
    kinds
        Words of the column ``kind``.

    Returns
    -------
    Their rows of the table, with the day of the incident in a column ``day``.
    """
    table = evidence.statements
    return _with_days(evidence, table[table["kind"].isin(list(kinds))])


def labels_of(evidence: Evidence) -> pd.DataFrame:
    """Return all labels.

    Parameters
    ----------
    evidence
        Incidents with the labels about them.

    Returns
    -------
    The table with the day of the incident in a column ``day``.
    """
    return _with_days(evidence, evidence.labels)


def text_at(table: pd.DataFrame, piece: int, column: str) -> str:
    """Return the text in one cell.

    Parameters
    ----------
    table
        Statements or labels.
    piece
        Index of the row.
    column
        Name of the column.

    Returns
    -------
    str
        The text, "" if it is missing.
    """
    value = table[column].at[piece]
    return value if isinstance(value, str) else ""


def day_at(table: pd.DataFrame, piece: int) -> pd.Timestamp:
    """Return the date of a statement or label.

    Parameters
    ----------
    table
        Statements or labels.
    piece
        Index of the row.

    Returns
    -------
    pandas.Timestamp
        The day, ``NaT`` if it is not dated.
    """
    day: pd.Timestamp = table["date"].at[piece]  # type: ignore[assignment] # a table of days
    return day


def case_evidence(case: Case, known: Case | None = None) -> Evidence:
    """Return all that the case knows of its own incidents.

    Parameters
    ----------
    case
        The case.
    known
        Another state of it, with some rows unknown, whose statements and labels are meant.

    Returns
    -------
    Evidence
        The incidents in the order of their table.
    """
    position = pd.Series(np.arange(len(case.incidents)), index=case.incidents["incident_id"])
    state = case if known is None else known
    return Evidence(
        case.incidents.reset_index(drop=True),
        _attach(state.statements, position),
        _attach(state.labels, position),
    )


def empty_statements() -> pd.DataFrame:
    """Return a statements table without rows."""
    return _empty(STATEMENT_COLUMNS).copy(deep=False)


def empty_labels() -> pd.DataFrame:
    """Return a labels table without rows."""
    return _empty(LABEL_COLUMNS).copy(deep=False)


@cache
def _empty(columns: tuple[str, ...]) -> pd.DataFrame:
    """Return a table without rows, which takes longer to make than some incidents to be read."""
    return pd.DataFrame({name: pd.Series(dtype=_dtype(name)) for name in columns})


def _with_days(evidence: Evidence, table: pd.DataFrame) -> pd.DataFrame:
    """Add the day of the incident that each row of statements or labels is about."""
    rows = table["row"].to_numpy(dtype=np.int64)
    return table.assign(day=evidence.incidents["date"].to_numpy()[rows])


def _dtype(name: str) -> str:
    return {"row": "int64", "date": "datetime64[us]"}.get(name, "str")


def _attach(table: pd.DataFrame, position: pd.Series[int]) -> pd.DataFrame:
    rows = table.assign(row=table["incident_id"].map(position).astype("int64"))
    return rows.reset_index(drop=True)


def _take(table: pd.DataFrame, positions: NDArray[np.int64], size: int) -> pd.DataFrame:
    """Keep the rows about the chosen incidents; an incident chosen twice brings its rows twice."""
    if len(positions) == 1:
        own: pd.DataFrame = table[table["row"].to_numpy() == positions[0]]
        return own.reset_index(drop=True).assign(row=0)
    chosen = pd.DataFrame({"row": positions, "new_row": np.arange(len(positions))})
    if size == 0 or table.empty:
        return table.iloc[:0]
    merged = chosen.merge(table, on="row", how="inner", sort=False)
    return merged.drop(columns="row").rename(columns={"new_row": "row"})
