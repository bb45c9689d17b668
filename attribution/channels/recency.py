r"""Recency: how long ago an actor was last held responsible, anywhere and in the country.

For the labelled incidents that an incident may see (`record`), with :math:`a_{ic}` the years since
the last one that a label gives to column ``c``,

.. math:: x_{ic} = -\log \frac{\min(a_{ic}, 30) + 0.5}{30.5}

so that an actor who was never on record has 0, one of last week about 4. Residual actors are no one
in particular: they have log 30.5, as if heard of half a year ago, whatever their record.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from attribution.channels.measured import MeasuredChannel, weight_prior
from attribution.channels.options import items_of
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
    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.case.config import ChannelSpec
    from attribution.channels.base import Channel
    from attribution.channels.evidence import Evidence

#: Prior mean and standard deviation of each level's weight.
WEIGHT = (0.5, 0.25)
#: Years after which an actor counts as never heard of, and years that count as just now.
LONG_AGO = 30.0
JUST_NOW = 0.5
DAYS = 365.25
#: A label that gives less than this to a column does not name it.
NAMED = 0.5
ANYWHERE = "anywhere"


@dataclass(frozen=True)
class RecencyChannel(MeasuredChannel):
    """Act evidence from when an actor was last heard of.

    Parameters
    ----------
    where
        ``anywhere``, or the column down to which the place must be the same, of every level.
    reading, record
        How the labelled incidents of the case are read, and these.
    """

    where: tuple[str, ...]
    reading: Reading
    record: Record

    @property
    def measured_by(self) -> tuple[str, ...]:
        """What an incident's view of the record depends on."""
        return self.reading.columns

    def amounts(self, evidence: Evidence, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Find each column's last incident: (rows, levels, actors + families)."""
        incidents = evidence.incidents.iloc[rows]
        until = seen_until(incidents, self.reading.seen_until)
        years = self.record.age(incidents, until) / DAYS
        known = self.record.established(incidents, until, self.reading.established)
        named = self.record.share >= NAMED
        result = np.zeros((len(rows), len(self.where), named.shape[1]))
        for level, where in enumerate(self.where):
            seen = np.where(np.isnan(years), LONG_AGO, np.minimum(years, LONG_AGO))
            if where != ANYWHERE:
                seen = np.where(self.record.same(incidents, where), seen, LONG_AGO)
            for column in range(named.shape[1]):
                own = seen[:, named[:, column]]
                last = own.min(axis=1) if own.shape[1] else np.full(len(rows), LONG_AGO)
                last = np.where(known[:, column], last, LONG_AGO)
                result[:, level, column] = -np.log((last + JUST_NOW) / (LONG_AGO + JUST_NOW))
        result[:, :, standing_in(self.actors)] = np.log(LONG_AGO + JUST_NOW)
        return result

    def describe(self, evidence: Evidence, row: int, piece: int) -> str:
        """Say who was heard of last."""
        del piece
        columns = self.amounts(evidence, np.array([row]))[0, -1, : len(self.actors)]
        known = np.where(standing_in(self.actors)[: len(self.actors)], 0.0, columns)
        where = "" if self.where[-1] == ANYWHERE else f" in the {self.where[-1]}"
        if not known.any():
            return f"Recency: no actor on record{where} before"
        years = (LONG_AGO + JUST_NOW) * np.exp(-known.max()) - JUST_NOW
        return f"Recency: {self.actors[known.argmax()].name} last on record{where} {_ago(years)}"

    def revised(self, case: Case) -> Channel:
        """Return the channel with the labels that another state of the case knows."""
        return replace(self, record=record_of(case, self.reading.bases))


def bind(spec: ChannelSpec, case: Case) -> Channel:
    """Bind the channel to a case: its labelled incidents.

    Parameters
    ----------
    spec
        Entry of ``case.toml``; if wanted ``options.where`` (some of anywhere, country, province,
        place), ``weight`` and those of `record`.
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
    where = items_of(spec.options.get("where", (ANYWHERE, "country")))
    allowed = (ANYWHERE, *PLACES)
    if not where or any(each not in allowed for each in where) or len(set(where)) < len(where):
        raise ValueError(
            f"channel {spec.name}: options.where must list some of {', '.join(allowed)}, each once"
        )
    reading = read_options(spec, case)
    if reading.later:
        raise ValueError(f"channel {spec.name}: options.later is not for what was heard of before")
    return RecencyChannel(
        spec.name,
        case.config.actors,
        where,
        weight_prior(spec, (WEIGHT,) * len(where)),
        where,
        reading,
        record_of(case, reading.bases),
    )


def _ago(years: float) -> str:
    days = round(years * DAYS)
    if days == 0:
        return "on the same day"
    number, unit = (days, "day") if days < DAYS else (round(years), "year")
    return f"{number} {unit}{'' if number == 1 else 's'} before"
