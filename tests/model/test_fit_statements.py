"""A fit recovers who stands behind brands and how denials are to be read, from simulated cases
with parameters drawn from the priors (`generator`).

The limits were reasoned from the number of intervals and of statements before any run."""

from functools import cache

import numpy as np
import pytest
from generator import ACTORS, SPEAKERS, generator, plan_of

from attribution.model.sampler import SamplerSettings, sample, table_draws

pytestmark = pytest.mark.slow

INCIDENTS = 500
SETTINGS = SamplerSettings(draws=400, tune=300, chains=2)
SEED = 21
CASES = range(4)


@cache
def generated():
    return generator(plan_of(INCIDENTS, 0, seed=2, claimed=1.0), len(CASES), seed=SEED)


@cache
def fitted(number):
    """The generator, the case of one of its draws from the priors, and the posterior's tables."""
    made = generated()
    case, truth = made.simulate(number, seed=SEED + number)
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
    inside, error, before = [], [], []
    for number in CASES:
        made, _, _, tables = fitted(number)
        channel = made._channel("claim")
        names, even = len(channel.names), np.full(len(ACTORS), 1 / len(ACTORS))
        true = parents(made.tables["table_claim"][number], names, even)
        drawn = parents(tables["table_claim"], names, even)
        low, high = np.quantile(drawn, (0.05, 0.95), axis=0)
        inside.append((low <= true) & (true <= high))
        error.append(np.abs(drawn.mean(axis=0) - true).mean())
        before.append(np.abs(parents(channel.log_prior, names, even) - true).mean())
    # Thirty-six correlated intervals a case, worth some fifteen: 0.9 - 3 * sqrt(.9 * .1 / 60).
    assert np.mean(inside) > 0.78
    # And they say something: what the links alone would say is farther off.
    assert np.mean(error) < 0.06
    assert np.mean(error) < 0.8 * np.mean(before)


def test_claims_find_the_actors_that_labels_only_hint_at():
    """Names beat no names: the truth's probability rises where the claim is taken in."""
    found = np.array([losses(number) for number in CASES]).mean(axis=0)
    blind, fit, true = found
    assert fit < blind - 0.02
    assert fit < true + 0.03


def losses(number):
    """Loss of the true actors without names, with the fit's table of names and with the true."""
    made, case, truth, tables = fitted(number)
    names = made._channel("claim").names
    speakers = {name.group_id: code for code, name in enumerate(names)}
    claims = case.statements[case.statements["kind"] == "claim"]
    code = claims["speaker_id"].map(speakers).fillna(len(names) - 1).astype(int).to_numpy()
    likelihood = claim_probabilities(tables["table_claim"], len(names)).mean(axis=0)[code]
    true = claim_probabilities(made.tables["table_claim"][number], len(names))[code]
    prior = np.bincount(truth, minlength=len(ACTORS)) / len(truth)

    def loss(p):
        posterior = prior * p / (prior * p).sum(axis=1, keepdims=True)
        return -np.log(posterior[np.arange(len(truth)), truth]).mean()

    return loss(np.ones_like(likelihood)), loss(likelihood), loss(true)


def test_how_readily_each_speaker_speaks_is_recovered():
    made, case, truth, tables = fitted(0)
    keys = [key[:2] for key in made._channel("denial").keys]
    counts = case.statements.groupby(["speaker_id", "kind"]).size()
    for speaker in SPEAKERS:
        row = 1 + keys.index(speaker)
        rate = 1 / (1 + np.exp(-tables["table_denial"][:, row]))
        true = 1 / (1 + np.exp(-made.tables["table_denial"][0, row]))
        shares = np.bincount(truth, minlength=len(ACTORS)) / len(truth)
        low, high = np.quantile(rate @ shares, (0.005, 0.995))
        assert low <= true @ shares <= high, speaker
        # Narrower than the prior: two times 2.58 standard deviations of the logit, each 1.
        assert high / low < np.exp(2 * 2.58)
        assert low < (counts.get(speaker, 0) + 1) / INCIDENTS


def test_denials_are_read_as_they_were_made():
    inside = []
    for number in CASES:
        made, _, _, tables = fitted(number)
        keys = [key[:2] for key in made._channel("denial").keys]
        for who, kind in SPEAKERS:
            row, own = 1 + keys.index((who, kind)), ACTORS.index(who)
            other = (own + 1) % len(ACTORS)
            shift = tables["table_denial"][:, row, own] - tables["table_denial"][:, row, other]
            true = made.tables["table_denial"][number, row]
            low, high = np.quantile(shift, (0.05, 0.95))
            inside.append(low <= true[own] - true[other] <= high)
    # Three standard errors of a share under the nominal one.
    assert np.mean(inside) > 0.9 - 3 * np.sqrt(0.09 / len(inside))
