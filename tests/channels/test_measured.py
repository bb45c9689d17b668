"""Channels that measure: amounts times learned weights, in the model's and the scorer's one sum."""

import math

import numpy as np
import pandas as pd
import pytest
from measured_case import INCIDENTS, bound, measured_case
from random_tables import small_draws
from small_case import CHANNELS, MEASURED, NEIGHBOURS, RECENCY, TERRITORY, TRIGGERS, small_case

from attribution.channels import measured
from attribution.channels.effects import families
from attribution.channels.evidence import case_evidence
from attribution.channels.measured import columns_of, days_of, degrees, kilometres
from attribution.channels.stack import bind_stack
from attribution.posterior.kernel import log_joint, log_prior, query_of

ENTRIES = {
    "neighbours": NEIGHBOURS,
    "recency": RECENCY,
    "territory": TERRITORY,
    "triggers": TRIGGERS,
}


def test_distances_on_the_globe_are_right():
    degree = 2 * math.pi * 6371 / 360
    found = kilometres(
        np.array([0.0, 0.0, 90.0, 33.3, np.nan]),
        np.array([0.0, 0.0, 10.0, 44.4, 44.0]),
        np.array([0.0, 1.0, 0.0, 0.0]),
        np.array([1.0, 0.0, 180.0, 0.0]),
    )
    np.testing.assert_allclose(found[0], [degree, degree, 180 * degree, 0.0], atol=1e-9)
    # Every place is as far from the pole as its latitude says.
    np.testing.assert_allclose(found[2], [90 * degree, 89 * degree, 90 * degree, 90 * degree])
    assert np.isnan(found[4]).all()
    # Baghdad to Erbil is about 320 km.
    there = kilometres(*(np.array([x]) for x in (33.3152, 44.3661, 36.1911, 44.0094)))
    assert there[0, 0] == pytest.approx(321.5, abs=1.5)


def test_the_two_sides_of_the_date_line_are_neighbours():
    (one,) = (np.array([x]) for x in (0.0,))
    found = kilometres(one, np.array([179.5]), one, np.array([-179.5]))
    assert found[0, 0] == pytest.approx(111.19, abs=0.01)


def test_days_and_degrees_are_read_where_they_are_known():
    rows = pd.DataFrame({"date": pd.to_datetime(["1970-01-02", None]), "latitude": [33.5, np.nan]})
    assert days_of(rows)[0] == 1.0
    assert np.isnan(days_of(rows)[1])
    assert degrees(rows, "latitude")[0] == 33.5
    assert np.isnan(degrees(rows, "latitude")[1])
    assert np.isnan(degrees(rows, "longitude")).all()


@pytest.mark.parametrize(
    ("group", "columns"),
    [
        ("alpha", [1, 0, 0, 0, 1, 0]),
        ("state", [0, 1, 0, 0, 0, 1]),
        ("backed", [0, 0, 0, 0, 1, 0]),
        ("anyone", [0] * 6),
        ("unknown", [0] * 6),
    ],
)
def test_a_name_speaks_of_an_actor_and_its_family_or_of_a_family_alone(group, columns):
    case = measured_case(NEIGHBOURS)
    assert columns_of(case, group, pd.Timestamp("2021-01-01")).tolist() == columns


def test_whom_a_name_speaks_of_depends_on_the_day():
    case = measured_case(NEIGHBOURS)
    found = [columns_of(case, "umbrella", pd.Timestamp(day)).tolist() for day in ("2021", "2022")]
    assert found == [[1, 0, 0, 0, 1, 0], [0, 0, 0, 0, 1, 0]]


@pytest.mark.parametrize("name", ENTRIES)
@pytest.mark.parametrize("weight", ["3", "[1]", "[1, 0]", "[1, -1]", '[1, "2"]', "[1, 2, 3]"])
def test_weights_that_do_not_fit_are_refused(name, weight):
    head, options, rest = ENTRIES[name].partition("[channels.options]\n")
    weighted = f"{head}[channels.options]\nweight = {weight}\n{rest}"
    assert options or name in {"recency", "triggers"}
    if name == "triggers":
        head, responses, rest = TRIGGERS.partition("[channels.options.responses]\n")
        weighted = f"{head}[channels.options]\nweight = {weight}\n{responses}{rest}"
    message = f"channel {name}: options.weight must be a mean and a positive deviation"
    with pytest.raises(ValueError, match=message):
        bound(measured_case(weighted), name)


def test_a_level_has_one_weight_for_members_and_one_for_families():
    drawn = small_draws(measured=True)
    for name in ENTRIES:
        table = drawn.table(name)
        weight = drawn.posterior[f"{name}_weight"].to_numpy()
        weight = weight.reshape(-1, *weight.shape[2:])
        for column in range(6):
            np.testing.assert_array_equal(table[:, :, column], weight[:, :, int(column >= 4)])


@pytest.mark.parametrize("name", ENTRIES)
def test_measuring_in_blocks_changes_nothing(name, monkeypatch):
    case = measured_case(ENTRIES[name])
    channel, evidence = bound(case, name), case_evidence(case)
    whole = channel.measure(evidence)
    assert whole.any()
    monkeypatch.setattr(measured, "BLOCK", 3)
    np.testing.assert_array_equal(channel.measure(evidence), whole)
    assert channel.measure(evidence.take([])).shape == (0, *whole.shape[1:])
    assert len(channel.encode(evidence).code) == 0


@pytest.mark.parametrize("name", ENTRIES)
def test_each_incident_is_measured_by_itself(name):
    case = measured_case(ENTRIES[name])
    channel, evidence = bound(case, name), case_evidence(case)
    whole = channel.measure(evidence)
    rows = [5, 0, 5, 7]
    np.testing.assert_array_equal(channel.measure(evidence.take(rows)), whole[rows])


def test_measured_slots_come_first_and_are_empty_where_nothing_was_found():
    case = small_case(channels=(*CHANNELS, *MEASURED))
    stack, evidence = bind_stack(case), case_evidence(case)
    codes = stack.encode(evidence)
    first = codes.factor.shape[1]
    assert first == 2 + 2 + 2 + 2
    slot = 0
    for position, channel in enumerate(stack.channels):
        found = channel.measure(evidence)
        if found is None:
            continue
        for level in range(len(channel.levels)):
            np.testing.assert_array_equal(codes.factor[:, slot], found[:, level])
            assert set(codes.code[:, slot]) == {stack.offsets[position] + level}
            there = found[:, level].any(axis=1)
            assert codes.weight[:, slot].tolist() == there.astype(float).tolist()
            assert codes.channel[:, slot].tolist() == np.where(there, position, -1).tolist()
            slot += 1
        assert codes.widths[position] == len(channel.levels)
    assert slot == first
    # Some were found and some were not.
    assert set(codes.weight[:, :first].ravel()) == {0.0, 1.0}
    # What was coded is where it was without them.
    plain = bind_stack(small_case()).encode(evidence)
    assert (codes.code.shape[1] - first) == plain.code.shape[1]
    np.testing.assert_array_equal(codes.weight[:, first:], plain.weight)
    assert codes.act_slots == plain.act_slots + first
    assert plain.factor.shape == (6, 0, 6)


def test_the_kernel_adds_amounts_times_weights():
    drawn = small_draws(measured=True)
    stack, codes = drawn.compiled.stack, drawn.compiled.codes
    groups = families(stack.channels[0].actors)
    evidence = case_evidence(small_case(channels=(*CHANNELS, *MEASURED)))
    expected = np.zeros((len(evidence), groups.width))
    tables = np.zeros((1, stack.zero_row + 1, groups.width))
    for name in ENTRIES:
        position = stack.position(name)
        table = drawn.table(name)[3]
        start = stack.offsets[position]
        tables[0, start : start + len(table)] = table
        for row, amount in enumerate(stack.channels[position].measure(evidence)):
            for level in range(len(table)):
                expected[row] += amount[level] * table[level]
    joint = log_joint(tables, query_of(codes, groups.of))
    np.testing.assert_allclose(joint[0], log_prior(expected, np.array(groups.of)), atol=1e-12)
    assert np.ptp(joint, axis=1).max() > 0.1


def test_least_widths_leave_room_and_change_no_answer():
    case = small_case(channels=(*CHANNELS, *MEASURED))
    stack, evidence = bind_stack(case), case_evidence(case)
    codes = stack.encode(evidence)
    few = stack.encode(evidence.take([3]), codes.widths)
    assert few.code.shape[1] == codes.code.shape[1]
    assert few.widths == codes.widths
    assert few.act_slots == codes.act_slots
    narrow = stack.encode(evidence.take([3]))
    assert narrow.code.shape[1] < codes.code.shape[1]
    drawn = small_draws(measured=True)
    groups = families(stack.channels[0].actors)
    tables = np.zeros((6, stack.zero_row + 1, groups.width))
    for channel, start in zip(stack.channels, stack.offsets, strict=False):
        table = drawn.table(channel.name)
        tables[:, start : start + table.shape[1], : table.shape[2]] = table
    answers = [log_joint(tables, query_of(each, groups.of)) for each in (few, narrow)]
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-12)
    whole = log_joint(tables, query_of(codes, groups.of))[:, [3]]
    np.testing.assert_allclose(answers[0], whole, atol=1e-12)


def test_the_case_of_these_tests_has_what_they_need():
    assert sum("latitude" not in row for row in INCIDENTS) == 2
    assert len({row["date"] for row in INCIDENTS}) == len(INCIDENTS) - 1
