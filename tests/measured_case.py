"""A small invented case for channels that measure: attributed incidents in space and time."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
from small_case import CONFIG, GROUP_ROWS, LABEL, REST, small_case

from attribution.case.case import Case
from attribution.channels.base import Channel
from attribution.channels.evidence import case_evidence
from attribution.channels.stack import bind_stack

#: A name that crosses families: neither one actor nor one family.
ANYONE = """
[[sets]]
name = "anyone"
members = [{ actor = "alpha" }, { actor = "state" }]
"""
GROUPS = (*GROUP_ROWS, {"group_id": "anyone", "name": "Anyone", "kind": "umbrella"})
#: "bees" is a militia that no actor takes: the residual actor does.
GROUPS_OF_REST = (*GROUPS, {"group_id": "bees", "name": "Bees", "kind": "militia"})

INCIDENTS = (
    {"incident_id": "a", "date": "2020-01-10", "place": "Camp", "latitude": 34.0, "longitude": 44},
    {"incident_id": "b", "date": "2020-03-01", "place": "Camp", "latitude": 34.05, "longitude": 44},
    {"incident_id": "c", "date": "2020-03-01", "place": "Hill", "latitude": 34.5, "longitude": 44},
    {"incident_id": "d", "date": "2020-06-20", "province": "South", "place": "Gate"},
    {"incident_id": "e", "date": "2020-09-09", "province": "", "latitude": 34.02, "longitude": 44},
    {"incident_id": "f", "date": "2021-01-15", "place": "Camp", "latitude": 34.0, "longitude": 44},
    {"incident_id": "g", "date": "2021-02-01", "province": "South", "place": "Gate"},
    {"incident_id": "h", "date": "2021-06-01", "place": "Camp", "latitude": 34.0, "longitude": 44},
)
LABELS = (
    {"incident_id": "a", "confidence": "certain"},
    {"incident_id": "a", "group_id": "backed", "confidence": "possible", "labeller": "one"},
    {"incident_id": "b", "group_id": "beta"},
    {"incident_id": "b", "group_id": "unknown", "confidence": "certain", "labeller": "one"},
    {"incident_id": "c", "group_id": "state", "confidence": "certain"},
    {"incident_id": "d", "group_id": "alpha", "confidence": "possible"},
    {"incident_id": "d", "group_id": "gamma", "labeller": "one"},
    {"incident_id": "e", "group_id": "anyone", "confidence": "certain"},
    {"incident_id": "e", "group_id": "backed", "labeller": "one"},
    {"incident_id": "f", "group_id": "gamma", "basis": "brand"},
    {"incident_id": "g", "group_id": "alpha", "scope": "series"},
    {"incident_id": "h", "group_id": "gamma", "confidence": "certain"},
)
STRENGTH = {"certain": 0.9, "likely": 0.7, "possible": 0.4}
#: Columns that a name speaks of: actors alpha, state, beta, gamma, then the two families.
NAMED = {
    "alpha": (0, 4),
    "state": (1, 5),
    "beta": (2, 4),
    "gamma": (3, 4),
    "backed": (4,),
    "umbrella": (0, 4),
    "anyone": (),
    "unknown": (),
}
#: With two residual actors: rest is a militia, others are alone.
NAMED_WITH_REST = {
    "alpha": (0, 6),
    "state": (1, 7),
    "beta": (2, 6),
    "gamma": (3, 6),
    "bees": (4, 6),
    "backed": (6,),
    "anyone": (),
    "unknown": (),
}


def measured_case(channel: str, labels=LABELS, *, rest: bool = False, **tables) -> Case:
    """The case with one channel that measures, and labels."""
    return small_case(
        channels=[channel, LABEL],
        incidents=INCIDENTS,
        labels=labels,
        statements=[],
        groups=GROUPS_OF_REST if rest else GROUPS,
        config=CONFIG + ANYONE + (REST if rest else ""),
        **tables,
    )


def bound(case: Case, name: str) -> Channel:
    stack = bind_stack(case)
    return stack.channels[stack.position(name)]


def amounts(case: Case, name: str) -> np.ndarray:
    """What a channel, bound to the case, measures of the case's incidents."""
    return bound(case, name).measure(case_evidence(case))


def with_column(case: Case, name: str, values) -> Case:
    """The case with another column of its incidents."""
    incidents = case.incidents.assign(**{name: pd.Series(list(values), dtype="str")})
    return replace(case, tables={**case.tables, "incidents": incidents})


def recorded(labels=LABELS, *, bases=("direct",), named=NAMED) -> dict[str, dict[int, float]]:
    """Share of each column by incident, in plain loops."""
    record = {}
    for incident in dict.fromkeys(label["incident_id"] for label in labels):
        weight, share = 0.0, {}
        for label in labels:
            columns = named[label.get("group_id", "alpha")]
            read = label.get("scope") != "series" and label.get("basis", "direct") in bases
            if label["incident_id"] == incident and read and columns:
                strength = STRENGTH[label.get("confidence", "likely")]
                weight += strength
                for column in columns:
                    share[column] = share.get(column, 0.0) + strength
        if weight:
            record[incident] = {column: total / weight for column, total in share.items()}
    return record


def day(row) -> int:
    return (pd.Timestamp(row["date"]) - pd.Timestamp("1970-01-01")).days


def distance(one, other) -> float:
    """Kilometres by the spherical law of cosines, NaN where a coordinate is missing."""
    if "latitude" not in one or "latitude" not in other:
        return math.nan
    north, south = math.radians(one["latitude"]), math.radians(other["latitude"])
    east = math.radians(other["longitude"] - one["longitude"])
    cosine = math.sin(north) * math.sin(south) + math.cos(north) * math.cos(south) * math.cos(east)
    return 6371.0 * math.acos(min(1.0, cosine))


def same(one, other, column: str) -> bool:
    """Whether two incidents are at the same place down to a column."""
    columns = ("country", "province", "place")
    usual = {"country": "Iraq", "province": "North", "place": ""}
    wide = columns[: columns.index(column) + 1]
    here = [one.get(name, usual[name]) for name in wide]
    return all(here) and here == [other.get(name, usual[name]) for name in wide]


def relabelled(labels, incidents, group: str):
    """The labels with those of some incidents naming a group instead."""
    return tuple(
        {**label, "group_id": group} if label["incident_id"] in incidents else label
        for label in labels
    )


def without(labels, incidents):
    """The labels without those of some incidents."""
    return tuple(label for label in labels if label["incident_id"] not in incidents)
