r"""Neighbours: who did what near by, from the broad and old to the narrow and recent.

At every scale :math:`s` (``options.scales`` in ``case.toml``, broad before narrow) the labelled
incidents ``j`` that incident ``i`` may see (`record`) are counted for column ``c``, an actor within
its family or a family, and shrunk towards what the broader scale says:

.. math:: n_{isc} = \sum_j k_s(i, j)\, 2^{-a_{ij} / h_s}\, q_{jc}, \qquad
          m_{isc} = \frac{n_{isc} + \kappa_s\, m_{i,s-1,c}}{\sum_{c'} n_{isc'} + \kappa_s}, \qquad
          x_{ic} = \log (C\, m_{iSc})

with :math:`k_s = e^{-d_{ij}/\ell_s}` for a scale in kilometres or 1 for the same country, province
or place, age :math:`a_{ij}`, half-life :math:`h_s`, concentration :math:`\kappa_s` (as many
incidents outweigh the broader scale), and :math:`q_{jc}` what labels say. The start
:math:`m_{i0}` gives ``options.residual`` to the residual actors (who has no record here is probably
someone not on the list) and the rest evenly to the others; :math:`C` is the number of columns that
share the whole. A second level is 1 for residual actors and 0 for others: how far they are likelier
than their share of the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from attribution.channels.effects import families
from attribution.channels.measured import MeasuredChannel, weight_prior
from attribution.channels.options import items_of, positive
from attribution.channels.record import (
    PLACES,
    Reading,
    Record,
    read_options,
    record_of,
    seen_until,
    standing_in,
)

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.case.config import ChannelSpec
    from attribution.channels.base import Channel
    from attribution.channels.evidence import Evidence

#: Prior mean and standard deviation of the weight of the record: 1 takes it at its word ...
WEIGHT = (0.5, 0.5)
#: ... and of what residual actors have beyond their share.
BEYOND = (0.0, 0.5)
NOT_LISTED = "residual actors beyond their share"
#: Share of the residual actors where nothing is on record.
RESIDUAL = 0.5
CONCENTRATION = 2.0
#: An actor not yet on the list keeps this much of its start.
UNKNOWN = 1e-3


@dataclass(frozen=True)
class Scale:
    """One scale of space and time.

    Parameters
    ----------
    kilometres
        Distance at which a neighbour's weight falls to 1/e; None for a scale of places.
    same
        Column down to which the place must be the same; "" for a scale of distance.
    half_life
        Days in which a neighbour's weight halves; infinite if the record does not age.
    concentration
        Weight of the broader scale, in incidents.
    """

    kilometres: float | None
    same: str
    half_life: float
    concentration: float

    @property
    def text(self) -> str:
        """The scale in words."""
        where = f"same {self.same}" if self.same else f"within about {self.kilometres:g} km"
        return where if np.isinf(self.half_life) else f"{where}, {self.half_life:g} days"


@dataclass(frozen=True)
class NeighboursChannel(MeasuredChannel):
    """Act evidence from the record of the neighbourhood.

    Parameters
    ----------
    scales
        From broad to narrow.
    start
        Shares before any record: (actors + families,).
    reading, record
        How the labelled incidents of the case are read, and these.
    """

    scales: tuple[Scale, ...]
    start: NDArray[np.float64]
    reading: Reading
    record: Record

    @property
    def measured_by(self) -> tuple[str, ...]:
        """What an incident's view of the record depends on."""
        return self.reading.columns

    def amounts(self, evidence: Evidence, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Follow the scales from broad to narrow: (rows, 2, actors + families)."""
        incidents = evidence.incidents.iloc[rows]
        until = seen_until(incidents, self.reading.seen_until)
        residual = standing_in(self.actors)
        known = self.record.established(incidents, until, self.reading.established) | residual
        blocks = _blocks(families(self.actors).of, len(self.start))
        share = np.where(known, self.start, UNKNOWN * self.start)
        share = share / (share @ blocks)
        for scale, kernel in zip(self.scales, self._kernels(incidents, until), strict=True):
            counts = kernel @ self.record.share
            # Who was not on the list yet was counted with those who stand for no one.
            moved = np.where(known, 0.0, counts) @ (blocks * residual)
            counts = np.where(known, counts, 0.0) + moved / np.maximum(residual @ blocks, 1.0)
            # Shares sum to 1 within a family, and between families.
            total = counts @ blocks
            share = (counts + scale.concentration * share) / (total + scale.concentration)
        scores = np.log(share * blocks.sum(axis=0))
        return np.stack([scores, np.broadcast_to(residual.astype(float), scores.shape)], axis=1)

    def describe(self, evidence: Evidence, row: int, piece: int) -> str:
        """Say how many neighbours count at the narrowest scale that has any."""
        del piece
        incidents = evidence.incidents.iloc[[row]]
        kernels = self._kernels(incidents, seen_until(incidents, self.reading.seen_until))
        when = "before or after" if self.reading.later else "before"
        for scale, kernel in zip(reversed(self.scales), reversed(kernels), strict=True):
            if kernel.sum() > 1:
                totals = (kernel @ self.record.share)[0, : len(self.actors)]
                most = totals.max() > kernel.sum() / 2
                named = f", most of them {self.actors[totals.argmax()].name}" if most else ""
                number = round(float(kernel.sum()))
                what = "attributed incident" if number == 1 else "attributed incidents"
                return f"Neighbours: {number} {what} {when} ({scale.text}){named}"
        return f"Neighbours: no attributed incident near by {when}"

    def revised(self, case: Case) -> Channel:
        """Return the channel with the labels that another state of the case knows."""
        return replace(self, record=record_of(case, self.reading.bases))

    def _kernels(
        self, incidents: pd.DataFrame, until: NDArray[np.float64]
    ) -> list[NDArray[np.float64]]:
        """Weigh the record for every incident, scale by scale: each (incidents, n)."""
        age = self.record.age(incidents, until, later=self.reading.later)
        return [
            np.nan_to_num(self._near(incidents, scale) * np.exp2(-age / scale.half_life))
            for scale in self.scales
        ]

    def _near(self, incidents: pd.DataFrame, scale: Scale) -> NDArray[np.float64]:
        if scale.kilometres is None:
            return self.record.same(incidents, scale.same).astype(np.float64)
        return np.asarray(np.exp(-self.record.distance(incidents) / scale.kilometres))


def bind(spec: ChannelSpec, case: Case) -> Channel:
    """Bind the channel to a case: its labelled incidents.

    Parameters
    ----------
    spec
        Entry of ``case.toml``: ``options.scales``, broad before narrow, each with ``kilometres`` or
        ``same`` (country, province, place) and, if wanted, ``half_life_days`` and
        ``concentration``; if wanted ``residual``, ``weight`` and those of `record`.
    case
        The case, reduced to what was known.

    Returns
    -------
    Channel
        The bound channel.

    Raises
    ------
    ValueError
        If an option cannot be read.
    """
    scales = tuple(_scale(spec.name, each) for each in items_of(spec.options.get("scales")))
    if not scales:
        raise ValueError(f"channel {spec.name}: options.scales must list at least one scale")
    residual = spec.options.get("residual", RESIDUAL)
    if not isinstance(residual, float) or not 0 < residual < 1:
        raise ValueError(f"channel {spec.name}: options.residual must lie between 0 and 1")
    reading = read_options(spec, case)
    return NeighboursChannel(
        spec.name,
        case.config.actors,
        (" > ".join(scale.text for scale in scales), NOT_LISTED),
        (*weight_prior(spec, (WEIGHT,)), BEYOND),
        scales,
        _start(case, residual),
        reading,
        record_of(case, reading.bases),
    )


def _scale(channel: str, given: object) -> Scale:
    where = f"channel {channel}: options.scales"
    if not isinstance(given, Mapping) or ("kilometres" in given) == ("same" in given):
        raise ValueError(f"{where}: each scale needs either kilometres or same")
    unknown = set(given) - {"kilometres", "same", "half_life_days", "concentration"}
    if unknown:
        raise ValueError(f"{where}: unknown {', '.join(sorted(unknown))}")
    same = given.get("same", "")
    if "same" in given and same not in PLACES:
        raise ValueError(f"{where}: same must be one of {', '.join(PLACES)}")
    numbers = {
        name: positive(f"{where}: {name}", given.get(name, default))
        for name, default in (
            ("kilometres", 1.0),
            ("half_life_days", float("inf")),
            ("concentration", CONCENTRATION),
        )
    }
    return Scale(
        None if same else numbers["kilometres"],
        same,
        numbers["half_life_days"],
        numbers["concentration"],
    )


def _start(case: Case, residual: float) -> NDArray[np.float64]:
    """Return the shares before any record, within each family and between families."""
    groups = families(case.config.actors)
    left = standing_in(case.config.actors)
    start = np.empty(groups.width)
    wholes: list[NDArray[np.intp]] = [np.flatnonzero(row) for row in groups.members]
    wholes.append(np.arange(groups.actors, groups.width))
    for own in wholes:
        start[own] = _split(left[own], residual)
    return start


def _split(left: NDArray[np.bool_], residual: float) -> NDArray[np.float64]:
    """Give the residual its share and the others theirs evenly; all evenly if one kind lacks."""
    if left.all() or not left.any():
        return np.full(len(left), 1.0 / len(left))
    return np.asarray(np.where(left, residual / left.sum(), (1 - residual) / (~left).sum()))


def _blocks(family: tuple[int, ...], width: int) -> NDArray[np.float64]:
    """Return which columns are shares of one whole: (columns, columns)."""
    block = np.array([*family, *([-1] * (width - len(family)))])
    return np.asarray(block[:, None] == block[None, :], dtype=np.float64)
