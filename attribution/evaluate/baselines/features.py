"""What a baseline may look at: the act, and what was claimed and denied. Never a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from attribution.case.case import Case

PLAIN_COLUMNS = ("weapon_type", "target_type", "country", "province")
LEAST_PLACE = 3
LEAST_BRAND = 3


def features_from_case(case: Case) -> pd.DataFrame:
    """Build one row of features per incident.

    Parameters
    ----------
    case
        The case. Only its incidents and statements, and for denials its list of who belongs to
        whom, are read; labels are not.

    Returns
    -------
    pandas.DataFrame
        N rows in the order of the incidents. Categories: weapon_type, target_type, country,
        province, place (places with fewer than 3 incidents are "other"), year ("" where a text is
        blank is a category of its own). Numbers: quarter (quarters since year 0), latitude and
        longitude in degrees, where missing the mean of the province, else of the country, else of
        the case. ``date``, for distances in time. Booleans: location_missing; claim_any,
        claim_none; claim:<brand> for each brand with at least 3 claimed incidents and claim:other;
        denial:<actor> for a denial by a speaker who stands for that one actor on the day,
        denial:other for any other speaker's.
    """
    incidents = case.incidents
    columns: dict[str, pd.Series[str] | pd.Series[float] | pd.Series[bool]] = {
        name: _category(incidents[name]) for name in PLAIN_COLUMNS
    }
    columns["place"] = _category(_at_least(incidents["place"], LEAST_PLACE))
    year, quarter = incidents["date"].dt.year, incidents["date"].dt.quarter
    columns["year"] = _category(year.astype(str))
    columns["quarter"] = (4 * year + quarter - 1).astype(float)
    columns["latitude"] = _filled(incidents, "latitude")
    columns["longitude"] = _filled(incidents, "longitude")
    columns["date"] = incidents["date"]
    columns["location_missing"] = incidents["latitude"].isna() | incidents["longitude"].isna()
    index = pd.Index(incidents["incident_id"], name="incident_id")
    table = pd.DataFrame({name: column.to_numpy() for name, column in columns.items()}, index=index)
    for name in (*PLAIN_COLUMNS, "place", "year"):
        table[name] = table[name].astype("category")
    return pd.concat([table, _claims(case, index), _denials(case, index)], axis=1)


def _category(column: pd.Series[str]) -> pd.Series[str]:
    return column.fillna("").astype(str)


def _at_least(column: pd.Series[str], least: int) -> pd.Series[str]:
    """Replace values that occur fewer than `least` times by "other"."""
    return column.where(column.map(column.value_counts()).fillna(0) >= least, "other")


def _filled(incidents: pd.DataFrame, name: str) -> pd.Series[float]:
    """Coordinates with gaps filled by the mean of the province, else the country, else all."""
    degrees = incidents[name].astype(float)
    province = [incidents["country"], incidents["province"]]
    filled = degrees.fillna(degrees.groupby(province, dropna=False).transform("mean"))
    filled = filled.fillna(degrees.groupby(incidents["country"]).transform("mean"))
    return filled.fillna(degrees.mean()).fillna(0.0)


def _flags(index: pd.Index[str], incident: pd.Series[str], column: list[str]) -> pd.DataFrame:
    """Boolean table: whether an incident has an entry of each column name; columns sorted."""
    names = sorted(set(column))
    flags = np.zeros((len(index), len(names)), dtype=bool)
    place = {name: number for number, name in enumerate(names)}
    flags[index.get_indexer(pd.Index(incident)), [place[name] for name in column]] = True
    return pd.DataFrame(flags, index=index, columns=names)


def _claims(case: Case, index: pd.Index[str]) -> pd.DataFrame:
    claims = case.statements[case.statements["kind"] == "claim"]
    counts = claims.drop_duplicates(["incident_id", "speaker_id"])["speaker_id"].value_counts()
    common = set(counts.index[counts >= LEAST_BRAND])
    columns = [
        f"claim:{brand}" if brand in common else "claim:other" for brand in claims["speaker_id"]
    ]
    flags = _flags(index, claims["incident_id"], columns)
    claimed = index.isin(claims["incident_id"])
    return flags.assign(claim_any=claimed, claim_none=~claimed)


def _denials(case: Case, index: pd.Index[str]) -> pd.DataFrame:
    denials = case.statements[case.statements["kind"] == "denial"]
    days = dict(zip(case.incidents["incident_id"], case.incidents["date"], strict=True))
    columns = []
    for incident, speaker in zip(denials["incident_id"], denials["speaker_id"], strict=True):
        members = case.members(speaker, on=days[incident])
        columns.append(f"denial:{min(members)}" if len(members) == 1 else "denial:other")
    return _flags(index, denials["incident_id"], columns)
