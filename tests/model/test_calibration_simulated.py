"""Simulation-based calibration of the whole model (Talts and others 2018; Modrák and others 2023).

Parameters from the priors, cases from the parameters (`generator`), posteriors from the cases: the
true values' ranks among the draws are uniform if fitting inverts generating. The log-likelihood is
among the quantities, since a posterior that ignored or doubled the data can still have uniform
ranks of every parameter.
"""

from functools import cache

import numpy as np
import pytest
from generator import ACTORS, generator, nested_logit, plan_of

from attribution.channels.effects import families
from attribution.evaluate.ranks import band
from attribution.model.assemble import INCIDENT_WEIGHT
from attribution.model.sampler import SamplerSettings, sample, table_draws
from attribution.model.tables import stacked_tables
from attribution.posterior.kernel import Query, log_marginal

pytestmark = pytest.mark.slow

SIMULATIONS, DOUBLED = 48, 16
INCIDENTS, UNLABELLED = 70, 8
SETTINGS = SamplerSettings(draws=180, tune=220, chains=1, cores=1)
#: Every second draw: effects of unit scale mix within a draw or two.
KEPT = 90
#: Of all quantities together.
LEVEL = 0.01


@cache
def generated():
    return generator(plan_of(INCIDENTS, UNLABELLED, seed=4), SIMULATIONS, seed=11)


def quantities(made, tables, data):
    """What is ranked, by name: (draws,) each."""
    alpha, state, beta, gamma = range(len(ACTORS))
    backed, other = 4, 5

    def row(channel, level):
        table = tables[f"table_{channel}"]
        stack = made.compiled.stack
        levels = stack.channels[stack.position(channel)].levels
        return table[:, next(n for n, one in enumerate(levels) if one.startswith(level))]

    def contrast(channel, level, one, two):
        found = row(channel, level)
        return found[:, one] - found[:, two]

    found = {
        "base rate of the family": contrast("base_rate", "all", backed, other),
        "base rate of beta": contrast("base_rate", "all", beta, gamma),
        "drone, family": contrast("weapon", "drone", backed, other),
        "rocket, alpha": contrast("weapon", "indirect › rocket", alpha, beta),  # noqa: RUF001
        "shop, family": contrast("target", "shop", backed, other),
        "south, family": contrast("place", "Iraq › South", backed, other),  # noqa: RUF001
        "last quarter, family": tables["table_period"][:, -1, backed]
        - tables["table_period"][:, -1, other],
        "near own ground": row("territory", "within")[:, alpha],
        "near own ground, family": row("territory", "within")[:, backed],
        "front_plain": contrast("claim", "front_plain", beta, alpha),
        "front_split": contrast("claim", "front_split", beta, alpha),
        "alpha claims": contrast("claim", "alpha", alpha, state),
        "alpha denies at all": row("denial", "alpha denial")[:, state],
        "alpha denies its own": contrast("denial", "alpha denial", alpha, state),
        "hit rate of us": tables["hit"][:, -1],
        "hit rate of one": tables["hit"][:, 0],
        "hit rate of possible": tables["hit_by_confidence"][:, 2],
        "officials prefer alpha": tables["preference"][:, 0, alpha],
    }
    p = unlabelled(made, tables)
    found |= {f"alpha behind incident {i}": p[:, i, alpha] for i in range(2)}
    found |= {f"state behind incident {i}": p[:, i, state] for i in range(2, 4)}
    return found | {"log-likelihood": log_likelihood(made, tables, data)}


def unlabelled(made, tables):
    """Probabilities of the first incidents from their columns: (draws, incidents, actors)."""
    codes = made.compiled.codes
    stacked = stacked_tables(made.compiled.stack, tables, 6)
    act = slice(0, codes.act_slots)
    rows = stacked[:, codes.code[:UNLABELLED, act]] * codes.weight[None, :UNLABELLED, act, None]
    measured = codes.factor.shape[1]
    found = (rows[:, :, :measured] * codes.factor[None, :UNLABELLED]).sum(axis=2)
    return nested_logit(found + rows[:, :, measured:].sum(axis=2))


def log_likelihood(made, tables, data):
    codes, stack = made.compiled.codes, made.compiled.stack
    first = codes.factor.shape[1]
    code = np.concatenate([codes.code[:, :first], data["code"]], axis=1)
    family = np.asarray(families(stack.channels[0].actors).of)
    query = Query(code, data["weight"], codes.act_slots, family, data["factor"])
    terms = log_marginal(stacked_tables(stack, tables, 6), query)
    return terms @ data[INCIDENT_WEIGHT]


def ranks_of(simulations, disturb=lambda data: data):
    """Rank of the truth among the kept draws, by quantity: (simulations,) each."""
    made = generated()
    found = {}
    for number in range(simulations):
        case, _ = made.simulate(number, seed=1000 + number)
        data = made.data(case)
        told = disturb(data)
        posterior = sample(made.compiled, SETTINGS, seed=number, data=told)["posterior"]
        chosen = posterior.to_dataset().isel(
            draw=np.linspace(1, SETTINGS.draws - 1, KEPT).astype(int)
        )
        draws = {name: each[0] for name, each in table_draws(made.compiled, chosen).items()}
        truth = {name: each[[number]] for name, each in made.tables.items()}
        drawn, true = quantities(made, draws, data), quantities(made, truth, data)
        for name, values in drawn.items():
            found.setdefault(name, []).append((values < true[name][0]).sum())
    return {name: np.array(each) for name, each in found.items()}


def outside(ranks):
    """Quantities whose ranks leave the band, that of all quantities together."""
    first = next(iter(ranks.values()))
    limits = band(len(first), KEPT + 1, LEVEL / len(ranks))
    return {name: sorted(each.tolist()) for name, each in ranks.items() if not limits.holds(each)}


def doubled(data):
    """The wrong likelihood: every label counts twice."""
    made = generated()
    channel = made.compiled.codes.code.shape[1] - 1
    weight = data["weight"].copy()
    weight[:, channel] *= 2
    return {**data, "weight": weight}


def test_true_values_rank_uniformly_among_the_draws():
    assert outside(ranks_of(SIMULATIONS)) == {}


def test_a_likelihood_that_counts_labels_twice_is_found_out():
    # Hit rates above all: two labels that agree look like two good labellers.
    found = outside(ranks_of(DOUBLED, doubled))
    assert {"hit rate of us", "hit rate of one", "hit rate of possible"} <= set(found)
