"""The small case with every channel and with days: what was known when matters."""

import pandas as pd
from small_case import (
    CHANNELS,
    GROUND_ROWS,
    INCIDENT_ROWS,
    LABEL_ROWS,
    LINK_ROWS,
    MEASURED,
    STATEMENT_ROWS,
    small_case,
)

from attribution.case.case import Case

DAYS = {row["incident_id"]: row["date"] for row in INCIDENT_ROWS}


def dated(rows, after=2):
    """The rows with a day: some days after that of their incident."""
    later = pd.Timedelta(days=after)
    return [
        {**row, "date": f"{pd.Timestamp(DAYS[row['incident_id']]) + later:%Y-%m-%d}"}
        for row in rows
    ]


def dated_labels():
    """The small case's labels, one by a brand whose links change and one that was given late."""
    brand = {"incident_id": "i1", "group_id": "front_split", "labeller": "two"}
    late = {"incident_id": "i0", "group_id": "gamma", "labeller": "one", "date": "2022-01-01"}
    return [*dated(LABEL_ROWS), *dated([brand], 3), late]


def dated_case(labels=None, **tables) -> Case:
    """The case; a link to beta is of September 2021, one piece of ground of July."""
    links = [
        {**row, "date": "2021-09-01"} if row.get("labeller") == "two" else row for row in LINK_ROWS
    ]
    den = {"place": "Den", "latitude": 34.02, "source_id": "late"}
    return small_case(
        channels=(*CHANNELS, *MEASURED),
        labels=dated_labels() if labels is None else labels,
        links=links,
        statements=dated(STATEMENT_ROWS, after=0),
        sources=[{"source_id": "s"}, {"source_id": "late", "date": "2021-07-01"}],
        territory=[*GROUND_ROWS, den],
        **tables,
    )
