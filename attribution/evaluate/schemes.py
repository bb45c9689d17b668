"""What is hidden, and what is asked: three schemes, each a list of questions.

Every scheme gives the same kind of plan, so that whatever answers one can answer all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.evaluate import splits
from attribution.evaluate.baselines.features import features_from_case
from attribution.evaluate.errors import EvaluationError
from attribution.evaluate.reductions import (
    evidence_of,
    hide_incidents,
    hide_labellers,
    only_labeller,
    seen_during,
)
from attribution.evaluate.targets import targets_from_case

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from attribution.case.case import Case
    from attribution.channels.evidence import Evidence
    from attribution.evaluate.targets import Ints, Targets

SCHEMES = ("kfold", "temporal", "labeller")
FIRST_DAY = date(2020, 1, 1)


@dataclass(frozen=True, eq=False)
class Question:
    """One refit: what may be known, and which hidden labels are to be predicted.

    Attributes
    ----------
    name
        For tables and progress: "fold 2 of 5", "2021Q1", a labeller.
    known
        What the model may learn from.
    evidence
        What its predictions may look at; None leaves that to `known` (`predictor.Predictor`).
    features
        Rows that the baselines see, V of the N incidents.
    rows
        (V,) position of each row of `features` among the N incidents.
    train
        Labels that the baselines may learn from; positions count the rows of `features`.
    asked
        The hidden labels; positions count the N incidents.
    """

    name: str
    known: Case
    evidence: Evidence | None
    features: pd.DataFrame
    rows: Ints
    train: Targets
    asked: Targets


@dataclass(frozen=True, eq=False)
class Repetition:
    """All questions once.

    Attributes
    ----------
    seed
        Seed of the folds and of every fit.
    questions
        No label is asked twice.
    """

    seed: int
    questions: tuple[Question, ...]


@dataclass(frozen=True, eq=False)
class Plan:
    """An evaluation before anything is fitted.

    Attributes
    ----------
    scheme
        One of `SCHEMES`.
    case
        The whole case of N incidents.
    description
        What is hidden and what may be used, in sentences.
    options
        The scheme's settings, by name.
    repetitions
        At least one; all ask for the same labels.
    by_question
        Whether an incident may be asked about by several questions of a repetition, each time
        with other labels.
    """

    scheme: str
    case: Case
    description: str
    options: Mapping[str, str | int | bool]
    repetitions: tuple[Repetition, ...]
    by_question: bool = False


def plan_kfold(case: Case, seeds: Sequence[int], folds: int = 5) -> Plan:
    """Deal the labelled incidents into folds; each fold is predicted without its labels.

    Parameters
    ----------
    case
        The case.
    seeds
        One deal each.
    folds
        Number of folds.

    Returns
    -------
    Plan
        All labels of a fold's incidents are hidden, of whatever scope and basis; everything else,
        later years included, is known.

    Raises
    ------
    EvaluationError
        If no label can be scored, or fewer incidents have one than there are folds.
    """
    targets = scored_labels(case)
    if not 2 <= folds <= len(targets.incidents):
        raise EvaluationError(
            f"{folds} folds of {len(targets.incidents)} incidents with a label that can be scored; "
            f"allowed are 2 to {len(targets.incidents)} folds"
        )
    features, rows = features_from_case(case), np.arange(len(case.incidents))
    repetitions = []
    for seed in seeds:
        questions = []
        for number, fold in enumerate(splits.kfold(targets, folds, seed)):
            train = targets.subset(np.setdiff1d(targets.incidents, fold))
            known, asked = hide_incidents(case, fold), targets.subset(fold)
            name = f"fold {number + 1} of {folds}"
            questions.append(Question(name, known, None, features, rows, train, asked))
        repetitions.append(Repetition(seed, tuple(questions)))
    description = (
        f"The incidents with a label that can be scored are dealt into {folds} random folds. All "
        "labels of a fold's incidents are hidden, of whatever scope and basis, and the fold is "
        "predicted from weapon, target, place, date, claims and denials. Campaigns lie on both "
        "sides of such a split and later years are known: this is no forecast."
    )
    return Plan("kfold", case, description, {"folds": folds}, tuple(repetitions))


def plan_temporal(case: Case, seeds: Sequence[int], start: date = FIRST_DAY) -> Plan:
    """Predict each quarter from what was known the day before it began (rolling origin).

    Parameters
    ----------
    case
        The case.
    seeds
        Seeds of the fits; the quarters are the same each time.
    start
        First day that is tested.

    Returns
    -------
    Plan
        Each quarter's incidents are predicted by a fit that knows what was dated on or before the
        day before the quarter, from their own columns and the statements made by its end. Brand
        links are those known before it. Scored are all labels that experts ever gave them.

    Raises
    ------
    EvaluationError
        If no label can be scored, none lies on or after the first day, or no label was known
        before the first quarter that is tested.
    """
    targets = scored_labels(case)
    quarters = splits.temporal(case.incidents["date"], targets, start, "quarter")
    if not quarters:
        raise EvaluationError(f"no incident on or after {start} has a label that can be scored")
    if not len(targets_from_case(case, as_of=quarters[0][0]).incident):
        raise EvaluationError(
            f"no label was known on {quarters[0][0]}, so that nothing can be learned for the first "
            f"quarter on or after {start}; a later first day is needed"
        )
    questions = tuple(_quarter(case, targets, cutoff, asked) for cutoff, asked in quarters)
    description = (
        f"Rolling origin: each of {len(questions)} quarters from {start} on is predicted by a fit "
        "on what was dated on or before the day before it, brand links included. Of the quarter's "
        "own incidents the columns are used and the statements made by its end, never a label."
    )
    repetitions = tuple(Repetition(seed, questions) for seed in seeds)
    return Plan("temporal", case, description, {"from": start.isoformat()}, repetitions)


def plan_labeller(
    case: Case, seeds: Sequence[int], min_labels: int = 5, *, hide_echoes: bool = False
) -> Plan:
    """Predict what one labeller said from everything else, the others' labels included.

    Parameters
    ----------
    case
        The case.
    seeds
        Seeds of the fits; the labellers are the same each time.
    min_labels
        Least number of scored labels of a labeller that is asked about.
    hide_echoes
        Whether the labels of the labeller's echo group are hidden, too: those of one team, or
        resting on one primary source.

    Returns
    -------
    Plan
        One question a labeller: all its labels are hidden and those that can be scored are asked.

    Raises
    ------
    EvaluationError
        If no label can be scored, or no labeller has enough of them.
    """
    count: dict[str, Targets] = {}
    rows = case.labels["labeller"].value_counts()
    for labeller in rows.index[rows >= min_labels]:
        asked = targets_from_case(only_labeller(case, labeller))
        if len(asked.incident) >= max(min_labels, 1):
            count[labeller] = asked
    if not count:
        scored_labels(case)
        raise EvaluationError(f"no labeller has {min_labels} labels that can be scored")
    features, every = features_from_case(case), np.arange(len(case.incidents))
    questions = []
    for labeller, asked in sorted(
        count.items(), key=lambda item: (-len(item[1].incident), item[0])
    ):
        known = hide_labellers(case, _echoes(case, labeller) if hide_echoes else {labeller})
        train = targets_from_case(known)
        questions.append(Question(labeller, known, None, features, every, train, asked))
    hidden = (
        "All labels of the labeller and of its echo group are hidden from the whole case; what "
        "others said of the same incidents is seen."
        if hide_echoes
        else "All its labels are hidden from the whole case; what others said of the same "
        "incidents is seen, even where it rests on the same source."
    )
    description = (
        f"Each of {len(questions)} labellers with at least {min_labels} labels that can be scored "
        f"is predicted in turn. {hidden}"
    )
    repetitions = tuple(Repetition(seed, tuple(questions)) for seed in seeds)
    options = {"min_labels": min_labels, "hide_echoes": hide_echoes}
    return Plan("labeller", case, description, options, repetitions, by_question=True)


def scored_labels(case: Case) -> Targets:
    """Read the labels of a case that can be scored, and insist that there are any.

    Parameters
    ----------
    case
        The case.

    Returns
    -------
    Targets
        As `targets_from_case` reads them.

    Raises
    ------
    EvaluationError
        If there are none.
    """
    targets = targets_from_case(case)
    if not len(targets.incident):
        raise EvaluationError(
            f"labels.csv: none of {len(case.labels)} rows can be scored; needed are rows with "
            "scope 'incident' and basis 'direct' that name an actor or a set of actors"
        )
    return targets


def _quarter(case: Case, targets: Targets, cutoff: date, asked: Ints) -> Question:
    first = pd.Timestamp(cutoff + timedelta(days=1))
    quarter = first.to_period("Q")
    view = seen_during(case, cutoff, quarter.end_time.date())
    positions = pd.Series(np.arange(len(case.incidents)), index=case.incidents["incident_id"])
    return Question(
        name=str(quarter),
        known=case.known_by(cutoff),
        evidence=evidence_of(case, view),
        features=features_from_case(view),
        rows=positions[view.incidents["incident_id"]].to_numpy(dtype=np.int64),
        train=targets_from_case(view, as_of=cutoff),
        asked=targets.subset(asked),
    )


def _echoes(case: Case, labeller: str) -> set[str]:
    """Find the labeller and everyone of the same echo group."""
    groups = case.labellers.set_index("labeller")["echo_group"]
    group = groups.get(labeller, "")
    return {labeller} | (set(groups.index[groups == group]) if group else set())
