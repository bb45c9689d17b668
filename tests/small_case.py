"""A small invented case: four actors, three of them one family, and every kind of evidence."""

from collections.abc import Mapping, Sequence

import pandas as pd

from attribution.case.case import Case
from attribution.case.config import parse_config

CONFIG = """
name = "small"
title = "A small invented case"
uninformative = ["unknown"]
iran_sponsors = ["IRGC-QF"]

[vocabularies]
weapon_type = ["rocket", "mortar", "drone", "unknown"]
target_type = ["base", "convoy", "shop"]
labeller_type = ["official", "analyst"]

[[actors]]
id = "alpha"
name = "Alpha"
militia = true
iran_backed = true
groups = ["alpha"]

[[actors]]
id = "state"
name = "State"
militia = false
iran_backed = false
groups = ["state"]

[[actors]]
id = "beta"
name = "Beta"
militia = true
iran_backed = true
groups = ["beta"]

[[actors]]
id = "gamma"
name = "Gamma"
militia = true
iran_backed = true
groups = ["gamma"]

[[sets]]
name = "backed"
members = [{ actor = "alpha" }, { actor = "beta" }, { actor = "gamma" }]

[[sets]]
name = "umbrella"
members = [{ actor = "alpha" }, { actor = "beta", start = 2021-07-01 }]
"""

WEAPON = """
[[channels]]
name = "weapon"
columns = ["weapon_type"]
[channels.options.classes]
rocket = "indirect"
mortar = "indirect"
drone = "air"
"""
TARGET = """
[[channels]]
name = "target"
columns = ["target_type"]
[channels.options.classes]
base = "military"
convoy = "military"
shop = "society"
"""
PLACE = """
[[channels]]
name = "place"
columns = ["country", "province", "place"]
"""
PERIOD = """
[[channels]]
name = "period"
columns = ["date"]
"""
CLAIM = """
[[channels]]
name = "claim"
columns = ["statements:kind", "statements:speaker_id"]
"""
DENIAL = """
[[channels]]
name = "denial"
columns = ["statements:kind", "statements:speaker_id"]
"""
LABEL = """
[[channels]]
name = "label"
columns = ["labels:labeller", "labels:group_id", "labels:confidence"]
[channels.options.default_blame]
official = { alpha = 3.0 }
"""
CHANNELS = (WEAPON, TARGET, PLACE, PERIOD, CLAIM, DENIAL, LABEL)

INCIDENTS = {
    "incident_id": "",
    "date": None,
    "country": "Iraq",
    "province": "North",
    "place": "",
    "location_precision": "town",
    "weapon_type": "rocket",
    "target_type": "base",
}
STATEMENTS = {
    "incident_id": "",
    "speaker_id": "",
    "kind": "claim",
    "date": None,
    "channel": "",
    "source_id": "s",
}
LABELS = {
    "incident_id": "",
    "labeller": "us",
    "labeller_type": "official",
    "group_id": "alpha",
    "confidence": "likely",
    "contested": "no",
    "date": None,
    "source_id": "s",
    "scope": "incident",
    "basis": "direct",
}
LINKS = {
    "brand_id": "",
    "group_id": "alpha",
    "strength": "likely",
    "labeller": "one",
    "date": "2021-01-01",
    "source_id": "s",
}
LABELLERS = {"labeller": "", "name": "", "type": "analyst", "echo_group": ""}
GROUPS = {
    "group_id": "",
    "name": "",
    "kind": "brand",
    "sponsor": "",
    "active_from": None,
    "active_to": None,
}

GROUP_ROWS = (
    {"group_id": "alpha", "name": "Alpha", "kind": "militia"},
    {"group_id": "beta", "name": "Beta", "kind": "militia"},
    {"group_id": "gamma", "name": "Gamma", "kind": "militia"},
    {"group_id": "state", "name": "State", "kind": "non_militia_actor"},
    {"group_id": "backed", "name": "Backed militias", "kind": "umbrella"},
    {"group_id": "umbrella", "name": "Umbrella", "kind": "umbrella"},
    {"group_id": "unknown", "name": "Unknown", "kind": "umbrella"},
    {"group_id": "front_a", "name": "Front of Alpha"},
    {"group_id": "front_split", "name": "Split front"},
    {"group_id": "front_late", "name": "Late front", "active_from": "2022-01-01"},
    {"group_id": "front_past", "name": "Past front", "active_to": "2020-12-31"},
    {"group_id": "front_plain", "name": "Front without links", "sponsor": "IRGC-QF"},
)
LABELLER_ROWS = tuple(
    {"labeller": who, "name": who.title(), "echo_group": echo}
    for who, echo in (
        ("us", "us"),
        ("one", "one"),
        ("two", "two"),
        ("echo_1", "team"),
        ("echo_2", "team"),
    )
)
LINK_ROWS = (
    {"brand_id": "front_a"},
    {"brand_id": "front_split", "group_id": "alpha", "labeller": "one"},
    {"brand_id": "front_split", "group_id": "beta", "labeller": "two"},
    {"brand_id": "front_late", "group_id": "gamma", "strength": "certain"},
)
INCIDENT_ROWS = (
    {"incident_id": "i0", "date": "2020-11-05", "place": "Camp"},
    {"incident_id": "i1", "date": "2021-02-10", "place": "Camp", "weapon_type": "mortar"},
    {"incident_id": "i2", "date": "2021-05-01", "place": "Hill", "weapon_type": "drone"},
    {"incident_id": "i3", "date": "2021-08-20", "province": "South", "target_type": "shop"},
    {"incident_id": "i4", "date": "2022-03-03", "province": "South", "target_type": "convoy"},
    {"incident_id": "i5", "date": "2022-06-30", "province": "", "weapon_type": "unknown"},
)
STATEMENT_ROWS = (
    {"incident_id": "i0", "speaker_id": "front_past"},
    {"incident_id": "i1", "speaker_id": "front_a"},
    {"incident_id": "i1", "speaker_id": "alpha", "kind": "denial"},
    {"incident_id": "i2", "speaker_id": "front_split"},
    {"incident_id": "i2", "speaker_id": "umbrella"},
    {"incident_id": "i3", "speaker_id": "umbrella", "kind": "praise"},
    {"incident_id": "i4", "speaker_id": "front_late"},
    {"incident_id": "i4", "speaker_id": "front_late"},
    {"incident_id": "i5", "speaker_id": "gamma", "kind": "condemnation"},
)
LABEL_ROWS = (
    {"incident_id": "i0", "group_id": "state", "confidence": "certain"},
    {"incident_id": "i1", "group_id": "alpha"},
    {"incident_id": "i1", "group_id": "beta", "labeller": "one", "labeller_type": "analyst"},
    {"incident_id": "i2", "group_id": "backed"},
    {"incident_id": "i2", "group_id": "gamma", "confidence": "possible", "contested": "yes"},
    {"incident_id": "i3", "group_id": "umbrella", "labeller": "two", "labeller_type": "analyst"},
    {"incident_id": "i4", "group_id": "alpha", "scope": "series"},
    {"incident_id": "i5", "group_id": "alpha", "scope": "series"},
)

Row = Mapping[str, object]


def small_case(
    *,
    channels: Sequence[str] = CHANNELS,
    incidents: Sequence[Row] = INCIDENT_ROWS,
    statements: Sequence[Row] = STATEMENT_ROWS,
    labels: Sequence[Row] = LABEL_ROWS,
    links: Sequence[Row] = LINK_ROWS,
    groups: Sequence[Row] = GROUP_ROWS,
    labellers: Sequence[Row] = LABELLER_ROWS,
    config: str = CONFIG,
) -> Case:
    """Build the case without files; rows give only what differs from a usual row."""
    parsed, faults = parse_config(config + "".join(channels))
    assert parsed is not None, faults
    sources = pd.DataFrame({"source_id": pd.Series(["s"], dtype="str"), "date": days([None])})
    empty = sources.iloc[:0]
    return Case(
        parsed,
        {
            "incidents": table(INCIDENTS, incidents),
            "groups": table(GROUPS, groups),
            "statements": table(STATEMENTS, statements),
            "labels": table(LABELS, labels),
            "labellers": table(LABELLERS, labellers),
            "brand_links": table(LINKS, links),
            "sources": sources,
            "triggers": empty.assign(end_date=empty["date"]),
            "territory": empty,
        },
    )


def table(usual: Row, rows: Sequence[Row]) -> pd.DataFrame:
    """Make a typed table of rows, missing cells filled with the usual value."""
    frame = pd.DataFrame(
        {
            name: pd.Series(
                [row.get(name, value) for row in rows],
                dtype="object" if value is None or name == "date" else "str",
            )
            for name, value in usual.items()
        }
    )
    for name in ("date", "active_from", "active_to"):
        if name in frame:
            frame[name] = days(frame[name].tolist())
    return frame


def days(values: Sequence[object]) -> pd.Series:
    return pd.to_datetime(pd.Series(values, dtype="object")).astype("datetime64[us]")
