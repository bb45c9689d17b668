"""Fits of invented cases recover what the cases were made from."""

from functools import cache

import numpy as np
import pytest
from simulate import ACTORS, FAMILY, simulate
from small_case import small_case

from attribution.channels.effects import families
from attribution.channels.evidence import case_evidence
from attribution.channels.stack import bind_stack
from attribution.model.fit import FitResult, fit_draws
from attribution.model.sampler import (
    SamplerSettings,
    compile_model,
    sample,
    table_draws,
)
from attribution.model.tables import stacked_tables
from attribution.posterior.kernel import probabilities, query_of

pytestmark = pytest.mark.slow

SEEDS = (1, 2)


@cache
def simulated(seed):
    return simulate(seed)


@cache
def fitted(seed, sampler_seed=1):
    return fit_draws(simulated(seed).case, seed=sampler_seed, draws=1000, progress=False)


def blind(case, stack):
    """Evidence about every incident with the labels hidden."""
    codes = stack.encode(case_evidence(case).without_labels())
    return query_of(codes, families(case.config.actors).of)


def priors(result: FitResult, case):
    """Probabilities of actors from the columns alone: (draws, incidents, actors)."""
    width = families(case.config.actors).width
    query = blind(case, result.stack)
    return probabilities(stacked_tables(result.stack, result.tables, width), query)


def covered(p, truth):
    low, high = np.quantile(p, (0.05, 0.95), axis=0)
    return (low <= truth) & (truth <= high)


def test_intervals_cover_the_true_probabilities():
    shares, families_covered = [], []
    for seed in SEEDS:
        known = simulated(seed)
        p = priors(fitted(seed), known.case)
        shares.append(covered(p, known.prior).mean())
        backed = FAMILY == 0
        families_covered.append(
            covered(p[..., backed].sum(axis=-1), known.prior[:, backed].sum(axis=1)).mean()
        )
    # Incidents of one case share their effects: a case counts for some twenty independent
    # intervals, two cases for forty; 0.9 - 3.5 * sqrt(.9 * .1 / 40) is 0.73.
    assert np.mean(shares) > 0.76
    assert np.mean(families_covered) > 0.76


def test_intervals_are_no_wider_than_they_must_be():
    # Four hundred labelled incidents say much: nobody needs intervals to cover everything.
    for seed in SEEDS:
        low, high = np.quantile(priors(fitted(seed), simulated(seed).case), (0.05, 0.95), axis=0)
        assert np.mean(high - low) < 0.3


def test_the_mean_probability_of_every_actor_is_recovered():
    for seed in SEEDS:
        known = simulated(seed)
        p = priors(fitted(seed), known.case).mean(axis=1)
        spread = p.std(axis=0)
        error = np.abs(p.mean(axis=0) - known.prior.mean(axis=0))
        assert (error < 3.5 * spread + 0.01).all(), (seed, error, spread)


def test_every_fit_passes_its_diagnostics():
    for seed in SEEDS:
        verdict = fitted(seed).verdict
        assert verdict.passed, verdict.text
        assert verdict.entries > 300


def test_a_refit_with_hidden_labels_predicts_the_truth_better_than_frequencies():
    known = simulated(1)
    result = fitted(1)
    evidence, stack = case_evidence(known.case), result.stack
    codes = stack.encode(evidence)
    compiled = compile_model(stack, codes)
    hidden = np.arange(len(codes.code)) % 4 == 0
    label = codes.channel == stack.position("label")
    trace = sample(
        compiled,
        SamplerSettings(draws=400, tune=500),
        seed=5,
        data={
            "weight": np.where(label & hidden[:, None], 0.0, codes.weight),
            "incident_weight": np.where(hidden, 0.0, 1.0),
        },
    )
    tables = table_draws(compiled, trace["posterior"].to_dataset())
    flat = {name: values.reshape(-1, *values.shape[2:]) for name, values in tables.items()}
    stacked = stacked_tables(stack, flat, families(known.case.config.actors).width)
    p = probabilities(stacked, blind(known.case, stack)).mean(axis=0)

    def loss(q):
        return -np.log(q[hidden, known.truth[hidden]]).mean()

    frequency = np.bincount(known.truth[~hidden], minlength=len(ACTORS)) + 0.5
    class_frequencies = np.tile(frequency / frequency.sum(), (len(p), 1))
    # Frequencies are even told the truth of the others, which the model only reads in labels.
    assert loss(known.prior) < loss(p) + 0.02
    assert loss(p) < loss(class_frequencies) - 0.02, (loss(p), loss(class_frequencies))
    # The hidden labels were really hidden: the whole fit knows more about those incidents.
    assert np.abs(p - priors(result, known.case).mean(axis=0))[hidden].max() > 0.005


def test_a_young_case_in_which_nobody_has_said_anything_can_be_sampled():
    case = small_case(statements=[])
    stack = bind_stack(case)
    compiled = compile_model(stack, stack.encode(case_evidence(case)))
    trace = sample(compiled, SamplerSettings(draws=50, tune=100), seed=1)
    tables = table_draws(compiled, trace["posterior"].to_dataset())
    assert all(np.isfinite(values).all() for values in tables.values())


def test_the_same_seed_gives_the_same_posterior_within_its_monte_carlo_error():
    first, second = fitted(1), fit_draws(simulated(1).case, seed=1, draws=1000, progress=False)
    p, q = (priors(result, simulated(1).case) for result in (first, second))
    # A thousand kept draws of a chain of some effective size of four hundred at the least.
    error = np.sqrt((p.var(axis=0) + q.var(axis=0)) / 400)
    z = np.abs(p.mean(axis=0) - q.mean(axis=0)) / error
    assert z.max() < 5
    assert len(first.tables["table_weapon"]) == 1000
    assert first.tables.keys() == second.tables.keys()
