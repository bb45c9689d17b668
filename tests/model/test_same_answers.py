"""The fused likelihood and the oracle's graph give the Iraq case the same answers."""

import numpy as np
import pytest

from attribution.case.load import bundled_case_folder, load_case
from attribution.channels.effects import families
from attribution.channels.evidence import case_evidence
from attribution.channels.stack import bind_stack
from attribution.model.labelled import labelled_incidents
from attribution.model.sampler import SamplerSettings, compile_model, sample, table_draws
from attribution.model.tables import stacked_tables
from attribution.posterior.kernel import query_of, summarise

pytestmark = pytest.mark.slow

SETTINGS = SamplerSettings(draws=150, tune=150, chains=2)


def test_reported_probabilities_are_the_oracles():
    stack, evidence = bind_stack(case := load_case(bundled_case_folder())), case_evidence(case)
    codes = stack.encode(evidence)
    fitted = stack.encode(evidence.take(labelled_incidents(stack, codes)))
    groups = families(stack.channels[0].actors)
    found = []
    for fused in (True, False):
        compiled = compile_model(stack, fitted, fused=fused)
        posterior = sample(compiled, SETTINGS, seed=5)["posterior"].to_dataset()
        tables = table_draws(compiled, posterior)
        joined = {name: each.reshape(-1, *each.shape[2:]) for name, each in tables.items()}
        stacked = stacked_tables(stack, joined, groups.width)
        found.append(summarise(stacked, query_of(codes, groups.of)))
    ours, oracle = found
    # One seed, one path: what is left is rounding, carried along by the walk.
    np.testing.assert_allclose(ours.mean, oracle.mean, atol=0.01)
    np.testing.assert_allclose(ours.low, oracle.low, atol=0.02)
    # And not because nothing moves.
    assert np.ptp(ours.mean, axis=0).max() > 0.5
