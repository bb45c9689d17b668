r"""Channels that measure: how much of something speaks for each actor, times a learned weight.

A channel of codes looks a row up in its table. A channel that measures finds an amount
:math:`x_{iac}` for every incident ``i``, level ``a`` and column ``c`` (actors, then families: see
`effects`) and adds :math:`\sum_a \beta_{a\kappa(c)}\, x_{iac}` to the column's score, with one
weight a level for members of a family and one for families:

.. math:: \beta_{a\kappa} \sim N(\mu_a, \sigma_a)

A measure is built so that more of it should speak for an actor, hence a positive prior mean; a
weight may still turn out negative. Few weights are learned, from few labels.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from attribution.channels.base import Channel, Entries, column_entries
from attribution.channels.effects import families
from attribution.channels.links import indicator
from attribution.channels.options import is_positive, items_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.case.config import ChannelSpec
    from attribution.channels.base import Tensor
    from attribution.channels.evidence import Evidence

EPOCH = np.datetime64("1970-01-01", "us")
#: Mean radius of the Earth in kilometres (International Union of Geodesy and Geophysics).
EARTH_RADIUS = 6371.0
#: Incidents measured at once; bounds memory.
BLOCK = 2_000


@dataclass(frozen=True)
class MeasuredChannel(Channel):
    """A channel that measures; see the module's head.

    Parameters
    ----------
    prior
        Mean and standard deviation of each level's weight: (levels, 2).
    """

    prior: tuple[tuple[float, float], ...]

    @property
    def role(self) -> Literal["act"]:
        """What was done."""
        return "act"

    @property
    def reads(self) -> frozenset[str]:
        """What the amounts depend on."""
        return frozenset(self.measured_by)

    def table(self) -> Tensor:
        """Return each level's weight in every column: (levels, actors + families)."""
        import pymc as pm  # noqa: PLC0415 - heavy, needed only while a model is built

        groups = families(self.actors)
        mean, deviation = np.array(self.prior).T[:, :, None]
        weight = pm.Normal(f"{self.name}_weight", mean, deviation, shape=(len(self.levels), 2))
        kind = np.arange(groups.width) >= groups.actors
        table: Tensor = weight @ np.array([~kind, kind], dtype=np.float64)
        return table

    def encode(self, evidence: Evidence) -> Entries:
        """Return nothing: the channel has no codes."""
        del evidence
        return column_entries(())

    def measure(self, evidence: Evidence) -> NDArray[np.float64]:
        """Measure distinct incidents, in blocks: (incidents, levels, actors + families)."""
        alike = evidence.alike(*self.measured_by)
        count = len(alike.first)
        found = np.empty((count, len(self.levels), families(self.actors).width))
        for start in range(0, count, BLOCK):
            some = slice(start, start + BLOCK)
            found[some] = self.amounts(evidence, alike.first[some])
        # Where no two are alike each one is already in its place.
        return found if count == len(evidence) else found[alike.number]

    @property
    @abstractmethod
    def measured_by(self) -> tuple[str, ...]:
        """Columns on which the amounts depend; incidents alike in them are measured once."""

    @abstractmethod
    def amounts(self, evidence: Evidence, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Measure some of the incidents.

        Parameters
        ----------
        evidence
            Incidents, of the case or foreign.
        rows
            Positions of those to measure.

        Returns
        -------
        Array of shape (rows, levels, actors + families).
        """


def weight_prior(
    spec: ChannelSpec, default: tuple[tuple[float, float], ...]
) -> tuple[tuple[float, float], ...]:
    """Read the option ``weight`` of a channel that measures.

    Parameters
    ----------
    spec
        Entry of ``case.toml``; ``options.weight`` is a mean and a standard deviation.
    default
        Prior of each level if the option is not given.

    Returns
    -------
    Mean and standard deviation of each level's weight.

    Raises
    ------
    ValueError
        If the option is not two numbers, the second positive.
    """
    if spec.options.get("weight") is None:
        return default
    given = items_of(spec.options["weight"])
    if len(given) != 2 or not isinstance(given[0], (int, float)) or not is_positive(given[1]):
        raise ValueError(
            f"channel {spec.name}: options.weight must be a mean and a positive deviation"
        )
    return ((float(given[0]), float(given[1])),) * len(default)


def columns_of(case: Case, group: str, day: pd.Timestamp) -> NDArray[np.float64]:
    """Return the columns that the name of a group speaks of on a day.

    Parameters
    ----------
    case
        The case.
    group
        Identifier of a group.
    day
        A timestamp.

    Returns
    -------
    Array of shape (actors + families,); see ``Families.named``.
    """
    return families(case.config.actors).named(indicator(case, case.members(group, day)))


def kilometres(
    latitude: NDArray[np.float64],
    longitude: NDArray[np.float64],
    to_latitude: NDArray[np.float64],
    to_longitude: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return great-circle distances.

    Parameters
    ----------
    latitude, longitude
        Degrees, (n,); NaN where unknown.
    to_latitude, to_longitude
        Degrees, (m,).

    Returns
    -------
    Kilometres, (n, m); NaN where a coordinate is.
    """
    return arc(haversines(latitude, longitude, to_latitude, to_longitude))


def haversines(
    latitude: NDArray[np.float64],
    longitude: NDArray[np.float64],
    to_latitude: NDArray[np.float64],
    to_longitude: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return haversines of great-circle arcs: what is nearest has the smallest.

    A quarter of the squared chord between points of the unit sphere, which takes no sine for a
    pair and loses no digits of short arcs.

    Parameters
    ----------
    latitude, longitude
        Degrees, (n,); NaN where unknown.
    to_latitude, to_longitude
        Degrees, (m,).

    Returns
    -------
    Array of shape (n, m), from 0 to 1; NaN where a coordinate is.
    """
    here, there = _on_sphere(latitude, longitude), _on_sphere(to_latitude, to_longitude)
    result, across = (np.zeros((len(latitude), len(to_latitude))) for _ in range(2))
    for one, other in zip(here, there, strict=True):
        np.subtract(one[:, None], other[None, :], out=across)
        across *= across
        result += across
    result *= 0.25
    return result


def arc(haversine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the kilometres that belong to haversines, of any shape."""
    return np.asarray(2 * EARTH_RADIUS * np.arcsin(np.sqrt(np.clip(haversine, 0.0, 1.0))))


def _on_sphere(
    latitude: NDArray[np.float64], longitude: NDArray[np.float64]
) -> tuple[NDArray[np.float64], ...]:
    north, east = np.radians(latitude), np.radians(longitude)
    return np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)


def days_of(rows: pd.DataFrame) -> NDArray[np.float64]:
    """Return the column ``date`` as days since 1970, NaN where unknown.

    Parameters
    ----------
    rows
        Incidents or triggers.

    Returns
    -------
    Array of shape (rows,).
    """
    days = rows["date"].to_numpy(dtype="datetime64[us]")
    return np.asarray((days - EPOCH) / np.timedelta64(1, "D"), dtype=np.float64)


def degrees(incidents: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """Return a column of coordinates, NaN where unknown.

    Parameters
    ----------
    incidents
        The incidents' table; it may lack the column.
    column
        "latitude" or "longitude".

    Returns
    -------
    Array of shape (incidents,).
    """
    if column not in incidents:
        return np.full(len(incidents), np.nan)
    return np.asarray(incidents[column].to_numpy(dtype=np.float64))
