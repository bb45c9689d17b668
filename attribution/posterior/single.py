"""Single incidents, recorded or supposed: coded once, and only as far as something is new.

Whoever asks *what if* changes one thing and keeps the rest. What a channel makes of an incident
depends on a few columns, on what was said, or on neither
(`attribution.channels.base.Channel.reads`), so it is kept and used again while these stay the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from attribution.case.readonly import ReadOnly
from attribution.channels.base import CLAIMS, LABELS
from attribution.channels.evidence import Evidence, empty_labels, empty_statements
from attribution.channels.stack import read
from attribution.posterior.explanation import pieces_of, told
from attribution.posterior.intake import RANGES, claim_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from attribution.case.case import Case
    from attribution.channels.stack import Codes, Reading, Stack
    from attribution.posterior.explanation import Piece, Told

#: What stands for a missing value in columns that are no text.
EMPTY = ReadOnly({"date": pd.NaT, **dict.fromkeys(RANGES, float("nan"))})
#: So many findings of channels are kept, each of a few kilobytes at most.
KEPT = 20_000
#: So many incidents are kept as tables.
KEPT_INCIDENTS = 1024


class Cell(NamedTuple):
    """A value that a column is supposed to have; None if it is unknown."""

    column: str
    value: object


@dataclass(frozen=True)
class Supposition:
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
class SingleIncident:
    """One incident as the tables of the posterior read it.

    Parameters
    ----------
    incident_id
        A column of one row; "" for an incident that was made up.
    codes
        All its evidence.
    pieces
        The same by piece, in the order of an explanation.
    """

    incident_id: pd.Series[str]
    codes: Codes
    pieces: tuple[Piece, ...]


class _Finding(NamedTuple):
    """What a channel makes of an incident, and what it tells of it."""

    reading: Reading
    telling: tuple[Told, ...]


class SingleReader:
    """Reads single incidents of a case.

    Parameters
    ----------
    case
        The case.
    stack
        Its channels.
    evidence
        All that the case knows of its own incidents.
    """

    def __init__(self, case: Case, stack: Stack, evidence: Evidence) -> None:
        self._case = case
        self._stack = stack
        self._all = evidence
        # Several threads may find the same thing at the same time; it is the same thing.
        self._recorded = lru_cache(KEPT_INCIDENTS)(self._record)
        self._cells = lru_cache(KEPT_INCIDENTS)(self._cells_of)
        self._found = lru_cache(KEPT)(self._find)

    def recorded(self, row: int | None) -> Evidence:
        """Return what the case knows of an incident; None stands for one that is made up."""
        return self._recorded(row)

    def cells(self, row: int | None) -> Mapping[str, object]:
        """Return the columns of an incident by name."""
        return self._cells(row)

    def read(self, asked: Supposition) -> SingleIncident:
        """Read an incident.

        Parameters
        ----------
        asked
            The incident.

        Returns
        -------
        SingleIncident
            The same as if all of it had been read anew.
        """
        findings = [
            self._found(position, _part(asked, channel.reads))
            for position, channel in enumerate(self._stack.channels)
        ]
        codes = self._stack.lay_out([finding.reading for finding in findings], 1)
        pieces = pieces_of(self._stack, codes, [finding.telling for finding in findings])
        identifier = self.recorded(asked.row).incidents["incident_id"]
        return SingleIncident(identifier, codes, tuple(pieces))

    def evidence(self, asked: Supposition) -> Evidence:
        """Return the evidence about an incident.

        Parameters
        ----------
        asked
            The incident.
        """
        recorded = self.recorded(asked.row)
        incidents, statements = recorded.incidents, recorded.statements
        if asked.cells:
            incidents = incidents.copy()
            for column, value in asked.cells:
                cell = EMPTY.get(column, "") if value is None else value
                incidents[column] = pd.Series([cell], dtype=incidents[column].dtype)
        if asked.claims is not None:
            claims = claim_rows([(0, speaker) for speaker in asked.claims])
            # Other statements keep their rows, by which channels know them.
            claims.index = pd.RangeIndex(len(statements), len(statements) + len(claims))
            kept = statements[statements["kind"] != "claim"]
            statements = pd.concat([kept, claims]) if len(claims) else kept
        labels = recorded.labels if asked.keep_labels else empty_labels()
        return Evidence(incidents, statements, labels)

    def _record(self, row: int | None) -> Evidence:
        return nothing(self._case) if row is None else self._all.take(np.array([row]))

    def _cells_of(self, row: int | None) -> Mapping[str, object]:
        record = self.recorded(row).incidents.iloc[0].to_dict()
        return {str(column): value for column, value in record.items()}

    def _find(self, position: int, asked: Supposition) -> _Finding:
        channel, evidence = self._stack.channels[position], self.evidence(asked)
        reading = read(channel, evidence)
        return _Finding(reading, told(channel, evidence, reading.entries))


def nothing(case: Case) -> Evidence:
    """Return an incident of which nothing is known.

    Parameters
    ----------
    case
        The case, for the columns.
    """
    columns = {
        name: pd.Series([EMPTY.get(str(name), "")], dtype=values.dtype)
        for name, values in case.incidents.items()
        if pd.api.types.is_string_dtype(values.dtype) or name in EMPTY
    }
    return Evidence(pd.DataFrame(columns), empty_statements(), empty_labels())


def _part(asked: Supposition, reads: frozenset[str] | None) -> Supposition:
    """Return the part of a supposition that a channel reads."""
    if reads is None:
        return asked
    return Supposition(
        asked.row,
        tuple(cell for cell in asked.cells if cell.column in reads),
        asked.claims if CLAIMS in reads else None,
        asked.keep_labels or LABELS not in reads,
    )
