"""Tables over many incidents, as somebody asked for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attribution.case.records import number_of, records, text_of
from attribution.desk.errors import RequestError, RequestFault
from attribution.posterior.questions import WordError, allowed_words, known_word, written_day
from attribution.posterior.selection import PERIODS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import pandas as pd

    from attribution.case.records import Record
    from attribution.desk.state import Desk


def asked_day(where: str, text: str) -> date | None:
    """Read a day of a request, None for a blank.

    Parameters
    ----------
    where
        The parameter.
    text
        The day.

    Raises
    ------
    RequestError
        If the text is no day.
    """
    day = written_day(text) if text else None
    if text and day is None:
        message = f"{where}: {text!r} is no date; write a day as 2021-02-15."
        raise RequestError((RequestFault(where, message),))
    return day


def asked_shares(
    desk: Desk, start: str, end: str, by: str, words: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Return the shares that a request asks for.

    Parameters
    ----------
    desk
        The desk.
    start, end
        First and last day, "" for none.
    by
        "month", "quarter" or "year", "" for the whole period.
    words
        Words allowed by column.

    Raises
    ------
    RequestError
        Naming everything that is wrong.
    """
    faults: list[RequestFault] = []
    days: list[date | None] = []
    for where, text in (("start", start), ("end", end)):
        try:
            days.append(asked_day(where, text))
        except RequestError as error:
            faults += error.faults
    case = desk.posterior.case
    allowed = {"by": tuple(PERIODS)} | {name: allowed_words(case, name) for name in words}
    chosen = {"by": [by] if by else []} | {
        name: list(dict.fromkeys(word for word in given if word)) for name, given in words.items()
    }
    for name, given in chosen.items():
        for word in given:
            try:
                known_word(name, word, allowed[name])
            except WordError as error:
                faults.append(RequestFault(name, str(error), error.nearest))
    if faults:
        raise RequestError(faults)
    where_words = {name: chosen[name] for name in words if chosen[name]}
    return desk.posterior.shares(days[0], days[1], by or None, where_words)


@dataclass(frozen=True)
class Part:
    """An actor's part of something, with its 90 % interval."""

    actor: str
    share: float
    lo: float
    hi: float


@dataclass(frozen=True)
class BrandView:
    """A brand and the actors behind a claim by it, the most probable first."""

    brand_id: str
    name: str
    claims: int
    active_from: str
    active_to: str
    parents: tuple[Part, ...]


@dataclass(frozen=True)
class Period:
    """Shares of the incidents of a period, in the order of the actors."""

    name: str
    incidents: int
    parts: tuple[Part, ...]


def brand_views(brands: pd.DataFrame) -> tuple[BrandView, ...]:
    """Gather a table of brands by brand, those with most claims first.

    Parameters
    ----------
    brands
        Output of `Posterior.brands`.
    """
    gathered: dict[str, list[Record]] = {}
    for row in records(brands):
        gathered.setdefault(text_of(row["brand_id"]), []).append(row)
    views = [
        BrandView(
            brand_id,
            text_of(rows[0]["name"]),
            int(number_of(rows[0], "claims")),
            text_of(rows[0]["active_from"]),
            text_of(rows[0]["active_to"]),
            tuple(sorted(map(_part, rows), key=lambda part: -part.share)),
        )
        for brand_id, rows in gathered.items()
    ]
    return tuple(sorted(views, key=lambda view: (-view.claims, view.name)))


def periods(shares: pd.DataFrame) -> tuple[Period, ...]:
    """Gather a table of shares by period.

    Parameters
    ----------
    shares
        Output of `Posterior.shares`.
    """
    gathered: dict[str, list[Record]] = {}
    for row in records(shares):
        gathered.setdefault(text_of(row["period"]), []).append(row)
    return tuple(
        Period(name, int(number_of(rows[0], "n_incidents")), tuple(map(_part, rows)))
        for name, rows in gathered.items()
    )


def _part(row: Record) -> Part:
    return Part(
        text_of(row["actor"]), number_of(row, "share"), number_of(row, "lo"), number_of(row, "hi")
    )
