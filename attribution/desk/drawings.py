"""What the pages draw: bars of evidence and of probabilities, each beside its figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attribution.model.words import percent, signed
from attribution.report.incident import TOTAL
from attribution.report.text import kind, sentence
from attribution.report.waterfall import waterfall

if TYPE_CHECKING:
    from attribution.report.incident import IncidentView, Piece
    from attribution.report.waterfall import Bar


@dataclass(frozen=True)
class EvidenceRow:
    """One piece of evidence: its bar and, beside it, what the bar says.

    Attributes
    ----------
    decibans, interval, kind, text
        As people read them.
    sources
        Numbers of its sources in the list below.
    bar
        Place of the bar, in per cent of the width.
    """

    decibans: str
    interval: str
    kind: str
    text: str
    sources: tuple[int, ...]
    bar: Bar


@dataclass(frozen=True)
class Drawing:
    """The waterfall of an incident.

    Attributes
    ----------
    rows
        Base rate, pieces and total.
    zero
        Where zero lies, in per cent of the width.
    text
        What the drawing shows, in words.
    """

    rows: tuple[EvidenceRow, ...]
    zero: float
    text: str


def drawing(view: IncidentView) -> Drawing:
    """Draw the evidence of an incident.

    Parameters
    ----------
    view
        An attributed incident.
    """
    placed = waterfall(view.pieces)
    numbers = {source: number for number, source in enumerate(view.sources, 1)}
    rows = tuple(
        EvidenceRow(
            signed(piece.decibans),
            f"{signed(piece.lo)} to {signed(piece.hi)}",
            kind(piece),
            sentence(piece),
            tuple(numbers[source] for source in piece.sources),
            bar,
        )
        for piece, bar in zip(view.pieces, placed.bars, strict=True)
    )
    return Drawing(rows, placed.zero, _told(view))


def _told(view: IncidentView) -> str:
    """Say what a waterfall shows."""
    base, *pieces = [piece for piece in view.pieces if piece.piece != TOTAL]
    total = view.pieces[-1]
    probability = next(chance.p for chance in view.chances if chance.name == view.actor)
    parts = [
        (
            f"Waterfall of the evidence for {view.actor} against "
            f"{view.against or 'all others'}. It starts at the base rate, "
            f"{signed(base.decibans)} decibans"
        )
    ]
    strongest = max(pieces, key=lambda piece: piece.decibans, default=None)
    weakest = min(pieces, key=lambda piece: piece.decibans, default=None)
    if strongest is not None and strongest.decibans > 0:
        parts.append(f"rises most by {_named(strongest)}")
    if weakest is not None and weakest.decibans < 0:
        parts.append(f"falls most by {_named(weakest)}")
    end = f"ends at {signed(total.decibans)} decibans; the probability is {percent(probability)}."
    return f"{', '.join(parts)}, and {end}"


def _named(piece: Piece) -> str:
    return f"{signed(piece.decibans)} ({sentence(piece)})"
