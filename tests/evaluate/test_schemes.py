"""Nothing that is asked for, and nothing dated later, reaches whoever answers."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from small_case import small_case

from attribution.case.hindsight import said_on
from attribution.channels.evidence import case_evidence
from attribution.evaluate.errors import EvaluationError
from attribution.evaluate.reductions import (
    evidence_of,
    hide_incidents,
    hide_labellers,
    only_labeller,
    seen_during,
)
from attribution.evaluate.schemes import plan_kfold, plan_labeller, plan_temporal
from attribution.evaluate.targets import targets_from_case


def ids(case, positions):
    return set(case.incidents["incident_id"].iloc[positions])


# --- reductions ---------------------------------------------------------------------------------


def test_hidden_incidents_lose_every_label_and_nothing_else():
    case = small_case()
    reduced = hide_incidents(case, np.array([2, 4]))
    assert set(reduced.labels["incident_id"]) == {"i0", "i1", "i3", "i5"}
    # The series label of i4 went, too; the rest is untouched, and so is the case itself.
    assert len(case.labels) == 8
    for name in case.tables:
        if name != "labels":
            pd.testing.assert_frame_equal(reduced.tables[name], case.tables[name])


def test_a_labeller_is_hidden_or_left_alone():
    case = small_case()
    every = len(case.labels)
    hidden, alone = hide_labellers(case, {"one", "two"}), only_labeller(case, "one")
    assert set(hidden.labels["labeller"]).isdisjoint({"one", "two"})
    assert set(alone.labels["labeller"]) == {"one"}
    two = (case.labels["labeller"] == "two").sum()
    assert len(hidden.labels) + len(alone.labels) + two == every


def test_a_reduced_case_can_still_be_read_and_fingerprinted():
    case = small_case()
    reduced = hide_labellers(case, {"one"})
    assert reduced.members("front_split", on=date(2021, 5, 1)) == {"alpha", "beta"}
    assert reduced.fingerprint() != case.fingerprint()


def test_a_view_during_a_period_mixes_two_days():
    statements = (
        {"incident_id": "i1", "speaker_id": "front_a", "date": "2021-02-11"},
        {"incident_id": "i2", "speaker_id": "front_a", "date": "2021-06-30"},
        {"incident_id": "i2", "speaker_id": "alpha", "kind": "denial", "date": "2021-07-01"},
        {"incident_id": "i2", "speaker_id": "alpha", "kind": "denial", "date": None},
    )
    labels = (
        {"incident_id": "i1", "group_id": "alpha", "date": "2021-03-31"},
        {"incident_id": "i1", "group_id": "beta", "date": "2021-04-01"},
        {"incident_id": "i2", "group_id": "beta", "date": "2021-05-02"},
    )
    links = (
        {"brand_id": "front_a", "date": "2021-03-31"},
        {"brand_id": "front_split", "date": "2021-04-01"},
    )
    case = small_case(statements=statements, labels=labels, links=links)
    view = seen_during(case, date(2021, 3, 31), date(2021, 6, 30))
    assert view.incidents["incident_id"].tolist() == ["i0", "i1", "i2"]
    assert view.statements["incident_id"].tolist() == ["i1", "i2"]
    assert view.labels["group_id"].tolist() == ["alpha"]
    assert view.brand_links["brand_id"].tolist() == ["front_a"]
    evidence = evidence_of(case, view)
    assert len(evidence) == len(case.incidents)
    assert evidence.statements["row"].tolist() == [1, 2]
    assert evidence.labels.empty


# --- kfold --------------------------------------------------------------------------------------


def test_folds_ask_for_every_label_once_and_never_show_it(iraq):
    targets = targets_from_case(iraq)
    plan = plan_kfold(iraq, seeds=(0, 5), folds=4)
    for repetition in plan.repetitions:
        asked = np.concatenate([each.asked.incidents for each in repetition.questions])
        assert sorted(asked) == targets.incidents.tolist()
        for question in repetition.questions:
            hidden = ids(iraq, question.asked.incidents)
            assert hidden.isdisjoint(question.known.labels["incident_id"])
            assert hidden.isdisjoint(ids(iraq, question.train.incidents))
            # All labels of others stay, those of series and brands as well.
            others = ~iraq.labels["incident_id"].isin(hidden)
            assert len(question.known.labels) == others.sum()
    first, second = ([set(q.asked.incidents) for q in r.questions] for r in plan.repetitions)
    assert first != second


@pytest.mark.parametrize("folds", [1, 7])
def test_more_folds_than_incidents_are_refused(folds):
    with pytest.raises(EvaluationError, match="allowed are 2 to 4 folds"):
        plan_kfold(small_case(), seeds=(0,), folds=folds)


# --- temporal -----------------------------------------------------------------------------------


def test_a_quarter_is_asked_of_the_day_before_it(iraq):
    plan = plan_temporal(iraq, seeds=(0,), start=date(2024, 10, 1))
    (repetition,) = plan.repetitions
    assert len(repetition.questions) >= 5
    tested = iraq.incidents["date"] >= "2024-10-01"
    scored = targets_from_case(iraq).incidents
    asked = np.concatenate([each.asked.incidents for each in repetition.questions])
    assert sorted(asked) == [i for i in scored if tested[i]]
    for question in repetition.questions:
        quarter = pd.Period(question.name, "Q")
        begin, end = quarter.start_time, quarter.end_time
        days = iraq.incidents["date"].iloc[question.asked.incidents]
        assert days.between(begin, end).all()
        for table in (question.known.statements, question.known.labels):
            assert (said_on(table, iraq.sources) < begin).all()
        for table in (question.known.incidents, question.known.brand_links):
            assert (table["date"] < begin).all()
        shown = question.evidence.statements
        assert (said_on(shown, iraq.sources) <= end).all()
        assert question.evidence.labels.empty
        assert len(question.evidence) == len(iraq.incidents)


def test_baselines_learn_from_the_labels_known_before_the_quarter(iraq):
    plan = plan_temporal(iraq, seeds=(0,), start=date(2025, 7, 1))
    question = plan.repetitions[0].questions[0]
    cutoff = date(2025, 6, 30)
    assert question.name == "2025Q3"
    expected = targets_from_case(iraq, as_of=cutoff)
    assert sorted(question.rows[question.train.incident]) == sorted(expected.incident)
    assert question.train.weight.sum() == pytest.approx(expected.weight.sum())
    in_order = iraq.incidents["incident_id"].iloc[question.rows].tolist()
    assert question.features.index.tolist() == in_order
    assert set(question.asked.incidents) <= set(question.rows)


def test_later_labels_links_and_statements_change_no_question(iraq):
    """What is appended after a quarter leaves everything that the quarter's answer sees as is."""
    quarter = plan_temporal(iraq, (0,), date(2025, 7, 1)).repetitions[0].questions[0]
    known = iraq.known_by(date(2025, 9, 30))
    earlier = plan_temporal(known, (0,), date(2025, 7, 1)).repetitions[0].questions[0]
    assert earlier.name == quarter.name == "2025Q3"
    assert earlier.known.fingerprint() == quarter.known.fingerprint()
    pd.testing.assert_frame_equal(earlier.features, quarter.features)
    np.testing.assert_array_equal(earlier.train.sets, quarter.train.sets)
    columns = ["speaker_id", "kind", "date"]
    pd.testing.assert_frame_equal(
        earlier.evidence.statements[columns], quarter.evidence.statements[columns]
    )


@pytest.mark.parametrize(
    ("start", "message"),
    [(date(2030, 1, 1), "no incident on or after 2030"), (date(2018, 1, 1), "no label was known")],
)
def test_a_first_day_without_a_past_or_a_future_is_refused(iraq, start, message):
    with pytest.raises(EvaluationError, match=message):
        plan_temporal(iraq, (0,), start)


# --- labeller -----------------------------------------------------------------------------------


def test_a_labeller_is_asked_and_the_others_are_seen(iraq):
    plan = plan_labeller(iraq, seeds=(0,), min_labels=5)
    assert plan.by_question
    questions = plan.repetitions[0].questions
    assert len(questions) >= 10
    for question in questions:
        assert question.name not in set(question.known.labels["labeller"])
        own = iraq.labels["labeller"] == question.name
        assert len(question.known.labels) == (~own).sum()
        assert len(question.asked.incident) >= 5
        named = ids(iraq, question.asked.incidents)
        assert named <= set(iraq.labels["incident_id"][own])
    # Others' labels of the same incidents are there to be learned from.
    overlap = [np.isin(q.asked.incidents, q.train.incidents).mean() for q in questions]
    assert max(overlap) > 0.5


def test_echoes_can_be_hidden_as_well(iraq):
    (question,) = (
        each
        for each in plan_labeller(iraq, (0,), hide_echoes=True).repetitions[0].questions
        if each.name == "us_dod"
    )
    team = iraq.labellers.set_index("labeller")["echo_group"]
    group = set(team.index[team == team["us_dod"]])
    assert len(group) > 1
    assert group.isdisjoint(question.known.labels["labeller"])
    assert "us_state" in set(question.known.labels["labeller"])


def test_no_labeller_with_enough_labels_is_refused(iraq):
    with pytest.raises(EvaluationError, match="no labeller has 1000 labels"):
        plan_labeller(iraq, (0,), min_labels=1000)


@pytest.mark.parametrize(
    "plan",
    [
        lambda case: plan_kfold(case, (0,)),
        lambda case: plan_temporal(case, (0,)),
        lambda case: plan_labeller(case, (0,)),
    ],
)
def test_a_case_without_labels_is_told_so(plan):
    series = ({"incident_id": "i4", "group_id": "alpha", "scope": "series"},)
    for labels in ((), series):
        with pytest.raises(EvaluationError, match=f"none of {len(labels)} rows can be scored"):
            plan(small_case(labels=labels))


def test_evidence_of_a_whole_case_is_all_but_its_labels(iraq):
    evidence = evidence_of(iraq, iraq)
    pd.testing.assert_frame_equal(evidence.statements, case_evidence(iraq).statements)
    assert evidence.labels.empty
