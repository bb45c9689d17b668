"""Changing an incident and asking again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.case.names import name_index
from attribution.case.readonly import ReadOnly
from attribution.channels.evidence import (
    Evidence,
    case_evidence,
    empty_labels,
    empty_statements,
)
from attribution.posterior.intake import RANGES, check_word, claim_rows, is_within, resolve_claimant
from attribution.posterior.notebook import what_if_html

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from attribution.case.case import Case
    from attribution.posterior.explanation import Explanation

#: Changing a column makes the narrower ones beside it say something else; they are emptied.
NARROWER = {"country": ("province", "place"), "province": ("place",)}
#: What stands for a missing value in columns that are no text.
EMPTY = ReadOnly({"date": pd.NaT, **dict.fromkeys(RANGES, float("nan"))})
#: Columns that say where; coordinates that are not given follow them.
PLACED = ("country", "province", "place")
#: Words checked against the case's vocabulary; a country or province that is new is allowed.
STRICT = ("weapon_type", "target_type")


@dataclass(frozen=True, eq=False)
class WhatIf:
    """An incident before and after a supposed change.

    Parameters
    ----------
    before
        Its row of `Posterior.attribute`, None for an incident made up from nothing.
    after
        The row after the change.
    explanation
        The explanation after the change.
    changes
        What was changed, in words.
    """

    before: pd.DataFrame | None
    after: pd.DataFrame
    explanation: Explanation
    changes: str

    def _repr_html_(self) -> str:
        return what_if_html(self)


@dataclass(frozen=True)
class Change:
    """What to change.

    Parameters
    ----------
    columns
        New values of columns of the incident.
    claims
        Names that claim the attack, instead of those that did; None leaves the claims.
    keep_labels
        Whether labels stay.
    """

    columns: Mapping[str, str]
    claims: Sequence[str] | None = None
    keep_labels: bool = True


def changed_evidence(case: Case, row: int | None, change: Change) -> tuple[Evidence, str]:
    """Return the evidence about one incident after a change, and the change in words.

    Parameters
    ----------
    case
        The case.
    row
        Position of the incident; None starts from an incident of which nothing is known.
    change
        What to change.

    Raises
    ------
    ValueError
        If a column or a word is unknown, a date or coordinate unreadable or a claiming name
        ambiguous.
    """
    start = _nothing(case) if row is None else case_evidence(case).take(np.array([row]))
    cells: dict[str, object] = {str(k): v for k, v in start.incidents.iloc[0].to_dict().items()}
    words: list[str] = []
    for column, value in change.columns.items():
        old = cells.get(column)
        cells[column] = _checked(case, tuple(cells), column, value)
        words.append(f"{column} {_shown(old)} -> {_shown(value)}")
        for narrow in NARROWER.get(column, ()):
            if narrow not in change.columns and cells.get(narrow):
                words.append(f"{narrow} {_shown(cells[narrow])} -> {_shown('')}")
                cells[narrow] = ""
    if any(cells[column] != start.incidents[column].iloc[0] for column in PLACED):
        moved = _coordinates(case, cells)
        cells |= {column: moved[column] for column in RANGES if column not in change.columns}
    statements = start.statements
    if change.claims is not None:
        claims, names = _claims(case, change.claims)
        kept = statements[statements["kind"] != "claim"]
        statements = pd.concat([kept, claims], ignore_index=True) if len(claims) else kept
        words.append(f"claimed by {', '.join(names) or 'nobody'}")
    labels = start.labels
    if not change.keep_labels:
        words.append(f"without its {len(labels)} labels")
        labels = empty_labels()
    types = {name: start.incidents[name].dtype for name in start.incidents.columns}
    incident = pd.DataFrame([cells]).astype(types)
    return Evidence(incident, statements, labels), "; ".join(words)


def _coordinates(case: Case, cells: Mapping[str, object]) -> dict[str, object]:
    """Return the middle of the case's incidents at the same place, NaN if there are none."""
    where = [column for column in PLACED if cells.get(column)]
    degrees: dict[str, object] = dict.fromkeys(RANGES, float("nan"))
    same = case.incidents
    for column in where:
        same = same[same[column] == cells[column]]
    if "place" not in where or same.empty:
        # The middle of a province is nowhere in particular.
        return degrees
    return {column: float(same[column].median()) for column in degrees}


def _shown(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    # A missing number is the one value that differs from itself.
    missing = value in ("", None) or value is pd.NaT or value != value  # noqa: PLR0124
    return "not recorded" if missing else str(value)


def _checked(case: Case, known: tuple[str, ...], column: str, value: str) -> object:
    """Check one new value and return it as the table holds it."""
    check_word("column", column, known)
    if column == "date":
        day = pd.to_datetime(value, format="%Y-%m-%d", errors="coerce")
        if pd.isna(day):
            raise ValueError(f"date '{value}' is not a day written as YYYY-MM-DD")
        return day
    if column in RANGES:
        return _degrees(column, value)
    if column in STRICT:
        check_word(column, value, case.config.vocabularies.get(column, ()))
    return value


def _degrees(column: str, value: str) -> float:
    """Read a coordinate, NaN for a blank."""
    if not value:
        return float("nan")
    limit = RANGES[column]
    if not is_within(value, limit):
        raise ValueError(f"{column} '{value}' is not a number from {-limit:g} to {limit:g}")
    return float(value)


def _claims(case: Case, names: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    index = name_index(case)
    rows: list[tuple[int, str]] = []
    shown: list[str] = []
    known = set(case.groups["group_id"])
    for name in names:
        speaker, note = resolve_claimant(index, name)
        if note:
            raise ValueError(note)
        rows.append((0, speaker))
        shown.append(speaker if speaker in known else f"{name or 'an unreadable name'} (new name)")
    return (claim_rows(rows) if rows else empty_statements()), shown


def _nothing(case: Case) -> Evidence:
    """Return an incident of which nothing is known."""
    columns = {
        name: pd.Series([EMPTY.get(str(name), "")], dtype=values.dtype)
        for name, values in case.incidents.items()
        if pd.api.types.is_string_dtype(values.dtype) or name in EMPTY
    }
    return Evidence(pd.DataFrame(columns), empty_statements(), empty_labels())
