"""A small invented case: four actors, three of them one family, and every kind of evidence."""

from collections.abc import Mapping, Sequence

import pandas as pd

from attribution.case.case import Case
from attribution.case.config import parse_config

DAYS = ("date", "end_date", "active_from", "active_to")

CONFIG = """
name = "small"
title = "A small invented case"
uninformative = ["unknown"]
iran_sponsors = ["IRGC-QF"]

[vocabularies]
weapon_type = ["rocket", "mortar", "drone", "unknown"]
target_type = ["base", "convoy", "shop"]
labeller_type = ["official", "analyst"]
trigger_kind = ["strike", "truce", "anniversary"]
territory_role = ["base", "cells", "target_area"]

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

#: Two residual actors, to be put behind ``CONFIG``: one in the family of militias, one alone.
REST = """
[[actors]]
id = "rest"
name = "Other militia"
militia = true
iran_backed = true
residual = true

[[actors]]
id = "others"
name = "Other actor"
militia = false
iran_backed = false
residual = true
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
NEIGHBOURS = """
[[channels]]
name = "neighbours"
columns = ["date", "latitude", "longitude", "labels:group_id"]
[channels.options]
scales = [
  { kilometres = 100 },
  { same = "province", half_life_days = 365, concentration = 1 },
  { kilometres = 10, half_life_days = 90 },
]
"""
RECENCY = """
[[channels]]
name = "recency"
columns = ["date", "labels:group_id"]
"""
TERRITORY = """
[[channels]]
name = "territory"
columns = ["latitude", "longitude", "territory:group_id"]
[channels.options]
kilometres = [10, 40]
roles = { base = 1.0, cells = 0.5 }
"""
TRIGGERS = """
[[channels]]
name = "triggers"
columns = ["date", "triggers:kind", "triggers:affected_group_id"]
[channels.options.responses]
struck = { kinds = ["strike", "anniversary"], half_life_days = 14, sign = 1 }
truce = { kinds = ["truce"], lasting = true, sign = -1 }
"""
#: Channels that measure.
MEASURED = (NEIGHBOURS, RECENCY, TERRITORY, TRIGGERS)
CHANNELS = (WEAPON, TARGET, PLACE, PERIOD, CLAIM, DENIAL, LABEL)

INCIDENTS = {
    "incident_id": "",
    "date": None,
    "country": "Iraq",
    "province": "North",
    "place": "",
    "latitude": float("nan"),
    "longitude": float("nan"),
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
TRIGGER = {
    "date": None,
    "end_date": None,
    "kind": "strike",
    "actor": "",
    "affected_group_id": "alpha",
    "place": "",
    "source_id": "s",
}
GROUND = {
    "group_id": "alpha",
    "place": "Fort",
    "province": "North",
    "latitude": 34.0,
    "longitude": 44.0,
    "role": "base",
    "source_id": "s",
}
SOURCES = {"source_id": "s", "date": None}
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
CAMP = {"latitude": 34.0, "longitude": 44.0}
HILL = {"latitude": 34.05, "longitude": 44.02}
INCIDENT_ROWS = (
    {"incident_id": "i0", "date": "2020-11-05", "place": "Camp", **CAMP},
    {"incident_id": "i1", "date": "2021-02-10", "place": "Camp", "weapon_type": "mortar", **CAMP},
    {"incident_id": "i2", "date": "2021-05-01", "place": "Hill", "weapon_type": "drone", **HILL},
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

TRIGGER_ROWS = (
    {"date": "2021-02-03"},
    {"date": "2021-02-10", "affected_group_id": "backed", "kind": "anniversary"},
    {"date": "2021-05-01", "end_date": "2021-09-01", "kind": "truce"},
)
GROUND_ROWS = (
    {},
    {"group_id": "beta", "place": "Cellar", "latitude": 34.2, "role": "cells"},
    {"group_id": "gamma", "place": "Square", "latitude": 34.1, "role": "target_area"},
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
    triggers: Sequence[Row] = TRIGGER_ROWS,
    territory: Sequence[Row] = GROUND_ROWS,
    sources: Sequence[Row] = ({},),
    config: str = CONFIG,
) -> Case:
    """Build the case without files; rows give only what differs from a usual row."""
    parsed, faults = parse_config(config + "".join(channels))
    assert parsed is not None, faults
    return Case(
        parsed,
        {
            "incidents": table(INCIDENTS, incidents),
            "groups": table(GROUPS, groups),
            "statements": table(STATEMENTS, statements),
            "labels": table(LABELS, labels),
            "labellers": table(LABELLERS, labellers),
            "brand_links": table(LINKS, links),
            "sources": table(SOURCES, sources),
            "triggers": table(TRIGGER, triggers),
            "territory": table(GROUND, territory),
        },
    )


def table(usual: Row, rows: Sequence[Row]) -> pd.DataFrame:
    """Make a typed table of rows, missing cells filled with the usual value."""
    frame = pd.DataFrame(
        {
            name: pd.Series(
                [row.get(name, value) for row in rows],
                dtype=_dtype(name, value),
            )
            for name, value in usual.items()
        }
    )
    for name in DAYS:
        if name in frame:
            frame[name] = days(frame[name].tolist())
    return frame


def _dtype(name: str, usual: object) -> str:
    if name in DAYS:
        return "object"
    return "float64" if isinstance(usual, float) else "str"


def days(values: Sequence[object]) -> pd.Series:
    return pd.to_datetime(pd.Series(values, dtype="object")).astype("datetime64[us]")
