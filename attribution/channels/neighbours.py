r"""Neighbours: earlier incidents nearby, and who did them as far as labels say.

At each scale of space and time (``options.scales`` in ``case.toml``: kilometres and days) the
labelled incidents ``j`` of the case's past are counted with weight

.. math:: n_{isc} = \sum_{j \ne i,\; t_j \le t_i} e^{-d_{ij}/\ell_s - (t_i - t_j)/\tau_s}\, q_{jc},
          \qquad x_{isc} = \log(1 + n_{isc} / n_0)

with :math:`q_{jc}` the share of the labels on ``j`` that speak of column ``c`` (an actor, or a
family), by the weight of their confidence words. One neighbour counts, the tenth adds little. Only
labels that the case knows are read: hidden or later ones are not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from attribution.channels.effects import families
from attribution.channels.evidence import case_evidence, labels_of
from attribution.channels.links import STRENGTH, day_or_later
from attribution.channels.measured import (
    MeasuredChannel,
    columns_of,
    days_of,
    degrees,
    kilometres,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.case.config import ChannelSpec
    from attribution.channels.base import Channel
    from attribution.channels.evidence import Evidence

#: Scale of the weights' prior.
SCALE = 0.3
#: A count as large as this has half the pull of a sure neighbour.
COUNT = 0.5
#: Distances (kilometres) and ages (days) at which a neighbour's weight falls to 1/e.
SCALES = ((10.0, 90.0), (100.0, 365.0))


@dataclass(frozen=True)
class Past:
    """Labelled incidents of the case.

    Parameters
    ----------
    incident_id
        Identifiers, (n,).
    day
        Days since 1970, (n,); NaN where unknown.
    latitude, longitude
        Degrees, (n,); NaN where unknown.
    share
        What labels say of each column: (n, actors + families).
    """

    incident_id: NDArray[np.object_]
    day: NDArray[np.float64]
    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    share: NDArray[np.float64]


@dataclass(frozen=True)
class NeighboursChannel(MeasuredChannel):
    """Act evidence from the record of the neighbourhood.

    Parameters
    ----------
    scales
        Kilometres and days of every level.
    past
        The record.
    """

    scales: tuple[tuple[float, float], ...]
    past: Past

    def amounts(self, evidence: Evidence, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Count neighbours at every scale: (rows, levels, actors + families)."""
        counts = [kernel @ self.past.share for kernel in self._kernels(evidence, rows)]
        return np.log1p(np.stack(counts, axis=1) / COUNT)

    def describe(self, evidence: Evidence, row: int, piece: int) -> str:
        """Say how many neighbours there are and whom their labels name most."""
        del piece
        reach = max(range(len(self.scales)), key=lambda level: self.scales[level])
        kernel = self._kernels(evidence, np.array([row]))[reach]
        near = int((kernel > np.exp(-1)).sum())
        if not kernel.any():
            return "Neighbours: no attributed incident on record nearby"
        totals = (kernel @ self.past.share)[0, : len(self.actors)]
        most = "" if not totals.any() else f", most named: {self.actors[totals.argmax()].name}"
        kilometre, days = self.scales[reach]
        return (
            f"Neighbours: {near} attributed incidents within about {kilometre:g} km and "
            f"{days:g} days before{most}"
        )

    def revised(self, case: Case) -> Channel:
        """Return the channel with the labels that another state of the case knows."""
        return replace(self, past=past_of(case))

    def _kernels(self, evidence: Evidence, rows: NDArray[np.int64]) -> list[NDArray[np.float64]]:
        """Weigh the past for every incident, scale by scale: each (rows, n)."""
        incidents = evidence.incidents.iloc[rows]
        day = days_of(incidents)
        age = day[:, None] - self.past.day[None, :]
        distance = kilometres(
            degrees(incidents, "latitude"),
            degrees(incidents, "longitude"),
            self.past.latitude,
            self.past.longitude,
        )
        itself = incidents["incident_id"].to_numpy()[:, None] == self.past.incident_id[None, :]
        with np.errstate(invalid="ignore"):
            usable = (age >= 0) & ~np.isnan(distance) & ~itself
        return [
            np.where(
                usable, np.exp(-np.nan_to_num(distance) / reach - np.nan_to_num(age) / days), 0
            )
            for reach, days in self.scales
        ]


def bind(spec: ChannelSpec, case: Case) -> Channel:
    """Bind the channel to a case: its labelled incidents.

    Parameters
    ----------
    spec
        Entry of ``case.toml``; ``options.scales`` lists tables with ``kilometres`` and ``days``.
    case
        The case, reduced to what was known.

    Returns
    -------
    Channel
        The bound channel.
    """
    given = spec.options.get("scales")
    scales = (
        SCALES
        if given is None
        else tuple((float(each["kilometres"]), float(each["days"])) for each in given)
    )
    levels = tuple(f"{reach:g} km, {days:g} days" for reach, days in scales)
    return NeighboursChannel(spec.name, case.config.actors, levels, SCALE, scales, past_of(case))


def past_of(case: Case) -> Past:
    """Return the labelled incidents of a case and what labels say of them.

    Parameters
    ----------
    case
        The case, reduced to what was known.

    Returns
    -------
    Past
        Without labels said of a whole series, that repeat a claiming name, or that say nothing.
    """
    evidence = case_evidence(case)
    labels = evidence.labels
    used = ((labels["scope"] == "incident") & (labels["basis"] == "direct")).to_numpy()
    width = families(case.config.actors).width
    share = np.zeros((len(evidence), width))
    weight = np.zeros(len(evidence))
    for label in labels_of(evidence):
        if not used[label.piece]:
            continue
        columns = columns_of(case, label.group_id, day_or_later(label.day))
        if columns.any():
            share[label.row] += STRENGTH[label.confidence] * columns
            weight[label.row] += STRENGTH[label.confidence]
    rows = np.flatnonzero(weight)
    incidents = evidence.incidents.iloc[rows]
    return Past(
        incidents["incident_id"].to_numpy(dtype=object),
        days_of(incidents),
        degrees(incidents, "latitude"),
        degrees(incidents, "longitude"),
        share[rows] / weight[rows, None],
    )
