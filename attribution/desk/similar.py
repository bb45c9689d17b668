r"""Incidents like a given one.

Likeness is the number of things two incidents share, plus closeness in space and in time:

.. math:: s = \sum_c [x_c = y_c] + [\text{a claimant in common}]
              + e^{-d / 50\,\text{km}} + e^{-t / 180\,\text{days}}

over weapon, target, province and place, as far as both are recorded; what is unknown adds nothing.
It is a way to find company for an incident. The model does not use it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.channels.measured import kilometres

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from attribution.desk.catalogue import Catalogue, Listed

SHARED = ("weapon_type", "target_type", "province", "place")
KILOMETRES = 50.0
DAYS = 180.0
#: So many are shown.
MOST = 8


@dataclass(frozen=True)
class Similar:
    """An incident like another one.

    Attributes
    ----------
    row
        The incident.
    likeness
        From 0 to 7; see the module's formula.
    shared
        What the two have in common.
    kilometres, days
        How far apart they are; None if that is not known.
    """

    row: Listed
    likeness: float
    shared: tuple[str, ...]
    kilometres: float | None
    days: int | None


def similar(
    catalogue: Catalogue, position: int, uninformative: Collection[str], most: int = MOST
) -> tuple[Similar, ...]:
    """Find the incidents most like one of the case's.

    Parameters
    ----------
    catalogue
        All incidents.
    position
        Row of the one.
    uninformative
        Words that say nothing.
    most
        How many are wanted.

    Returns
    -------
    tuple of Similar
        The most similar first.
    """
    rows = catalogue.rows
    own = rows[position]
    away = kilometres(
        catalogue.latitude[[position]],
        catalogue.longitude[[position]],
        catalogue.latitude,
        catalogue.longitude,
    )[0]
    days = np.abs(catalogue.day - catalogue.day[position])
    near = np.nan_to_num(np.exp(-away / KILOMETRES)) + np.nan_to_num(np.exp(-days / DAYS))
    shared = [_shared(own, row, uninformative) for row in rows]
    likeness = near + np.array([len(words) for words in shared])
    likeness[position] = -np.inf
    order = sorted(range(len(rows)), key=lambda row: (-likeness[row], rows[row].incident_id))
    return tuple(
        Similar(
            rows[row],
            float(likeness[row]),
            shared[row],
            None if np.isnan(away[row]) else float(away[row]),
            None if np.isnan(days[row]) else int(days[row]),
        )
        for row in order[:most]
        if row != position
    )


def _shared(one: Listed, other: Listed, uninformative: Collection[str]) -> tuple[str, ...]:
    words: Sequence[str] = [
        name
        for name in SHARED
        if getattr(one, name) == getattr(other, name)
        and getattr(one, name)
        and getattr(one, name) not in uninformative
    ]
    claimants = set(one.claimed_by) & set(other.claimed_by)
    return (*words, *(("claimant",) if claimants - set(uninformative) else ()))
