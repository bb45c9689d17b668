"""Crossed columns: one shrunken effect a combination, an unseen one drawn from the population."""

import numpy as np
import pandas as pd
import pytest
from small_case import WEAPON, small_case

from attribution.case.case import Case
from attribution.channels.crossed import CROSS, SCALE
from attribution.channels.evidence import Evidence, case_evidence
from attribution.channels.stack import ChannelError, bind_stack

CROSSED = """
[[channels]]
name = "crossed"
columns = ["weapon_type", "province", "date"]
[channels.options]
crossings = {}
"""
YEARS = '[["weapon_type", "date"], ["province", "date"]]'
INCIDENTS = (
    {"incident_id": "a", "date": "2020-01-10", "weapon_type": "rocket", "province": "North"},
    {"incident_id": "b", "date": "2020-12-31", "weapon_type": "mortar", "province": "North"},
    {"incident_id": "c", "date": "2021-01-01", "weapon_type": "drone", "province": ""},
    {"incident_id": "d", "date": "2021-05-05", "weapon_type": "unknown", "province": "South"},
)


def crossed_case(crossings=YEARS, extra="") -> Case:
    channel = CROSSED.format(crossings) + extra
    return small_case(channels=[WEAPON, channel], incidents=INCIDENTS, statements=[], labels=[])


def bound(case):
    stack = bind_stack(case)
    return stack.channels[stack.position("crossed")]


def levels_of(channel, evidence):
    """Names of each incident's levels."""
    entries = channel.encode(evidence)
    assert (entries.weight == 1).all()
    return [
        {channel.levels[code] for code in entries.code[entries.row == row]}
        for row in range(len(evidence))
    ]


def crossing(*parts):
    return CROSS.join(parts)


def test_each_combination_is_a_level_and_words_stand_for_their_class():
    case = crossed_case()
    found = levels_of(bound(case), case_evidence(case))
    assert found == [
        {crossing("indirect", "2020"), crossing("North", "2020")},
        {crossing("indirect", "2020"), crossing("North", "2020")},
        {crossing("drone", "2021")},
        {crossing("South", "2021")},
    ]


def test_an_unseen_combination_takes_the_row_of_the_unseen():
    case = crossed_case()
    later = case.incidents.assign(date=pd.Timestamp("2030-01-01"))
    evidence = case_evidence(case)
    found = levels_of(bound(case), Evidence(later, evidence.statements, evidence.labels))
    unseen = {f"{crossing(column, 'date')} (new)" for column in ("weapon_type", "province")}
    assert found[0] == unseen
    assert found[2] == {f"{crossing('weapon_type', 'date')} (new)"}


def test_a_foreign_incident_without_the_columns_has_no_combination():
    case = crossed_case()
    evidence = case_evidence(case)
    bare = evidence.incidents[["incident_id", "date"]]
    channel = bound(case)
    foreign = Evidence(bare, evidence.statements, evidence.labels)
    assert levels_of(channel, foreign) == [set()] * 4
    assert channel.describe(foreign, 0, -1) == "Together: unknown"


def test_effects_are_shrunken_and_independent_of_each_other():
    pm = pytest.importorskip("pymc")
    channel = bound(crossed_case())
    with pm.Model():
        table = pm.draw(channel.table(), draws=4000, random_seed=1)
    assert table.shape[1] == len(channel.levels)
    # Families: contrasts of two have the variance of two independent effects.
    difference = table[:, :, 4] - table[:, :, 5]
    np.testing.assert_allclose(difference.std(axis=0), SCALE * np.sqrt(2), rtol=0.1)
    between = np.corrcoef(difference[:, 0], difference[:, 1])[0, 1]
    assert abs(between) < 0.08


def test_the_words_name_the_combinations_and_what_is_new():
    case = crossed_case()
    evidence, channel = case_evidence(case), bound(case)
    assert channel.describe(evidence, 0, -1) == (
        f"Together: {crossing('indirect', '2020')}; {crossing('North', '2020')}"
    )
    later = Evidence(
        case.incidents.assign(date=pd.Timestamp("2030-01-01")),
        evidence.statements,
        evidence.labels,
    )
    assert "2030 (not seen before)" in channel.describe(later, 0, -1)


@pytest.mark.parametrize(
    ("crossings", "words"),
    [
        ("[]", "must be a list of lists of columns"),
        ('"weapon_type"', "must be a list of lists of columns"),
        ('[["weapon_type"]]', "must be a list of lists of columns"),
        ('[["weapon_type", "dat"]]', "names unknown dat; there are: weapon_type"),
    ],
)
def test_crossings_that_make_no_sense_are_refused(crossings, words):
    with pytest.raises(ChannelError, match=words):
        bind_stack(crossed_case(crossings))


def test_a_scale_must_be_positive():
    with pytest.raises(ChannelError, match="scale must be a positive number"):
        bind_stack(crossed_case(extra="scale = -1\n"))
