"""The PyMC model, the kernel and plain loops give one number."""

import math
from dataclasses import replace

import numpy as np
import pymc as pm
import pytest
from pytensor.compile.mode import Mode
from random_tables import Drawn, small_draws, values_at

from attribution.channels.effects import families
from attribution.channels.stack import Codes
from attribution.model.sampler import SamplerSettings, sample
from attribution.model.tables import TABLE, stacked_tables, table_coords
from attribution.posterior.kernel import log_marginal
from attribution.posterior.kernel import query_of as kernel_query

#: Interpreted and without rewrites: nothing is compiled.
PLAIN = Mode(linker="py", optimizer=None)


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    return small_draws()


def query_of(drawn):
    codes = drawn.compiled.codes
    groups = families(drawn.compiled.stack.channels[0].actors)
    return kernel_query(codes, groups.of), groups


def stacked(drawn):
    query, groups = query_of(drawn)
    tables = {name: v.reshape(-1, *v.shape[2:]) for name, v in drawn.tables.items()}
    return stacked_tables(drawn.compiled.stack, tables, groups.width), query


@pytest.fixture(scope="module")
def potential(drawn):
    model = drawn.compiled.model
    assert [term.name for term in model.potentials] == ["log_likelihood"]
    return model.compile_logp(vars=model.potentials, jacobian=False, mode=PLAIN)


def test_the_model_and_the_kernel_agree_on_every_draw(drawn, potential):
    tables, query = stacked(drawn)
    kernel = log_marginal(tables, query)
    for draw in range(6):
        value = float(potential(values_at(drawn, draw // 3, draw % 3)))
        assert value == pytest.approx(kernel[draw].sum(), abs=1e-8)


def loops(tables, codes: Codes, of, incident):
    """Log-likelihood of one incident from the formula in docs, table by table."""
    actors = len(of)
    act, said = np.zeros(tables.shape[1]), np.zeros(actors)
    for slot in range(codes.code.shape[1]):
        row = tables[codes.code[incident, slot]]
        if slot < codes.factor.shape[1]:
            row = row * codes.factor[incident, slot]
        if slot < codes.act_slots:
            act += codes.weight[incident, slot] * row
        else:
            said += codes.weight[incident, slot] * row[:actors]
    total = 0.0
    for k in range(actors):
        group = math.exp(act[actors + of[k]]) / sum(
            math.exp(act[actors + g]) for g in range(max(of) + 1)
        )
        rivals = [m for m in range(actors) if of[m] == of[k]]
        member = math.exp(act[k]) / sum(math.exp(act[m]) for m in rivals)
        total += group * member * math.exp(said[k])
    return math.log(total)


def test_the_model_is_the_sum_over_actors_in_plain_loops(drawn, potential):
    tables, query = stacked(drawn)
    of = [int(family) for family in query.family]
    codes = drawn.compiled.codes
    for draw in (0, 4):
        expected = sum(loops(tables[draw], codes, of, i) for i in range(len(codes.code)))
        value = float(potential(values_at(drawn, draw // 3, draw % 3)))
        assert value == pytest.approx(expected, abs=1e-8)


def test_what_was_measured_enters_the_model_the_kernel_and_loops_alike():
    """Rows multiplied by what a channel measured, one number again."""
    drawn = small_draws(measured=True)
    codes = drawn.compiled.codes
    names = [drawn.compiled.stack.channels[p].name for p in codes.channel[1] if p >= 0]
    assert {"neighbours", "recency", "territory", "triggers"} <= set(names)
    tables, query = stacked(drawn)
    kernel = log_marginal(tables, query)
    of = [int(family) for family in query.family]
    model = drawn.compiled.model
    potential = model.compile_logp(vars=model.potentials, jacobian=False, mode=PLAIN)
    for draw in (1, 5):
        expected = sum(loops(tables[draw], codes, of, i) for i in range(len(codes.code)))
        assert kernel[draw].sum() == pytest.approx(expected, abs=1e-8)
        value = float(potential(values_at(drawn, draw // 3, draw % 3)))
        assert value == pytest.approx(expected, abs=1e-8)
    # It is no accident: without the measured slots it is another number.
    blank = replace(query, factor=np.zeros_like(query.factor))
    assert np.abs(log_marginal(tables, blank) - kernel).max() > 0.05


def test_weights_of_incidents_and_slots_can_be_changed_without_a_new_model(drawn, potential):
    model, codes = drawn.compiled.model, drawn.compiled.codes
    tables, query = stacked(drawn)
    kernel = log_marginal(tables, query)[0]
    point = values_at(drawn, 0, 0)
    try:
        for incident in range(len(codes.code)):
            with model:
                pm.set_data({"incident_weight": np.eye(len(codes.code))[incident]})
            assert float(potential(point)) == pytest.approx(kernel[incident], abs=1e-8)
        hidden = np.where(
            codes.channel == drawn.compiled.stack.position("label"), 0.0, codes.weight
        )
        with model:
            pm.set_data({"incident_weight": np.ones(len(codes.code)), "weight": hidden})
        blind = replace(query, weight=hidden)
        expected = log_marginal(tables, blind)[0].sum()
        assert float(potential(point)) == pytest.approx(expected, abs=1e-8)
    finally:
        with model:
            pm.set_data({"incident_weight": np.ones(len(codes.code)), "weight": codes.weight})


def test_data_of_another_shape_or_name_are_refused(drawn):
    for data in (
        {"incident_weight": np.ones(2)},
        {"weight": np.ones((6, 1))},
        {"weights": np.ones((6, 1))},
        {"claim_alive": np.ones((1, 1))},
    ):
        with pytest.raises(ValueError, match=f"{next(iter(data))} of shape .* does not fit"):
            sample(drawn.compiled, SamplerSettings(), seed=1, data=data)


def test_the_gradient_is_that_of_finite_differences(drawn):
    model = drawn.compiled.model
    logp = model.compile_logp(mode=PLAIN)
    gradient = model.compile_dlogp(mode=PLAIN)
    point = values_at(drawn, 1, 1)
    exact = np.asarray(gradient(point))
    sizes = [(variable.name, point[variable.name].size) for variable in model.value_vars]
    assert len(exact) == sum(size for _, size in sizes)
    rng, start, step = np.random.default_rng(7), 0, 1e-5
    for name, size in sizes:
        for entry in rng.choice(size, min(size, 3), replace=False):
            moved = []
            for sign in (1, -1):
                near = {key: np.array(value, dtype=float) for key, value in point.items()}
                near[name].reshape(-1)[entry] += sign * step
                moved.append(float(logp(near)))
            numeric = (moved[0] - moved[1]) / (2 * step)
            assert exact[start + entry] == pytest.approx(numeric, abs=1e-5, rel=1e-5), name
        start += size


def test_tables_have_a_name_for_every_row_and_column(drawn):
    stack = drawn.compiled.stack
    coords = table_coords(stack)
    assert coords["column"] == ["alpha", "state", "beta", "gamma", "family 0", "family 1"]
    for channel in stack.channels:
        columns = len(coords["column" if channel.role == "act" else "actor"])
        table = drawn.table(channel.name)
        assert table.shape[1:] == (len(channel.levels), columns)
        assert len(set(channel.levels)) == len(channel.levels)
        assert f"{TABLE}{channel.name}" in drawn.compiled.model.named_vars


def test_the_last_row_of_stacked_tables_is_zero(drawn):
    tables, _ = stacked(drawn)
    assert tables.shape == (6, drawn.compiled.stack.zero_row + 1, 6)
    assert not tables[:, -1].any()
    # Say tables have no families.
    first = drawn.compiled.stack.offsets[drawn.compiled.stack.position("claim")]
    assert not tables[:, first:, 4:].any()


def test_reported_parameters_have_a_label_for_every_entry(drawn):
    for channel in drawn.compiled.stack.channels:
        for name, axes in channel.reported().items():
            assert drawn.tables[name].shape[2:] == tuple(len(axis) for axis in axes)
