"""Second derivatives of the log posterior are those of finite differences, channel by channel."""

from functools import cache

import numpy as np
import pytensor
import pytest
from pytensor.compile.mode import Mode
from random_tables import draw_tables
from small_case import CHANNELS, DENIAL, LABEL, MEASURED, WEAPON, small_case

from attribution.channels.evidence import case_evidence
from attribution.channels.stack import bind_stack
from attribution.model import curvature
from attribution.model.assemble import INCIDENT_WEIGHT
from attribution.model.curvature import precision

STEP = 1e-4
CASES = {
    "all": {"channels": (*CHANNELS, *MEASURED)},
    "no statements": {"channels": (DENIAL, LABEL), "statements": []},
    "little": {"channels": (WEAPON, LABEL)},
}


@cache
def model_of(name):
    """The small case, its incidents weighed differently, and the oracle's gradient."""
    stack = bind_stack(small_case(**CASES[name]))
    codes = stack.encode(case_evidence(small_case(**CASES[name])))
    compiled = draw_tables(stack, codes, 1, 1, seed=3).compiled
    model = compiled.model
    model[INCIDENT_WEIGHT].set_value(np.resize([1.0, 0.4, 0.0, 2.5], len(codes.code)))
    values = [model.rvs_to_values[each] for each in model.free_RVs]
    gradient = pytensor.grad(model.logp(), values)
    slopes = pytensor.function(values, gradient, mode=Mode("py", "fast_compile"))
    shapes = [value.type.shape for value in values]
    return compiled, slopes, shapes


def gradient_at(slopes, shapes, point):
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    parts = np.split(point, ends[:-1])
    found = slopes(*(part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)))
    return np.concatenate([np.ravel(each) for each in found])


def differences(slopes, shapes, point):
    rows = []
    for unit in STEP * np.eye(len(point)):
        ahead, behind = (gradient_at(slopes, shapes, point + s * unit) for s in (1, -1))
        rows.append((behind - ahead) / (2 * STEP))
    return np.array(rows)


def size_of(shapes):
    return sum(int(np.prod(shape)) for shape in shapes)


@pytest.mark.parametrize("many", [0, 4, 1000])
@pytest.mark.parametrize("name", CASES)
def test_the_curvature_is_that_of_finite_differences(name, many, monkeypatch):
    """Whether rows count by their entries (0), by their parameters (1000) or by what is less."""
    compiled, slopes, shapes = model_of(name)
    point = 0.4 * np.random.default_rng(5).normal(size=size_of(shapes))
    monkeypatch.setattr(curvature, "MANY", many)
    found = precision(compiled, point)
    expected = differences(slopes, shapes, point)
    assert np.abs(expected - np.diag(np.diag(expected))).max() > 0.1
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found, found.T, rtol=0, atol=1e-9)


def test_without_weight_the_precision_is_that_of_the_priors():
    compiled, _, shapes = model_of("little")
    weight = compiled.model[INCIDENT_WEIGHT].get_value()
    compiled.model[INCIDENT_WEIGHT].set_value(np.zeros_like(weight))
    try:
        found = precision(compiled, np.zeros(size_of(shapes)))
    finally:
        compiled.model[INCIDENT_WEIGHT].set_value(weight)
    np.testing.assert_allclose(found, np.diag(np.diag(found)), atol=1e-9)
    place = compiled.places["weapon_z"]
    np.testing.assert_allclose(np.diag(found)[place : place + 10], 1.0, atol=1e-6)
