"""Changing an incident and asking again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from attribution.case.names import name_index
from attribution.case.readonly import ReadOnly
from attribution.posterior.intake import RANGES, check_word, is_within, resolve_claimant
from attribution.posterior.notebook import what_if_html
from attribution.posterior.supposed import Cell, Supposition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from attribution.case.case import Case
    from attribution.case.records import Record
    from attribution.posterior.explanation import Explanation
    from attribution.posterior.single import SingleReader

#: Changing a column makes the narrower ones beside it say something else; they are emptied.
NARROWER = {"country": ("province", "place"), "province": ("place",)}
#: Columns that say where; coordinates that are not given follow them.
PLACED = ("country", "province", "place")
#: Words checked against the case's vocabulary; a country or province that is new is allowed.
STRICT = ("weapon_type", "target_type")


@dataclass(frozen=True, eq=False)
class WhatIf:
    """An incident before and after a supposed change.

    Parameters
    ----------
    score_before
        Its row of `Posterior.attribute` as plain values, None for an incident made up from nothing.
    explanation
        The explanation after the change.
    changes
        What was changed, in words.
    """

    score_before: Record | None
    explanation: Explanation
    changes: str

    @property
    def before(self) -> pd.DataFrame | None:
        """The row of `Posterior.attribute`, None for an incident made up from nothing."""
        return None if self.score_before is None else pd.DataFrame([self.score_before])

    @property
    def after(self) -> pd.DataFrame:
        """The row after the change."""
        return self.explanation.attribution

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


@dataclass(frozen=True)
class WhatIfQuestion:
    """A question about a changed incident.

    Parameters
    ----------
    incident_id
        An incident of the case; None starts from one of which nothing is known.
    change
        What to change.
    actor, against
        Whom the evidence is weighed for and against; None for the most probable and all others.
    """

    incident_id: str | None
    change: Change
    actor: str | None = None
    against: str | None = None


def supposition(
    case: Case, reader: SingleReader, row: int | None, change: Change
) -> tuple[Supposition, str]:
    """Return an incident after a change, and the change in words.

    Parameters
    ----------
    case
        The case.
    reader
        Knows its incidents.
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
    recorded = reader.cells(row)
    cells = dict(recorded)
    words: list[str] = []
    for column, value in change.columns.items():
        old = cells.get(column)
        cells[column] = _checked(case, tuple(cells), column, value)
        words.append(f"{column} {_shown(old)} -> {_shown(value)}")
        for narrow in NARROWER.get(column, ()):
            if narrow not in change.columns and cells.get(narrow):
                words.append(f"{narrow} {_shown(cells[narrow])} -> {_shown('')}")
                cells[narrow] = ""
    if any(cells[column] != recorded[column] for column in PLACED):
        moved = coordinates(case, tuple(str(cells.get(column) or "") for column in PLACED))
        cells |= {column: moved[column] for column in RANGES if column not in change.columns}
    claims: tuple[str, ...] | None = None
    if change.claims is not None:
        speakers, names = _claims(case, change.claims)
        claims = tuple(speakers)
        words.append(f"claimed by {', '.join(names) or 'nobody'}")
    if not change.keep_labels:
        words.append(f"without its {reader.labels(row)} labels")
    changed = tuple(
        Cell(column, None if _is_missing(value) else value)
        for column, value in cells.items()
        if value is not recorded[column]
    )
    return Supposition(row, changed, claims, change.keep_labels), "; ".join(words)


# An answer is asked for again and again with other evidence about the same place.
@lru_cache(maxsize=1000)
def coordinates(case: Case, where: tuple[str, ...]) -> Mapping[str, float]:
    """Return the middle of the case's incidents at a place, NaN if there are none.

    Parameters
    ----------
    case
        The case.
    where
        Country, province and place, "" where unknown.
    """
    # The middle of a province is nowhere in particular.
    own = _sites(case).get(where[-1], ()) if where[-1] else ()
    wide = where[:-1]
    same = [
        site
        for site in own
        if all(word in ("", known) for word, known in zip(wide, site.within, strict=True))
    ]
    return ReadOnly(
        {
            column: median(known)
            if (known := [site.degrees[turn] for site in same if not np.isnan(site.degrees[turn])])
            else float("nan")
            for turn, column in enumerate(RANGES)
        }
    )


class _Site(NamedTuple):
    """Where an incident happened: the wide columns, and the coordinates."""

    within: tuple[str, ...]
    degrees: tuple[float, ...]


@lru_cache(maxsize=2)
def _sites(case: Case) -> Mapping[str, Sequence[_Site]]:
    """Return where the incidents at each place happened."""
    columns = [case.incidents[name].tolist() for name in (*PLACED, *RANGES)]
    found: dict[str, list[_Site]] = {}
    for row in zip(*columns, strict=True):
        *within, place = row[: len(PLACED)]
        found.setdefault(place, []).append(_Site(tuple(within), row[len(PLACED) :]))
    return ReadOnly(found)


def _is_missing(value: object) -> bool:
    # A missing number is the one value that differs from itself.
    return value in ("", None) or value is pd.NaT or value != value  # noqa: PLR0124


def _shown(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return "not recorded" if _is_missing(value) else str(value)


def _checked(case: Case, known: tuple[str, ...], column: str, value: str) -> object:
    """Check one new value and return it as the table holds it."""
    check_word("column", column, known)
    if column == "date":
        if not value:
            return pd.NaT
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


def _claims(case: Case, names: Sequence[str]) -> tuple[list[str], list[str]]:
    index = name_index(case)
    speakers: list[str] = []
    shown: list[str] = []
    known = set(case.groups["group_id"])
    for name in names:
        speaker, note = resolve_claimant(index, name)
        if note:
            raise ValueError(note)
        speakers.append(speaker)
        shown.append(speaker if speaker in known else f"{name or 'an unreadable name'} (new name)")
    return speakers, shown
