"""Pictures on the desk: each drawn once, when first asked for, as everybody else draws it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from attribution.case.records import records
from attribution.desk.errors import not_found

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from attribution.case.records import Record
    from attribution.pictures.picture import Picture
    from attribution.posterior.posterior import Posterior

#: Pictures of the whole case, by the name in their address.
PICTURES: Mapping[str, Callable[[Posterior], Picture]] = {
    "over-time": lambda posterior: posterior.pictures.over_time(),
    "map": lambda posterior: posterior.pictures.map(),
    "brands": lambda posterior: posterior.pictures.brands(),
    "labellers": lambda posterior: posterior.pictures.labellers(),
    "preferences": lambda posterior: posterior.pictures.preferences(),
}
#: Pictures of one thing, by what stands before its identifier in their address.
OF_ONE: Mapping[str, Callable[[Posterior, str], Picture]] = {
    "history": lambda posterior, name: posterior.pictures.history(name),
    "brand": lambda posterior, name: posterior.pictures.brand_drift(name),
}
#: So many are kept, each of a few hundred kilobytes.
KEPT = 40
SHOWN_ROWS = 500


@dataclass(frozen=True)
class DrawnPicture:
    """A picture as the desk shows it.

    Attributes
    ----------
    name
        In its address.
    title, text
        What it shows, and the same in words.
    svg, csv
        The picture and the table it was drawn from.
    columns, rows
        The beginning of the table.
    total
        Number of its rows.
    """

    name: str
    title: str
    text: str
    svg: str
    csv: str
    columns: tuple[str, ...]
    rows: tuple[Record, ...]
    total: int


class Drawn:
    """Pictures that have been drawn.

    Parameters
    ----------
    posterior
        The model.
    brands
        Names by identifier of what may have claimed.
    """

    def __init__(self, posterior: Posterior, brands: Mapping[str, str]) -> None:
        self._posterior = posterior
        self._brands = brands
        self._kept: dict[str, DrawnPicture] = {}
        # matplotlib draws one picture at a time.
        self._lock = threading.Lock()

    def get(self, name: str) -> DrawnPicture:
        """Return a picture, drawn if it has not been.

        Parameters
        ----------
        name
            One of ``PICTURES``, or one of ``OF_ONE`` with a hyphen and an identifier behind it.

        Raises
        ------
        RequestError
            If there is no such picture.
        """
        with self._lock:
            found = self._kept.pop(name, None) or self._draw(name)
            # The last one asked for goes last.
            self._kept[name] = found
            for old in list(self._kept)[:-KEPT]:
                del self._kept[old]
        return found

    def _draw(self, name: str) -> DrawnPicture:
        picture = self._picture(name)
        table = picture.table
        columns = tuple(str(column) for column in table.columns)
        return DrawnPicture(
            name,
            picture.title,
            picture.text,
            picture.svg(),
            table.to_csv(index=False, lineterminator="\n"),
            columns,
            tuple(records(table.head(SHOWN_ROWS))),
            len(table),
        )

    def _picture(self, name: str) -> Picture:
        if name in PICTURES:
            return PICTURES[name](self._posterior)
        kind, _, identifier = name.partition("-")
        known = {
            "history": set(self._posterior.case.incidents["incident_id"]),
            "brand": {str(row) for row in self._posterior.brands()["brand_id"]},
        }
        if identifier not in known.get(kind, ()):
            raise not_found("picture", name, tuple(PICTURES))
        return OF_ONE[kind](self._posterior, identifier)


def cell(value: object) -> str:
    """Write a cell of a picture's table.

    Parameters
    ----------
    value
        A plain value.
    """
    if value is None or value is pd.NaT:
        return ""
    return f"{value:.3g}" if isinstance(value, float) else str(value)
