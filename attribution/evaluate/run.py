"""One call from a case to a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from attribution.evaluate.baselines import (
    ClassFrequencies,
    MajorityOfLabellers,
    fast_baselines,
    standard_baselines,
)
from attribution.evaluate.errors import EvaluationError
from attribution.evaluate.heldout import ask
from attribution.evaluate.provenance import describe_run
from attribution.evaluate.results import report_from
from attribution.evaluate.schemes import (
    FIRST_DAY,
    SCHEMES,
    plan_kfold,
    plan_labeller,
    plan_temporal,
)
from attribution.evaluate.steps import choose_steps

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from attribution.case.case import Case
    from attribution.evaluate.baselines import Baseline
    from attribution.evaluate.predictor import Predictor
    from attribution.evaluate.results import EvaluationReport
    from attribution.evaluate.schemes import Plan
    from attribution.evaluate.steps import Steps

type BaselineSet = Literal["fast", "all", "none"]
BASELINE_SETS: tuple[BaselineSet, ...] = ("fast", "all", "none")
#: Folds differ by seed; quarters and labellers do not, and refits of those are many.
SEEDS = {"kfold": (0, 1, 2), "temporal": (0,), "labeller": (0,)}


def evaluate(
    case: Case,
    *,
    scheme: str = "kfold",
    seeds: Sequence[int] | None = None,
    folds: int = 5,
    start: date = FIRST_DAY,
    min_labels: int = 5,
    hide_echoes: bool = False,
    baselines: BaselineSet | Sequence[Baseline] = "all",
    model: Predictor | bool = True,
    show_progress: bool | None = None,
) -> EvaluationReport:
    """Measure how well labels are predicted that were hidden from the fit.

    Parameters
    ----------
    case
        The case.
    scheme
        "kfold" (random folds), "temporal" (each quarter from what was known the day before it) or
        "labeller" (each labeller from all the others).
    seeds
        Seeds of folds and fits; by default 0, 1, 2 for "kfold" and 0 otherwise.
    folds
        Number of folds ("kfold").
    start
        First day that is tested ("temporal").
    min_labels
        Least number of scored labels of a labeller that is asked about ("labeller").
    hide_echoes
        Hide the labels of a labeller's echo group as well ("labeller").
    baselines
        "all", "fast" (no further library), "none" (only the class frequencies, against which skill
        is measured), or baselines of one's own.
    model
        True compiles the model, which takes minutes; a predictor that was compiled for this case
        is used as it is; False evaluates the baselines alone.
    show_progress
        True forces a bar, False log lines; None decides by the terminal.

    Returns
    -------
    EvaluationReport
        Tables, figures and a text.

    Raises
    ------
    EvaluationError
        If an option is unknown or out of range, or the case holds nothing to score.
    """
    settings = _Settings(folds, start, min_labels, hide_echoes)
    plan = _plan(case, scheme, seeds, settings)
    competitors = _competitors(baselines, scheme, alone=model is False)
    about = describe_run(case)
    with choose_steps(show=show_progress) as steps:
        held = ask(plan, _predictor(case, model, steps), competitors, steps)
        steps.begin(1)
        steps.step("comparing")
        return report_from(held, about)


class _Settings(NamedTuple):
    """What only one scheme reads."""

    folds: int
    start: date
    min_labels: int
    hide_echoes: bool


def _plan(case: Case, scheme: str, seeds: Sequence[int] | None, settings: _Settings) -> Plan:
    chosen = _seeds(scheme, seeds)
    if scheme == "temporal":
        return plan_temporal(case, chosen, settings.start)
    if scheme == "labeller":
        least = settings.min_labels
        return plan_labeller(case, chosen, least, hide_echoes=settings.hide_echoes)
    return plan_kfold(case, chosen, settings.folds)


def _seeds(scheme: str, seeds: Sequence[int] | None) -> tuple[int, ...]:
    if scheme not in SCHEMES:
        raise EvaluationError(f"scheme {scheme!r} is none of {', '.join(SCHEMES)}")
    chosen = SEEDS[scheme] if seeds is None else tuple(seeds)
    if not chosen or len(set(chosen)) < len(chosen) or min(chosen) < 0:
        raise EvaluationError(f"seeds {list(chosen)}: needed are different numbers of at least 0")
    return chosen


def _competitors(
    baselines: BaselineSet | Sequence[Baseline], scheme: str, *, alone: bool
) -> tuple[Baseline, ...]:
    chosen = _chosen(baselines, scheme)
    if alone and (not chosen or baselines == "none"):
        raise EvaluationError("without the model and without baselines nothing is left to evaluate")
    return chosen


def _chosen(baselines: BaselineSet | Sequence[Baseline], scheme: str) -> tuple[Baseline, ...]:
    if not isinstance(baselines, str):
        return tuple(baselines)
    if baselines not in BASELINE_SETS:
        raise EvaluationError(f"baselines {baselines!r} is none of {', '.join(BASELINE_SETS)}")
    if baselines == "none":
        return (ClassFrequencies(),)
    chosen = standard_baselines() if baselines == "all" else fast_baselines()
    return (*chosen, MajorityOfLabellers()) if scheme == "labeller" else chosen


def _predictor(case: Case, model: Predictor | bool, steps: Steps) -> Predictor | None:
    if not isinstance(model, bool):
        return model
    if not model:
        return None
    steps.begin(1)
    steps.step("compiling the model, which takes minutes")
    from attribution.evaluate.refit import compile_refitter  # noqa: PLC0415 - seconds to import

    return compile_refitter(case)
