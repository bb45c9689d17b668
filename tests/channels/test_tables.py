"""Tables of the say channels are proper likelihoods, those of the act channels centred scores."""

import itertools

import numpy as np
import pandas as pd
import pytest
from random_tables import draw_tables, small_draws
from small_case import CHANNELS, LABEL, small_case

from attribution.channels.evidence import case_evidence
from attribution.channels.stack import bind_stack

ACTORS = ("alpha", "state", "beta", "gamma")


def channel(drawn, name):
    stack = drawn.compiled.stack
    return stack.channels[stack.position(name)]


@pytest.fixture(scope="module")
def every_label():
    """Draws of a label channel that has a level for every single actor, labeller and word."""
    labels = [
        {
            "incident_id": "i2",
            "labeller": who,
            "labeller_type": kind,
            "group_id": group,
            "confidence": word,
        }
        for who, kind in (("us", "official"), ("one", "analyst"))
        for word in ("certain", "likely", "possible")
        for group in (*ACTORS, "backed")
    ]
    case = small_case(channels=[LABEL], labels=labels)
    stack = bind_stack(case)
    return draw_tables(stack, stack.encode(case_evidence(case)), 1, 5, seed=5)


def test_the_actors_that_a_labeller_may_name_exhaust_the_probability(every_label):
    label = channel(every_label, "label")
    p = np.exp(every_label.table("label"))
    speech = {key[:3] for key in label.keys}
    assert len(speech) == 6
    for who in speech:
        single = [i for i, key in enumerate(label.keys) if key[:3] == who and len(key[3]) == 1]
        assert len(single) == len(ACTORS)
        np.testing.assert_allclose(p[:, single].sum(axis=1), 1.0, rtol=1e-12)


def test_a_set_is_as_likely_whichever_of_its_members_is_true(every_label):
    label = channel(every_label, "label")
    p = np.exp(every_label.table("label"))
    for i, key in enumerate(label.keys):
        if len(key[3]) > 1:
            np.testing.assert_allclose(p[:, i, 0], p[:, i, 2], rtol=1e-12)
            np.testing.assert_allclose(p[:, i, 0], p[:, i, 3], rtol=1e-12)
            assert (p[:, i, 0] > p[:, i, 1]).all()


def test_surer_words_hit_more_often(every_label):
    hits = every_label.tables["hit_by_confidence"]
    assert (np.diff(hits, axis=-1) < 0).all()
    assert ((hits > 0) & (hits < 1)).all()


def test_preferences_are_distributions_that_lean_as_the_case_says(every_label):
    preference = every_label.tables["preference"]
    np.testing.assert_allclose(preference.sum(axis=-1), 1.0, rtol=1e-12)
    prior = channel(every_label, "label").preference
    np.testing.assert_allclose(prior, [[0.5, 1 / 6, 1 / 6, 1 / 6], [0.25] * 4])


@pytest.mark.parametrize(
    "day", ["2019-01-01", "2020-12-31", "2021-03-01", "2021-07-01", "2024-01-01"]
)
def test_claims_by_the_names_in_use_on_a_day_exhaust_the_probability(day):
    drawn = small_draws()
    claim = channel(drawn, "claim")
    table, on = drawn.table("claim"), pd.Timestamp(day)
    row = claim.epoch_code(on)
    alive = claim.alive[row - len(claim.names)] > 0
    p = np.exp(table[:, : len(claim.names)] - table[:, [row]])
    np.testing.assert_allclose(p[:, alive].sum(axis=1), 1.0, rtol=1e-10)
    named = {claim.names[i].group_id for i in np.flatnonzero(alive)}
    assert ("front_late" in named) == (day >= "2022-01-01")
    assert ("front_past" in named) == (day <= "2020-12-31")
    assert sum(claim.names[i].group_id == "umbrella" for i in np.flatnonzero(alive)) == 1


def test_a_statement_tells_only_those_apart_that_its_speaker_stands_for():
    drawn = small_draws()
    denial = channel(drawn, "denial")
    speech = drawn.table("denial")[:, 1:]
    assert len(denial.levels) == len(denial.keys) + 1 == 4
    for i, (_, _, members) in enumerate(denial.keys):
        for apart in (True, False):
            same = [k for k, actor in enumerate(ACTORS) if (actor in members) is apart]
            assert np.ptp(speech[:, i][:, same], axis=1).max() < 1e-12


def test_whoever_did_it_all_that_may_or_may_not_be_said_exhausts_the_probability():
    table = small_draws().table("denial")
    total = np.zeros((len(table), len(ACTORS)))
    for said in itertools.product([0.0, 1.0], repeat=table.shape[1] - 1):
        total += np.exp(np.einsum("l,dlk->dk", np.array([1.0, *said]), table))
    np.testing.assert_allclose(total, 1.0, rtol=1e-10)


def test_scores_of_act_channels_are_centred_within_and_between_families():
    drawn = small_draws()
    for name in ("base_rate", "weapon", "target", "place", "period"):
        table = drawn.table(name)
        np.testing.assert_allclose(table[..., [0, 2, 3]].sum(axis=-1), 0.0, atol=1e-12)
        np.testing.assert_allclose(table[..., 1], 0.0, atol=1e-12)
        np.testing.assert_allclose(table[..., 4:].sum(axis=-1), 0.0, atol=1e-12)
        assert np.ptp(table, axis=0).max() > 0.1


def test_a_nested_row_is_the_sum_of_its_prefixes():
    drawn = small_draws()
    place = channel(drawn, "place")
    table = drawn.table("place")
    at = {path: i for i, path in enumerate(place.paths)}
    camp = table[:, at["Iraq", "North", "Camp"]] - table[:, at["Iraq", "North"]]
    unseen = table[:, at["Iraq", "North", "(new)"]] - table[:, at["Iraq", "North"]]
    assert np.abs(camp - unseen).max() > 0.01
    assert np.abs(unseen).max() > 0.01


def test_quarters_average_to_nothing():
    np.testing.assert_allclose(small_draws().table("period").mean(axis=1), 0.0, atol=1e-12)


def test_small_cases_list_every_channel():
    drawn = small_draws()
    assert len(drawn.compiled.stack.channels) == len(CHANNELS) + 1
