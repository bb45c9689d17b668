r"""Why an actor: the posterior log-odds taken apart, piece by piece.

Evidence is added in a fixed order - base rate, what was done, what was said by date - and a piece's
weight is what it changes in the log-odds of the *reported* probability, the mean over draws:

.. math:: w_j = 10 \log_{10} \frac{\operatorname{odds}(\bar p^{(j)})}
                                  {\operatorname{odds}(\bar p^{(j-1)})}

in decibans, against all other actors or against one rival. The weights telescope, so that base rate
plus pieces equals the reported log-odds exactly. The interval of a piece is the central 90 % over
draws of the same difference within a draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from attribution.channels.base import COLUMN_PIECE
from attribution.channels.evidence import day_at, text_at
from attribution.channels.stack import BASE_RATE
from attribution.model.words import icd203, interval, percent
from attribution.pictures.waterfall import Question, waterfall
from attribution.posterior.kernel import interval_ends

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from attribution.case.records import Record
    from attribution.channels.base import Channel, Entries
    from attribution.channels.evidence import Evidence
    from attribution.channels.stack import Codes, Stack
    from attribution.pictures.picture import Picture

#: Decibans in a unit of natural log-odds.
DECIBANS = 10 / np.log(10)

TOTAL = "total"
#: The channel whose pieces are labels; those of others are statements.
LABEL = "label"


class Weighed(NamedTuple):
    """One piece of evidence, see `Piece`, and its weight in decibans, with its 90 % interval."""

    piece: str
    channel: str
    text: str
    source_id: str
    date: str
    decibans: float
    lo: float
    hi: float


@dataclass(frozen=True)
class Piece:
    """One piece of evidence about one incident.

    Parameters
    ----------
    name, channel, text
        Short name, channel and sentence for people.
    source_id, date
        Where and when it was said; "" for a column of the incident.
    slots
        The slots of the incident's codes that belong to it, (slots,) of bool.
    """

    name: str
    channel: str
    text: str
    source_id: str
    date: str
    slots: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Explanation:
    """The answer for one incident and actor, and what it rests on.

    Parameters
    ----------
    incident_id, actor, against
        What is explained; ``against`` is the rival or None for all others together.
    probability, lo, hi
        The reported probability of the actor and its 90 % interval.
    evidence
        Its pieces in the order of the sum; the first is the base rate and the last, "total", the
        reported log-odds.
    score
        The incident's row of `Posterior.attribute`, as plain values.
    actor_names
        Printed names of the actors; identifiers stand for those that it lacks.
    """

    incident_id: str
    actor: str
    against: str | None
    probability: float
    lo: float
    hi: float
    evidence: tuple[Weighed, ...]
    score: Record
    actor_names: Mapping[str, str] = MappingProxyType({})

    @cached_property
    def table(self) -> pd.DataFrame:
        """The evidence as a table, with a column for each part of `Weighed`."""
        return pd.DataFrame(list(self.evidence), columns=list(Weighed._fields))

    @property
    def attribution(self) -> pd.DataFrame:
        """The incident's row of `Posterior.attribute`."""
        return pd.DataFrame([self.score])

    @property
    def text(self) -> str:
        """The explanation in sentences."""
        rival = "any other actor" if self.against is None else self.against
        lines = [
            (
                f"{self.incident_id or 'The incident'}: {self.actor} is {icd203(self.probability)} "
                f"({percent(self.probability)}, 90 % interval {interval(self.lo, self.hi)})."
            ),
            f"Weight of evidence for {self.actor} against {rival}, in decibans:",
        ]
        lines += [
            f"{each.decibans:+7.1f}  ({each.lo:+.1f} to {each.hi:+.1f})  {each.text}"
            for each in self.evidence
        ]
        return "\n".join(lines)

    def plot(self) -> Picture:
        """Draw the waterfall from base rate to posterior.

        Returns
        -------
        attribution.pictures.picture.Picture
            One bar a piece of evidence, with its 90 % interval.
        """
        names = {
            name: self.actor_names.get(name, name) for name in (self.actor, self.against or "")
        }
        question = Question(
            self.incident_id,
            names[self.actor],
            names[self.against or ""],
            self.probability,
            self.lo,
            self.hi,
        )
        return waterfall(self.table, question)

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.plot().html()


@dataclass(frozen=True)
class Told:
    """What a channel tells of an incident in one piece.

    Parameters
    ----------
    number
        The piece's row of the statements or labels, ``COLUMN_PIECE`` for the incident's columns.
    name, channel, text, source_id, date
        See `Piece`.
    """

    number: int
    name: str
    channel: str
    text: str
    source_id: str
    date: str


def told(channel: Channel, evidence: Evidence, entries: Entries, row: int = 0) -> tuple[Told, ...]:
    """List the pieces in which a channel tells of an incident.

    Parameters
    ----------
    channel
        The channel.
    evidence
        The evidence about the incident, and perhaps others.
    entries
        What the channel made of the incident.
    row
        Position of the incident.
    """
    if channel.role == "act":
        text = channel.describe(evidence, row, COLUMN_PIECE)
        sources = str(evidence.cell("source_ids", row))
        # A base rate is nobody's report.
        source_id = "" if channel.name == BASE_RATE else sources
        return (Told(COLUMN_PIECE, channel.name, channel.name, text, source_id, ""),)
    found = []
    for number in dict.fromkeys(entries.piece[entries.weight != 0].tolist()):
        text = channel.describe(evidence, row, number)
        if number == COLUMN_PIECE:
            found.append(Told(number, f"{channel.name} silence", channel.name, text, "", ""))
            continue
        is_label = channel.name == LABEL
        table = evidence.labels if is_label else evidence.statements
        who = text_at(table, number, "labeller" if is_label else "speaker_id")
        day = day_at(table, number)
        date = "" if pd.isna(day) else f"{day:%Y-%m-%d}"
        source_id = text_at(table, number, "source_id")
        found.append(Told(number, f"{channel.name} {who}", channel.name, text, source_id, date))
    return tuple(found)


def pieces_of(stack: Stack, codes: Codes, tellings: Sequence[Sequence[Told]]) -> list[Piece]:
    """List the pieces of evidence of a single incident, in the order of the explanation.

    Parameters
    ----------
    stack
        The channels.
    codes
        The incident's codes.
    tellings
        What each channel tells of it; see `told`.
    """
    done: list[Piece] = []
    said: list[tuple[str, int, Piece]] = []
    for position, (channel, telling) in enumerate(zip(stack.channels, tellings, strict=True)):
        own = codes.channel[0] == position
        for each in telling:
            act = channel.role == "act"
            slots = own if act else own & (codes.piece[0] == each.number)
            piece = Piece(each.name, each.channel, each.text, each.source_id, each.date, slots)
            if act:
                done.append(piece)
                continue
            # Undated statements come last: nobody knows what was known before them.
            last = "" if each.number == COLUMN_PIECE else "9999"
            said.append((each.date or last, len(said), piece))
    return done + [piece for _, _, piece in sorted(said, key=lambda item: item[:2])]


def weigh(
    steps: NDArray[np.float64], pieces: Sequence[Piece], actor: int, rival: int | None
) -> tuple[Weighed, ...]:
    """Weigh every piece of one incident's evidence; see the module's formula.

    Parameters
    ----------
    steps
        The posterior as the pieces are added, (pieces, actors, draws).
    pieces
        The pieces, in order.
    actor, rival
        Positions of the actor explained and of the rival, None for all others.

    Returns
    -------
    The pieces, and the total behind them.
    """
    mean = log_odds(steps.mean(axis=2), actor, rival)
    by_draw = log_odds(steps, actor, rival)
    changes = np.concatenate([by_draw[:1], np.diff(by_draw, axis=0), by_draw[-1:]])
    middle = [*np.diff(mean, prepend=0.0).tolist(), float(mean[-1])]
    low, high = interval_ends(changes)
    weights = (DECIBANS * np.stack([middle, low, high], axis=1)).tolist()
    told = [(p.name, p.channel, p.text, p.source_id, p.date) for p in pieces]
    told.append((TOTAL, "", "Sum: log-odds of the reported probability", "", ""))
    return tuple(Weighed(*each, *ends) for each, ends in zip(told, weights, strict=True))


def log_odds(p: NDArray[np.float64], actor: int, rival: int | None) -> NDArray[np.float64]:
    """Return the natural log-odds of an actor against a rival or all others; axis 1 has actors."""
    # Summing the others keeps digits that one minus p would lose when p is nearly one.
    others = np.delete(p, actor, axis=1).sum(axis=1) if rival is None else p[:, rival]
    tiny = np.finfo(np.float64).tiny
    return np.asarray(np.log(np.maximum(p[:, actor], tiny) / np.maximum(others, tiny)))
