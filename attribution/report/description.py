"""What the case holds: its tables, days and gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.case.records import text_of
from attribution.channels.base import spoken_word
from attribution.report.blocks import Column, Table

if TYPE_CHECKING:
    import pandas as pd

    from attribution.case.case import Case

_MOST = 5


def description(case: Case) -> str:
    """Describe a case in a few sentences.

    Parameters
    ----------
    case
        The case.

    Returns
    -------
    str
        How many incidents, when, where, of which kinds, and how many nobody attributed.
    """
    incidents = case.incidents
    days = incidents["date"].dropna()
    when = f" from {text_of(days.min())} to {text_of(days.max())}" if len(days) else ""
    ids = incidents["incident_id"]
    labelled = int(ids.isin(case.labels["incident_id"]).sum())
    claims = case.statements[case.statements["kind"] == "claim"]
    claimed = int(ids.isin(claims["incident_id"]).sum())
    unplaced = int((incidents["latitude"].isna() | incidents["longitude"].isna()).sum())
    return (
        f"The case {case.config.name} holds {len(incidents)} incidents{when}: "
        f"{_counted(incidents['weapon_type'])}; on {_counted(incidents['target_type'])}; in "
        f"{_counted(incidents['country'], spoken=False)}. {labelled} of them carry at least one "
        f"label of who did it, {claimed} a claim; of {unplaced} the position is not known. The "
        "table is no census: what was not reported, or not found, is not in it. Labels are "
        "opinions, often of interested parties and often read off each other."
    )


def tables_of(case: Case) -> Table:
    """List the tables of a case.

    Parameters
    ----------
    case
        The case.

    Returns
    -------
    Table
        One row a table: rows, and how many of them were not checked against a page.
    """
    columns = (Column("table"), Column("rows", "right"), Column("not verified", "right"))
    rows = tuple(
        (spoken_word(name), str(len(table)), _unverified(table))
        for name, table in case.tables.items()
    )
    return Table(columns, rows)


def _unverified(table: pd.DataFrame) -> str:
    return str(int((table["verified"] == "no").sum())) if "verified" in table else "-"


def _counted(values: pd.Series[str], *, spoken: bool = True) -> str:
    """Count words, the most frequent first, the others together."""
    counts = values[values != ""].value_counts()
    shown = [
        f"{spoken_word(str(word)) if spoken else word} {count}"
        for word, count in counts.head(_MOST).items()
    ]
    rest = int(counts.iloc[_MOST:].sum())
    return ", ".join([*shown, *([f"other {rest}"] if rest else [])]) or "none recorded"
