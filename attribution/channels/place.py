"""Place: country, province and site, nested.

Every site of the case is a level of its own, even one attacked once, so that the row of an unseen
site is what the population says and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.channels.nested import Path, nested_channel, scales_of

if TYPE_CHECKING:
    import pandas as pd

    from attribution.case.case import Case
    from attribution.case.config import ChannelSpec
    from attribution.channels.base import Channel

#: Scales of the effects of a country, a province and a site, in log-odds.
SCALES = (0.7, 0.7, 0.55)

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
    columns = spec.columns

    def read(incidents: pd.DataFrame) -> tuple[list[Path], list[tuple[int, str]]]:
        return read_paths(incidents, columns)

    paths, _ = read_paths(case.incidents, columns)
    known = {path for path in paths if path}
    scales = scales_of(spec, SCALES)
    return nested_channel(spec.name, case.config.actors, known, scales, read=read, heading="Place")


def read_paths(
    incidents: pd.DataFrame, columns: tuple[str, ...]
) -> tuple[list[Path], list[tuple[int, str]]]:
    """Read country, province and place of every incident, ending at the first that is missing.

    Parameters
    ----------
    incidents
        The incidents' table; a column that it lacks is missing throughout.
    columns
        Columns from wide to narrow.

    Returns
    -------
    A path for every incident, and notes on those without any place.
    """
    size = len(incidents)
    values = [
        incidents[column].tolist() if column in incidents else [""] * size for column in columns
    ]
    precision = (
        incidents["location_precision"].tolist()
        if "location_precision" in incidents
        else [""] * size
    )
    paths: list[Path] = []
    notes: list[tuple[int, str]] = []
    for row in range(size):
        path: Path = ()
        for depth, column in enumerate(values):
            is_site = depth == len(columns) - 1
            if not column[row] or (is_site and precision[row] in COARSE):
                break
            path = (*path, column[row])
        if not path:
            notes.append((row, f"{columns[0]} is missing"))
        paths.append(path)
    return paths, notes
