"""Rows that are alike, so that each distinct one among many is looked at once.

A file of a hundred thousand incidents has a dozen weapons and some thousand days. Whatever depends
on a few columns is found for each distinct combination of their cells and handed to all its rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    #: The position of an incident and what there is to note of it.
    type Note = tuple[int, str]


#: Up to so many rows are compared one by one.
FEW = 128


class Distinct(NamedTuple):
    """The distinct ones among rows, in the order in which they first occur.

    Parameters
    ----------
    number
        Which of the distinct ones each row is: (rows,).
    first
        The first row of each: (distinct,).
    """

    number: NDArray[np.int64]
    first: NDArray[np.int64]

    def cells(self, *columns: pd.Series[Any]) -> list[tuple[Any, ...]]:
        """Return the cells of the first row of each.

        Parameters
        ----------
        columns
            At least one column of the rows.

        Returns
        -------
        A tuple of cells, one a column, for each of the distinct ones.
        """
        taken = (column.array[self.first].tolist() for column in columns)
        return list(zip(*taken, strict=True))

    def spread(
        self, found: Iterable[tuple[int, str]], incident: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], list[Note]]:
        """Hand what was found of the distinct ones to all rows.

        Parameters
        ----------
        found
            A code and a note, "" for none, for each of the distinct ones.
        incident
            Position of the incident that each row is about; None for rows that are incidents.

        Returns
        -------
        The code of every row, (rows,), and the notes in the order of rows.
        """
        listed = list(found)
        codes = np.array([code for code, _ in listed], dtype=np.int64)
        return codes[self.number], self.notes([text for _, text in listed], incident)

    def notes(self, texts: Sequence[str], incident: NDArray[np.int64] | None = None) -> list[Note]:
        """Hand notes on the distinct ones to all rows; see ``spread``."""
        noted = np.array([text != "" for text in texts], dtype=bool)
        rows = np.flatnonzero(noted[self.number])
        about = rows if incident is None else incident[rows]
        numbers = self.number[rows].tolist()
        return [(row, texts[own]) for row, own in zip(about.tolist(), numbers, strict=True)]


def distinct(*columns: pd.Series[Any]) -> Distinct:
    """Find the distinct rows of a table.

    Parameters
    ----------
    columns
        At least one column; missing cells are alike.

    Returns
    -------
    Distinct
        See there.
    """
    if len(columns[0]) <= FEW:
        # A few incidents are asked about most often, and looking at each is quicker.
        return _distinct_few(columns)
    return together(*(_distinct_cells(column) for column in columns))


def together(*each: Distinct) -> Distinct:
    """Find the distinct combinations of what is distinct column by column.

    Parameters
    ----------
    each
        The distinct cells of at least one column.

    Returns
    -------
    Distinct
        The same as `distinct` finds in the columns.
    """
    whole = each[0]
    for other in each[1:]:
        number, _ = pd.factorize(whole.number * len(other.first) + other.number)
        whole = _numbered(number)
    return whole


def _distinct_cells(column: pd.Series[Any]) -> Distinct:
    return _numbered(pd.factorize(column.array, use_na_sentinel=False)[0])


def _numbered(number: NDArray[np.int64]) -> Distinct:
    """Complete numbers that rise by one wherever something occurs for the first time."""
    highest = np.maximum.accumulate(number)
    return Distinct(number, np.flatnonzero(np.diff(highest, prepend=-1)))


def _distinct_few(columns: Sequence[pd.Series[Any]]) -> Distinct:
    cells = [column.tolist() for column in columns]
    first: dict[tuple[Any, ...], int] = {}
    position: dict[tuple[Any, ...], int] = {}
    number = np.empty(len(columns[0]), dtype=np.int64)
    for row, found in enumerate(zip(*cells, strict=True)):
        # A missing number differs from itself.
        key = tuple(None if cell != cell else cell for cell in found)  # noqa: PLR0124
        number[row] = position.setdefault(key, len(position))
        first.setdefault(key, row)
    return Distinct(number, np.array(list(first.values()), dtype=np.int64))


def column_of(incidents: pd.DataFrame, column: str) -> pd.Series[Any]:
    """Return a column, of missing texts if the table lacks it."""
    if column in incidents:
        return incidents[column]
    return pd.Series("", index=incidents.index, dtype="str")


def by_row(count: int, notes: Iterable[Note]) -> tuple[tuple[str, ...], ...]:
    """Gather the notes on every incident.

    Parameters
    ----------
    count
        Number of incidents.
    notes
        Notes in any order of incidents.

    Returns
    -------
    For every incident its notes, in their order.
    """
    gathered: list[tuple[str, ...]] = [()] * count
    for row, text in notes:
        gathered[row] = (*gathered[row], text)
    return tuple(gathered)
