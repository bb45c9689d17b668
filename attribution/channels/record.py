r"""The record: attributed incidents of the past, as an incident may see them.

Two channels read it: ``neighbours`` (who did what near by) and ``recency`` (who was heard of when).
An incident sees labelled incidents up to its own day, or up to the day in the column that the
channel's option ``seen_until`` names, and never itself. Only labels that the case knows are read:
hidden or later ones are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.channels.distinct import distinct
from attribution.channels.effects import families
from attribution.channels.evidence import case_evidence, labels_of
from attribution.channels.links import STRENGTH, day_or_later
from attribution.channels.measured import columns_of, days_of, degrees, kilometres
from attribution.channels.options import items_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.case.config import Actor, ChannelSpec

#: Columns that say where, from wide to narrow.
PLACES = ("country", "province", "place")
COORDINATES = ("latitude", "longitude")
BASES = ("direct", "brand")
#: What the sum of as many shares as there are incidents may be off by.
ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class Record:
    """Labelled incidents of a case.

    Parameters
    ----------
    incident_id
        Identifiers, (n,).
    day
        Days since 1970, (n,); NaN where unknown.
    latitude, longitude
        Degrees, (n,); NaN where unknown.
    place
        Country, province and place, (n, 3) texts.
    share
        What labels say of each column: (n, actors + families). The families of an incident sum to
        at most 1, and so do its actors.
    """

    incident_id: NDArray[np.object_]
    day: NDArray[np.float64]
    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    place: NDArray[np.object_]
    share: NDArray[np.float64]

    def distance(self, incidents: pd.DataFrame) -> NDArray[np.float64]:
        """Return kilometres from incidents to the record's, NaN where unknown: (incidents, n)."""
        here = (degrees(incidents, "latitude"), degrees(incidents, "longitude"))
        return kilometres(*here, self.latitude, self.longitude)

    def same(self, incidents: pd.DataFrame, column: str) -> NDArray[np.bool_]:
        """Return whether the places are the same down to a column, none missing: (incidents, n)."""
        depth = PLACES.index(column) + 1
        here, there = _joined(_places(incidents), depth), _joined(self.place, depth)
        # Numbers are compared many times faster than texts.
        number, _ = pd.factorize(np.concatenate([here, there]))
        near, far = number[: len(here)], number[len(here) :]
        return np.asarray((near[:, None] == far[None, :]) & (here != "")[:, None])

    def age(
        self, incidents: pd.DataFrame, until: NDArray[np.float64], *, later: bool = False
    ) -> NDArray[np.float64]:
        """Return how far in time the record's incidents are from those that see them.

        Parameters
        ----------
        incidents
            Rows of the incidents' table.
        until
            Day up to which each sees the record; see ``seen_until``.
        later
            Whether later incidents of the record are seen, too.

        Returns
        -------
        Days, (incidents, n); NaN for what is not seen, the incident itself among it.
        """
        age = until[:, None] - self.day[None, :]
        age = np.abs(age) if later else age
        own = self._own(incidents)
        recorded = np.flatnonzero(own >= 0)
        age[recorded, own[recorded]] = np.nan
        with np.errstate(invalid="ignore"):
            return np.where(age >= 0, age, np.nan)

    def established(
        self, incidents: pd.DataFrame, until: NDArray[np.float64], least: float
    ) -> NDArray[np.bool_]:
        """Return which columns were on the list of actors when the record is seen.

        Today's list is the case's: whoever sees the whole record knows all of it.

        Parameters
        ----------
        incidents
            Rows of the incidents' table.
        until
            Day up to which each sees the record, (incidents,); see ``seen_until``.
        least
            Least number of incidents, the incident itself not counted.

        Returns
        -------
        Array of shape (incidents, actors + families).
        """
        order = np.argsort(self.day)
        counts = np.concatenate([np.zeros((1, self.share.shape[1])), self.share[order].cumsum(0)])
        position = np.searchsorted(self.day[order], until, side="right")
        seen = counts[position]
        own = self._own(incidents)
        recorded = np.flatnonzero(own >= 0)
        recorded = recorded[self.day[own[recorded]] <= until[recorded]]
        seen[recorded] -= self.share[own[recorded]]
        # Sums of shares are exact to rounding only.
        return np.asarray((seen >= least - ROUNDING) | (position == len(order))[:, None])

    def _own(self, incidents: pd.DataFrame) -> NDArray[np.intp]:
        """Return each incident's own position on record, -1 for none: (incidents,)."""
        asked = pd.Index(incidents["incident_id"].to_numpy(dtype=object))
        return pd.Index(self.incident_id).get_indexer(asked)


def seen_until(incidents: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """Return the day up to which incidents see the record.

    Parameters
    ----------
    incidents
        Rows of the incidents' table.
    column
        Column that holds it; "" for the incident's own day, which also fills its blanks.

    Returns
    -------
    Days since 1970, (incidents,); NaN where unknown.
    """
    own = days_of(incidents)
    if not column or column not in incidents:
        return own
    given = pd.to_datetime(incidents[column], format="%Y-%m-%d", errors="coerce")
    other = days_of(pd.DataFrame({"date": given}))
    return np.where(np.isnan(other), own, other)


def record_of(case: Case, bases: tuple[str, ...]) -> Record:
    """Return the labelled incidents of a case.

    Parameters
    ----------
    case
        The case, reduced to what was known.
    bases
        Words of the labels' column ``basis`` that are read.

    Returns
    -------
    Record
        From labels said of the incident itself that name one actor or one family.
    """
    evidence = case_evidence(case)
    labels = labels_of(evidence)
    labels = labels[(labels["scope"] == "incident") & labels["basis"].isin(list(bases))]
    who = (labels["group_id"], labels["day"])
    alike = distinct(*who)
    width = families(case.config.actors).width
    found = [columns_of(case, group, day_or_later(day)) for group, day in alike.cells(*who)]
    named = np.array(found).reshape(-1, width)[alike.number]
    row = labels["row"].to_numpy(dtype=np.int64)
    strength = labels["confidence"].map(dict(STRENGTH)).to_numpy(dtype=np.float64)
    share, weight = np.zeros((len(evidence), width)), np.zeros(len(evidence))
    np.add.at(share, row, strength[:, None] * named)
    np.add.at(weight, row, strength * named.any(axis=1))
    rows = np.flatnonzero(weight)
    incidents = evidence.incidents.iloc[rows]
    return Record(
        incidents["incident_id"].to_numpy(dtype=object),
        days_of(incidents),
        degrees(incidents, "latitude"),
        degrees(incidents, "longitude"),
        _places(incidents),
        share[rows] / weight[rows, None],
    )


def standing_in(actors: Sequence[Actor]) -> NDArray[np.bool_]:
    """Return which columns stand for no one in particular: (actors + families,).

    Parameters
    ----------
    actors
        The actors of a case.

    Returns
    -------
    True for residual actors and for families of nothing else.
    """
    groups = families(actors)
    left = np.array([actor.residual for actor in actors])
    whole = [left[groups.members[family] > 0].all() for family in range(groups.count)]
    return np.array([*left, *whole])


@dataclass(frozen=True)
class Reading:
    """How a channel reads the record: options that ``neighbours`` and ``recency`` share.

    Parameters
    ----------
    bases
        Words of the labels' column ``basis`` that are read.
    seen_until
        Column with the day up to which an incident sees the record; "" for its own day.
    later
        Whether an incident sees later ones as well: an analyst who looks back does, as far as the
        case's as-of date allows.
    established
        Incidents on record that make an actor one by itself; before that they count for the
        residual actors, as they would have at the time.
    """

    bases: tuple[str, ...]
    seen_until: str
    later: bool
    established: float

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of an incident on which its view of the record depends."""
        seen = (self.seen_until,) if self.seen_until else ()
        return ("incident_id", "date", *seen, *PLACES, *COORDINATES)


def read_options(spec: ChannelSpec, case: Case) -> Reading:
    """Read the options that channels over the record share.

    Parameters
    ----------
    spec
        Entry of ``case.toml``.
    case
        The case.

    Returns
    -------
    Reading
        Direct labels, the incident's own day and every actor by itself, if nothing else is given.

    Raises
    ------
    ValueError
        If an option cannot be read.
    """
    column = spec.options.get("seen_until", "")
    if column != "" and column not in case.incidents.columns:
        raise ValueError(f"channel {spec.name}: incidents have no column '{column}'")
    least = spec.options.get("established", 0)
    if not isinstance(least, (int, float)) or not least >= 0:
        raise ValueError(f"channel {spec.name}: options.established must be a number, 0 or more")
    later = spec.options.get("later", False)
    if not isinstance(later, bool) or (later and (column or least)):
        raise ValueError(
            f"channel {spec.name}: options.later must be true or false, and goes without "
            "seen_until and established"
        )
    bases = read_bases(spec.name, spec.options.get("bases"))
    return Reading(bases, column, later, float(least))


def read_bases(channel: str, given: object) -> tuple[str, ...]:
    """Check the option ``bases`` of a channel that reads the record.

    Parameters
    ----------
    channel
        Name of the channel.
    given
        Value in ``case.toml``; None for direct labels only.

    Returns
    -------
    Words of the labels' column ``basis``.

    Raises
    ------
    ValueError
        If it does not list such words.
    """
    if given is None:
        return BASES[:1]
    bases = items_of(given)
    if not bases or any(basis not in BASES for basis in bases):
        raise ValueError(f"channel {channel}: options.bases must list some of {', '.join(BASES)}")
    return bases


def _places(incidents: pd.DataFrame) -> NDArray[np.object_]:
    missing = pd.Series([""] * len(incidents), index=incidents.index)
    columns = [incidents.get(name, missing).to_numpy(dtype=object) for name in PLACES]
    return np.stack(columns, axis=1)


def _joined(place: NDArray[np.object_], depth: int) -> NDArray[np.object_]:
    """Join the wide columns into one text, "" if any of them is missing."""
    rows = ["\n".join(row) if all(row) else "" for row in place[:, :depth].tolist()]
    return np.array(rows, dtype=object)
