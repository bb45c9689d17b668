r"""Territory: how near the incident is to ground where an actor is known to be.

At each length :math:`\ell_a` (``options.kilometres`` in ``case.toml``) the nearest known place of
an actor or family ``c`` counts with

.. math:: x_{iac} = \max_{g \in c} r_g\, e^{-d_{ig}/\ell_a}

where :math:`r_g` is the weight of the place's role (``options.roles``; a role that is not listed,
such as a place that was only attacked, counts nothing). The learned weights of the lengths mix them
into one profile that falls with distance. A place whose source is dated later than the case's as-of
date is not known yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.channels.effects import families
from attribution.channels.links import LATER
from attribution.channels.measured import (
    MeasuredChannel,
    arc,
    columns_of,
    degrees,
    haversines,
    weight_prior,
)
from attribution.channels.options import check_known, is_positive, items_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.case.config import ChannelSpec
    from attribution.channels.base import Channel
    from attribution.channels.evidence import Evidence

#: Prior mean and standard deviation of every level's weight.
WEIGHT = (0.3, 0.3)


@dataclass(frozen=True)
class Ground:
    """Known places.

    Parameters
    ----------
    name
        Printed names, (n,).
    latitude, longitude
        Degrees, (n,).
    worth
        Weight of the role in the columns of whoever is there: (n, actors + families).
    """

    name: tuple[str, ...]
    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    worth: NDArray[np.float64]


@dataclass(frozen=True)
class TerritoryChannel(MeasuredChannel):
    """Act evidence from the coordinates.

    Parameters
    ----------
    lengths
        Kilometres of every level.
    roles
        Weight by role.
    ground
        The known places.
    """

    lengths: tuple[float, ...]
    roles: Mapping[str, float]
    ground: Ground

    @property
    def measured_by(self) -> tuple[str, ...]:
        """The coordinates."""
        return ("latitude", "longitude")

    def amounts(self, evidence: Evidence, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Find the nearest place of every column: (rows, levels, actors + families)."""
        result = np.zeros((len(rows), len(self.lengths), self.ground.worth.shape[1]))
        known = np.flatnonzero(self._is_known(evidence, rows))
        place, starts, column = self._groups
        if not len(known) or not len(place):
            return result
        apart = self._haversines(evidence, rows[known])
        # Of places that are worth the same only the nearest can count.
        nearest = arc(np.minimum.reduceat(apart[place], starts, axis=0))
        worth = self.ground.worth[place[starts], column][:, None]
        for level, length in enumerate(self.lengths):
            near = worth * np.exp(-nearest / length)
            for own in np.unique(column):
                result[known, level, own] = near[column == own].max(axis=0)
        return result

    @cached_property
    def _groups(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Places by column and worth: places, where each group starts, the column of each group."""
        column, place = np.nonzero(self.ground.worth.T)
        worth = self.ground.worth[place, column]
        order = np.lexsort((place, worth, column))
        column, place, worth = column[order], place[order], worth[order]
        differs = (np.diff(column) != 0) | (np.diff(worth) != 0)
        starts = np.flatnonzero(np.concatenate([np.ones(min(len(place), 1), bool), differs]))
        return place, starts, column[starts]

    def describe(self, evidence: Evidence, row: int, piece: int) -> str:
        """Name the nearest known place."""
        del piece
        distance = arc(self._haversines(evidence, np.array([row])))[:, 0]
        if not self.ground.name:
            return "Territory: no ground of any actor is known"
        if np.isnan(distance).all():
            return "Territory: coordinates not recorded"
        nearest = int(np.nanargmin(distance))
        return f"Territory: {distance[nearest]:.0f} km from {self.ground.name[nearest]}"

    def revised(self, case: Case) -> Channel:
        """Return the channel with the places that another state of the case knows."""
        return replace(self, ground=ground_of(case, self.roles))

    def _is_known(self, evidence: Evidence, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        incidents = evidence.incidents
        here = degrees(incidents, "latitude")[rows] + degrees(incidents, "longitude")[rows]
        return ~np.isnan(here)

    def _haversines(self, evidence: Evidence, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Measure places by incidents, so that the least over places runs along memory."""
        return haversines(
            self.ground.latitude,
            self.ground.longitude,
            degrees(evidence.incidents, "latitude")[rows],
            degrees(evidence.incidents, "longitude")[rows],
        )


def bind(spec: ChannelSpec, case: Case) -> Channel:
    """Bind the channel to a case: its table of territory.

    Parameters
    ----------
    spec
        Entry of ``case.toml``: ``options.kilometres``, a list of lengths, and ``options.roles``,
        the weight of every role that counts.
    case
        The case, reduced to what was known.

    Returns
    -------
    Channel
        The bound channel.

    Raises
    ------
    ValueError
        If an option is missing, a length or weight is no positive number, or a role is not in the
        vocabulary.
    """
    lengths, by_role = items_of(spec.options.get("kilometres")), spec.options.get("roles")
    roles = dict(by_role) if isinstance(by_role, Mapping) else {}
    for name, each, values in (
        ("kilometres", "a list of lengths", lengths),
        ("roles", "a table of weights by role", tuple(roles.values())),
    ):
        if not values or not all(is_positive(value) for value in values):
            raise ValueError(
                f"channel {spec.name}: options.{name} must be {each}, all positive numbers"
            )
    allowed = case.config.vocabularies.get("territory_role", tuple(roles))
    check_known(f"channel {spec.name}: options.roles: unknown", roles, allowed)
    levels = tuple(f"within about {length:g} km" for length in lengths)
    return TerritoryChannel(
        spec.name,
        case.config.actors,
        levels,
        weight_prior(spec, (WEIGHT,) * len(levels)),
        lengths,
        roles,
        ground_of(case, roles),
    )


def ground_of(case: Case, roles: Mapping[str, float]) -> Ground:
    """Return the places that a case knows.

    Parameters
    ----------
    case
        The case, reduced to what was known.
    roles
        Weight by role.

    Returns
    -------
    Ground
        Places with coordinates, of names that stand for one actor or one family; the others count
        nothing.
    """
    places = case.territory[case.territory["role"].isin(list(roles))]
    known = places.dropna(subset=["latitude", "longitude"])
    if case.as_of is not None:
        published = known["source_id"].map(case.sources.set_index("source_id")["date"])
        known = known[~(published > pd.Timestamp(case.as_of))]
    display = dict(zip(case.groups["group_id"], case.groups["name"], strict=True))
    width = families(case.config.actors).width
    worth = np.zeros((len(known), width))
    rows = zip(known["group_id"], known["role"], strict=True)
    for number, (group, role) in enumerate(rows):
        worth[number] = roles[role] * columns_of(case, group, LATER)
    counts = worth.any(axis=1)
    known = known[counts]
    shown = zip(known["place"], known["group_id"], known["role"], strict=True)
    return Ground(
        tuple(
            f"{place} ({display.get(group, group)}, {role.replace('_', ' ')})"
            for place, group, role in shown
        ),
        known["latitude"].to_numpy(dtype=np.float64),
        known["longitude"].to_numpy(dtype=np.float64),
        worth[counts],
    )
