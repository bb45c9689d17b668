"""A refit knows what another state of the case knows, and nothing else."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from dated_case import DAYS, dated_case, dated_labels
from small_case import LABEL, NEIGHBOURS, RECENCY, WEAPON, small_case

from attribution.channels.effects import families
from attribution.channels.evidence import case_evidence
from attribution.channels.stack import bind_stack
from attribution.evaluate import refit
from attribution.evaluate.reductions import hide_incidents, hide_labellers
from attribution.model.assemble import model_data
from attribution.model.fit import NothingToLearnError
from attribution.model.labelled import LABEL as LABEL_CHANNEL
from attribution.model.sampler import SamplerSettings


@pytest.fixture(scope="module")
def case():
    return dated_case()


@pytest.fixture
def asked(monkeypatch):
    """Replace compiler, sampler and tables: no content, but a note of all that was asked."""
    notes = SimpleNamespace(seeds=[], data=[], tables=[], queries=[])

    def sample(_compiled, _settings, *, seed, data):
        notes.seeds.append(seed)
        notes.data.append(data)
        return {"posterior": SimpleNamespace(to_dataset=lambda: None)}

    def table_draws(compiled, _posterior, data):
        notes.tables.append(data)
        groups = families(compiled.stack.channels[0].actors)
        return {
            f"table_{channel.name}": np.zeros(
                (2, 3, len(channel.levels), groups.width if channel.role == "act" else 4)
            )
            for channel in compiled.stack.channels
        }

    def summarise(draws, query):
        notes.queries.append(query)
        return summary(draws, query)

    summary = refit.summarise
    monkeypatch.setattr(
        refit, "compile_model", lambda stack, codes: SimpleNamespace(stack=stack, codes=codes)
    )
    monkeypatch.setattr(refit, "sample", sample)
    monkeypatch.setattr(refit, "table_draws", table_draws)
    monkeypatch.setattr(refit, "summarise", summarise)
    return notes


def positions(case, *names):
    ids = case.incidents["incident_id"].tolist()
    return np.array([ids.index(name) for name in names], dtype=np.int64)


def label_rows(refitter):
    """Rows of the stacked table that are labels'."""
    stack = refitter.compiled.stack
    position = stack.position(LABEL_CHANNEL)
    return range(stack.offsets[position], stack.offsets[position + 1])


def test_a_refit_hides_all_labels_of_a_fold_and_keeps_everything_else(asked, case):
    refitter = refit.compile_refitter(case)
    fold = positions(case, "i1", "i2")
    refitter.predict(hide_incidents(case, fold), seed=7)
    (data,) = asked.data
    assert asked.seeds == [7]
    assert asked.tables == [data]
    codes = refitter.compiled.codes
    first = codes.factor.shape[1]
    before, after = codes.weight[:, first:], data["weight"][:, first:]
    labels = np.isin(data["code"], label_rows(refitter)) & (after != 0)
    for row, incident in enumerate(refitter.fitted):
        if incident in fold:
            assert not labels[row].any()
            said = codes.channel[row, first:] != refitter.compiled.stack.position(LABEL_CHANNEL)
            np.testing.assert_array_equal(after[row, said], before[row, said])
        else:
            assert labels[row].any()
            np.testing.assert_array_equal(after[row], before[row])
            np.testing.assert_array_equal(data["code"][row], codes.code[row, first:])
    out = np.isin(refitter.fitted, fold)
    np.testing.assert_array_equal(data["incident_weight"], (~out).astype(float))


def test_labels_of_every_scope_are_hidden_not_only_those_that_are_scored(asked, case):
    refitter = refit.compile_refitter(case)
    refitter.predict(hide_incidents(case, positions(case, "i4", "i5")), seed=0)
    hidden = case.labels[case.labels["incident_id"].isin(["i4", "i5"])]
    assert set(hidden["scope"]) == {"series"}
    out = np.isin(refitter.fitted, positions(case, "i4", "i5"))
    assert out.sum() == 2
    np.testing.assert_array_equal(asked.data[0]["incident_weight"], (~out).astype(float))


def rotated(labels, incidents):
    """The labels with those of some incidents passed on among labels of one labeller and word."""
    labels = [dict(label) for label in labels]
    kinds = {}
    for label in labels:
        if label["incident_id"] in incidents:
            key = (label.get("labeller", "us"), label.get("confidence", "likely"))
            kinds.setdefault(key, []).append(label)
    for same in kinds.values():
        groups = [label.get("group_id", "alpha") for label in same]
        for label, group in zip(same, groups[1:] + groups[:1], strict=True):
            label["group_id"] = group
    return labels


def test_hidden_labels_reach_neither_the_fit_nor_the_question(asked):
    """Not by their own slots, not by the record that others read, not by the claims."""
    extra = [
        {"incident_id": "i2", "group_id": "gamma", "date": "2021-05-09"},
        {"incident_id": "i1", "group_id": "state", "date": "2021-05-09", "confidence": "possible"},
    ]
    usual, changed = ([*dated_labels(), *extra], rotated([*dated_labels(), *extra], {"i1", "i2"}))
    assert usual != changed
    cases = [dated_case(usual), dated_case(changed)]
    refitters = [refit.compile_refitter(each) for each in cases]
    levels = [each.compiled.stack.channels[-1].levels for each in refitters]
    assert levels[0] == levels[1]
    for each, refitter in zip(cases, refitters, strict=True):
        refitter.predict(hide_incidents(each, positions(each, "i1", "i2")), seed=1)
    assert asked.data[0].keys() == asked.data[1].keys()
    for name, values in asked.data[0].items():
        np.testing.assert_array_equal(values, asked.data[1][name])
    for name in ("code", "weight", "factor"):
        np.testing.assert_array_equal(*(getattr(query, name) for query in asked.queries))
    # Left visible, the same change is seen: in the labels' codes and in the record.
    for each, refitter in zip(cases, refitters, strict=True):
        refitter.predict(each, seed=1)
    for name in ("code", "factor"):
        assert not np.array_equal(asked.data[2][name], asked.data[3][name])
        assert not np.array_equal(getattr(asked.queries[2], name), getattr(asked.queries[3], name))


def test_a_prediction_looks_at_what_the_state_knows_unless_told_otherwise(asked, case):
    refitter = refit.compile_refitter(case)
    known = hide_incidents(case, positions(case, "i1"))
    p = refitter.predict(known, seed=0)
    assert p.shape == (6, 4)
    # Tables without content: families are equally likely, and so are members of one.
    np.testing.assert_allclose(p, np.tile([1 / 6, 1 / 2, 1 / 6, 1 / 6], (6, 1)))
    refitter.predict(known, seed=0, evidence=case_evidence(case))
    refitter.predict(known, seed=0, evidence=case_evidence(case).without_labels())
    seen = [
        (np.isin(query.code, label_rows(refitter)) & (query.weight != 0)).any(axis=1)
        for query in asked.queries
    ]
    assert seen[0].tolist() == [True, False, True, True, True, True]
    assert seen[1].all()
    assert not seen[2].any()
    # What may be looked at is another thing than what is learned from.
    for data in asked.data[1:]:
        for name, values in asked.data[0].items():
            np.testing.assert_array_equal(values, data[name])


def test_incidents_without_a_known_label_are_out_of_the_fit_and_are_predicted(asked):
    labels = [label for label in dated_labels() if label["incident_id"] != "i3"]
    case = dated_case(labels)
    refitter = refit.compile_refitter(case)
    assert refitter.fitted.tolist() == [0, 1, 2, 4, 5]
    assert refitter.predict(hide_labellers(case, {"us"}), seed=0).shape == (6, 4)
    # Only i0 and i1 were labelled by others.
    assert asked.data[0]["incident_weight"].tolist() == [1, 1, 0, 0, 0]


def test_where_nothing_is_left_to_learn_from_it_is_said(asked, case):
    refitter = refit.compile_refitter(case)
    with pytest.raises(NothingToLearnError, match="no incident carries a known label"):
        refitter.predict(hide_incidents(case, np.arange(6)), seed=0)
    with pytest.raises(NothingToLearnError, match="carries a label to learn from"):
        refit.compile_refitter(dated_case(labels=[]))
    assert not asked.seeds


@pytest.mark.parametrize("day", [date(2021, 6, 1), date(2022, 1, 31)])
def test_a_refit_of_an_earlier_day_knows_what_was_known_then(asked, case, day):
    refitter = refit.compile_refitter(case)
    known = case.known_by(day)
    refitter.predict(known, seed=0)
    (data,) = asked.data
    own = bind_stack(known)
    claim = own.channels[own.position("claim")]
    np.testing.assert_array_equal(data["claim_log_prior"], claim.log_prior)
    np.testing.assert_array_equal(data["claim_activity"], claim.activity)
    # Later incidents, and those whose labels came later, weigh nothing.
    happened = [f"{day}" > DAYS[f"i{number}"] for number in refitter.fitted]
    assert data["incident_weight"].tolist() == [float(each) for each in happened]
    assert 0 < sum(happened) < len(happened)
    measured = [c.measure(case_evidence(case, known).take(refitter.fitted)) for c in own.channels]
    factor = np.concatenate([each for each in measured if each is not None], axis=1)
    np.testing.assert_array_equal(data["factor"], factor)


def test_a_link_a_label_and_a_claim_of_a_later_day_change_nothing(asked, case):
    """Everything dated after the cutoff is taken away before compiling, or is only unknown."""
    day = date(2021, 6, 1)
    refit.compile_refitter(case).predict(case.known_by(day), seed=0)
    # The late label of i0 and the link to beta say something else.
    labels = dated_labels()
    labels[-1]["group_id"] = "beta"
    other = dated_case(labels)
    refit.compile_refitter(other).predict(other.known_by(day), seed=0)
    first, second = asked.data
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name])
    refit.compile_refitter(case).predict(case, seed=0)
    assert np.abs(first["claim_log_prior"] - asked.data[2]["claim_log_prior"]).max() > 0.1
    assert not np.array_equal(first["factor"], asked.data[2]["factor"])


@pytest.mark.parametrize("day", [None, date(2020, 12, 31), date(2021, 8, 31)])
def test_the_data_fit_the_compiled_model(asked, case, day):
    refitter = refit.compile_refitter(case)
    refitter.predict(case.known_by(day), seed=0)
    compiled = model_data(refitter.compiled.stack, refitter.compiled.codes)
    shapes = {name: values.shape for name, values in asked.data[0].items()}
    assert shapes == {name: values.shape for name, values in compiled.items()}


def simulated(labels, incidents):
    channels = (WEAPON, NEIGHBOURS, RECENCY, LABEL)
    return small_case(channels=channels, incidents=incidents, labels=labels, statements=[])


@pytest.mark.slow
def test_hidden_labels_cannot_influence_a_real_fit(monkeypatch):
    """By real sampling; shown to have teeth by the same change left visible."""
    monkeypatch.setattr(refit, "SETTINGS", SamplerSettings(draws=40, tune=80, chains=2))
    rng = np.random.default_rng(8)
    incidents = [
        {
            "incident_id": f"i{number}",
            "date": f"{pd.Timestamp('2020-01-01') + pd.Timedelta(weeks=number):%Y-%m-%d}",
            "weapon_type": str(rng.choice(["rocket", "mortar", "drone"])),
            "latitude": 34 + rng.random(),
            "longitude": 44 + rng.random(),
        }
        for number in range(60)
    ]
    labels = [
        {
            "incident_id": f"i{number}",
            "group_id": str(rng.choice(["alpha", "beta", "gamma", "state", "backed"])),
            "labeller": str(rng.choice(["us", "one"])),
            "labeller_type": "analyst",
            "confidence": "certain",
        }
        for number in range(60)
    ]
    fold = np.arange(20, 40)
    cases = [simulated(labels, incidents)]
    cases.append(simulated(rotated(labels, {f"i{number}" for number in fold}), incidents))
    before, after = (refit.compile_refitter(case) for case in cases)
    hidden = [
        refitter.predict(hide_incidents(case, fold), 3)
        for refitter, case in zip((before, after), cases, strict=True)
    ]
    np.testing.assert_allclose(hidden[0], hidden[1], atol=1e-9)
    blind = [case_evidence(case).without_labels() for case in cases]
    shown = [
        refitter.predict(case, 3, evidence=evidence)
        for refitter, case, evidence in zip((before, after), cases, blind, strict=True)
    ]
    assert np.abs(shown[0] - shown[1]).max(axis=1).mean() > 0.02
