"""The fused likelihood is the oracle's value and gradient, compiled and interpreted."""

from functools import cache

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytensor.compile.mode import Mode
from pytensor.gradient import NullTypeGradError
from random_tables import small_draws

from attribution.channels.effects import Families
from attribution.channels.stack import Codes
from attribution.model import likelihood_kernel
from attribution.model.assemble import assemble, fused_likelihood, summed_likelihood
from attribution.model.likelihood import MarginalLikelihood
from attribution.posterior.kernel import log_marginal, query_of

PLAIN = Mode(linker="py", optimizer=None)
FAMILIES = ((0, 1, 0, 2, 1), (0, 0))


def evidence(seed, shape, family, *, scale=1.0, negative=True):
    """Random tables and codes: incidents, measured, act and say slots, rows."""
    incidents, measured, acts, says, rows = shape
    rng = np.random.default_rng(seed)
    width = len(family) + max(family) + 1
    slots = measured + acts + says
    weight = rng.choice([0.0, 0.3, 1.0, -0.7 if negative else 0.7], (incidents, slots))
    code = rng.integers(0, rows + 1, (incidents, slots))
    code[:, :measured] = np.arange(measured)
    empty = np.zeros((incidents, slots), dtype=np.int64)
    codes = Codes(
        code,
        weight,
        empty,
        empty,
        rng.normal(size=(incidents, measured, width)),
        measured + acts,
        (),
        (),
    )
    stacked = scale * rng.normal(size=(rows + 1, width))
    stacked[-1] = 0.0
    return codes, stacked, rng.choice([0.0, 1.0, 0.4], incidents)


def compiled(codes, stacked, share, family):
    """The kernel as nutpie's functions call it."""
    first = codes.factor.shape[1]
    return likelihood_kernel.value_and_gradient(
        stacked,
        codes.code[:, first:].astype(np.int32),
        codes.weight,
        codes.factor,
        share,
        codes.code[0, :first].copy(),
        np.array(family),
        codes.act_slots - first,
    )


@cache
def function_of(build, family, measured, acts):
    """Value and gradient of one of the two ways to build the likelihood, interpreted."""
    table, code, weight = pt.dmatrix("table"), pt.imatrix("code"), pt.dmatrix("weight")
    factor, share = pt.dtensor3("factor"), pt.dvector("share")
    data = {"code": code, "weight": weight, "factor": factor, "incident_weight": share}
    # The shape of these codes is what a model is built from; the values come as inputs.
    shape = (1, measured, acts, 1, measured + 1)
    codes, _, _ = evidence(0, shape, family)
    total = build(table, data, codes, Families(family))
    outputs = [total, pytensor.grad(total, table)]
    # Without slots of a kind, what would be read of them is not.
    return pytensor.function([table, *data.values()], outputs, mode=PLAIN, on_unused_input="ignore")


def symbolic(build, codes, stacked, share, family):
    first = codes.factor.shape[1]
    function = function_of(build, family, first, codes.act_slots - first)
    code = codes.code[:, first:].astype(np.int32)
    return function(stacked, code, codes.weight, codes.factor, share)


shapes = st.tuples(
    st.integers(1, 70),
    st.sampled_from((0, 2)),
    st.sampled_from((0, 2)),
    st.integers(0, 4),
    st.integers(3, 9),
)


@given(seed=st.integers(0, 2**20), shape=shapes, family=st.sampled_from(FAMILIES))
@settings(max_examples=40, deadline=None)
def test_the_kernel_is_the_oracle_whatever_the_shape(seed, shape, family):
    codes, stacked, share = evidence(seed, shape, family)
    value, gradient = compiled(codes, stacked, share, family)
    expected, slopes = symbolic(summed_likelihood, codes, stacked, share, family)
    assert value == pytest.approx(float(expected), rel=1e-8, abs=1e-10)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-8, atol=1e-10)


@given(seed=st.integers(0, 2**20), shape=shapes, family=st.sampled_from(FAMILIES))
@settings(max_examples=25, deadline=None)
def test_the_interpreted_operation_is_the_kernel(seed, shape, family):
    codes, stacked, share = evidence(seed, shape, family)
    value, gradient = compiled(codes, stacked, share, family)
    plain, slopes = symbolic(fused_likelihood, codes, stacked, share, family)
    assert value == pytest.approx(float(plain), rel=1e-8, abs=1e-10)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-8, atol=1e-10)


def test_the_value_is_that_of_the_posterior():
    family = (0, 1, 0, 2, 1)
    codes, stacked, share = evidence(3, (50, 2, 3, 4, 8), family)
    value, _ = compiled(codes, stacked, share, family)
    assert value == pytest.approx(
        float(share @ log_marginal(stacked[None], query_of(codes, family))[0]), rel=1e-12
    )


def test_the_gradient_is_that_of_finite_differences():
    family, step = (0, 0, 1, 2), 1e-5
    codes, stacked, share = evidence(5, (40, 2, 3, 3, 6), family)
    _, gradient = compiled(codes, stacked, share, family)
    assert np.abs(gradient).max() > 1.0
    for entry in np.ndindex(stacked.shape):
        ends = []
        for sign in (1, -1):
            near = stacked.copy()
            near[entry] += sign * step
            ends.append(compiled(codes, near, share, family)[0])
        assert gradient[entry] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-6)


def test_without_weight_nothing_is_learned():
    family = (0, 0, 1)
    codes, stacked, share = evidence(7, (33, 1, 2, 2, 5), family)
    value, gradient = compiled(codes, stacked, 0.0 * share, family)
    assert value == 0.0
    assert not gradient.any()
    codes.weight[:] = 0.0
    value, gradient = compiled(codes, stacked, share, family)
    # The members of a family of two, and the families, are then as likely as each other.
    assert value == pytest.approx(0.0, abs=1e-12)
    assert not gradient.any()


def test_scores_of_hundreds_neither_overflow_nor_vanish():
    family = (0, 0, 1, 2)
    codes, stacked, share = evidence(11, (64, 1, 3, 3, 6), family, scale=300.0)
    value, gradient = compiled(codes, stacked, share, family)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    expected = share @ log_marginal(stacked[None], query_of(codes, family))[0]
    assert value == pytest.approx(float(expected), rel=1e-10)


def test_what_is_no_number_stays_none():
    family = (0, 0, 1)
    for bad in (np.nan, np.inf):
        codes, stacked, share = evidence(13, (40, 1, 2, 2, 5), family)
        stacked[codes.code[np.flatnonzero(share)[0], np.flatnonzero(codes.weight[0])[0]], 0] = bad
        codes.weight[:] = 1.0
        value, gradient = compiled(codes, stacked, share, family)
        assert not np.isfinite(value)
        assert not np.isfinite(gradient).all()


def test_the_exponential_is_the_librarys():
    x = np.concatenate([-np.logspace(-12, np.log10(700), 4000), [0.0, -708.0]])
    own = np.array([likelihood_kernel.exponential(each) for each in x])
    np.testing.assert_allclose(own, np.exp(x), rtol=1e-15)


def test_inputs_of_another_type_are_refused():
    operation = MarginalLikelihood((), 1, (0, 1))
    with pytest.raises(TypeError, match="expects 2-d int"):
        operation(pt.dmatrix(), pt.dmatrix(), pt.dmatrix(), pt.dtensor3(), pt.dvector())
    with pytest.raises(TypeError, match="expects 3-d float64"):
        operation(pt.dmatrix(), pt.imatrix(), pt.dmatrix(), pt.dmatrix(), pt.dvector())


def test_there_is_no_derivative_by_data_nor_a_second_one():
    table, weight = pt.dmatrix(), pt.dmatrix()
    operation = MarginalLikelihood((), 1, (0, 1))
    total, slopes = operation(table, pt.imatrix(), weight, pt.dtensor3(), pt.dvector())
    for cost, by in ((total, weight), (slopes.sum(), table)):
        with pytest.raises(NullTypeGradError):
            pytensor.grad(cost, by)


def test_both_ways_to_assemble_the_model_agree():
    drawn = small_draws().compiled
    rng = np.random.default_rng(17)
    found = []
    for fused in (True, False):
        model = assemble(drawn.stack, drawn.codes, fused=fused)
        if not found:
            point = {each.name: rng.normal(size=each.type.shape) for each in model.value_vars}
        found.append(
            (model.compile_logp(mode=PLAIN)(point), model.compile_dlogp(mode=PLAIN)(point))
        )
    (value, slopes), (expected, others) = found
    assert float(value) == pytest.approx(float(expected), rel=1e-10)
    np.testing.assert_allclose(slopes, others, rtol=1e-8, atol=1e-10)
