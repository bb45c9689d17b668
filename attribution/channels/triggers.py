r"""Triggers: what was done to an actor, or promised by it, shortly before.

``options.responses`` in ``case.toml`` groups the kinds of the ``triggers`` table into responses.
Each response is a level:

.. math:: x_{iac} = \pm \max_{e \in a,\; c \in e} 2^{-(t_i - t_e)/h_a}

over events ``e`` of the response's kinds that affected actor or family ``c`` on a day :math:`t_e`
up to the incident's, with half-life :math:`h_a` in days. For a response with ``lasting = true`` (a
truce) the amount is 1 from the first day to the last instead. The sign is given: those struck
answer (``1``), those under a truce hold back (``-1``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from attribution.channels.base import spoken_day
from attribution.channels.effects import families
from attribution.channels.links import day_or_later
from attribution.channels.measured import MeasuredChannel, columns_of, days_of, weight_prior
from attribution.channels.options import check_known, items_of, positive

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.case.config import ChannelSpec
    from attribution.channels.base import Channel
    from attribution.channels.evidence import Evidence

#: Prior mean and standard deviation of every level's weight.
WEIGHT = (0.3, 0.3)
#: An amount smaller than this is nothing: the event is forgotten.
FORGOTTEN = 0.01


@dataclass(frozen=True)
class Response:
    """How one group of events is answered.

    Parameters
    ----------
    name
        Name of the level.
    kinds
        Words of the column ``kind``.
    half_life
        Days in which the response fades by half; None if it holds while the event lasts.
    sign
        1 if the affected become likelier, -1 if less likely.
    """

    name: str
    kinds: tuple[str, ...]
    half_life: float | None
    sign: float


@dataclass(frozen=True)
class Calendar:
    """The events of one response.

    Parameters
    ----------
    name
        Printed names, (n,).
    start, end
        Days since 1970, (n,); an event that was one day ends on it.
    affected
        Columns of the affected: (n, actors + families).
    """

    name: tuple[str, ...]
    start: NDArray[np.float64]
    end: NDArray[np.float64]
    affected: NDArray[np.float64]


@dataclass(frozen=True)
class TriggersChannel(MeasuredChannel):
    """Act evidence from the calendar.

    Parameters
    ----------
    responses
        The response behind every level.
    calendars
        The events of every level.
    """

    responses: tuple[Response, ...]
    calendars: tuple[Calendar, ...]

    @property
    def measured_by(self) -> tuple[str, ...]:
        """The day."""
        return ("date",)

    def amounts(self, evidence: Evidence, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Find the strongest event of every column: (rows, levels, actors + families)."""
        width = families(self.actors).width
        day = days_of(evidence.incidents)[rows]
        result = np.zeros((len(rows), len(self.responses), width))
        for level, response in enumerate(self.responses):
            strength, affected = self._strengths(day, level), self.calendars[level].affected
            for column in np.flatnonzero(affected.any(axis=0)):
                own = np.flatnonzero(affected[:, column])
                strongest = (strength[:, own] * affected[own, column]).max(axis=1)
                result[:, level, column] = response.sign * strongest
        return result

    def describe(self, evidence: Evidence, row: int, piece: int) -> str:
        """Name the strongest event."""
        del piece
        day = days_of(evidence.incidents)[[row]]
        found = [
            (float(strength.max()), self.calendars[level].name[int(strength.argmax())])
            for level in range(len(self.responses))
            if (strength := self._strengths(day, level)[0]).any()
        ]
        if not found:
            return "Triggers: none on record shortly before"
        return f"Triggers: {max(found)[1]}"

    def revised(self, case: Case) -> Channel:
        """Return the channel with the events that another state of the case knows."""
        calendars = tuple(calendar_of(case, response) for response in self.responses)
        return replace(self, calendars=calendars)

    def _strengths(self, days: NDArray[np.float64], level: int) -> NDArray[np.float64]:
        """Weigh every event of a level on every day: (days, events), from 0 to 1."""
        calendar, half_life = self.calendars[level], self.responses[level].half_life
        day = days[:, None]
        with np.errstate(invalid="ignore"):
            since = day - calendar.start
            if half_life is None:
                return np.asarray((since >= 0) & (day <= calendar.end), dtype=np.float64)
            faded = np.exp2(-np.maximum(since, 0.0) / half_life)
            return np.where((since >= 0) & (faded >= FORGOTTEN), faded, 0.0)


def bind(spec: ChannelSpec, case: Case) -> Channel:
    """Bind the channel to a case: its table of triggers.

    Parameters
    ----------
    spec
        Entry of ``case.toml``: ``options.responses``, for each name a table of ``kinds``, ``sign``
        and either ``half_life_days`` or ``lasting = true``.
    case
        The case, reduced to what was known.

    Returns
    -------
    Channel
        The bound channel.

    Raises
    ------
    ValueError
        If a response names an unknown kind, or lacks its sign or duration.
    """
    vocabulary = case.config.vocabularies.get("trigger_kind", ())
    given = spec.options.get("responses", {})
    if not isinstance(given, Mapping) or not given:
        raise ValueError(f"channel {spec.name}: options.responses must name at least one response")
    responses = tuple(_response(spec.name, name, each, vocabulary) for name, each in given.items())
    return TriggersChannel(
        spec.name,
        case.config.actors,
        tuple(response.name for response in responses),
        weight_prior(spec, (WEIGHT,) * len(responses)),
        responses,
        tuple(calendar_of(case, response) for response in responses),
    )


def _response(channel: str, name: str, given: object, vocabulary: tuple[str, ...]) -> Response:
    where = f"channel {channel}: options.responses.{name}"
    if not isinstance(given, Mapping):
        message = f"{where} must be a table with kinds, sign and half_life_days or lasting"
        raise ValueError(message)  # noqa: TRY004 - the file's value is at fault, not a call's type
    kinds, half_life = items_of(given.get("kinds")), given.get("half_life_days")
    if not kinds:
        raise ValueError(f"{where}: kinds must list words of the column kind")
    check_known(f"{where}: unknown kinds", kinds, vocabulary)
    if given.get("sign") not in (1, -1):
        raise ValueError(f"{where}: sign must be 1 or -1")
    if (half_life is None) != (given.get("lasting") is True):
        raise ValueError(f"{where}: give either half_life_days or lasting = true")
    if half_life is not None:
        half_life = positive(f"{where}: half_life_days", half_life)
    return Response(name, kinds, half_life, 1.0 if given["sign"] == 1 else -1.0)


def calendar_of(case: Case, response: Response) -> Calendar:
    """Return the events of a response that a case knows.

    Parameters
    ----------
    case
        The case, reduced to what was known.
    response
        Which kinds of event.

    Returns
    -------
    Calendar
        Events that affected one actor or one family.
    """
    events = case.triggers[case.triggers["kind"].isin(response.kinds)]
    display = dict(zip(case.groups["group_id"], case.groups["name"], strict=True))
    width = families(case.config.actors).width
    names: list[str] = []
    affected: list[NDArray[np.float64]] = []
    kept: list[bool] = []
    rows = zip(events["kind"], events["affected_group_id"], events["date"], strict=True)
    for kind, group, day in rows:
        columns = columns_of(case, group, day_or_later(day)) if group else np.zeros(width)
        kept.append(bool(columns.any()))
        if columns.any():
            affected.append(columns)
            what = kind.replace("_", " ")
            names.append(f"{what}, {display.get(group, group)}, {spoken_day(day)}")
    chosen = events[np.array(kept, dtype=bool)]
    last = chosen.assign(date=chosen["end_date"].fillna(chosen["date"]))
    return Calendar(
        tuple(names), days_of(chosen), days_of(last), np.array(affected).reshape(-1, width)
    )
