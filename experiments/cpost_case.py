"""The events of the CPOST benchmark as a case: tables and a ``case.toml`` in a folder."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.model.fit import NothingToLearnError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CLASSES_COLUMN = "label"
DEGREES = {"lat": 90, "lon": 180}
#: Faults of a file that one message lists.
SHOWN = 10
OTHER = "OTHER"
NEEDED = (
    "event_id", CLASSES_COLUMN, "date", "t_country", "t_province", "t_city", "lat", "lon",
    "t_weapon", "fold",
)  # fmt: skip

#: Weapons by what carries the bomb; any other word is unspecified.
CARRIERS = {
    "Car bomb": "car",
    "Truck bomb": "truck",
    "Motorcycle bomb": "motorcycle",
    "Other VBIED": "motorcycle",
    "Cart bomb": "motorcycle",
    "Animal bomb": "motorcycle",
    "Belt bomb": "person",
    "Unspecified PBIED": "person",
    "Other PBIED": "person",
    "Backpack bomb": "person",
    "Boat bomb": "boat",
    "Scuba bomb": "boat",
}
UNSPECIFIED = "unspecified"

#: Years before the forecast whose events the fit learns from; older ones are record only.
YEARS = 14
#: The fit asks of each event what a record cut this many half-years before would have said, so
#: that it learns how far a record of that age can be trusted. The lags run round.
LAGS = 6
HALF_YEAR = 365.25 / 2
#: A group with fewer events on record at the time belongs to OTHER: what OTHER means in a forecast.
ESTABLISHED = 25
#: Events that a record must hold to be asked.
LEAST_RECORD = 50


@dataclass(frozen=True)
class Plan:
    """What is known and what is asked.

    Parameters
    ----------
    start
        Day on which the forecast begins: the record ends before it.
    known
        Which events have a label that may be used.
    """

    start: pd.Timestamp
    known: pd.Series


def plan_for(events: pd.DataFrame, asked: pd.Series) -> Plan:
    """Say what a forecast may use: labels before the first event that it is asked for.

    Parameters
    ----------
    events
        Events of `read_events`.
    asked
        Which of them are to be predicted, at least one.

    Returns
    -------
    Plan
        The day on which the forecast begins, and the events whose labels are known then.

    Raises
    ------
    NothingToLearnError
        If there is none.
    """
    start = events.loc[asked, "date"].min()
    known = events[CLASSES_COLUMN].ne("") & ~asked & (events["date"] < start)
    if not known.any():
        raise NothingToLearnError(f"no event before {start:%Y-%m-%d} has a label")
    return Plan(start=start, known=known)


def classes_of(events: pd.DataFrame, known: pd.Series) -> list[str]:
    """List the classes of the known labels in order, and OTHER in any case."""
    return sorted(set(events.loc[known, CLASSES_COLUMN]) | {OTHER})


def read_events(path: Path) -> pd.DataFrame:
    """Read the events.

    Raises
    ------
    ValueError
        If a column is missing, an identifier is there twice, two classes cannot be told apart, or a
        date, country or coordinate cannot be used.
    """
    events = pd.read_csv(path, dtype=str, keep_default_na=False)
    missing = [name for name in NEEDED if name not in events]
    if missing:
        raise ValueError(f"columns missing: {', '.join(missing)}")
    twice = events.loc[events["event_id"].duplicated(), "event_id"]
    if len(twice):
        raise ValueError(f"event_id '{twice.iloc[0]}' is there twice")
    days = pd.to_datetime(events["date"], format="%Y-%m-%d", errors="coerce")
    faults = [
        f"row {row + 2}: date '{events['date'].iloc[row]}' is not a day written as YYYY-MM-DD"
        for row in np.flatnonzero(days.isna())
    ]
    faults += _misplaced(events)
    if faults:
        more = f"; {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        raise ValueError("; ".join(faults[:SHOWN]) + more)
    _check_classes(set(events[CLASSES_COLUMN]) - {""})
    ordered = events.assign(date=days).sort_values("date", kind="stable")
    return ordered.reset_index(drop=True)


def _misplaced(events: pd.DataFrame) -> list[str]:
    """Return what is wrong with countries and coordinates, row by row."""
    faults = [f"row {r + 2}: t_country is blank" for r in np.flatnonzero(events["t_country"] == "")]
    for column, limit in DEGREES.items():
        numbers = pd.to_numeric(events[column], errors="coerce")
        bad = ~numbers.between(-limit, limit) & (events[column] != "")
        wanted = f"is no number from {-limit} to {limit}"
        faults += [
            f"row {r + 2}: {column} '{events[column].iloc[r]}' {wanted}"
            for r in np.flatnonzero(bad)
        ]
    half = (events["lat"] == "") != (events["lon"] == "")
    faults += [f"row {r + 2}: lat and lon must both be given" for r in np.flatnonzero(half)]
    return faults


def _check_classes(classes: set[str]) -> None:
    """Insist that classes have identifiers of their own, and that none is mistaken for OTHER."""
    bearers: dict[str, list[str]] = {}
    for name, actor in actor_ids(sorted(classes | {OTHER})).items():
        bearers.setdefault(actor, []).append(name)
    for actor, names in bearers.items():
        if not actor or len(names) > 1:
            shown = ", ".join(f"'{name}'" for name in names)
            raise ValueError(
                f"{CLASSES_COLUMN} {shown}: letters a-z and digits must tell them apart"
            )


def actor_ids(classes: Iterable[str]) -> dict[str, str]:
    """Return the actor identifier of every class."""
    return {name: re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") for name in classes}


def write_case(events: pd.DataFrame, plan: Plan, folder: Path) -> None:
    """Write the case: every event an incident, every label that may be used once or twice.

    A label with basis ``brand`` is the record, which `neighbours` and `recency` read. An event of
    the last years has a direct label as well, from which the model learns: whom a forecast made at
    the day ``seen_until`` should have named.
    """
    known = plan.known.reindex(events.index)
    actors = actor_ids(classes_of(events, known))
    asked_on = _seen_until(events, plan, known)
    incidents = _incidents(events, asked_on)
    tables = {
        "incidents": incidents,
        "labels": _labels(events, known, asked_on, actors),
        "groups": _groups(actors),
        "sources": pd.DataFrame(
            [{"source_id": "cpost", "type": "academic", "publisher": "CPOST", "title": "DSAT"}]
        ).assign(date="", url=""),
        "labellers": pd.DataFrame(
            [
                {"labeller": name, "name": "CPOST", "type": "database", "echo_group": "cpost"}
                for name in ("cpost", "record")
            ]
        ),
    }
    for name, columns in EMPTY.items():
        tables[name] = pd.DataFrame(columns=columns)
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    (folder / "case.toml").write_text(_config(incidents, actors, plan), encoding="utf-8")


EMPTY = {
    "statements": ["incident_id", "speaker_id", "kind", "date", "source_id"],
    "brand_links": ["brand_id", "group_id", "strength", "labeller", "date", "source_id"],
    "triggers": ["date", "kind", "actor", "affected_group_id", "place", "source_id"],
    "territory": [
        "group_id", "place", "province", "latitude", "longitude", "role", "source_id",
    ],
}  # fmt: skip


def _seen_until(events: pd.DataFrame, plan: Plan, known: pd.Series) -> pd.Series:
    """Return the last day of the record that each event is asked of; NaT for record only."""
    ago = (plan.start - events["date"]).dt.days
    learns = known & (ago <= YEARS * 365.25)
    lag = pd.Series(np.arange(learns.sum()) % LAGS, index=events.index[learns])
    back = np.ceil(ago[learns] / HALF_YEAR) + lag
    origin = plan.start - pd.to_timedelta(np.round(back * HALF_YEAR), unit="D")
    until = (origin - pd.Timedelta(days=1)).reindex(events.index)
    days = np.sort(events.loc[known, "date"].to_numpy())
    held = np.searchsorted(days, until.fillna(plan.start).to_numpy(), side="right")
    until = until.where(held >= LEAST_RECORD)
    seen: pd.Series = until.where(known, plan.start - pd.Timedelta(days=1))
    return seen


def _incidents(events: pd.DataFrame, asked_on: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "incident_id": events["event_id"],
            "date": events["date"].dt.strftime("%Y-%m-%d"),
            "country": events["t_country"],
            "province": events["t_province"],
            "place": events["t_city"].where(events["t_city"] != "", "not recorded"),
            "latitude": events["lat"],
            "longitude": events["lon"],
            "weapon_type": events["t_weapon"].map(CARRIERS).fillna(UNSPECIFIED),
            "target_type": "any",
            "source_ids": "cpost",
            "seen_until": asked_on.dt.strftime("%Y-%m-%d").fillna(""),
        }
    )


def _labels(
    events: pd.DataFrame, known: pd.Series, asked_on: pd.Series, actors: dict[str, str]
) -> pd.DataFrame:
    record = events[known]
    rows = [(event, actors[name], "brand") for event, name in _pairs(record)]
    days = {name: np.sort(own["date"].to_numpy()) for name, own in record.groupby(CLASSES_COLUMN)}
    learned = record[asked_on[record.index].notna()]
    for (event, name), until in zip(_pairs(learned), asked_on[learned.index], strict=True):
        held = np.searchsorted(days[name], np.datetime64(until), side="right")
        rows.append((event, actors[name if held >= ESTABLISHED else OTHER], "direct"))
    table = pd.DataFrame(rows, columns=["incident_id", "group_id", "basis"])
    day = events.set_index("event_id")["date"].dt.strftime("%Y-%m-%d")
    return table.assign(
        labeller=table["basis"].map({"brand": "record", "direct": "cpost"}),
        labeller_type="database",
        confidence="certain",
        contested="no",
        date=table["incident_id"].map(day),
        source_id="cpost",
        scope="incident",
    )


def _pairs(events: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(events["event_id"], events[CLASSES_COLUMN], strict=True))


def _groups(actors: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"group_id": actor, "name": name, "kind": "militia", "source_ids": "cpost"}
            for name, actor in actors.items()
        ]
    ).assign(aliases="", sponsor="", active_from="", active_to="")


def _config(incidents: pd.DataFrame, actors: dict[str, str], plan: Plan) -> str:
    def words(column: str) -> str:
        # A JSON list of plain texts is a TOML array.
        return json.dumps(sorted({each for each in incidents[column] if each}), ensure_ascii=False)

    record_ends = (plan.start - pd.Timedelta(days=1)).date()
    parts = [
        'name = "cpost"',
        'title = "Suicide attacks (CPOST)"',
        "[vocabularies]",
        # Every carrier, there or not: the channel's classes name them all.
        f"weapon_type = {json.dumps(sorted({*CARRIERS.values(), UNSPECIFIED}))}",
        *(f"{name} = {words(name)}" for name in ("country", "province")),
        'target_type = ["any"]',
        'labeller_type = ["database"]',
        'source_type = ["academic"]',
    ]
    for name, actor in actors.items():
        residual = "\nresidual = true" if name == OTHER else f'\ngroups = ["{actor}"]'
        parts.append(
            f'[[actors]]\nid = "{actor}"\nname = {json.dumps(name, ensure_ascii=False)}\n'
            f"militia = true\niran_backed = false{residual}"
        )
    parts.append(CHANNELS.format(record_ends=record_ends, established=ESTABLISHED))
    return "\n".join(parts) + "\n"


CHANNELS = """
[[channels]]
name = "base_rate"
columns = ["incident_id"]
options = {{ scale = 0.05 }}

[[channels]]
name = "weapon"
columns = ["weapon_type"]
[channels.options]
scales = [0.2, 0.2]
[channels.options.classes]
car = "car"
truck = "truck"
motorcycle = "motorcycle"
person = "person"
boat = "boat"
unspecified = "unspecified"

[[channels]]
name = "neighbours"
columns = ["date", "latitude", "longitude", "labels:group_id"]
[channels.options]
weight = [1.0, 0.5]
bases = ["brand"]
seen_until = "seen_until"
established = {established}
residual = 0.5
scales = [
  {{ kilometres = 600 }},
  {{ same = "country" }},
  {{ same = "country", half_life_days = 183 }},
  {{ same = "province", half_life_days = 183 }},
]

[[channels]]
name = "recency"
columns = ["date", "labels:group_id"]
[channels.options]
weight = [0.5, 0.25]
bases = ["brand"]
seen_until = "seen_until"
established = {established}

# The record ages: how far actors drift in the quarters after its end.
[[channels]]
name = "period"
columns = ["date"]
options = {{ step = 0.4, after = {record_ends} }}

[[channels]]
name = "label"
columns = ["labels:group_id", "labels:basis"]
options = {{ certain = [12.0, 0.1] }}
"""
