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
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

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
    kilometres,
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


class _Column(NamedTuple):
    """An actor or family that has places.

    Parameters
    ----------
    number
        Its column.
    kinds
        Kinds of place that count for it, (kinds,).
    log_worth
        Logarithm of what they are worth to it, (kinds, 1).
    """

    number: int
    kinds: NDArray[np.int64]
    log_worth: NDArray[np.float64]


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
        latitude, longitude = _coordinates(evidence, rows)
        unknown = np.isnan(latitude + longitude)
        if unknown.all() or not self.ground.name:
            return result
        order, kinds, columns = self._kinds
        apart = haversines(
            self.ground.latitude[order], self.ground.longitude[order], latitude, longitude
        )
        # Of places that are worth the same only the nearest can count; one exponential a column.
        # Each is sought by itself: NumPy's reductions of many slices at once take four times as
        # long.
        nearest = arc(np.array([apart[kind].min(axis=0) for kind in kinds]))
        most = np.empty((len(self.lengths), len(columns), len(rows)))
        for level, length in enumerate(self.lengths):
            fallen = nearest / length
            for number, column in enumerate(columns):
                (column.log_worth - fallen[column.kinds]).max(axis=0, out=most[level, number])
        own = [column.number for column in columns]
        result[:, :, own] = np.exp(most, out=most).transpose(2, 0, 1)
        result[unknown] = 0.0
        return result

    @cached_property
    def _kinds(self) -> tuple[NDArray[np.int64], list[slice], list[_Column]]:
        """Places worth the same: places by kind, where each kind lies, and whose places count."""
        worth, kind = np.unique(self.ground.worth, axis=0, return_inverse=True)
        order = np.argsort(kind, kind="stable")
        ends = np.searchsorted(kind[order], np.arange(len(worth) + 1)).tolist()
        columns = [
            _Column(int(number), own, np.log(worth[own, number])[:, None])
            for number in np.flatnonzero(worth.any(axis=0))
            for own in [np.flatnonzero(worth[:, number])]
        ]
        return order, [slice(*each) for each in pairwise(ends)], columns

    def describe(self, evidence: Evidence, row: int, piece: int) -> str:
        """Name the nearest known place."""
        del piece
        here = _coordinates(evidence, np.array([row]))
        distance = kilometres(self.ground.latitude, self.ground.longitude, *here)[:, 0]
        if not self.ground.name:
            return "Territory: no ground of any actor is known"
        if np.isnan(distance).all():
            return "Territory: coordinates not recorded"
        nearest = int(np.nanargmin(distance))
        return f"Territory: {distance[nearest]:.0f} km from {self.ground.name[nearest]}"

    def revised(self, case: Case) -> Channel:
        """Return the channel with the places that another state of the case knows."""
        return replace(self, ground=ground_of(case, self.roles))


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


def _coordinates(
    evidence: Evidence, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return latitude and longitude of some incidents, NaN where unknown."""
    # Whole rows hold many texts, and to take them takes longer than to measure.
    incidents = evidence.incidents
    return degrees(incidents, "latitude")[rows], degrees(incidents, "longitude")[rows]
