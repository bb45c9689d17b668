"""Incidents from elsewhere: a table of texts turned into evidence, each row with its own status."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from attribution.case.names import AmbiguousNameError, NameIndex, UnknownNameError, name_index
from attribution.channels.base import unknown_value
from attribution.channels.evidence import Evidence, case_evidence, empty_labels, empty_statements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas._libs.tslibs.nattype import NaTType

    from attribution.case.case import Case

    type Day = pd.Timestamp | NaTType

CLAIMS = "claims"
TEXT_COLUMNS = (
    "incident_id",
    "country",
    "province",
    "place",
    "location_precision",
    "weapon_type",
    "target_type",
    "source_ids",
)
RANGES = {"latitude": 90.0, "longitude": 180.0}
#: Names under which nobody in particular claims.
UNREADABLE = ("unknown", "unreadable", "unnamed")


@dataclass(frozen=True)
class Intake:
    """Evidence about the rows of a table and what is wrong with them.

    Parameters
    ----------
    evidence
        Evidence about every row, rejected ones included (they carry no number afterwards).
    rejected
        For each row the reason why it cannot be scored, "" if it can.
    notes
        For each row what could not be used as it stands.
    """

    evidence: Evidence
    rejected: tuple[str, ...]
    notes: tuple[tuple[str, ...], ...]


def read_frame(case: Case, frame: pd.DataFrame) -> Intake:
    """Read a table of incidents, keeping every row.

    A row whose ``incident_id`` and ``date`` are those of an incident of the case takes that
    incident's statements and labels; any other row is known by its columns and, in a column
    ``claims``, by the ;-separated names that claimed it.
    """
    size = len(frame)
    columns = {name: _texts(frame, name) for name in TEXT_COLUMNS}
    days, rejected, notes = _days(frame, size)
    degrees: dict[str, list[float]] = {name: [] for name in RANGES}
    for name, limit in RANGES.items():
        for row, value in enumerate(_texts(frame, name)):
            usable = is_within(value, limit)
            degrees[name].append(float(value) if usable else math.nan)
            if value and not usable:
                notes[row].append(f"{name} '{value}' is not a number from {-limit:g} to {limit:g}")
    incidents = pd.DataFrame(
        {**columns, **degrees, "date": pd.Series(days, dtype="datetime64[us]")}
    ).astype(dict.fromkeys(degrees, "float64"))
    statements, labels = _from_case(case, incidents)
    if CLAIMS in frame:
        claims = name_claims(case, _texts(frame, CLAIMS), statements, notes)
        parts = [part for part in (statements, claims) if len(part)]
        statements = pd.concat(parts, ignore_index=True) if parts else statements
    return Intake(
        Evidence(incidents, statements, labels),
        tuple(rejected),
        tuple(tuple(lines) for lines in notes),
    )


def resolve_claimant(index: NameIndex, name: str) -> tuple[str, str]:
    """Turn a claiming name into a group, "" if unreadable, itself if new, with a note.

    Returns
    -------
    The speaker and the note ("" if there is nothing to say).
    """
    if name.casefold() in UNREADABLE:
        return "", ""
    try:
        return index.resolve(name), ""
    except AmbiguousNameError as error:
        return "", f"claim: {error}"
    except UnknownNameError:
        return name, ""


def name_claims(
    case: Case, cells: Sequence[str], known: pd.DataFrame, notes: Sequence[list[str]]
) -> pd.DataFrame:
    """Turn ;-separated claiming names into statements, without those that the case has already.

    ``notes`` receives, row by row, what could not be resolved.
    """
    index = name_index(case)
    said = {
        (int(row), speaker)
        for row, speaker, kind in zip(known["row"], known["speaker_id"], known["kind"], strict=True)
        if kind == "claim"
    }
    resolved: dict[str, tuple[str, str]] = {}
    rows: list[tuple[int, str]] = []
    for row, cell in enumerate(cells):
        for name in dict.fromkeys(part.strip() for part in cell.split(";") if part.strip()):
            if name not in resolved:
                resolved[name] = resolve_claimant(index, name)
            speaker, note = resolved[name]
            if note:
                notes[row].append(note)
            if (row, speaker) not in said:
                rows.append((row, speaker))
    return claim_rows(rows)


def claim_rows(rows: Sequence[tuple[int, str]]) -> pd.DataFrame:
    """Return undated claims as a statements table, from pairs of incident row and speaker."""
    if not rows:
        return empty_statements()
    return pd.DataFrame(
        {
            "row": pd.Series([row for row, _ in rows], dtype="int64"),
            "speaker_id": pd.Series([speaker for _, speaker in rows], dtype="str"),
            "kind": "claim",
            "date": pd.Series([pd.NaT] * len(rows), dtype="datetime64[us]"),
            "source_id": "",
            "channel": "",
        }
    )


def check_word(column: str, value: str, allowed: Sequence[str]) -> None:
    """Refuse a word outside a vocabulary.

    Raises
    ------
    ValueError
        Naming the column, the value, the nearest word and all that is allowed.
    """
    if value and value not in allowed:
        raise ValueError(f"{unknown_value(column, value, allowed)}; allowed: {', '.join(allowed)}")


def is_within(value: str, limit: float) -> bool:
    """Tell whether a text is a number from minus the limit to the limit."""
    try:
        number = float(value)
    except ValueError:
        return False
    return -limit <= number <= limit


def _texts(frame: pd.DataFrame, name: str) -> list[str]:
    """Read a column as text; missing cells and a missing column are empty."""
    if name not in frame:
        return [""] * len(frame)
    return ["" if _missing(value) else str(value).strip() for value in frame[name]]


def _missing(value: object) -> bool:
    return (
        value is None
        or value is pd.NA
        or value is pd.NaT
        or (isinstance(value, float) and math.isnan(value))
    )


def _days(frame: pd.DataFrame, size: int) -> tuple[list[Day], list[str], list[list[str]]]:
    """Read the dates; a cell that is no ISO date rejects its row, an empty one is only missing."""
    days: list[Day] = []
    rejected: list[str] = []
    notes: list[list[str]] = [[] for _ in range(size)]
    column = frame["date"].tolist() if "date" in frame else [""] * size
    for row, value in enumerate(column):
        reason = ""
        day: Day = pd.NaT
        if isinstance(value, pd.Timestamp) or hasattr(value, "isoformat"):
            day = pd.Timestamp(value).normalize().tz_localize(None)
        elif _missing(value) or str(value).strip() == "":
            notes[row].append("date is missing")
        else:
            day = pd.to_datetime(str(value).strip(), format="%Y-%m-%d", errors="coerce")
            if pd.isna(day):
                reason = f"date '{value}' is not a day written as YYYY-MM-DD"
        days.append(day)
        rejected.append(reason)
    return days, rejected, notes


def _from_case(case: Case, incidents: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Bring the statements and labels of rows that are incidents of the case."""
    known = case_evidence(case)
    position = {
        (incident, day): row
        for row, (incident, day) in enumerate(
            zip(known.incidents["incident_id"], known.incidents["date"], strict=True)
        )
    }
    pairs = [
        (row, position[key])
        for row, key in enumerate(zip(incidents["incident_id"], incidents["date"], strict=True))
        if key in position
    ]
    if not pairs:
        return empty_statements(), empty_labels()
    rows = [row for row, _ in pairs]
    taken = known.take([own for _, own in pairs])
    return (
        taken.statements.assign(row=[rows[own] for own in taken.statements["row"]]),
        taken.labels.assign(row=[rows[own] for own in taken.labels["row"]]),
    )
