"""Answers about single incidents, recorded or supposed, and what they rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from attribution.case.records import number_of
from attribution.channels.effects import families
from attribution.posterior.explanation import Explanation, weigh
from attribution.posterior.intake import check_word
from attribution.posterior.kept import Kept
from attribution.posterior.kernel import query_of, summarise
from attribution.posterior.single import KEPT_INCIDENTS
from attribution.posterior.steps import Steps
from attribution.posterior.supposed import Supposition
from attribution.posterior.tabulate import answer_records
from attribution.posterior.what_if import WhatIf, supposition

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.case.records import Record
    from attribution.channels.stack import Stack
    from attribution.posterior.explanation import Piece
    from attribution.posterior.single import SingleReader
    from attribution.posterior.what_if import WhatIfQuestion


class _Answer(NamedTuple):
    """The row of the score output, and the posterior as the pieces are added."""

    score: Record
    pieces: tuple[Piece, ...]
    steps: NDArray[np.float64]


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
        actors = stack.channels[0].actors
        self._actors = tuple(actor.id for actor in actors)
        self._actor_names = {actor.id: actor.name for actor in actors}
        self._draws = draws
        self._family = families(actors).of
        self._steps = Steps(draws, self._family)
        self._recorded: Kept[int, Record] = Kept(KEPT_INCIDENTS)

    def explain(
        self, row: int, actor: str | None = None, against: str | None = None
    ) -> Explanation:
        """Take the answer for an incident of the case apart; see `Posterior.explain`.

        Parameters
        ----------
        row
            Position of the incident.
        actor, against
            Whom the evidence is weighed for and against; None for the most probable and all others.

        Raises
        ------
        ValueError
            If an actor is unknown, or the rival is the actor itself.
        """
        self._check(actor, against)
        (answer,) = self._answers([Supposition(row)])
        return self._explained(answer, actor, against)

    def what_if(
        self, case: Case, row_of: Callable[[str], int], questions: Sequence[WhatIfQuestion]
    ) -> list[WhatIf | Exception]:
        """Answer what would be said of changed incidents, all at once.

        Parameters
        ----------
        case
            The case.
        row_of
            Function from an identifier to the position of the incident.
        questions
            What is supposed.

        Returns
        -------
        list of WhatIf or Exception
            The answer to each question, the same as if it had been the only one; or what is wrong
            with it, which spoils no other.
        """
        found: dict[int, WhatIf | Exception] = {}
        read: dict[int, tuple[Supposition, str]] = {}
        for number, each in enumerate(questions):
            try:
                self._check(each.actor, each.against)
                row = None if each.incident_id is None else row_of(each.incident_id)
                read[number] = supposition(case, self.reader, row, each.change)
            except Exception as error:  # noqa: BLE001 - handed to whoever asked
                found[number] = error
        # What several ask at once is answered once.
        supposed = list(dict.fromkeys(one for one, _ in read.values()))
        answers = dict(zip(supposed, self._answers(supposed), strict=True))
        before = self._before([one.row for one in supposed if one.row is not None])
        for number, (one, words) in read.items():
            asked = questions[number]
            try:
                explanation = self._explained(answers[one], asked.actor, asked.against)
            except ValueError as error:
                found[number] = error
                continue
            found[number] = WhatIf(None if one.row is None else before[one.row], explanation, words)
        return [found[number] for number in range(len(questions))]

    def _check(self, actor: str | None, against: str | None) -> None:
        for name in (actor, against):
            check_word("actor", name or "", self._actors)

    def _before(self, rows: Sequence[int]) -> dict[int, Record]:
        """Return the rows of the score output of incidents as recorded, by position."""
        known = {row: self._recorded.get(row) for row in rows}
        lacking = [row for row, score in known.items() if score is None]
        for row, answer in zip(
            lacking, self._answers(list(map(Supposition, lacking))), strict=True
        ):
            known[row] = answer.score
            self._recorded.put(row, answer.score)
        return {row: score for row, score in known.items() if score is not None}

    def _answers(self, asked: Sequence[Supposition]) -> list[_Answer]:
        if not asked:
            return []
        incidents, codes = self.reader.read_many(asked)
        steps = [
            self._steps.probabilities(each.codes, [piece.slots for piece in each.pieces])
            for each in incidents
        ]
        # What is reported comes from the sum that every other view has; steps only take it apart.
        summary = summarise(self._draws, query_of(codes, self._family))
        names = [each.incident_id for each in incidents]
        scores = answer_records(self._stack, names, codes, summary)
        return [
            _Answer(score, incident.pieces, own)
            for score, incident, own in zip(scores, incidents, steps, strict=True)
        ]

    def _explained(self, answer: _Answer, actor: str | None, against: str | None) -> Explanation:
        score = answer.score
        chosen = actor or str(score["top_actor"])
        if chosen == against:
            raise ValueError(f"'{chosen}' cannot be weighed against itself")
        evidence = weigh(
            answer.steps,
            answer.pieces,
            self._actors.index(chosen),
            None if against is None else self._actors.index(against),
        )
        p, low, high = (number_of(score, f"{part}_{chosen}") for part in ("p", "lo", "hi"))
        name = str(score["incident_id"])
        return Explanation(name, chosen, against, p, low, high, evidence, score, self._actor_names)
