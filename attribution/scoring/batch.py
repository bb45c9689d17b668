"""One batch of incidents in, one batch of attributions out: the same function for every engine."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from attribution.scoring.rows import no_rows, quoted
from attribution.scoring.texts import texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from attribution.case.case import Case

REQUIRED = ("date",)
PARTIAL = "partial: "
REJECTED = "rejected: "

_DAY_NUMBER = re.compile(r"[1-9][0-9]{4}(\.0+)?")
_SHORTENED = re.compile(r"[0-9]{1,4}[/.][0-9]{1,2}([/.][0-9]{2,4})?|[A-Za-z]{3}-[0-9]{2,4}|"
                        r"[0-9]{1,2}-[A-Za-z]{3}(-[0-9]{2,4})?")  # fmt: skip
#: Day 0 of spreadsheets, one early because they count a 29 February 1900.
_DAY_ZERO = date(1899, 12, 30)


class About(Protocol):
    """What a posterior says about itself."""

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON writes it."""


class Attributor(Protocol):
    """What scoring needs of a posterior."""

    @property
    def actors(self) -> tuple[str, ...]:
        """Actor identifiers, in the order of the output's columns."""

    @property
    def manifest(self) -> About:
        """Where the posterior comes from."""

    @property
    def case(self) -> Case:
        """What it was fitted to."""

    def attribute(self, incidents: pd.DataFrame) -> pd.DataFrame:
        """Return the score output, one row an incident; a bad row is marked, never dropped."""


def output_schema(posterior: Attributor) -> pa.Schema:
    """Say which columns the attributions of a posterior have.

    Parameters
    ----------
    posterior
        The fitted model.

    Returns
    -------
    Schema
        ``incident_id``; ``p_``, ``lo_`` and ``hi_`` of every actor; ``top_actor``, ``top_p``,
        ``words``, ``entropy_bits``, ``evidence`` and ``status``. It depends on nothing but the
        actors.
    """
    numbers = [f"{prefix}_{actor}" for prefix in ("p", "lo", "hi") for actor in posterior.actors]
    return pa.schema(
        [
            pa.field("incident_id", pa.string()),
            *(pa.field(name, pa.float64()) for name in numbers),
            pa.field("top_actor", pa.string()),
            pa.field("top_p", pa.float64()),
            pa.field("words", pa.string()),
            pa.field("entropy_bits", pa.float64()),
            pa.field("evidence", pa.string()),
            pa.field("status", pa.string()),
        ]
    )


def score_batch(
    posterior: Attributor, batch: pa.RecordBatch, rejected: Mapping[int, str] | None = None
) -> pa.RecordBatch:
    """Attribute every incident of a batch.

    Parameters
    ----------
    posterior
        The fitted model.
    batch
        Columns of the case's incidents, of any type, as far as known; ``date`` is required, and
        ``claims`` may hold ;-separated brand names.
    rejected
        Why rows are known to be unusable, by position.

    Returns
    -------
    RecordBatch
        One row an incident, in order, with the columns of `output_schema`. A number that there is
        not is null. A row that cannot be used is marked in ``status``.

    Raises
    ------
    ValueError
        If there is no column ``date``.
    """
    missing = missing_columns(batch.schema.names)
    if missing:
        raise ValueError(missing)
    content, faults = texts(batch)
    return score_texts(posterior, content, {**faults, **(rejected or {})})


def score_texts(
    posterior: Attributor, content: pa.RecordBatch, rejected: Mapping[int, str]
) -> pa.RecordBatch:
    """Attribute every incident of a batch that is all text; see `score_batch`.

    Parameters
    ----------
    posterior
        The fitted model.
    content
        Columns as `texts` returns them, ``date`` among them.
    rejected
        Why rows are known to be unusable, by position.

    Returns
    -------
    RecordBatch
        As `score_batch` returns it.
    """
    schema = output_schema(posterior)
    if not len(content):
        return no_rows(schema)
    scored = posterior.attribute(content.to_pandas())
    if len(scored) != len(content):
        raise RuntimeError(f"{len(content)} rows were scored, but {len(scored)} came back")
    scored = without_rejected(scored, rejected)
    result = pa.RecordBatch.from_pandas(
        scored, schema=schema, preserve_index=False
    ).replace_schema_metadata(None)
    hinted = _hinted(result.column("status"), content.column("date"))
    return result.set_column(schema.get_field_index("status"), schema.field("status"), hinted)


def missing_columns(names: Sequence[str]) -> str:
    """Say which columns are missing that nothing can do without.

    Parameters
    ----------
    names
        The columns that are there.

    Returns
    -------
    str
        A clause for a message; "" if all are there.
    """
    missing = [name for name in REQUIRED if name not in names]
    if not missing:
        return ""
    shown = quoted(names) if names else "none"
    return f"there is no column {quoted(missing)}; the columns are {shown}"


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
    if not rejected:
        return scored
    result = scored.copy()
    rows = sorted(rejected)
    for name in result.columns.drop("incident_id"):
        result.loc[rows, name] = float("nan") if result[name].dtype.kind == "f" else ""
    result.loc[rows, "status"] = [f"{REJECTED}{rejected[row]}" for row in rows]
    return result


def rejected_rows(status: pa.Array) -> list[int]:
    """Find the rows that could not be used.

    Parameters
    ----------
    status
        Column ``status`` of a score output.

    Returns
    -------
    list of int
        Their positions, in order.
    """
    rows: list[int] = pc.indices_nonzero(pc.starts_with(status, REJECTED)).to_pylist()
    return rows


def _hinted(status: pa.Array, dates: pa.Array) -> pa.Array:
    """Say what a spreadsheet probably made of a day."""
    rows = rejected_rows(status)
    if not rows:
        return status
    texts_of_all = status.to_pylist()
    for row in rows:
        texts_of_all[row] += spreadsheet_hint(dates[row].as_py())
    return pa.array(texts_of_all, pa.string())


def spreadsheet_hint(text: str) -> str:
    """Explain a date that a spreadsheet has rewritten.

    Parameters
    ----------
    text
        What stands in column ``date``.

    Returns
    -------
    str
        A clause that begins with "; ", "" if the text does not look so.
    """
    written = text.strip()
    if _DAY_NUMBER.fullmatch(written):
        day = _DAY_ZERO + timedelta(days=int(float(written)))
        return f"; as a spreadsheet's day number it would be {day.isoformat()}"
    if _SHORTENED.fullmatch(written):
        return "; a spreadsheet may have rewritten it: format the column as text"
    return ""
