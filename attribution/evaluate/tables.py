"""The tables of an evaluation: scores, differences, incidents and reliability."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.evaluate.bootstrap import Difference, paired_bootstrap
from attribution.evaluate.calibration import Points, calibration_difference, points, top_points
from attribution.evaluate.isotonic import isotonic_curve
from attribution.evaluate.metrics import METRICS, SKILLS, Metric
from attribution.evaluate.scores import per_incident, score, skill

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from attribution.evaluate.heldout import HeldOut
    from attribution.evaluate.targets import Floats, Targets

REFERENCE = "class_frequencies"
BOOTSTRAP_SEED = 0
BOOTSTRAP_DRAWS = 4000
CURVE_DRAWS = 200
LEVEL = 0.9
TOP = "likeliest actor"


def scores_by_seed(held: HeldOut) -> pd.DataFrame:
    """Score every predictor in every repetition.

    Parameters
    ----------
    held
        The predictions.

    Returns
    -------
    pandas.DataFrame
        Columns ``predictor``, ``seed`` and those of `scores.Scores`.
    """
    rows = [
        {"predictor": name, "seed": repetition.seed, **asdict(score(held.targets, p))}
        for name, each in held.predictions.items()
        for repetition, p in zip(held.plan.repetitions, each, strict=True)
    ]
    return pd.DataFrame(rows)


def score_table(by_seed: pd.DataFrame) -> pd.DataFrame:
    """Average scores over repetitions and add the skill against the class frequencies.

    Parameters
    ----------
    by_seed
        As `scores_by_seed` gives it.

    Returns
    -------
    pandas.DataFrame
        One row a predictor, in order, indexed by its name. ``label_skill``, ``parent_skill`` and
        ``brier_skill`` are shares of the mean loss of the class frequencies that are saved; NaN
        where those were not run.
    """
    table = by_seed.drop(columns="seed").groupby("predictor", sort=False).mean()
    for loss, name in SKILLS.items():
        base = float(table[loss].get(REFERENCE, np.nan))
        table.insert(
            list(table.columns).index(loss) + 1, name, [skill(each, base) for each in table[loss]]
        )
    return table.astype({"n_incidents": int, "n_parent": int})


def difference_table(held: HeldOut) -> pd.DataFrame:
    """Compare the model with every baseline, and everybody with the class frequencies.

    Parameters
    ----------
    held
        The predictions.

    Returns
    -------
    pandas.DataFrame
        Columns ``predictor``, ``minus``, ``score``, ``mean``, ``lo``, ``hi``, ``verdict``: the
        predictor's score minus the other's, its interval from a paired bootstrap over weeks, and
        what that says of the predictor. Repetitions deal the same incidents anew: they are
        averaged, not counted as more data. A score that no label allows is left out.
    """
    paired = {
        name: [per_incident(held.targets, p) for p in each]
        for name, each in held.predictions.items()
    }
    rows = []
    for name, other in _pairs(held):
        for metric in METRICS:
            if metric.per_incident:
                loss, base = (
                    np.mean([getattr(one, metric.key) for one in paired[side]], axis=0)
                    for side in (name, other)
                )
                if np.all(np.isnan(loss)):
                    continue
                difference = paired_bootstrap(
                    loss, base, held.blocks, BOOTSTRAP_SEED, BOOTSTRAP_DRAWS, level=LEVEL
                )
            else:
                difference = _calibration(held, name, other)
            rows.append(_difference_row(name, other, metric, difference))
    columns = ["predictor", "minus", "score", "mean", "lo", "hi", "verdict"]
    return pd.DataFrame(rows, columns=columns)


def question_table(incidents: pd.DataFrame) -> pd.DataFrame:
    """Average the label loss within each question.

    Parameters
    ----------
    incidents
        As `incident_table` gives it.

    Returns
    -------
    pandas.DataFrame
        One row a question, in order: ``question``, ``n_incidents``, then the mean label loss of
        each predictor.
    """
    grouped = incidents.groupby(["question", "predictor"], sort=False)["label_loss"]
    wide = grouped.mean().unstack()
    wide = wide[incidents["predictor"].unique()]
    order = incidents["question"].unique()
    count = incidents.groupby("question")["incident_id"].nunique()
    wide.insert(0, "n_incidents", count[wide.index])
    return wide.loc[order].rename_axis(columns=None).reset_index()


def incident_table(held: HeldOut) -> pd.DataFrame:
    """List every prediction of every incident that was asked about.

    Parameters
    ----------
    held
        The predictions.

    Returns
    -------
    pandas.DataFrame
        Columns ``seed``, ``question``, ``incident_id``, ``date``, ``labels`` (the hidden ones, each
        with its weight), ``predictor``, ``p_<actor>``, the likeliest actor ``top_actor``, and the
        incident's scores; NaN where its labels do not allow a score.
    """
    incidents = held.plan.case.incidents.iloc[held.incident]
    told = _labels_in_words(held.targets)
    parts = []
    for name, each in held.predictions.items():
        for number, p in enumerate(each):
            single = asdict(per_incident(held.targets, p))
            single.pop("incident")
            parts.append(
                pd.DataFrame(
                    {
                        "seed": held.plan.repetitions[number].seed,
                        "question": held.questions[number],
                        "incident_id": incidents["incident_id"].to_numpy(),
                        "date": incidents["date"].to_numpy(),
                        "labels": told,
                        "predictor": name,
                        **{f"p_{actor}": p[:, k] for k, actor in enumerate(held.targets.actors)},
                        "top_actor": [held.targets.actors[k] for k in p.argmax(axis=1)],
                        **single,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def reliability_table(held: HeldOut) -> pd.DataFrame:
    """Estimate reliability curves by isotonic regression.

    Parameters
    ----------
    held
        The predictions.

    Returns
    -------
    pandas.DataFrame
        Columns ``predictor``, ``actor`` (one against the rest; "likeliest actor" for the top
        class), ``predicted``, ``observed``, ``lo``, ``hi`` (90 %, weeks drawn anew) and ``weight``
        in incidents. Repetitions are pooled, each incident keeping a weight of 1.
    """
    parts = []
    for name, each in held.predictions.items():
        for actor, pooled in _pooled(held.targets, each):
            blocks = np.tile(held.blocks, len(each))
            curve = isotonic_curve(pooled, blocks, BOOTSTRAP_SEED, CURVE_DRAWS, level=LEVEL)
            parts.append(
                pd.DataFrame(
                    {
                        "predictor": name,
                        "actor": actor,
                        "predicted": curve.predicted,
                        "observed": curve.observed,
                        "lo": curve.lo,
                        "hi": curve.hi,
                        "weight": curve.weight / len(each),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def _pairs(held: HeldOut) -> Iterator[tuple[str, str]]:
    names = list(held.predictions)
    if held.has_model:
        yield from ((names[0], other) for other in names[1:])
    if REFERENCE in names:
        yield from ((name, REFERENCE) for name in names[held.has_model :] if name != REFERENCE)


def _calibration(held: HeldOut, name: str, other: str) -> Difference:
    pairs = list(zip(held.predictions[name], held.predictions[other], strict=True))
    return calibration_difference(
        held.targets, pairs, held.blocks, BOOTSTRAP_SEED, BOOTSTRAP_DRAWS, level=LEVEL
    )


def _difference_row(
    name: str, other: str, metric: Metric, difference: Difference
) -> dict[str, object]:
    verdict = metric.verdict(difference)
    return {
        "predictor": name,
        "minus": other,
        "score": metric.key,
        **difference._asdict(),
        "verdict": verdict,
    }


def _labels_in_words(targets: Targets) -> list[str]:
    """(M,) texts such as "a (0.9); a|b (0.4)"."""
    words: list[list[str]] = [[] for _ in range(targets.n_incidents)]
    for row, named, weight in zip(targets.incident, targets.sets, targets.weight, strict=True):
        who = "|".join(targets.actors[k] for k in np.flatnonzero(named))
        words[row].append(f"{who} ({weight:g})")
    return ["; ".join(each) for each in words]


def _pooled(targets: Targets, predictions: Sequence[Floats]) -> Iterator[tuple[str, Points]]:
    """For the top class and for each actor, the points of all repetitions."""
    tops = [top_points(targets, p) for p in predictions]
    yield TOP, _joined(tops)
    every = [points(targets, p) for p in predictions]
    for k, actor in enumerate(targets.actors):
        yield actor, _joined([Points(one.predicted[:, k], one.credit[:, k]) for one in every])


def _joined(parts: Sequence[Points]) -> Points:
    return Points(
        np.concatenate([part.predicted for part in parts]),
        np.concatenate([part.credit for part in parts]),
    )
