"""Answers to a plan's questions: predictions of labels by fits that did not see them."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.evaluate.baselines.extra import MissingExtraError
from attribution.evaluate.probabilities import check_probabilities
from attribution.evaluate.splits import weeks
from attribution.evaluate.targets import Targets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from attribution.evaluate.baselines import Baseline
    from attribution.evaluate.predictor import Predictor
    from attribution.evaluate.schemes import Plan, Question, Repetition
    from attribution.evaluate.steps import Steps
    from attribution.evaluate.targets import Floats, Ints

logger = logging.getLogger(__name__)

MODEL = "this_model"
#: Apart, so that no two refits of a run share a seed.
SEEDS_APART = 100


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Held-out predictions of several predictors, one row for each incident of each question.

    Attributes
    ----------
    plan
        What was asked.
    targets
        The hidden labels; positions count the M rows.
    incident
        (M,) position of each row's incident in the case.
    questions
        For each repetition (M,) the name of the question that asked for the row.
    predictions
        For each predictor and repetition (M, K) probabilities; the model comes first.
    left_out
        Baselines that could not be run, with the reason.
    """

    plan: Plan
    targets: Targets
    incident: Ints
    questions: tuple[tuple[str, ...], ...]
    predictions: Mapping[str, tuple[Floats, ...]]
    left_out: Mapping[str, str]

    @property
    def has_model(self) -> bool:
        """Whether the model itself was among the predictors."""
        return MODEL in self.predictions

    @property
    def blocks(self) -> Ints:
        """(M,) week of each row, the block of every bootstrap."""
        return weeks(self.plan.case.incidents["date"])[self.incident]


def ask(
    plan: Plan, predictor: Predictor | None, baselines: Sequence[Baseline], steps: Steps
) -> HeldOut:
    """Put every question of a plan to the model and to the baselines.

    Parameters
    ----------
    plan
        The questions.
    predictor
        The model, compiled for the plan's case; None leaves it out.
    baselines
        The competitors. One whose library is missing is left out of all tables, with a warning.
    steps
        Shows progress.

    Returns
    -------
    HeldOut
        All predictions.

    Raises
    ------
    ValueError
        If a prediction is no table of distributions, or a label is asked twice.
    """
    rows = [_Rows(plan, repetition) for repetition in plan.repetitions]
    first = rows[0]
    if any(not np.array_equal(first.incident, each.incident) for each in rows):
        raise ValueError("the repetitions of a plan ask for different labels")
    asking = _Asking(predictor, list(baselines), steps, {})
    count = (predictor is not None) + len(asking.running)
    steps.begin(count * sum(len(each.questions) for each in plan.repetitions))
    answers = [asking.answer(repetition) for repetition in plan.repetitions]
    return HeldOut(
        plan=plan,
        targets=first.targets,
        incident=first.incident,
        questions=tuple(each.names for each in rows),
        predictions={
            name: tuple(
                answer[name][each.order] for answer, each in zip(answers, rows, strict=True)
            )
            # The last answer holds nobody who was left out on the way.
            for name in answers[-1]
        },
        left_out=asking.left_out,
    )


@dataclass(frozen=True, eq=False)
class _Asking:
    """Who is still asked; a baseline whose library is missing drops out."""

    predictor: Predictor | None
    running: list[Baseline]
    steps: Steps
    left_out: dict[str, str]

    def answer(self, repetition: Repetition) -> dict[str, Floats]:
        """For each predictor (M, K), in the order of the questions."""
        parts: dict[str, list[Floats]] = {}
        for number, question in enumerate(repetition.questions):
            for name, p in self._answers(question, repetition.seed, number):
                rows = check_probabilities(question.asked, p)[question.asked.incidents]
                parts.setdefault(name, []).append(rows)
        names = parts.keys() - self.left_out.keys()
        return {name: np.concatenate(parts[name]) for name in parts if name in names}

    def _answers(self, question: Question, seed: int, number: int) -> Iterator[tuple[str, Floats]]:
        where = f"seed {seed}, {question.name}"
        if self.predictor is not None:
            self.steps.step(f"{where}: {MODEL}")
            refit = SEEDS_APART * seed + number
            yield (
                MODEL,
                self.predictor.predict(question.known, refit, evidence=question.evidence),
            )
        for baseline in tuple(self.running):
            self.steps.step(f"{where}: {baseline.name}")
            try:
                yield baseline.name, _baseline(baseline, question, seed)
            except MissingExtraError as fault:
                logger.warning("%s is left out: %s", baseline.name, fault)
                self.left_out[baseline.name] = str(fault)
                self.running.remove(baseline)


class _Rows:
    """The rows of a repetition in an order that does not depend on how it was split."""

    def __init__(self, plan: Plan, repetition: Repetition) -> None:
        asked = [question.asked for question in repetition.questions]
        incident = np.concatenate([each.incidents for each in asked])
        if not plan.by_question and len(np.unique(incident)) != len(incident):
            raise ValueError("a plan asks for the labels of an incident twice")
        named = [
            question.name
            for question, each in zip(repetition.questions, asked, strict=True)
            for _ in each.incidents
        ]
        #: (M,) from the order of the questions to that of the rows.
        self.order = (
            np.arange(len(incident)) if plan.by_question else np.argsort(incident, kind="stable")
        )
        self.incident: Ints = incident[self.order]
        self.names = tuple(named[row] for row in self.order)
        self.targets = _stacked(asked, np.argsort(self.order))


def _stacked(parts: Sequence[Targets], place: Ints) -> Targets:
    """Join the labels of several questions; their positions count the rows of the answers.

    `place` (M,) gives the row of each incident asked, in the order of the questions.
    """
    ends = np.cumsum([len(part.incidents) for part in parts])
    rows = [
        place[end - len(part.incidents) + np.searchsorted(part.incidents, part.incident)]
        for part, end in zip(parts, ends, strict=True)
    ]
    return Targets(
        actors=parts[0].actors,
        militia=parts[0].militia,
        incident=np.concatenate(rows),
        sets=np.concatenate([part.sets for part in parts]),
        weight=np.concatenate([part.weight for part in parts]),
        n_incidents=len(place),
    )


def _baseline(baseline: Baseline, question: Question, seed: int) -> Floats:
    """(N, K) of a baseline that saw the question's rows only; uniform where it saw none."""
    seen = baseline.predict(question.features, question.train, seed)
    n_actors = len(question.asked.actors)
    p: Floats = np.full((question.asked.n_incidents, n_actors), 1 / n_actors)
    p[question.rows] = seen
    return p
