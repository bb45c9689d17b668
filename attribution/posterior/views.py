"""Tables behind pictures that the posterior has no single question for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.case.hindsight import said_on
from attribution.channels.base import spoken_word
from attribution.posterior.selection import selected

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from datetime import date

    from attribution.case.case import Case
    from attribution.posterior.posterior import Posterior

#: Columns of an incident that a map tells.
TOLD = ("date", "place", "province", "country", "weapon_type", "target_type")


def map_table(
    posterior: Posterior,
    start: date | str | None,
    end: date | str | None,
    where: Mapping[str, Sequence[str]],
) -> pd.DataFrame:
    """Say where incidents happened and who probably did them.

    Parameters
    ----------
    posterior
        A fitted case.
    start, end, where
        As for ``Posterior.shares``.

    Returns
    -------
    pandas.DataFrame
        One row an incident: incident_id, date, place, province, country, weapon_type, target_type,
        latitude, longitude (NaN where unknown), top_actor, name (of that actor), p, lo, hi, words
        and evidence, as `Posterior.attribute` has them.

    Raises
    ------
    ValueError
        If a column or a word is unknown.
    """
    chosen = selected(posterior.case, start, end, where)
    incidents = posterior.case.incidents[chosen].reset_index(drop=True)
    scores = posterior.attribute(incidents["incident_id"].tolist()).reset_index(drop=True)
    top = scores["top_actor"]
    table = incidents[["incident_id", *TOLD, "latitude", "longitude"]].assign(
        top_actor=top, name=top.map(dict(posterior.actor_names)), p=scores["top_p"]
    )
    for end_of in ("lo", "hi"):
        columns = scores[[f"{end_of}_{actor}" for actor in posterior.actors]].to_numpy(dtype=float)
        position = [posterior.actors.index(actor) for actor in top]
        table[end_of] = columns[np.arange(len(columns)), position]
    return table.assign(words=scores["words"], evidence=scores["evidence"])


def history(posterior: Posterior, incident_id: str) -> pd.DataFrame:
    """Say what the evidence known on each day would have made of an incident.

    The parameters stay those of the fit, which knows what came later; evidence does not: statements
    and labels by the day on which they were known, the calendar, the lifetimes of names and the
    record of other incidents as far as that day.

    Parameters
    ----------
    posterior
        A fitted case.
    incident_id
        An incident of the case.

    Returns
    -------
    pandas.DataFrame
        One row a day and actor: as_of, learned (what became known of the incident since the row
        before), actor, name, p, lo and hi, evidence and status as `Posterior.attribute` has them.
        The first day is the incident's; then come the days on which something was said of it;
        the last is the last day of the case, with everything in it, undated evidence included: its
        row is that of `Posterior.attribute`.

    Raises
    ------
    UnknownIncidentError
        If the case has no such incident.
    """
    now = posterior.attribute([incident_id])
    news = _news(posterior.case, incident_id)
    parts = [
        _on(posterior, day, learned, posterior.as_known(day.date()).attribute([incident_id]))
        for day, learned in news[:-1]
    ]
    return pd.concat([*parts, _on(posterior, *news[-1], now)], ignore_index=True)


def brand_drift(posterior: Posterior, brand: str) -> pd.DataFrame:
    """Say who was behind a brand from quarter to quarter of its life.

    Parameters
    ----------
    posterior
        A fitted case.
    brand
        Identifier of a claiming name.

    Returns
    -------
    pandas.DataFrame
        One row a day and actor: on, brand_id, name, actor, actor_name, share, lo and hi, as
        `Posterior.brands` has them on that day. Days are the first on which it was in use within
        the time of the case, the first of every quarter since, and the last.

    Raises
    ------
    ValueError
        If there is no such brand.
    """
    latest = posterior.brands(only=[brand]).iloc[0]
    days = posterior.case.incidents["date"]
    first, last = days.min(), days.max()
    start = first if pd.isna(latest["active_from"]) else max(latest["active_from"], first)
    end = last if pd.isna(latest["active_to"]) else min(latest["active_to"], last)
    # A name that ended before the first incident is asked about on its last day.
    start = min(start, end)
    asked = sorted({start, *pd.date_range(start, end, freq="QS"), end})
    parts = [posterior.brands(on=day, only=[brand]).assign(on=day) for day in asked]
    table = pd.concat(parts, ignore_index=True)
    named = table["actor"].map(dict(posterior.actor_names))
    columns = ["on", "brand_id", "name", "actor", "actor_name", "share", "lo", "hi"]
    return table.assign(actor_name=named)[columns]


def _on(
    posterior: Posterior, day: pd.Timestamp, learned: str, scores: pd.DataFrame
) -> pd.DataFrame:
    """Lay one row of the score output out by actor."""
    row = scores.iloc[0]
    return pd.DataFrame(
        [
            {
                "as_of": day,
                "learned": learned,
                "actor": actor,
                "name": posterior.actor_names[actor],
                "p": row[f"p_{actor}"],
                "lo": row[f"lo_{actor}"],
                "hi": row[f"hi_{actor}"],
                "evidence": row["evidence"],
                "status": row["status"],
            }
            for actor in posterior.actors
        ]
    )


def _news(case: Case, incident_id: str) -> list[tuple[pd.Timestamp, str]]:
    """List the days of an incident's history and what was said on each; the last is the case's."""
    happened = case.incidents["date"][case.incidents["incident_id"] == incident_id].iloc[0]
    said: dict[pd.Timestamp, list[str]] = {happened: ["the incident"]}
    undated: list[str] = []
    for table, tell in ((case.statements, _statement), (case.labels, _label)):
        own = table[table["incident_id"] == incident_id]
        for day, row in zip(said_on(own, case.sources), own.to_dict("records"), strict=True):
            words = tell(case, row)
            if pd.isna(day):
                undated.append(f"{words} (undated)")
            else:
                said.setdefault(max(day, happened), []).append(words)
    listed = [(day, "; ".join(dict.fromkeys(said[day]))) for day in sorted(said)]
    rest = "; ".join(dict.fromkeys(undated)) or "nothing more of this incident"
    return [*listed, (_last_day(case), f"everything in the case: {rest}")]


def _last_day(case: Case) -> pd.Timestamp:
    """Return the day of which the case knows, the last one that it mentions if it is open."""
    if case.as_of is not None:
        return pd.Timestamp(case.as_of)
    spoken = [said_on(table, case.sources) for table in (case.statements, case.labels)]
    days: pd.Series[pd.Timestamp] = pd.concat([case.incidents["date"], *spoken])
    return days.max()


def _statement(case: Case, row: Mapping[Hashable, object]) -> str:
    return f"{spoken_word(str(row['kind']))} by {_name(case, str(row['speaker_id']))}"


def _label(case: Case, row: Mapping[Hashable, object]) -> str:
    people = case.labellers.set_index("labeller")["name"]
    who = str(row["labeller"])
    named = _name(case, str(row["group_id"]))
    return f"{people.get(who, who)} names {named} ({row['confidence']})"


def _name(case: Case, group_id: str) -> str:
    return str(case.groups.set_index("group_id")["name"].get(group_id, group_id))
