"""Recency: how long ago an actor was last on record."""

import math

import numpy as np
import pandas as pd
import pytest
from measured_case import (
    INCIDENTS,
    LABELS,
    NAMED_WITH_REST,
    amounts,
    bound,
    day,
    measured_case,
    recorded,
    relabelled,
    same,
)
from small_case import RECENCY

from attribution.channels.evidence import Evidence, case_evidence, empty_labels, empty_statements

IDS = [row["incident_id"] for row in INCIDENTS]
PLACED = RECENCY + '[channels.options]\nwhere = ["anywhere", "province", "place"]\n'


def expected_amounts(row, record, where, residual=(), width=6):
    """What the formula gives one incident, in plain loops: (levels, columns)."""
    result = []
    for level in where:
        columns = []
        for column in range(width):
            last = 30.0
            for name, shares in record.items():
                other = INCIDENTS[IDS.index(name)]
                there = level == "anywhere" or same(row, other, level)
                before = day(row) >= day(other) and name != row["incident_id"]
                if there and before and shares.get(column, 0.0) >= 0.5:
                    last = min(last, (day(row) - day(other)) / 365.25)
            known = -math.log((last + 0.5) / 30.5)
            columns.append(math.log(30.5) if column in residual else known)
        result.append(columns)
    return result


def test_amounts_are_those_of_the_formula_in_plain_loops():
    found = amounts(measured_case(PLACED), "recency")
    assert found.shape == (8, 3, 6)
    where = ("anywhere", "province", "place")
    for row, values in zip(INCIDENTS, found, strict=True):
        np.testing.assert_allclose(values, expected_amounts(row, recorded(), where), atol=1e-12)
    assert np.ptp(found, axis=0).max() > 1.0


def test_residual_actors_are_as_if_heard_of_half_a_year_ago():
    labels = (*LABELS, {"incident_id": "a", "group_id": "bees", "labeller": "two"})
    found = amounts(measured_case(RECENCY, labels, rest=True), "recency")
    record = recorded(labels, named=NAMED_WITH_REST)
    for row, values in zip(INCIDENTS, found, strict=True):
        where, residual = ("anywhere", "country"), (4, 5, 8)
        expected = expected_amounts(row, record, where, residual, 9)
        np.testing.assert_allclose(values, expected, atol=1e-12)


def test_never_on_record_is_nothing_and_last_week_about_four():
    labels = [{"incident_id": "b", "confidence": "certain"}]
    case = measured_case(RECENCY, labels)
    rows = case.incidents.iloc[[0, 0]].assign(
        incident_id=["x", "y"], date=pd.to_datetime(["2020-03-08", "2070-01-01"])
    )
    evidence = Evidence(rows.reset_index(drop=True), empty_statements(), empty_labels())
    found = bound(case, "recency").measure(evidence)
    assert 4.0 < found[0, 0, 0] < math.log(61)
    # Heard of too long ago is as never.
    assert not found[1].any()
    assert not found[:, :, [1, 2, 3, 5]].any()


@pytest.mark.parametrize("incident", IDS)
def test_neither_later_labels_nor_its_own_change_what_an_incident_sees(incident):
    row = IDS.index(incident)
    unseen = {incident} | {
        name for name, other in zip(IDS, INCIDENTS, strict=True) if day(other) > day(INCIDENTS[row])
    }
    usual = amounts(measured_case(RECENCY), "recency")
    for group in ("gamma", "state"):
        changed = amounts(measured_case(RECENCY, relabelled(LABELS, unseen, group)), "recency")
        np.testing.assert_array_equal(changed[row], usual[row])
    seen = set(IDS) - unseen
    if seen:
        changed = amounts(measured_case(RECENCY, relabelled(LABELS, seen, "state")), "recency")
        assert np.abs(changed[row] - usual[row]).max() > 0.01


def test_an_actor_that_was_not_on_the_list_yet_was_not_heard_of():
    entry = RECENCY + "[channels.options]\nestablished = 2\n"
    labels = [{"incident_id": name, "confidence": "certain"} for name in ("a", "b", "d", "h")]
    found = amounts(measured_case(entry, labels), "recency")[:, 0, 0]
    usual = amounts(measured_case(RECENCY, labels), "recency")[:, 0, 0]
    # Two others are on record from c's day on; b would be the second and does not count itself.
    listed = np.array([name not in {"a", "b"} for name in IDS])
    np.testing.assert_array_equal(found[listed], usual[listed])
    assert not found[~listed].any()
    assert usual[IDS.index("b")] > 0


def test_without_labels_or_date_nobody_was_heard_of():
    assert not amounts(measured_case(RECENCY, labels=()), "recency").any()
    case = measured_case(RECENCY)
    undated = case.incidents.assign(date=pd.Series([pd.NaT] * 8, dtype="datetime64[us]"))
    evidence = Evidence(undated, empty_statements(), empty_labels())
    assert not bound(case, "recency").measure(evidence).any()
    assert bound(case, "recency").measure(evidence.take([])).shape == (0, 2, 6)


@pytest.mark.parametrize(
    ("where", "incident", "text"),
    [
        ('["country"]', "a", "Recency: no actor on record in the country before"),
        ('["anywhere"]', "a", "Recency: no actor on record before"),
        # b and c are of one day.
        ('["anywhere"]', "c", "Recency: Beta last on record on the same day"),
        # So are Beta and State for f: the first in the order of the actors is named.
        ('["province"]', "f", "Recency: State last on record in the province 320 days before"),
        ('["place"]', "h", "Recency: Beta last on record in the place 1 year before"),
        ('["place"]', "g", "Recency: Gamma last on record in the place 226 days before"),
    ],
)
def test_who_was_heard_of_last_is_described(where, incident, text):
    case = measured_case(RECENCY + f"[channels.options]\nwhere = {where}\n")
    found = bound(case, "recency").describe(case_evidence(case), IDS.index(incident), -1)
    assert found == text


@pytest.mark.parametrize(
    "where", ["[]", '"country"', "3", '["town"]', "[{ a = 1 }]", '["country", "country"]']
)
def test_places_that_do_not_fit_are_refused(where):
    entry = RECENCY + f"[channels.options]\nwhere = {where}\n"
    message = "channel recency: options.where must list some of anywhere, country, province, place"
    with pytest.raises(ValueError, match=message):
        bound(measured_case(entry), "recency")


def test_what_comes_later_was_not_heard_of_before():
    with pytest.raises(ValueError, match=r"options\.later is not for what was heard of before"):
        bound(measured_case(RECENCY + "[channels.options]\nlater = true\n"), "recency")


def test_every_level_has_a_weight():
    usual = bound(measured_case(RECENCY), "recency")
    assert usual.levels == ("anywhere", "country")
    assert usual.prior == ((0.5, 0.25),) * 2
    placed = bound(measured_case(PLACED + "weight = [0.4, 0.1]\n"), "recency")
    assert placed.levels == ("anywhere", "province", "place")
    assert placed.prior == ((0.4, 0.1),) * 3
