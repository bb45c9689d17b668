"""The geometry of a waterfall: where each piece of evidence starts and ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attribution.report.incident import TOTAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attribution.report.incident import Piece

_MARGIN = 0.02


@dataclass(frozen=True)
class Bar:
    """One piece of evidence as a bar.

    Attributes
    ----------
    left, width
        Place in per cent of the drawing's width.
    rises
        Whether the piece speaks for the actor.
    is_total
        Whether it is the sum of all pieces.
    """

    left: float
    width: float
    rises: bool
    is_total: bool


@dataclass(frozen=True)
class Waterfall:
    """Bars in the order of the pieces, and where zero lies, in per cent of the width."""

    bars: tuple[Bar, ...]
    zero: float


def waterfall(pieces: Sequence[Piece]) -> Waterfall:
    """Place the bars of an explanation.

    Parameters
    ----------
    pieces
        Base rate, evidence and total. Every piece starts where the one before it ended; the total
        starts at zero.

    Returns
    -------
    Waterfall
        The bars, scaled so that all of them and zero fit.
    """
    spans: list[tuple[float, float]] = []
    level = 0.0
    for piece in pieces:
        start = 0.0 if piece.piece == TOTAL else level
        level = start + piece.decibans
        spans.append((start, level))
    ends = [0.0, *(end for span in spans for end in span)]
    low, high = min(ends), max(ends)
    room = (high - low) or 1.0
    low, high = low - _MARGIN * room, high + _MARGIN * room

    def place(value: float) -> float:
        return 100 * (value - low) / (high - low)

    bars = tuple(
        Bar(
            left=place(min(start, end)),
            width=abs(place(end) - place(start)),
            rises=end >= start,
            is_total=piece.piece == TOTAL,
        )
        for piece, (start, end) in zip(pieces, spans, strict=True)
    )
    return Waterfall(bars, place(0.0))
