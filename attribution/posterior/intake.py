"""Incidents from elsewhere: a table of texts turned into evidence, each row with its own status."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from attribution.case.names import AmbiguousNameError, NameIndex, UnknownNameError, name_index
from attribution.channels.base import unknown_value
from attribution.channels.distinct import by_row, column_of, distinct
from attribution.channels.evidence import Evidence, case_evidence, empty_labels, empty_statements

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.channels.distinct import Note

CLAIMS = "claims"
DAY = "%Y-%m-%d"
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
#: A number as nearly every file writes it; Arrow and Python read it alike.
_DECIMAL = r"^-?[0-9]{1,3}(\.[0-9]{1,20})?$"
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
    days, rejected, notes = _days(frame)
    degrees: dict[str, pd.Series[float]] = {}
    for name, limit in RANGES.items():
        degrees[name], found = _coordinates(_texts(frame, name), name, limit)
        notes += found
    texts = {name: _texts(frame, name) for name in TEXT_COLUMNS}
    incidents = pd.DataFrame({**texts, **degrees, "date": days})
    statements, labels = _from_case(case, incidents)
    if CLAIMS in frame:
        claims, found = name_claims(case, _texts(frame, CLAIMS), statements)
        notes += found
        parts = [part for part in (statements, claims) if len(part)]
        statements = pd.concat(parts, ignore_index=True) if parts else statements
    evidence = Evidence(incidents, statements, labels)
    return Intake(evidence, rejected, by_row(len(frame), notes))


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
    case: Case, cells: pd.Series[str], known: pd.DataFrame
) -> tuple[pd.DataFrame, list[Note]]:
    """Turn ;-separated claiming names into statements, without those that the case has already.

    Returns
    -------
    The statements, and notes on names that could not be resolved.
    """
    claims = known[known["kind"] == "claim"]
    said = set(zip(claims["row"], claims["speaker_id"], strict=True))
    resolve = cache(partial(resolve_claimant, name_index(case)))
    alike = distinct(cells)
    read = [[resolve(name) for name in _names(cell)] for (cell,) in alike.cells(cells)]
    # One row a name, the incident's position as its index.
    found = pd.Series(read, dtype="object").iloc[alike.number].reset_index(drop=True).explode()
    named = [(row, *each) for row, each in found.dropna().items()]
    rows = [(row, speaker) for row, speaker, _ in named if (row, speaker) not in said]
    return claim_rows(rows), [(row, note) for row, _, note in named if note]


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


def _names(cell: str) -> list[str]:
    """Return the names in a ;-separated list, each once."""
    return list(dict.fromkeys(part.strip() for part in cell.split(";") if part.strip()))


def _texts(frame: pd.DataFrame, name: str) -> pd.Series[str]:
    """Read a column as text; missing cells and a missing column are empty."""
    return _written(column_of(frame, name), str).str.strip()


def _written(column: pd.Series[Any], write: Callable[[Any], str]) -> pd.Series[str]:
    """Write what is no text yet, a missing cell as ""."""
    if isinstance(column.dtype, pd.StringDtype):
        return column.astype("str").fillna("").reset_index(drop=True)
    return pd.Series(["" if _missing(value) else write(value) for value in column], dtype="str")


def _missing(value: object) -> bool:
    return (
        value is None
        or value is pd.NA
        or value is pd.NaT
        or (isinstance(value, float) and math.isnan(value))
    )


def _days(frame: pd.DataFrame) -> tuple[pd.Series[pd.Timestamp], tuple[str, ...], list[Note]]:
    """Read the dates; a cell that is no ISO date rejects its row, an empty one is only missing."""
    column = column_of(frame, "date")
    if pd.api.types.is_datetime64_any_dtype(column):
        column = column.dt.strftime(DAY)
    written = _written(column, _day_text)
    alike = distinct(written)
    texts = [text for (text,) in alike.cells(written)]
    stripped = [text.strip() for text in texts]
    cells = pd.Series(stripped, dtype="str")
    days = pd.to_datetime(cells, format=DAY, errors="coerce").astype("datetime64[us]")
    reasons = [
        f"date '{text}' is not a day written as YYYY-MM-DD" if bad and cell else ""
        for text, cell, bad in zip(texts, stripped, days.isna().tolist(), strict=True)
    ]
    rejected = [""] * len(frame)
    for row, reason in alike.notes(reasons):
        rejected[row] = reason
    missing = ["" if cell else "date is missing" for cell in stripped]
    read = days.iloc[alike.number].reset_index(drop=True)
    return read, tuple(rejected), alike.notes(missing)


def _day_text(value: object) -> str:
    """Write a day or a moment as its day, anything else as it stands."""
    return value.isoformat()[: len("2021-05-01")] if isinstance(value, date) else str(value)


def _coordinates(
    texts: pd.Series[str], name: str, limit: float
) -> tuple[pd.Series[float], list[Note]]:
    """Read coordinates, NaN for a blank and for what is no number from minus the limit to it."""
    numbers, plain = _decimals(texts)
    # Whatever is not written plainly is read one by one, as Python reads it.
    others = np.flatnonzero(~plain)
    cells = texts.array[others].tolist() if len(others) else []
    numbers[others] = [float(cell) if is_within(cell, limit) else math.nan for cell in cells]
    numbers[~(np.abs(numbers) <= limit)] = math.nan
    unread = np.flatnonzero(np.isnan(numbers))
    notes = [
        (row, f"{name} '{cell}' is not a number from {-limit:g} to {limit:g}")
        for row, cell in zip(unread.tolist(), texts.array[unread].tolist(), strict=True)
        if cell
    ]
    return pd.Series(numbers), notes


def _decimals(texts: pd.Series[str]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Read plain decimal numbers at once, and say which texts are such or empty."""
    cells = pa.array(texts.array, pa.string(), from_pandas=True)
    decimal = pc.match_substring_regex(cells, _DECIMAL)
    numbers = pc.cast(pc.if_else(decimal, cells, None), pa.float64())
    plain = pc.or_(decimal, pc.equal(cells, ""))
    return (
        numbers.to_numpy(zero_copy_only=False).copy(),
        plain.to_numpy(zero_copy_only=False).astype(bool),
    )


def _from_case(case: Case, incidents: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Bring the statements and labels of rows that are incidents of the case."""
    cells, ids = (pa.array(each["incident_id"].array) for each in (incidents, case.incidents))
    position = pc.index_in(cells, ids.cast(cells.type))
    named = np.flatnonzero(position.is_valid().to_numpy(zero_copy_only=False))
    own = position.drop_null().to_numpy()
    recorded = case.incidents["date"].to_numpy()[own]
    asked = incidents["date"].to_numpy()[named]
    same = (recorded == asked) | (np.isnat(recorded) & np.isnat(asked))
    rows = named[same]
    if not len(rows):
        return empty_statements(), empty_labels()
    taken = case_evidence(case).take(own[same])
    return (
        taken.statements.assign(row=rows[taken.statements["row"]]),
        taken.labels.assign(row=rows[taken.labels["row"]]),
    )
