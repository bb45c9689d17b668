"""Incidents as they are supposed to be, gathered into one evidence that channels can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from attribution.case.readonly import ReadOnly
from attribution.channels.base import CLAIMS, LABELS, OTHER_STATEMENTS
from attribution.channels.evidence import Evidence, empty_labels, empty_statements
from attribution.posterior.intake import RANGES, claim_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

#: What stands for a missing value in columns that are no text.
EMPTY = ReadOnly({"date": pd.NaT, **dict.fromkeys(RANGES, float("nan"))})
#: Columns that are needed whatever channels read: who, where it was read, when.
ALWAYS = frozenset({"incident_id", "source_ids", "date"})


class Cell(NamedTuple):
    """A value that a column is supposed to have; None if it is unknown."""

    column: str
    value: object


class Supposition(NamedTuple):
    """An incident of the case with something changed, or one made up.

    Parameters
    ----------
    row
        Position of the incident; None for one of which nothing is recorded.
    cells
        Values of the columns that are supposed.
    claims
        Those who claim it instead of those that did; None leaves the claims.
    keep_labels
        Whether its labels stay.
    """

    row: int | None
    cells: tuple[Cell, ...] = ()
    claims: tuple[str, ...] | None = None
    keep_labels: bool = True


@dataclass(frozen=True, eq=False)
class Gathered:
    """Evidence about supposed incidents.

    Parameters
    ----------
    evidence
        One row an incident.
    statements, labels
        For each row of these tables, its number among those of its own incident; claims that were
        replaced keep their numbers, those that replace them come behind all others.
    """

    evidence: Evidence
    statements: NDArray[np.int64]
    labels: NDArray[np.int64]


class _Table:
    """Rows of a table, to be taken by position."""

    def __init__(self, table: pd.DataFrame, columns: Iterable[str]) -> None:
        self._arrays = {name: table[name].array for name in columns}

    def taken(self, positions: NDArray[np.int64], only: frozenset[str]) -> dict[str, Any]:
        """Return some columns of the rows at some positions."""
        return {name: array.take(positions) for name, array in self._arrays.items() if name in only}


class _Said:
    """Statements or labels, to be taken by incident."""

    def __init__(self, table: pd.DataFrame, empty: pd.DataFrame, incidents: int) -> None:
        self._empty = empty
        self._columns = frozenset(str(name) for name in empty.columns) - {"row"}
        self._table = _Table(table, self._columns)
        row = table["row"].to_numpy(dtype=np.int64)
        self._order = np.argsort(row, kind="stable")
        self._starts = np.searchsorted(row[self._order], np.arange(incidents + 1))

    def of(self, row: int | None) -> NDArray[np.int64]:
        """Return the positions of an incident's rows."""
        if row is None:
            return self._order[:0]
        return self._order[self._starts[row] : self._starts[row + 1]]

    def taken(self, own: Sequence[NDArray[np.int64]]) -> pd.DataFrame:
        """Return the rows at some positions for each of several incidents."""
        lengths = [len(each) for each in own]
        if not any(lengths):
            return self._empty
        taken = self._table.taken(np.concatenate(own), self._columns)
        return pd.DataFrame({"row": np.repeat(np.arange(len(own)), lengths), **taken}, copy=False)


class Collection:
    """All that is known of a case's incidents, to suppose something else of some of them.

    Parameters
    ----------
    evidence
        What is known.
    """

    def __init__(self, evidence: Evidence) -> None:
        count, self._incidents = len(evidence), evidence.incidents
        self._every = frozenset(str(name) for name in evidence.incidents.columns)
        self._recorded = _Table(evidence.incidents, self._every)
        self._statements = _Said(evidence.statements, empty_statements(), count)
        self._labels = _Said(evidence.labels, empty_labels(), count)
        self._is_claim = (evidence.statements["kind"] == "claim").to_numpy(dtype=bool)

    def labels(self, row: int | None) -> int:
        """Return the number of labels of an incident; None stands for one that is made up."""
        return len(self._labels.of(row))

    def gathered(
        self, asked: Sequence[Supposition], reads: frozenset[str] | None = None
    ) -> Gathered:
        """Gather incidents.

        Parameters
        ----------
        asked
            The incidents, at least one: all of the case or all made up, of which fewer columns are
            known.
        reads
            What of them will be read, see `attribution.channels.base.Channel.reads`; None for all.
        """
        said = {CLAIMS, OTHER_STATEMENTS, LABELS} if reads is None else reads
        statements, statement_numbers = self._gathered_statements(
            asked if {CLAIMS, OTHER_STATEMENTS} & said else ()
        )
        own = [
            self._labels.of(each.row if each.keep_labels and LABELS in said else None)
            for each in asked
        ]
        return Gathered(
            Evidence(
                self._gathered_incidents(asked, self._every if reads is None else reads | ALWAYS),
                statements,
                self._labels.taken(own),
            ),
            statement_numbers,
            np.concatenate([np.arange(len(each)) for each in own]),
        )

    def _gathered_incidents(
        self, asked: Sequence[Supposition], only: frozenset[str]
    ) -> pd.DataFrame:
        rows = [each.row for each in asked if each.row is not None]
        columns: dict[str, Any]
        if rows:
            columns = self._recorded.taken(np.array(rows), only)
        else:
            columns = {
                name: pd.Series([value] * len(asked), dtype=self._incidents[name].dtype).array
                for name, value in made_up(self._incidents).items()
                if name in only
            }
        changed: dict[str, list[object]] = {}
        for number, each in enumerate(asked):
            for column, value in each.cells:
                if column in columns:
                    if column not in changed:
                        changed[column] = columns[column].tolist()
                    changed[column][number] = EMPTY.get(column, "") if value is None else value
        for column, cells in changed.items():
            columns[column] = pd.Series(cells, dtype=columns[column].dtype).array
        return pd.DataFrame(columns, copy=False)

    def _gathered_statements(
        self, asked: Sequence[Supposition]
    ) -> tuple[pd.DataFrame, NDArray[np.int64]]:
        """Return the statements about incidents, and their numbers; see `Gathered`."""
        own, numbers = [], []
        claims: list[tuple[int, str]] = []
        claim_numbers: list[int] = []
        for row, each in enumerate(asked):
            positions = self._statements.of(each.row)
            number = np.arange(len(positions))
            if each.claims is not None:
                claims += [(row, speaker) for speaker in each.claims]
                claim_numbers += [len(number) + turn for turn in range(len(each.claims))]
                stays = ~self._is_claim[positions]
                positions, number = positions[stays], number[stays]
            own.append(positions)
            numbers.append(number)
        table = self._statements.taken(own)
        if claims:
            added = claim_rows(claims)
            table = pd.concat([table, added], ignore_index=True) if len(table) else added
        return table, np.concatenate([*numbers, np.array(claim_numbers, dtype=np.int64)])


def made_up(incidents: pd.DataFrame) -> dict[str, object]:
    """Return an incident of which nothing is known, by column.

    Parameters
    ----------
    incidents
        The case's incidents, for the columns; numbers other than coordinates are left out.
    """
    return {
        str(name): EMPTY.get(str(name), "")
        for name, values in incidents.items()
        if pd.api.types.is_string_dtype(values.dtype) or name in EMPTY
    }
