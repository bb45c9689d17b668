"""Triggers: what was done to an actor, or promised by it, shortly before."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from measured_case import INCIDENTS, NAMED, amounts, bound, day, measured_case
from small_case import TRIGGERS

from attribution.channels.evidence import Evidence, case_evidence, empty_labels, empty_statements

EVENTS = (
    {"date": "2020-01-08"},
    {"date": "2020-02-20"},
    {"date": "2020-03-01", "affected_group_id": "beta", "kind": "anniversary"},
    {"date": "2020-06-10", "affected_group_id": "backed"},
    {"date": "2020-03-01", "end_date": "2020-06-20", "kind": "truce"},
    {"date": "2020-09-09", "kind": "truce", "affected_group_id": "state"},
    # Nobody, and a name that crosses families.
    {"date": "2020-09-08", "affected_group_id": ""},
    {"date": "2020-09-08", "affected_group_id": "anyone"},
)
IDS = [row["incident_id"] for row in INCIDENTS]


def case_of(events=EVENTS, entry=TRIGGERS, **tables):
    return measured_case(entry, triggers=events, **tables)


def expected_amounts(row):
    """What the formula gives one incident, in plain loops: (levels, columns)."""
    struck, truce = [0.0] * 6, [0.0] * 6
    for event in EVENTS:
        group = event.get("affected_group_id", "alpha")
        since = day(row) - day(event)
        for column in NAMED[group] if group else ():
            if event.get("kind", "strike") == "truce":
                last = event.get("end_date", event["date"])
                if since >= 0 and day(row) <= day({"date": last}):
                    truce[column] = -1.0
            elif since >= 0 and 2 ** (-since / 14) >= 0.01:
                struck[column] = max(struck[column], 2 ** (-since / 14))
    return [struck, truce]


def test_amounts_are_those_of_the_formula_in_plain_loops():
    found = amounts(case_of(), "triggers")
    assert found.shape == (8, 2, 6)
    for row, values in zip(INCIDENTS, found, strict=True):
        np.testing.assert_allclose(values, expected_amounts(row), atol=1e-12)
    assert (found[:, 0] > 0).any(axis=0).tolist() == [True, False, True, False, True, False]
    assert (found[:, 1] < 0).any(axis=0).tolist() == [True, True, False, False, True, True]


def test_a_truce_holds_from_its_first_day_to_its_last():
    truce = [{"date": "2020-03-01", "end_date": "2020-06-20", "kind": "truce"}]
    case = case_of(truce)
    days = ["2020-02-29", "2020-03-01", "2020-06-20", "2020-06-21"]
    rows = case.incidents.iloc[[0] * 4].assign(date=pd.to_datetime(days)).reset_index(drop=True)
    found = bound(case, "triggers").measure(Evidence(rows, empty_statements(), empty_labels()))
    assert found[:, 1, 0].tolist() == [0.0, -1.0, -1.0, 0.0]


def test_later_events_change_nothing_and_earlier_ones_do():
    usual = amounts(case_of(), "triggers")
    for event in range(len(EVENTS)):
        others = [row for number, row in enumerate(EVENTS) if number != event]
        changed = np.abs(amounts(case_of(others), "triggers") - usual).max(axis=(1, 2)) > 0
        before = np.array([day(row) >= day(EVENTS[event]) for row in INCIDENTS])
        assert not changed[~before].any()
        assert changed.any() == (EVENTS[event].get("affected_group_id") not in {"", "anyone"})


def test_what_is_undated_or_without_events_has_no_trigger():
    case = case_of()
    undated = case.incidents.assign(date=pd.Series([pd.NaT] * 8, dtype="datetime64[us]"))
    evidence = Evidence(undated, empty_statements(), empty_labels())
    assert not bound(case, "triggers").measure(evidence).any()
    assert not amounts(case_of(events=()), "triggers").any()
    assert amounts(case_of(events=EVENTS[6:]), "triggers").shape == (8, 2, 6)


def test_an_earlier_state_of_the_case_knows_neither_later_events_nor_when_a_truce_will_end():
    case = case_of()
    full = bound(case, "triggers")
    known = case.known_by(date(2020, 5, 1))
    for channel in (bound(known, "triggers"), full.revised(known)):
        assert [len(each.name) for each in channel.calendars] == [3, 1]
        assert channel.calendars[1].end.tolist() == [day({"date": "2020-05-01"})]
        assert channel.levels == full.levels
    assert [len(each.name) for each in full.calendars] == [4, 2]


@pytest.mark.parametrize(
    ("events", "incident", "text"),
    [
        (EVENTS, "a", "Triggers: strike, Alpha, 8 January 2020"),
        # The truce counts in full, the strikes have faded.
        (EVENTS, "d", "Triggers: truce, Alpha, 1 March 2020"),
        (EVENTS[3:4], "d", "Triggers: strike, Backed militias, 10 June 2020"),
        (EVENTS, "h", "Triggers: none on record shortly before"),
        ((), "a", "Triggers: none on record shortly before"),
    ],
)
def test_the_strongest_event_is_described(events, incident, text):
    case = case_of(events)
    found = bound(case, "triggers").describe(case_evidence(case), IDS.index(incident), -1)
    assert found == text


ENTRY = TRIGGERS.partition("struck")[0]


@pytest.mark.parametrize(
    ("responses", "message"),
    [
        ("", "options.responses must name at least one response"),
        ("struck = 3", "options.responses.struck must be a table with kinds, sign and"),
        ("struck = {}", "options.responses.struck: kinds must list words"),
        ('struck = { kinds = "strike" }', "kinds must list words of the column kind"),
        ("struck = { kinds = [] }", "kinds must list words of the column kind"),
        ('struck = { kinds = ["strik"] }', "unknown kinds strik; there are: strike, truce"),
        ("struck = { kinds = [3] }", "unknown kinds 3; there are: strike, truce"),
        ('struck = { kinds = ["strike"] }', "sign must be 1 or -1"),
        ('struck = { kinds = ["strike"], sign = 2 }', "sign must be 1 or -1"),
        ('struck = { kinds = ["strike"], sign = 1 }', "either half_life_days or lasting = true"),
        (
            'struck = { kinds = ["strike"], sign = 1, half_life_days = 3, lasting = true }',
            "either half_life_days or lasting = true",
        ),
        (
            'struck = { kinds = ["strike"], sign = 1, half_life_days = 0 }',
            "half_life_days must be a positive number",
        ),
        (
            'struck = { kinds = ["strike"], sign = 1, half_life_days = "long" }',
            "half_life_days must be a positive number",
        ),
    ],
)
def test_responses_that_do_not_fit_are_refused(responses, message):
    with pytest.raises(ValueError, match=message) as caught:
        bound(case_of(entry=f"{ENTRY}{responses}\n"), "triggers")
    assert str(caught.value).startswith("case.toml: channel triggers: ")


def test_on_the_bundled_case_amounts_have_the_sign_of_their_response(iraq):
    found = amounts(iraq, "triggers")
    struck, truce = found[:, 0], found[:, 1]
    assert ((struck >= 0) & (struck <= 1)).all()
    assert ((truce <= 0) & (truce >= -1)).all()
    assert struck.any()
    assert truce.any()
