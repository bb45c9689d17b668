"""Tables behind pictures that the posterior has no single question for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attribution.posterior.selection import selected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import pandas as pd

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
