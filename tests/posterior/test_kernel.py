import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution.posterior.kernel import (
    Query,
    Summary,
    entropy_bits,
    gather,
    log_marginal,
    log_prior,
    log_sum_exp,
    probabilities,
    summarise,
)


def brute_force(stack, query, draw, incident):
    """Posterior and log-likelihood of one incident and draw, in plain loops from the formula."""
    family = [int(number) for number in query.family]
    actors, families = len(family), max(family) + 1

    def total(slots, column):
        measured = query.factor.shape[1]
        return sum(
            float(query.weight[incident, j])
            * (float(query.factor[incident, j, column]) if j < measured else 1.0)
            * float(stack[draw, query.code[incident, j], column])
            for j in slots
        )

    act = range(query.act_slots)
    said = range(query.act_slots, query.code.shape[1])
    joint = []
    for k in range(actors):
        group = math.exp(total(act, actors + family[k])) / sum(
            math.exp(total(act, actors + g)) for g in range(families)
        )
        member = math.exp(total(act, k)) / sum(
            math.exp(total(act, m)) for m in range(actors) if family[m] == family[k]
        )
        joint.append(group * member * math.exp(total(said, k)))
    evidence = sum(joint)
    return [value / evidence for value in joint], math.log(evidence)


@st.composite
def problems(draw):
    actors = draw(st.integers(2, 6))
    family = [draw(st.integers(0, actors - 1)) for _ in range(actors)]
    family = [sorted(set(family)).index(number) for number in family]
    width = actors + max(family) + 1
    rows, draws = draw(st.integers(2, 7)), draw(st.integers(1, 3))
    incidents, slots = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    stack = rng.normal(0.0, draw(st.sampled_from([0.3, 2.0])), (draws, rows + 1, width))
    stack[:, -1] = 0.0
    code = rng.integers(0, rows + 1, (incidents, slots))
    weight = rng.choice([1.0, 0.5, 0.0, -0.7, 1.3], (incidents, slots))
    acts = draw(st.integers(0, slots))
    factor = rng.normal(size=(incidents, draw(st.integers(0, acts)), width))
    return stack, Query(code, weight, acts, np.array(family), factor)


@given(problems())
@settings(max_examples=60, deadline=None)
def test_the_kernel_is_the_sum_over_actors_of_prior_times_likelihood(problem):
    stack, query = problem
    p, log_likelihood = probabilities(stack, query), log_marginal(stack, query)
    for draw in range(stack.shape[0]):
        for incident in range(query.code.shape[0]):
            expected, evidence = brute_force(stack, query, draw, incident)
            np.testing.assert_allclose(p[draw, incident], expected, rtol=1e-9)
            assert log_likelihood[draw, incident] == pytest.approx(evidence, abs=1e-9)


@given(problems())
@settings(max_examples=40, deadline=None)
def test_probabilities_and_priors_sum_to_one(problem):
    stack, query = problem
    np.testing.assert_allclose(probabilities(stack, query).sum(axis=-1), 1.0, rtol=1e-12)
    act = gather(stack, query.code, query.weight)
    prior = log_prior(act, query.family)
    np.testing.assert_allclose(np.exp(prior).sum(axis=-1), 1.0, rtol=1e-12)


@given(problems())
@settings(max_examples=30, deadline=None)
def test_the_summary_is_that_of_every_incident_computed_alone(problem):
    stack, query = problem
    twice = query.take(np.r_[np.arange(len(query.code)), 0])
    whole = summarise(stack, twice)
    p = probabilities(stack, twice)
    np.testing.assert_allclose(whole.mean, p.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(whole.low, np.quantile(p, 0.05, axis=0), rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(whole.high, np.quantile(p, 0.95, axis=0), rtol=1e-10, atol=1e-14)


def coded(code, weight, act_slots):
    """A query without measured slots."""
    return Query(code, weight, act_slots, np.array([0, 1, 0, 0]), np.empty((len(code), 0, 6)))


def family_query(act_slots):
    return coded(np.array([[0, 1]]), np.ones((1, 2)), act_slots)


def test_a_label_that_names_a_whole_family_teaches_nothing_about_its_members():
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(1, 3, 6))
    scores[:, -1] = 0.0
    family = np.array([True, False, True, True])

    def log_family(member_scores):
        stack = scores.copy()
        stack[0, 0, :4] = member_scores
        prior = log_prior(gather(stack, np.array([[0]]), np.ones((1, 1))), family_query(1).family)
        return float(np.log(np.exp(prior[0, 0])[family].sum()))

    def log_member(member_scores):
        stack = scores.copy()
        stack[0, 0, :4] = member_scores
        prior = log_prior(gather(stack, np.array([[0]]), np.ones((1, 1))), family_query(1).family)
        return float(prior[0, 0, 0])

    start, step = scores[0, 0, :4].copy(), 1e-5
    for k in range(4):
        up, down = start.copy(), start.copy()
        up[k] += step
        down[k] -= step
        assert (log_family(up) - log_family(down)) / (2 * step) == pytest.approx(0.0, abs=1e-9)
    # The same derivative of a label that names one member is not zero: the test could fail.
    up, down = start.copy(), start.copy()
    up[0] += step
    down[0] -= step
    assert abs(log_member(up) - log_member(down)) / (2 * step) > 0.1


def test_a_broad_label_leaves_the_ratio_of_members_alone():
    rng = np.random.default_rng(4)
    stack = rng.normal(size=(1, 3, 6))
    stack[:, -1] = 0.0
    stack[0, 1, :4] = np.log([0.9, 0.1, 0.9, 0.9])
    query = family_query(1)
    without = probabilities(stack, query.keep(np.array([True, False])))[0, 0]
    p = probabilities(stack, query)[0, 0]
    assert p[1] < without[1]
    np.testing.assert_allclose(p[[2, 3]] / p[0], without[[2, 3]] / without[0], rtol=1e-12)


def test_slots_that_are_not_kept_do_not_count():
    rng = np.random.default_rng(5)
    stack = rng.normal(size=(2, 3, 6))
    stack[:, -1] = 0.0
    query = family_query(1)
    bare = coded(query.code[:, :1], query.weight[:, :1], 1)
    kept = query.keep(np.array([True, False]))
    np.testing.assert_array_equal(probabilities(stack, kept), probabilities(stack, bare))


def test_no_incidents_have_an_empty_summary():
    query = family_query(1).take(np.array([], dtype=np.int64))
    summary = summarise(np.zeros((2, 3, 6)), query)
    assert isinstance(summary, Summary)
    assert summary.mean.shape == summary.low.shape == summary.high.shape == (0, 4)


def test_blocks_do_not_change_the_summary(monkeypatch):
    rng = np.random.default_rng(6)
    stack = rng.normal(size=(3, 9, 6))
    stack[:, -1] = 0.0
    query = coded(rng.integers(0, 9, (20, 3)), np.ones((20, 3)), 2)
    whole = summarise(stack, query)
    monkeypatch.setattr("attribution.posterior.kernel.BLOCK", 1)
    np.testing.assert_array_equal(summarise(stack, query).mean, whole.mean)


def test_large_scores_neither_overflow_nor_lose_the_sum():
    assert log_sum_exp(np.array([1000.0, 1000.0])) == pytest.approx(1000 + math.log(2))
    assert log_sum_exp(np.array([-2000.0, -2000.0])) == pytest.approx(-2000 + math.log(2))
    stack = np.zeros((1, 3, 6))
    stack[0, 0] = [800.0, 0.0, -800.0, 0.0, 0.0, 0.0]
    p = probabilities(stack, family_query(1))
    assert np.isfinite(p).all()
    assert p.sum() == pytest.approx(1.0)


def test_incidents_that_were_measured_otherwise_are_not_taken_for_the_same():
    stack = np.random.default_rng(8).normal(size=(2, 3, 6))
    stack[:, -1] = 0.0
    factor = np.array([[[0.0] * 6], [[0.0] * 5 + [2.0]], [[0.0] * 6]])
    same = Query(np.zeros((3, 1), dtype=int), np.ones((3, 1)), 1, np.array([0, 1, 0, 0]), factor)
    mean = summarise(stack, same).mean
    np.testing.assert_array_equal(mean[0], mean[2])
    assert np.abs(mean[0] - mean[1]).max() > 0.01


def test_entropy_counts_bits():
    p = np.array([[0.5, 0.5, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25], [1.0, 0.0, 0.0, 0.0]])
    np.testing.assert_allclose(entropy_bits(p), [1.0, 2.0, 0.0])
