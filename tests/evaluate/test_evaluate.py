"""From a plan to a report: who saw what, which rows belong together, what is written."""

import inspect
import logging
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from fake_predictor import SIMPLE, Oracle, Spy

import attribution as at
from attribution.evaluate import heldout, steps
from attribution.evaluate.baselines import (
    AlwaysFirst,
    ClassFrequencies,
    MajorityOfLabellers,
    MissingExtraError,
)
from attribution.evaluate.crossval import out_of_fold
from attribution.evaluate.errors import EvaluationError
from attribution.evaluate.heldout import MODEL, ask
from attribution.evaluate.run import evaluate
from attribution.evaluate.schemes import plan_kfold, plan_labeller
from attribution.evaluate.scores import score, skill
from attribution.evaluate.splits import kfold
from attribution.evaluate.steps import LogSteps, choose_steps
from attribution.evaluate.targets import targets_from_case

# --- who answers what ---------------------------------------------------------------------------


def test_the_model_is_refitted_on_each_question_with_a_seed_of_its_own(iraq):
    spy = Spy(iraq)
    plan = plan_kfold(iraq, seeds=(1, 2), folds=3)
    held = ask(plan, spy, SIMPLE, LogSteps())
    questions = [each for repetition in plan.repetitions for each in repetition.questions]
    assert [known for known, _, _ in spy.calls] == [each.known for each in questions]
    assert [seed for _, seed, _ in spy.calls] == [100, 101, 102, 200, 201, 202]
    assert list(held.predictions) == [MODEL, "always_first", "class_frequencies"]
    # What the frequencies are does not depend on who counts them, if both see the same labels.
    for ours, theirs in zip(
        held.predictions[MODEL], held.predictions["class_frequencies"], strict=True
    ):
        np.testing.assert_allclose(ours, theirs)


def test_rows_are_those_of_a_plain_cross_validation(iraq):
    targets = targets_from_case(iraq)
    plan = plan_kfold(iraq, seeds=(3,), folds=5)
    held = ask(plan, None, (ClassFrequencies(),), LogSteps())
    n = len(iraq.incidents)
    plain = out_of_fold(
        lambda train: ClassFrequencies().predict(range(n), train, 0), targets, kfold(targets, 5, 3)
    )
    (p,) = held.predictions["class_frequencies"]
    np.testing.assert_array_equal(held.incident, targets.incidents)
    np.testing.assert_allclose(p, plain[targets.incidents])
    assert score(held.targets, p) == pytest.approx(score(targets, plain))


def test_an_incident_may_be_asked_about_by_several_labellers(iraq):
    plan = plan_labeller(iraq, seeds=(0,), min_labels=5)
    held = ask(plan, None, (MajorityOfLabellers(), ClassFrequencies()), LogSteps())
    assert len(np.unique(held.incident)) < len(held.incident) == held.targets.n_incidents
    (names,) = held.questions
    for question in plan.repetitions[0].questions:
        rows = np.flatnonzero(np.array(names) == question.name)
        np.testing.assert_array_equal(held.incident[rows], question.asked.incidents)
        own = held.targets.subset(rows)
        np.testing.assert_array_equal(own.sets, question.asked.sets)
    # What others said of the incident tells more than how common each actor is.
    votes, base = (
        score(held.targets, held.predictions[name][0]).label_loss
        for name in ("majority_of_labellers", "class_frequencies")
    )
    assert votes < base - 0.05


def test_a_missing_library_leaves_its_baseline_out_and_goes_on(iraq, caplog):
    class Lacking(AlwaysFirst):
        def predict(self, features, train, seed):  # noqa: ARG002
            raise MissingExtraError("this baseline needs a library")

    lacking = Lacking(name="lacking")
    with caplog.at_level(logging.WARNING, logger="attribution"):
        report = evaluate(
            iraq, seeds=(0, 1), baselines=(lacking, *SIMPLE), model=False, show_progress=False
        )
    assert [record.getMessage() for record in caplog.records] == [
        "lacking is left out: this baseline needs a library"
    ]
    assert list(report.table.index) == ["always_first", "class_frequencies"]
    assert "Left out: lacking (this baseline needs a library)." in report.text


def test_a_prediction_that_is_no_distribution_stops_the_run(iraq):
    class Broken(Oracle):
        def predict(self, known, seed, *, evidence=None):
            return 2 * super().predict(known, seed, evidence=evidence)

    with pytest.raises(ValueError, match="does not sum to 1"):
        evaluate(iraq, seeds=(0,), baselines=SIMPLE, model=Broken(iraq), show_progress=False)


def test_repetitions_must_ask_for_the_same(iraq):
    plan = plan_kfold(iraq, seeds=(0, 1), folds=3)
    first, second = plan.repetitions
    short = replace(second, questions=second.questions[:2])
    with pytest.raises(ValueError, match="different labels"):
        ask(replace(plan, repetitions=(first, short)), None, SIMPLE, LogSteps())
    twice = replace(first, questions=first.questions[:1] * 2)
    with pytest.raises(ValueError, match="twice"):
        ask(replace(plan, repetitions=(twice,)), None, SIMPLE, LogSteps())


# --- the report ---------------------------------------------------------------------------------


def test_the_table_holds_means_over_seeds_and_skill(report):
    table, by_seed = report.table, report.by_seed
    assert list(table.index) == [MODEL, "always_first", "class_frequencies"]
    mine = by_seed[by_seed["predictor"] == "class_frequencies"]
    assert mine["seed"].tolist() == [0, 4]
    assert table.at["class_frequencies", "brier"] == pytest.approx(mine["brier"].mean())
    assert table.at["class_frequencies", "label_skill"] == 0
    base = table.at["class_frequencies", "label_loss"]
    expected = skill(table.at[MODEL, "label_loss"], base)
    assert table.at[MODEL, "label_skill"] == pytest.approx(expected)
    assert table.at["always_first", "label_skill"] < 0 < expected < 1


def test_differences_compare_the_model_with_all_and_all_with_the_frequencies(report):
    pairs = report.differences[["predictor", "minus"]].drop_duplicates()
    assert list(pairs.itertuples(index=False, name=None)) == [
        (MODEL, "always_first"),
        (MODEL, "class_frequencies"),
        ("always_first", "class_frequencies"),
    ]
    keyed = report.differences.set_index(["predictor", "minus", "score"])
    for name in ("label_loss", "parent_loss", "brier", "top1", "ece"):
        row = keyed.loc[(MODEL, "class_frequencies", name)]
        gap = report.table.at[MODEL, name] - report.table.at["class_frequencies", name]
        assert row["mean"] == pytest.approx(gap)
    for name in ("label_loss", "parent_loss", "brier", "top1"):
        assert keyed.at[(MODEL, "class_frequencies", name), "verdict"] == "better"
    assert keyed.at[("always_first", "class_frequencies", "label_loss"), "verdict"] == "worse"
    assert keyed.at[("always_first", "class_frequencies", "top1"), "verdict"] == "not told apart"


def test_every_prediction_is_listed_and_averages_to_the_table(report, iraq):
    listed = report.predictions
    count = len(targets_from_case(iraq).incidents)
    assert len(listed) == 3 * 2 * count
    p = listed.filter(regex="^p_")
    np.testing.assert_allclose(p.sum(axis=1), 1)
    mean = listed.groupby("predictor")[["label_loss", "top3", "entropy_bits"]].mean()
    for name in mean:
        np.testing.assert_allclose(mean[name], report.table[name].sort_index())
    assert listed["labels"].str.contains(r"\(0\.\d\)").all()
    top = listed["top_actor"].map(lambda actor: f"p_{actor}")
    np.testing.assert_allclose([p.at[i, name] for i, name in top.items()], p.max(axis=1))


def test_reliability_has_a_curve_for_each_actor_and_the_likeliest(report, iraq):
    curves = report.reliability.groupby(["predictor", "actor"])
    names = {actor.id for actor in iraq.config.actors} | {"likeliest actor"}
    assert set(report.reliability["actor"]) == names
    for _, curve in curves:
        assert (np.diff(curve["observed"]) >= -1e-12).all()
        # Two seeds are pooled and yet each incident counts once.
        assert curve["weight"].sum() == pytest.approx(report.held.targets.n_incidents)
        assert (curve["lo"] <= curve["hi"] + 1e-12).all()


def test_the_text_names_scores_verdicts_versions_and_data(report, iraq):
    text = report.text
    for said in (
        "hidden labels of the case iraq",
        "means over seeds 0, 4",
        "In short: this model has a label loss of",
        "Against class frequencies, the baseline with the lowest label loss",
        "* label loss: better than",
        iraq.fingerprint(),
        f"attribution {at.__version__}",
        "Nobody knows who did it",
    ):
        assert said in " ".join(text.split()), said
    assert max(len(line) for line in text.splitlines()) <= 104
    assert repr(report).startswith("EvaluationReport(kfold: 3 predictors")
    assert "<table" in report._repr_html_()


def test_a_defeat_is_told_as_one(iraq):
    class Certain(Oracle):
        def predict(self, known, seed, *, evidence=None):  # noqa: ARG002
            return AlwaysFirst().predict(range(self.targets.n_incidents), self.targets, seed)

    report = evaluate(iraq, seeds=(0,), baselines=SIMPLE, model=Certain(iraq), show_progress=False)
    text = " ".join(report.text.split())
    assert "label loss worse (+" in text
    assert "* label loss: not told apart from always first (0.000 [0.000, 0.000]); worse" in text


def test_figures_are_drawn_from_the_tables(report, iraq):
    left, right = report.plot_overview().axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["class frequencies"]
    curve = report.reliability[
        (report.reliability["predictor"] == MODEL)
        & (report.reliability["actor"] == "likeliest actor")
    ]
    drawn = next(line for line in right.lines if line.get_label() == "this model")
    np.testing.assert_allclose(drawn.get_ydata(), curve["observed"])
    titles = [panel.get_title() for panel in report.plot_actors().axes if panel.get_title()]
    assert titles == [actor.id.replace("_", " ") for actor in iraq.config.actors]


# --- options ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scheme": "tmporal"}, "none of kfold, temporal, labeller"),
        ({"baselines": "some"}, "none of fast, all, none"),
        ({"seeds": ()}, "seeds"),
        ({"seeds": (1, 1)}, "seeds"),
        ({"seeds": (-1,)}, "seeds"),
        ({"baselines": "none"}, "nothing is left"),
        ({"scheme": "temporal", "start": date(2031, 1, 1)}, "2031"),
    ],
)
def test_options_that_cannot_be_met_are_refused(iraq, options, message):
    with pytest.raises(EvaluationError, match=message):
        evaluate(iraq, model=False, **options)


def test_the_package_attribute_is_the_function_in_either_order_of_import():
    assert callable(at.evaluate)
    assert list(inspect.signature(at.evaluate).parameters)[:3] == ["case", "scheme", "seeds"]
    for code in (
        "import attribution as at; f = at.evaluate; import attribution.evaluate.scores as s",
        "import attribution.evaluate.scores as s, attribution as at; f = at.evaluate",
    ):
        check = f"{code}; assert callable(f) and callable(at.evaluate) and s.label_loss"
        subprocess.run([sys.executable, "-c", check], check=True, timeout=60)


def test_calling_the_package_evaluates(iraq):
    with pytest.raises(at.evaluate.errors.EvaluationError, match="scheme 'x'"):
        at.evaluate(iraq, scheme="x")


# --- progress -----------------------------------------------------------------------------------


def test_log_lines_come_at_once_and_then_now_and_then(caplog, monkeypatch):
    clock = iter([0.0, 1.0, 5.5, 6.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    with caplog.at_level(logging.INFO, logger="attribution"), LogSteps() as shown:
        shown.begin(4)
        for text in "abcd":
            shown.step(text)
    assert [record.getMessage() for record in caplog.records] == [
        "evaluating: step 1 of 4, a",
        "evaluating: step 3 of 4, c",
    ]


def test_a_bar_counts_every_step(iraq, monkeypatch):
    shown = steps.TerminalSteps()
    monkeypatch.setattr(heldout, "logger", logging.getLogger("quiet"))
    with shown:
        ask(plan_kfold(iraq, (0,), 2), None, SIMPLE, shown)
        (task,) = shown._bar.tasks
        assert (task.total, task.completed) == (4, 3)  # the fourth step was begun, not finished
    assert isinstance(choose_steps(show=True), steps.TerminalSteps)
    assert isinstance(choose_steps(show=False), LogSteps)
