"""The record: who was held responsible for what, as an incident may see it."""

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
    distance,
    measured_case,
    recorded,
    same,
    with_column,
    without,
)
from small_case import CONFIG, NEIGHBOURS, REST

from attribution.case.config import parse_config
from attribution.channels.record import read_options, record_of, seen_until, standing_in
from attribution.evaluate.reductions import hide_incidents

IDS = [row["incident_id"] for row in INCIDENTS]


@pytest.fixture(scope="module")
def case():
    return measured_case(NEIGHBOURS)


@pytest.fixture(scope="module")
def record(case):
    return record_of(case, ("direct",))


@pytest.mark.parametrize("bases", [("direct",), ("brand",), ("direct", "brand")])
def test_shares_are_what_labels_say_weighed_by_their_confidence(case, bases):
    expected = recorded(bases=bases)
    found = record_of(case, bases)
    assert sorted(found.incident_id) == sorted(expected)
    for incident, share in zip(found.incident_id, found.share, strict=True):
        row = np.zeros(6)
        for column, value in expected[incident].items():
            row[column] = value
        np.testing.assert_allclose(share, row, rtol=1e-12)


def test_series_and_names_across_families_are_not_on_record(record):
    assert set(record.incident_id) == {"a", "b", "c", "d", "e", "h"}
    # Of e only the label that names a family counts, and no member of it is named.
    share = record.share[list(record.incident_id).index("e")]
    assert share.tolist() == [0, 0, 0, 0, 1, 0]


def test_families_and_actors_of_an_incident_sum_to_at_most_one(iraq):
    share = record_of(iraq, ("direct", "brand")).share
    count = len(iraq.config.actors)
    assert (share >= 0).all()
    assert (share[:, :count].sum(axis=1) < 1 + 1e-9).all()
    np.testing.assert_allclose(share[:, count:].sum(axis=1), 1.0)


def test_what_is_seen_is_not_later_and_not_the_incident_itself(case, record):
    until = seen_until(case.incidents, "")
    age = record.age(case.incidents, until)
    for i, one in enumerate(INCIDENTS):
        for j, name in enumerate(record.incident_id):
            other = INCIDENTS[IDS.index(name)]
            days = day(one) - day(other)
            if days < 0 or name == one["incident_id"]:
                assert np.isnan(age[i, j])
            else:
                assert age[i, j] == days
    # Two of one day see each other.
    position = list(record.incident_id).index("c")
    assert age[IDS.index("b"), position] == 0


def test_who_looks_back_sees_later_incidents_as_well_and_not_itself(case, record):
    until = seen_until(case.incidents, "")
    age = record.age(case.incidents, until, later=True)
    for i, one in enumerate(INCIDENTS):
        for j, name in enumerate(record.incident_id):
            days = abs(day(one) - day(INCIDENTS[IDS.index(name)]))
            own = name == one["incident_id"]
            assert age[i, j] == pytest.approx(np.nan if own else days, nan_ok=True)
    undated = record.age(case.incidents, np.full(len(INCIDENTS), np.nan), later=True)
    assert np.isnan(undated).all()


def test_distance_and_sameness_are_those_of_plain_loops(case, record):
    kilometres = record.distance(case.incidents)
    for j, name in enumerate(record.incident_id):
        other = INCIDENTS[IDS.index(name)]
        for i, one in enumerate(INCIDENTS):
            assert kilometres[i, j] == pytest.approx(distance(one, other), abs=1e-3, nan_ok=True)
            for column in ("country", "province", "place"):
                assert record.same(case.incidents, column)[i, j] == same(one, other, column)
    # e lies nowhere below its country, c is of North, and so is a.
    assert not record.same(case.incidents, "province")[IDS.index("e")].any()
    assert record.same(case.incidents, "province")[IDS.index("c")].sum() == 4


def test_the_record_is_seen_until_the_day_in_a_column(case):
    given = ["2019-12-31", "", "2020-01-31", "no day", "", "", "", "2030-01-01"]
    seen = with_column(case, "seen", given)
    until = seen_until(seen.incidents, "seen")
    own = [day(row) for row in INCIDENTS]
    other = {0: "2019-12-31", 2: "2020-01-31", 7: "2030-01-01"}
    expected = [day({"date": other[i]}) if i in other else own[i] for i in range(len(own))]
    assert until.tolist() == expected
    assert seen_until(case.incidents, "seen").tolist() == own
    blank = case.incidents.assign(date=pd.Series([pd.NaT] * len(own), dtype="datetime64[us]"))
    assert np.isnan(seen_until(blank, "")).all()
    record = record_of(case, ("direct",))
    assert np.isnan(record.age(blank, seen_until(blank, ""))).all()


def test_an_actor_is_established_by_other_incidents_seen_before(case, record):
    least = 0.7
    expected, until = recorded(), seen_until(case.incidents, "")
    found = record.established(case.incidents, until, least)
    for i, one in enumerate(INCIDENTS):
        before = [n for n in expected if day(INCIDENTS[IDS.index(n)]) <= day(one)]
        for column in range(6):
            count = sum(expected[n].get(column, 0.0) for n in before if n != one["incident_id"])
            assert found[i, column] == (len(before) == len(expected) or count >= least)
    # Its own label would have made beta one: the question is whether it does.
    beta = 2
    assert not found[IDS.index("b"), beta]
    assert record.established(case.incidents, until, 0).all()


def test_whoever_sees_the_whole_record_knows_the_list_of_today(case, record):
    until = np.full(len(INCIDENTS), day(INCIDENTS[-1]) + 1.0)
    assert record.established(case.incidents, until, 1000).all()
    assert not record.established(case.incidents, until - 2, 1000).any()


def test_hidden_labels_are_not_on_record(case, record):
    hidden = hide_incidents(case, np.array([IDS.index("b"), IDS.index("d")]))
    kept = record_of(hidden, ("direct",))
    assert set(kept.incident_id) == set(record.incident_id) - {"b", "d"}
    same_rows = [list(record.incident_id).index(name) for name in kept.incident_id]
    np.testing.assert_array_equal(kept.share, record.share[same_rows])


def test_a_case_without_labels_has_an_empty_record():
    case = measured_case(NEIGHBOURS, labels=())
    record = record_of(case, ("direct",))
    until = seen_until(case.incidents, "")
    count = len(INCIDENTS)
    assert record.share.shape == (0, 6)
    assert record.age(case.incidents, until).shape == (count, 0)
    assert record.distance(case.incidents).shape == (count, 0)
    assert record.same(case.incidents, "place").shape == (count, 0)
    assert record.established(case.incidents, until, 5).all()


def test_residual_actors_and_families_of_nothing_else_stand_for_no_one():
    parsed, _ = parse_config(CONFIG + REST + NEIGHBOURS)
    # alpha, state, beta, gamma, rest, others; militias, state, others.
    assert standing_in(parsed.actors).tolist() == [0, 0, 0, 0, 1, 1, 0, 0, 1]
    plain, _ = parse_config(CONFIG + NEIGHBOURS)
    assert not standing_in(plain.actors).any()


def test_a_group_that_no_actor_takes_counts_for_the_residual_actor():
    labels = ({"incident_id": "a", "group_id": "bees"},)
    record = record_of(measured_case(NEIGHBOURS, labels, rest=True), ("direct",))
    assert np.flatnonzero(record.share[0]).tolist() == list(NAMED_WITH_REST["bees"])


@pytest.mark.parametrize("channel", ["neighbours", "recency"])
@pytest.mark.parametrize(
    ("option", "message"),
    [
        ('seen_until = "until"', "incidents have no column 'until'"),
        ("established = -1", "options.established must be a number, 0 or more"),
        ('established = "many"', "options.established must be a number, 0 or more"),
        ('later = "yes"', "options.later must be true or false, and goes without"),
        ("later = true\nestablished = 3", "options.later must be true or false, and goes without"),
        ("bases = []", "options.bases must list some of direct, brand"),
        ('bases = "direct"', "options.bases must list some of direct, brand"),
        ('bases = ["direkt"]', "options.bases must list some of direct, brand"),
        ("bases = [{ direct = 1 }]", "options.bases must list some of direct, brand"),
        ("bases = 1", "options.bases must list some of direct, brand"),
    ],
)
def test_options_that_do_not_fit_are_refused(channel, option, message):
    scales = '\nscales = [{ same = "country" }]' if channel == "neighbours" else ""
    entry = f"""
[[channels]]
name = "{channel}"
columns = ["date"]
[channels.options]
{option}{scales}
"""
    with pytest.raises(ValueError, match=message) as caught:
        bound(measured_case(entry), channel)
    assert str(caught.value).startswith(f"case.toml: channel {channel}: ")


def test_without_options_the_record_is_read_plainly(case):
    (spec, _) = case.config.channels
    reading = read_options(spec, case)
    assert (reading.bases, reading.seen_until) == (("direct",), "")
    assert (reading.later, reading.established) == (False, 0.0)


@pytest.mark.parametrize("channel", ["neighbours", "recency"])
def test_the_column_of_the_option_is_what_the_channel_looks_at(channel):
    """An incident of 2021 that sees the record until January 2020 sees one incident."""
    scales = '\nscales = [{ same = "country" }]' if channel == "neighbours" else ""
    entry = f"""
[[channels]]
name = "{channel}"
columns = ["date"]
[channels.options]
seen_until = "seen"{scales}
"""
    until = [""] * 7 + ["2020-01-31"]
    found = amounts(with_column(measured_case(entry), "seen", until), channel)[-1]
    later = ("b", "c", "d", "e")
    alone = with_column(measured_case(entry, without(LABELS, later)), "seen", until)
    np.testing.assert_array_equal(found, amounts(alone, channel)[-1])
    everything = amounts(with_column(measured_case(entry), "seen", [""] * 8), channel)[-1]
    assert np.abs(found - everything).max() > 0.1
