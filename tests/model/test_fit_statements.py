"""A fit recovers who stands behind brands and how denials are to be read, from one simulated case
with parameters drawn from the priors (`generator`).

The limits were reasoned from the number of intervals and of statements before any run."""

from functools import cache

import numpy as np
import pytest
from generator import ACTORS, SPEAKERS, generator, plan_of

from attribution.model.sampler import SamplerSettings, sample, table_draws

pytestmark = pytest.mark.long

INCIDENTS = 500
SETTINGS = SamplerSettings(draws=400, tune=300, chains=2)
SEED = 21


@cache
def fitted():
    """The generator with one draw from the priors, its case, and the posterior's tables."""
    made = generator(plan_of(INCIDENTS, 0, seed=2, claimed=1.0), 1, seed=SEED)
    case, truth = made.simulate(0, seed=SEED)
    data = made.data(case)
    posterior = sample(made.compiled, SETTINGS, seed=1, data=data)["posterior"].to_dataset()
    tables = table_draws(made.compiled, posterior)
    return made, case, truth, {n: v.reshape(-1, *v.shape[2:]) for n, v in tables.items()}


def claim_probabilities(table, names):
    """Probability of each name given each actor, names of one epoch: (..., names, actors)."""
    readiness = np.exp(table[..., :names, :])
    return readiness / readiness.sum(axis=-2, keepdims=True)


def parents(table, names, prior):
    """Who is behind a claim under each name if nothing else is known: (..., names, actors)."""
    joint = claim_probabilities(table, names) * prior
    return joint / joint.sum(axis=-1, keepdims=True)


def test_who_stands_behind_each_brand_is_recovered():
    made, _, _, tables = fitted()
    names = len(made._channel("claim").names)
    even = np.full(len(ACTORS), 1 / len(ACTORS))
    true = parents(made.tables["table_claim"][0], names, even)
    drawn = parents(tables["table_claim"], names, even)
    low, high = np.quantile(drawn, (0.05, 0.95), axis=0)
    # Thirty-six correlated intervals, worth some fifteen: 0.9 - 3 * sqrt(.9 * .1 / 15) is 0.67.
    assert ((low <= true) & (true <= high)).mean() > 0.67
    # And they say something: what the priors alone would say is farther off.
    before = parents(np.log(np.exp(made._channel("claim").log_prior)), names, even)
    mean = drawn.mean(axis=0)
    assert np.abs(mean - true).mean() < 0.06
    assert np.abs(mean - true).mean() < 0.8 * np.abs(before - true).mean()


def test_claims_find_the_actors_that_labels_only_hint_at():
    """Names beat no names: the truth's probability rises where the claim is taken in."""
    made, case, truth, tables = fitted()
    names = made._channel("claim").names
    speakers = {name.group_id: code for code, name in enumerate(names)}
    claims = case.statements[case.statements["kind"] == "claim"]
    code = claims["speaker_id"].map(speakers).fillna(len(names) - 1).astype(int).to_numpy()
    likelihood = claim_probabilities(tables["table_claim"], len(names)).mean(axis=0)[code]
    true = claim_probabilities(made.tables["table_claim"][0], len(names))[code]
    prior = np.bincount(truth, minlength=len(ACTORS)) / len(truth)

    def loss(p):
        posterior = prior * p / (prior * p).sum(axis=1, keepdims=True)
        return -np.log(posterior[np.arange(len(truth)), truth]).mean()

    assert loss(likelihood) < loss(np.ones_like(likelihood)) - 0.02
    assert loss(likelihood) < loss(true) + 0.03


def test_how_readily_each_speaker_speaks_is_recovered():
    made, case, truth, tables = fitted()
    keys = [key[:2] for key in made._channel("denial").keys]
    counts = case.statements.groupby(["speaker_id", "kind"]).size()
    for speaker in SPEAKERS:
        row = 1 + keys.index(speaker)
        rate = 1 / (1 + np.exp(-tables["table_denial"][:, row]))
        true = 1 / (1 + np.exp(-made.tables["table_denial"][0, row]))
        shares = np.bincount(truth, minlength=len(ACTORS)) / len(truth)
        low, high = np.quantile(rate @ shares, (0.005, 0.995))
        assert low <= true @ shares <= high, speaker
        # Narrower than the prior of the rate alone, which spans a factor of twenty-seven.
        assert high / low < 27
        assert low < (counts.get(speaker, 0) + 1) / INCIDENTS


def test_denials_are_read_as_they_were_made():
    made, _, _, tables = fitted()
    keys = [key[:2] for key in made._channel("denial").keys]
    inside = 0
    for who, kind in SPEAKERS:
        row, own = 1 + keys.index((who, kind)), ACTORS.index(who)
        other = (own + 1) % len(ACTORS)
        shift = tables["table_denial"][:, row, own] - tables["table_denial"][:, row, other]
        true = made.tables["table_denial"][0, row]
        low, high = np.quantile(shift, (0.05, 0.95))
        inside += low <= true[own] - true[other] <= high
    assert inside >= len(SPEAKERS) - 2
