"""Answers about single incidents, recorded or supposed, and what they rest on."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from attribution.channels.effects import families
from attribution.posterior.explanation import Explanation, weigh
from attribution.posterior.intake import check_word
from attribution.posterior.kernel import query_of, summarise
from attribution.posterior.single import KEPT_INCIDENTS, Supposition
from attribution.posterior.tabulate import answers

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from attribution.channels.stack import Stack
    from attribution.posterior.kernel import Query
    from attribution.posterior.single import SingleIncident, SingleReader


#: So many rows of the tables are kept, each of some dozens of kilobytes.
KEPT_ROWS = 512


class SingleAnswers:
    """Answers single incidents.

    Parameters
    ----------
    reader
        Reads them.
    stack
        The channels.
    draws
        Stacked tables, (draws, rows + 1, actors + families).
    """

    def __init__(self, reader: SingleReader, stack: Stack, draws: NDArray[np.float64]) -> None:
        self.reader = reader
        self._stack = stack
        self._actors = tuple(actor.id for actor in stack.channels[0].actors)
        self._actor_names = {actor.id: actor.name for actor in stack.channels[0].actors}
        self._family = families(stack.channels[0].actors).of
        # A row's draws lie far apart in the stacked tables; together they are read at once.
        self._row = lru_cache(KEPT_ROWS)(lambda code: np.ascontiguousarray(draws[:, code]))
        self._recorded = lru_cache(KEPT_INCIDENTS)(
            lambda row: self._answer(reader.read(Supposition(row)))
        )

    def recorded(self, row: int) -> pd.DataFrame:
        """Return the row of the score output of an incident as recorded.

        Parameters
        ----------
        row
            Position of the incident.
        """
        # The kept answer stays as it is, whatever becomes of this one.
        return self._recorded(row).copy()

    def explain(
        self, asked: Supposition, actor: str | None = None, against: str | None = None
    ) -> Explanation:
        """Take the answer for one incident apart; see `Posterior.explain`.

        Parameters
        ----------
        asked
            The incident.
        actor, against
            Whom the evidence is weighed for and against; None for the most probable and all others.

        Raises
        ------
        ValueError
            If an actor is unknown, or the rival is the actor itself.
        """
        for name in (actor, against):
            check_word("actor", name or "", self._actors)
        incident = self.reader.read(asked)
        answer = self._answer(incident)
        chosen = actor or str(answer["top_actor"].iloc[0])
        if chosen == against:
            raise ValueError(f"'{chosen}' cannot be weighed against itself")
        table = weigh(
            *self._gathered(incident),
            incident.pieces,
            self._actors.index(chosen),
            None if against is None else self._actors.index(against),
        )
        probability, low, high = (
            float(answer[f"{part}_{chosen}"].iloc[0]) for part in ("p", "lo", "hi")
        )
        name = str(answer["incident_id"].iloc[0])
        return Explanation(
            name, chosen, against, probability, low, high, table, answer, self._actor_names
        )

    def _answer(self, incident: SingleIncident) -> pd.DataFrame:
        summary = summarise(*self._gathered(incident))
        return answers(self._stack, incident.incident_id, incident.codes, summary)

    def _gathered(self, incident: SingleIncident) -> tuple[NDArray[np.float64], Query]:
        """Return the rows of the tables that an incident needs, and its query of them."""
        codes = incident.codes
        rows = np.stack([self._row(code) for code in codes.code[0].tolist()])
        query = query_of(codes, self._family)
        return rows.transpose(1, 0, 2), replace(query, code=np.arange(len(rows))[None, :])
