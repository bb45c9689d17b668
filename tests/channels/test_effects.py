"""Families of actors and the covariance of the shrunken effects."""

import numpy as np
import pytest

from attribution.case.config import Actor
from attribution.channels.effects import WITHIN_RATIO, Families, act_factor, contrasts, families


def actor(name, *, militia, iran_backed):
    return Actor(name, name, militia, iran_backed, (), residual=False)


def test_iran_backed_militias_are_one_family_and_others_their_own():
    actors = [
        actor("a", militia=True, iran_backed=True),
        actor("state", militia=False, iran_backed=True),
        actor("b", militia=True, iran_backed=True),
        actor("sadrists", militia=True, iran_backed=False),
    ]
    groups = families(actors)
    assert groups.of == (0, 1, 0, 2)
    assert (groups.actors, groups.count, groups.width) == (4, 3, 7)
    np.testing.assert_array_equal(groups.members, [[1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])


@pytest.mark.parametrize("count", [1, 2, 3, 9])
def test_contrasts_are_an_orthonormal_basis_of_what_sums_to_zero(count):
    basis = contrasts(count)
    assert basis.shape == (count - 1, count)
    np.testing.assert_allclose(basis @ basis.T, np.eye(count - 1), atol=1e-12)
    np.testing.assert_allclose(basis.sum(axis=1), 0.0, atol=1e-12)
    np.testing.assert_allclose(basis.T @ basis, np.eye(count) - 1 / count, atol=1e-12)


@pytest.mark.parametrize("of", [(0, 0, 0), (0, 1, 2), (0, 1, 0, 2, 0), (0, 0, 1, 1)])
@pytest.mark.parametrize("ratio", [WITHIN_RATIO, 1.0])
def test_effects_have_one_dimension_less_than_actors_and_the_documented_covariance(of, ratio):
    groups = Families(of)
    factor = act_factor(groups, ratio)
    assert factor.shape == (groups.actors - 1, groups.width)
    assert np.linalg.matrix_rank(factor) == groups.actors - 1
    expected = np.zeros((groups.width, groups.width))
    for i, family in enumerate(of):
        for j, other in enumerate(of):
            if family == other:
                size = of.count(family)
                expected[i, j] = ratio**2 * ((i == j) - 1 / size)
    expected[groups.actors :, groups.actors :] = np.eye(groups.count) - 1 / groups.count
    np.testing.assert_allclose(factor.T @ factor, expected, atol=1e-12)


def test_effects_are_orthogonal_to_the_constants_of_both_softmaxes():
    groups = Families((0, 1, 0, 2, 0))
    factor = act_factor(groups)
    np.testing.assert_allclose(factor[:, : groups.actors] @ groups.members.T, 0.0, atol=1e-12)
    np.testing.assert_allclose(factor[:, groups.actors :].sum(axis=1), 0.0, atol=1e-12)
