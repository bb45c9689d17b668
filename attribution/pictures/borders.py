"""Outlines of countries and coasts, from a small file inside the package: no tiles from the net.

``borders.json`` is Natural Earth 4.1 (public domain), as redistributed by world-atlas 2.0.2, cut,
simplified and rounded: the Middle East from the 1:50m boundaries, the rest of the world from the
1:110m ones. They are for orientation and take no side in any dispute.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FILE = Path(__file__).with_name("borders.json")


class Frame(NamedTuple):
    """The part of the world that a map shows, in degrees."""

    west: float
    south: float
    east: float
    north: float

    @property
    def stretch(self) -> float:
        """Height of a degree north over that of a degree east in the middle of the map."""
        middle = (self.south + self.north) / 2
        return float(1 / max(np.cos(np.radians(middle)), 0.1))


@dataclass(frozen=True)
class Outline:
    """Lines and names of countries.

    Parameters
    ----------
    box
        Where the lines are, west, south, east, north.
    lines
        Each (points, 2): longitude and latitude in degrees.
    names
        Name, longitude and latitude of where it is written.
    """

    box: Frame
    lines: tuple[NDArray[np.float64], ...]
    names: tuple[tuple[str, float, float], ...]

    def within(self, frame: Frame) -> Outline:
        """Return the lines that touch a frame.

        Parameters
        ----------
        frame
            The part that is shown.

        Returns
        -------
        Outline
            Lines are not cut at the frame.
        """
        return Outline(frame, tuple(ln for ln in self.lines if _touches(ln, frame)), self.names)

    def written(self, letter: float) -> tuple[tuple[str, float, float], ...]:
        """Return the names that can be written inside the box.

        Parameters
        ----------
        letter
            Width of a letter as a share of the box's.

        Returns
        -------
        tuple of tuple
            Name, longitude and latitude of its middle.
        """
        box = self.box
        edge = 0.02 * (box.north - box.south)
        half = letter * (box.east - box.west) / 2
        return tuple(
            (name, x, y)
            for name, x, y in self.names
            if box.west + half * len(name) < x < box.east - half * len(name)
            and box.south + edge < y < box.north - edge
        )


def frame_of(longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> Frame:
    """Choose the part of the world that holds all points, with a margin.

    Parameters
    ----------
    longitude, latitude
        Degrees, (points,), at least one.

    Returns
    -------
    Frame
        At least three degrees wide and high.
    """
    ends = []
    for values, limit in ((longitude, 180.0), (latitude, 85.0)):
        low, high = float(values.min()), float(values.max())
        room = max(0.06 * (high - low), (3.0 - (high - low)) / 2, 0.3)
        ends.append((max(low - room, -limit), min(high + room, limit)))
    (west, east), (south, north) = ends
    return Frame(west, south, east, north)


def outline(frame: Frame) -> Outline:
    """Return the outlines for a map.

    Parameters
    ----------
    frame
        The part that is shown.

    Returns
    -------
    Outline
        The fine lines where they cover the frame, else the coarse ones.
    """
    fine, coarse = _bundled()
    box = fine.box
    covers = (
        box.west <= frame.west
        and box.south <= frame.south
        and frame.east <= box.east
        and frame.north <= box.north
    )
    return (fine if covers else coarse).within(frame)


@cache
def _bundled() -> tuple[Outline, Outline]:
    content = json.loads(_FILE.read_text(encoding="utf-8"))
    fine, coarse = (
        Outline(
            Frame(*part["box"]),
            tuple(_decoded(line, part["units_per_degree"]) for line in part["lines"]),
            tuple((str(name), float(x), float(y)) for name, x, y in part["names"]),
        )
        for part in (content["fine"], content["coarse"])
    )
    return fine, coarse


def _decoded(line: list[int], units: float) -> NDArray[np.float64]:
    """Return points of a line that is written as a first point and steps."""
    return np.asarray(np.array(line, dtype=float).reshape(-1, 2).cumsum(axis=0) / units)


def _touches(line: NDArray[np.float64], frame: Frame) -> bool:
    low, high = line.min(axis=0), line.max(axis=0)
    return bool(
        low[0] <= frame.east
        and high[0] >= frame.west
        and low[1] <= frame.north
        and high[1] >= frame.south
    )
