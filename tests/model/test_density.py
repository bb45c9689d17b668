"""The log prior that is kept with the draws is that of the model."""

from types import SimpleNamespace

import numpy as np
import pytest
from pytensor.compile.maker import function
from pytensor.compile.mode import Mode
from pytensor.graph.replace import graph_replace
from pytensor.tensor import constant
from random_tables import small_draws
from scipy.stats import lognorm, norm
from small_case import small_case

from attribution.channels.claim import WORTH_SD
from attribution.channels.effects import families
from attribution.channels.evidence import case_evidence
from attribution.channels.label import CERTAIN, STEP
from attribution.model.density import log_prior_draws
from attribution.model.tables import stacked_tables
from attribution.posterior.kernel import log_marginal, query_of


@pytest.fixture(scope="module")
def drawn():
    return small_draws()


@pytest.fixture(scope="module")
def found(drawn):
    return log_prior_draws(drawn.compiled, drawn.posterior)


def test_every_channel_has_a_log_prior_for_every_draw(drawn, found):
    assert set(found) == {channel.name for channel in drawn.compiled.stack.channels}
    assert {each.shape for each in found.values()} == {(2, 3)}


def test_it_is_the_sum_over_the_channels_parameters(drawn, found):
    def normal(name, mean=0.0, deviation=1.0):
        values = drawn.posterior[name].to_numpy()
        return norm.logpdf(values, mean, deviation).reshape(2, 3, -1).sum(axis=-1)

    def log_normal(name, mean, deviation):
        values = drawn.posterior[name].to_numpy()
        return lognorm.logpdf(values, deviation, scale=np.exp(mean)).reshape(2, 3, -1).sum(axis=-1)

    np.testing.assert_allclose(found["base_rate"], normal("base_rate_z"))
    np.testing.assert_allclose(found["period"], normal("period_z"))
    np.testing.assert_allclose(
        found["claim"], log_normal("claim_worth", 0.0, WORTH_SD) + normal("claim_z")
    )
    np.testing.assert_allclose(
        found["label"],
        normal("label_certain", *CERTAIN)
        + log_normal("label_step", *STEP)
        + normal("label_kind_z")
        + normal("label_labeller_z")
        + normal("label_preference_z"),
    )


def test_a_parameter_without_a_channel_is_not_lost_silently(drawn):
    stack = SimpleNamespace(channels=drawn.compiled.stack.channels[1:])
    compiled = SimpleNamespace(model=drawn.compiled.model, stack=stack)
    with pytest.raises(LookupError, match="base_rate_z"):
        log_prior_draws(compiled, drawn.posterior)


def test_the_log_likelihood_of_the_kernel_is_the_potential_of_the_model(drawn):
    """What `attribution.posterior.fit` keeps is what the sampler saw."""
    model, stack = drawn.compiled.model, drawn.compiled.stack
    groups = families(stack.channels[0].actors)
    flat = {name: each.reshape(-1, *each.shape[2:]) for name, each in drawn.tables.items()}
    stacked = stacked_tables(stack, flat, groups.width)
    query = query_of(stack.encode(case_evidence(small_case())), groups.of)
    (potential,) = model.potentials
    for draw in range(2):
        values = {
            variable: constant(drawn.posterior[variable.name].to_numpy()[0, draw])
            for variable in model.free_RVs
        }
        (term,) = graph_replace([potential], values, strict=False)
        expected = function([], term, mode=Mode("py", "fast_compile"))()
        assert log_marginal(stacked[[draw]], query).sum() == pytest.approx(float(expected))
