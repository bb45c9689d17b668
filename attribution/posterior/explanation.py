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
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.channels.base import COLUMN_PIECE
from attribution.model.words import icd203, interval, percent
from attribution.pictures.waterfall import Question, waterfall
from attribution.posterior.kernel import INTERVAL, Query, probabilities

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from attribution.channels.evidence import Evidence
    from attribution.channels.stack import Codes, Stack
    from attribution.pictures.picture import Picture

#: Decibans in a unit of natural log-odds.
DECIBANS = 10 / np.log(10)

COLUMNS = ["piece", "channel", "text", "source_id", "date", "decibans", "lo", "hi"]
TOTAL = "total"


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
    table
        One row a piece in the order of the sum: piece, channel, text, source_id, date, decibans,
        lo, hi; the first is the base rate and the last, "total", the reported log-odds.
    attribution
        The incident's row of `Posterior.attribute`.
    actor_names
        Printed names of the actors; identifiers stand for those that it lacks.
    """

    incident_id: str
    actor: str
    against: str | None
    probability: float
    lo: float
    hi: float
    table: pd.DataFrame
    attribution: pd.DataFrame
    actor_names: Mapping[str, str] = MappingProxyType({})

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
            f"{row.decibans:+7.1f}  ({row.lo:+.1f} to {row.hi:+.1f})  {row.text}"
            for row in self.table.itertuples()
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


def pieces_of(stack: Stack, codes: Codes, evidence: Evidence) -> list[Piece]:
    """List the pieces of evidence of a single incident, in the order of the explanation."""
    done: list[Piece] = []
    said: list[tuple[str, int, Piece]] = []
    for position, channel in enumerate(stack.channels):
        own = codes.channel[0] == position
        if channel.role == "act":
            text = channel.describe(evidence, 0, COLUMN_PIECE)
            done.append(Piece(channel.name, channel.name, text, "", "", own))
            continue
        table = evidence.labels if channel.name == "label" else evidence.statements
        for number in dict.fromkeys(codes.piece[0][own].tolist()):
            slots = own & (codes.piece[0] == number)
            if number == COLUMN_PIECE:
                text = channel.describe(evidence, 0, number)
                said.append(
                    (
                        "",
                        len(said),
                        Piece(f"{channel.name} silence", channel.name, text, "", "", slots),
                    )
                )
                continue
            row = table.loc[number]
            day = "" if pd.isna(row["date"]) else f"{row['date']:%Y-%m-%d}"
            who = row["labeller"] if channel.name == "label" else row["speaker_id"]
            piece = Piece(
                f"{channel.name} {who}",
                channel.name,
                channel.describe(evidence, 0, number),
                row["source_id"],
                day,
                slots,
            )
            # Undated statements come last: nobody knows what was known before them.
            said.append((day or "9999", len(said), piece))
    return done + [piece for _, _, piece in sorted(said, key=lambda item: item[:2])]


def weigh(
    draws: NDArray[np.floating],
    query: Query,
    pieces: list[Piece],
    actor: int,
    rival: int | None,
) -> pd.DataFrame:
    """Weigh every piece of one incident's evidence; see the module's formula.

    Parameters
    ----------
    draws
        Stacked tables, (draws, rows + 1, columns).
    query
        The codes of the single incident.
    pieces
        Its pieces, in order.
    actor, rival
        Positions of the actor explained and of the rival, None for all others.
    """
    included = np.zeros(query.code.shape[1], dtype=bool)
    rows = []
    previous = 0.0
    previous_draws = np.zeros(len(draws))
    for piece in pieces:
        included = included | piece.slots
        p = probabilities(draws, query.keep(included))[:, 0]
        current = log_odds(p.mean(axis=0), actor, rival)
        current_draws = log_odds(p, actor, rival)
        low, high = np.quantile(current_draws - previous_draws, INTERVAL)
        rows.append((piece, float(current - previous), float(low), float(high)))
        previous, previous_draws = float(current), current_draws
    low, high = np.quantile(previous_draws, INTERVAL)
    table = pd.DataFrame(
        [
            (p.name, p.channel, p.text, p.source_id, p.date, *(DECIBANS * v for v in values))
            for p, *values in rows
        ],
        columns=COLUMNS,
    )
    total = (TOTAL, "", "Sum: log-odds of the reported probability", "", "")
    table.loc[len(table)] = [*total, DECIBANS * previous, DECIBANS * low, DECIBANS * high]
    return table


def log_odds(p: NDArray[np.float64], actor: int, rival: int | None) -> NDArray[np.float64]:
    """Return the natural log-odds of an actor against a rival or all others, last axis actors."""
    # Summing the others keeps digits that one minus p would lose when p is nearly one.
    others = np.delete(p, actor, axis=-1).sum(axis=-1) if rival is None else p[..., rival]
    tiny = np.finfo(np.float64).tiny
    return np.asarray(np.log(np.maximum(p[..., actor], tiny)) - np.log(np.maximum(others, tiny)))
