"""No hindsight: the tables as they stood on an earlier day."""

from collections.abc import Mapping
from datetime import date

import pandas as pd

from attribution.case.readonly import ReadOnly


def tables_known_by(tables: Mapping[str, pd.DataFrame], day: date) -> Mapping[str, pd.DataFrame]:
    """Leave out everything that is dated later than a day.

    Parameters
    ----------
    tables
        Typed tables by name.
    day
        The last day of which anything is known.

    Returns
    -------
    Mapping of str to pandas.DataFrame
        The tables of that day. Groups, sources, labellers and territory are a vocabulary and stay.
    """
    limit = pd.Timestamp(day)
    incidents = _rows(tables["incidents"], tables["incidents"]["date"] <= limit)
    known = {
        "incidents": incidents,
        "brand_links": _rows(tables["brand_links"], tables["brand_links"]["date"] <= limit),
        "triggers": _triggers(tables["triggers"], limit),
        "groups": _groups(tables["groups"], limit),
    }
    for name in ("statements", "labels"):
        table = tables[name]
        # A threat uttered before the incident belongs to an incident that nobody knows yet.
        happened = table["incident_id"].isin(incidents["incident_id"])
        known[name] = _rows(table, happened & (said_on(table, tables["sources"]) <= limit))
    return ReadOnly({name: known.get(name, table) for name, table in tables.items()})


def said_on(table: pd.DataFrame, sources: pd.DataFrame) -> pd.Series:
    """Find the day on which each statement or label was known.

    Parameters
    ----------
    table
        Statements or labels.
    sources
        The sources they are taken from.

    Returns
    -------
    pandas.Series
        The row's own date, else that of its source, else missing.
    """
    published = table["source_id"].map(sources.set_index("source_id")["date"])
    return table["date"].fillna(published)


def _rows(table: pd.DataFrame, keep: pd.Series) -> pd.DataFrame:
    return table[keep].reset_index(drop=True)


def _groups(groups: pd.DataFrame, limit: pd.Timestamp) -> pd.DataFrame:
    ended = groups["active_to"].where(groups["active_to"] <= limit)
    return groups.assign(active_to=ended)


def _triggers(triggers: pd.DataFrame, limit: pd.Timestamp) -> pd.DataFrame:
    begun = _rows(triggers, triggers["date"] <= limit)
    # Of what still lasts it is known that it lasts until today, not when it will end.
    return begun.assign(end_date=begun["end_date"].mask(begun["end_date"] > limit, limit))
