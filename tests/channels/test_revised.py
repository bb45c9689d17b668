"""Channels of another state of the case: what a refit without hindsight gets from the whole one."""

from collections import Counter
from datetime import date

import numpy as np
import pandas as pd
import pytest
from dated_case import dated_case

from attribution.channels.evidence import case_evidence
from attribution.channels.stack import bind_stack
from attribution.evaluate.reductions import hide_incidents, hide_labellers
from attribution.model.assemble import model_data

CUTOFFS = (date(2020, 12, 31), date(2021, 6, 1), date(2021, 8, 21), date(2022, 4, 1))


@pytest.fixture(scope="module")
def full():
    return dated_case()


def reductions(case):
    return {
        **{f"as of {day}": case.known_by(day) for day in CUTOFFS},
        "incidents": hide_incidents(case, np.array([0, 2])),
        "labeller": hide_labellers(case, {"us"}),
        "nothing": case,
    }


REDUCTIONS = (*(f"as of {day}" for day in CUTOFFS), "incidents", "labeller", "nothing")


@pytest.fixture(scope="module", params=REDUCTIONS)
def pair(request, full):
    """A state of the case, the whole case's stack revised to it, and its own stack."""
    known = reductions(full)[request.param]
    return known, bind_stack(full).revised(known), bind_stack(known)


def channels(pair, name):
    return [stack.channels[stack.position(name)] for stack in pair[1:]]


def test_levels_stay(full, pair):
    whole = bind_stack(full)
    for channel, revised in zip(whole.channels, pair[1].channels, strict=True):
        assert type(channel) is type(revised)
        assert channel.levels == revised.levels
        assert channel.prior == revised.prior if hasattr(channel, "prior") else True
    assert whole.offsets == pair[1].offsets


@pytest.mark.parametrize("name", ["neighbours", "recency", "territory", "triggers"])
def test_what_is_measured_is_what_the_state_alone_would_measure(full, pair, name):
    revised, own = channels(pair, name)
    evidence = case_evidence(full, pair[0])
    np.testing.assert_array_equal(revised.measure(evidence), own.measure(evidence))


def test_something_is_measured_otherwise_with_hindsight(full):
    """The comparison above could fail: the whole case measures something else."""
    evidence = case_evidence(full)
    whole = bind_stack(full)
    known = full.known_by(date(2021, 6, 1))
    revised = whole.revised(known)
    for name in ("neighbours", "recency", "territory", "triggers"):
        position = whole.position(name)
        then, now = (s.channels[position].measure(evidence) for s in (revised, whole))
        assert np.abs(then - now).max() > 0.01, name


def test_names_have_the_lifetimes_links_and_claims_of_the_state(full, pair):
    revised, own = channels(pair, "claim")
    assert revised.names == own.names
    np.testing.assert_array_equal(revised.log_prior, own.log_prior)
    np.testing.assert_array_equal(revised.activity, own.activity)
    for day in pd.date_range("2020-06-01", full.incidents["date"].max()):
        rows = [each.epoch_code(day) - len(each.names) for each in (revised, own)]
        np.testing.assert_array_equal(revised.alive[rows[0]], own.alive[rows[1]])
    assert {n: v.shape for n, v in revised.data().items()} == {
        "claim_activity": (len(revised.names),),
        "claim_log_prior": (len(revised.names), 4),
        "claim_alive": (len(revised.epochs), len(revised.names)),
    }


def test_names_are_told_apart_by_what_came_later(full):
    revised, whole = (
        stack.channels[stack.position("claim")]
        for stack in (bind_stack(full).revised(full.known_by(date(2021, 6, 1))), bind_stack(full))
    )
    split = [name.group_id for name in whole.names].index("front_split")
    # The link to beta came later; so did claims by the late front.
    assert revised.log_prior[split].argmax() == 0
    assert whole.log_prior[split, 0] == pytest.approx(whole.log_prior[split, 2])
    assert np.abs(revised.activity - whole.activity).max() > 0.5


def claim_evidence(channel, evidence):
    """What claims add for every incident and actor, at the prior's middle: by plain sums."""
    names = channel.activity[:, None] + channel.log_prior
    table = np.concatenate([names, np.log(channel.alive @ np.exp(names))])
    entries = channel.encode(evidence)
    total = np.zeros((len(evidence), 4))
    np.add.at(total, entries.row, entries.weight[:, None] * table[entries.code])
    return total


def test_claims_say_what_they_said_then(full, pair):
    evidence = case_evidence(full, pair[0])
    revised, own = (claim_evidence(channel, evidence) for channel in channels(pair, "claim"))
    np.testing.assert_allclose(revised, own, atol=1e-12)
    if len(pair[0].statements):
        assert revised.any()


def meaning(channel, code):
    """The level behind a code, by what it stands for."""
    if channel.name == "denial":
        return channel.keys[code - 1] if code else "silence"
    return channel.keys[code] if channel.name == "label" else channel.levels[code]


@pytest.mark.parametrize("name", ["base_rate", "weapon", "target", "place", "period"])
def test_columns_are_read_alike(full, pair, name):
    evidence = case_evidence(full, pair[0])
    happened = set(
        np.flatnonzero(full.incidents["incident_id"].isin(pair[0].incidents["incident_id"]))
    )
    found = [
        Counter(
            (row, meaning(channel, code), weight)
            for row, code, weight, _ in zip(*coded(channel, evidence), strict=True)
            if row in happened
        )
        for channel in channels(pair, name)
    ]
    assert found[0] == found[1]
    assert found[0]


def coded(channel, evidence):
    entries = channel.encode(evidence)
    weights = entries.weight.round(12).tolist()
    return entries.row.tolist(), entries.code.tolist(), weights, entries.piece.tolist()


@pytest.mark.parametrize("name", ["denial", "label"])
def test_statements_and_labels_take_the_levels_that_both_have(full, pair, name):
    evidence = case_evidence(full, pair[0])
    revised, own = channels(pair, name)
    levels = set(revised.keys)
    passed_over = {
        row
        for row, code, _, _ in zip(*coded(own, evidence), strict=True)
        if meaning(own, code) != "silence" and meaning(own, code) not in levels
    }
    found = [
        Counter(
            (row, meaning(channel, code), weight)
            for row, code, weight, _ in zip(*coded(channel, evidence), strict=True)
            if row not in passed_over
        )
        for channel in (revised, own)
    ]
    assert found[0] == found[1]
    # What the whole case has no level for is passed over with a note.
    noted = {row for row, _ in revised.encode(evidence).notes}
    assert passed_over <= noted
    assert revised.case is pair[0]


def test_a_brand_that_stood_for_others_then_is_passed_over(full):
    known = full.known_by(date(2021, 6, 1))
    revised = bind_stack(full).revised(known)
    entries = revised.channels[revised.position("label")].encode(case_evidence(full, known))
    assert entries.notes == ((1, "label by 'two' is not used"),)


def test_the_data_of_a_compiled_model_keep_names_and_shapes(full, pair):
    known, revised, _ = pair
    whole = bind_stack(full)
    codes = whole.encode(case_evidence(full))
    again = revised.encode(case_evidence(full, known), codes.widths)
    before, after = model_data(whole, codes), model_data(revised, again)
    assert {name: each.shape for name, each in before.items()} == {
        name: each.shape for name, each in after.items()
    }
    if known is full:
        for name, each in before.items():
            np.testing.assert_array_equal(each, after[name])
    first = codes.factor.shape[1]
    np.testing.assert_array_equal(codes.code[:, :first], again.code[:, :first])


def test_the_bundled_case_keeps_its_shapes_and_knows_nothing_later(iraq):
    day = date(2022, 6, 30)
    known = iraq.known_by(day)
    whole, own = bind_stack(iraq), bind_stack(known)
    revised = whole.revised(known)
    codes = whole.encode(case_evidence(iraq))
    evidence = case_evidence(iraq, known)
    again = revised.encode(evidence, codes.widths)
    shapes = [
        {name: each.shape for name, each in model_data(stack, coded_as).items()}
        for stack, coded_as in ((whole, codes), (revised, again))
    ]
    assert shapes[0] == shapes[1]
    for name in ("territory", "triggers"):
        ours, theirs = (s.channels[s.position(name)].measure(evidence) for s in (revised, own))
        np.testing.assert_array_equal(ours, theirs)
    ours, theirs = (s.channels[s.position("claim")] for s in (revised, own))
    np.testing.assert_array_equal(ours.log_prior, theirs.log_prior)
    np.testing.assert_array_equal(ours.activity, theirs.activity)
    for month in pd.date_range("2018-01-01", pd.Timestamp(day), freq="14D"):
        rows = [each.epoch_code(month) - len(each.names) for each in (ours, theirs)]
        np.testing.assert_array_equal(ours.alive[rows[0]], theirs.alive[rows[1]])
