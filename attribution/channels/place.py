"""Place: country, province and site, nested.

Every site of the case is a level of its own, even one attacked once, so that the row of an unseen
site is what the population says and nothing else.
"""

from __future__ import annotations

from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING

from attribution.channels.distinct import column_of, distinct
from attribution.channels.nested import Path, nested_channel, scales_of

if TYPE_CHECKING:
    from attribution.case.case import Case
    from attribution.case.config import ChannelSpec
    from attribution.channels.base import Channel

#: Scales of the effects of a country, a province and a site, in log-odds.
SCALES = (0.7, 0.7, 0.55)

PRECISION = "location_precision"
#: Location precision at which the place's name no longer tells the site.
COARSE = ("province", "country")


def bind(spec: ChannelSpec, case: Case) -> Channel:
    """Bind the channel to a case: its countries, provinces and sites.

    Parameters
    ----------
    spec
        Entry of ``case.toml``: columns from wide to narrow, as many as ``SCALES``.
    case
        The case.

    Returns
    -------
    Channel
        The bound channel.

    Raises
    ------
    ValueError
        If the number of columns differs.
    """
    if len(spec.columns) != len(SCALES):
        raise ValueError(f"channel {spec.name} reads {len(SCALES)} columns, from wide to narrow")
    columns = (*spec.columns, PRECISION)
    read = partial(read_path, spec.columns[0])
    cells = [column_of(case.incidents, column) for column in columns]
    found = (read(*each) for each in distinct(*cells).cells(*cells))
    return nested_channel(
        spec.name,
        case.config.actors,
        {path for path, _ in found if path},
        scales_of(spec, SCALES),
        columns=columns,
        read=read,
        heading="Place",
    )


def read_path(widest: str, *cells: str) -> tuple[Path, str]:
    """Read where an incident was, ending at the first cell that is missing.

    Parameters
    ----------
    widest
        Name of the widest column.
    cells
        Country, province, place, and how precise the location is.

    Returns
    -------
    A path, and a note if there is no place at all.
    """
    *places, precision = cells
    if precision in COARSE:
        places = places[:-1]
    path = tuple(takewhile(bool, places))
    return path, "" if path else f"{widest} is missing"
