"""The channels' tables as named arrays: what they are called, their axes, and how they stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attribution.channels.effects import families

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from attribution.channels.stack import Stack

#: Prefix of the variables that hold the channels' tables.
TABLE = "table_"


def table_coords(stack: Stack) -> dict[str, list[str]]:
    """Return the coordinates of the channels' tables.

    Parameters
    ----------
    stack
        The channels of a case.

    Returns
    -------
    Labels by dimension: ``actor``, ``column`` (actors, then families) and ``level_<channel>``.
    """
    actors = [actor.id for actor in stack.channels[0].actors]
    groups = families(stack.channels[0].actors)
    coords = {
        "actor": actors,
        "column": [*actors, *(f"family {number}" for number in range(groups.count))],
    }
    for channel in stack.channels:
        coords[f"level_{channel.name}"] = list(channel.levels)
    return coords


def axis_names(stack: Stack) -> dict[str, list[list[str]]]:
    """Return the names along the axes of every table and reported parameter.

    Parameters
    ----------
    stack
        The channels of a case.

    Returns
    -------
    For each variable, the labels along its axes in order.
    """
    coords = table_coords(stack)
    names = {
        f"{TABLE}{channel.name}": [
            coords[f"level_{channel.name}"],
            coords["column" if channel.role == "act" else "actor"],
        ]
        for channel in stack.channels
    }
    for channel in stack.channels:
        for name, axes in channel.reported().items():
            names[name] = [list(labels) for labels in axes]
    return names


def stacked_tables(
    stack: Stack, tables: Mapping[str, NDArray[np.floating]], width: int
) -> NDArray[np.float64]:
    """Stack the tables of all channels, say tables padded, with a row of zeros behind them.

    Parameters
    ----------
    stack
        The channels.
    tables
        Arrays (draws, levels, columns) by ``table_<channel>``.
    width
        Columns of the act tables.

    Returns
    -------
    (draws, rows + 1, width)
    """
    count = next(iter(tables.values())).shape[0]
    result = np.zeros((count, stack.zero_row + 1, width))
    for channel, start in zip(stack.channels, stack.offsets, strict=False):
        table = tables[f"{TABLE}{channel.name}"]
        result[:, start : start + table.shape[1], : table.shape[2]] = table
    return result


def evenly_spaced(count: int, keep: int) -> NDArray[np.int64]:
    """Choose draws evenly spaced among all, the first and the last included.

    Parameters
    ----------
    count
        Number of draws.
    keep
        How many to choose.

    Returns
    -------
    Their positions, (keep,), rising.
    """
    return np.linspace(0, count - 1, keep).round().astype(np.int64)
