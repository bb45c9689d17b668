"""Weights of draws: when they may be relied on, and draws chosen by them."""

import numpy as np
import pytest

from attribution.model.importance import Weights, khat_limit, resampled, smoothed


def passed(weights: Weights) -> tuple[bool, bool]:
    khat, effective = weights.checks("k-hat", "effective draws")
    assert (khat.name, effective.name) == ("k-hat", "effective draws")
    return khat.passed, effective.passed


@pytest.mark.parametrize(
    ("draws", "limit"), [(100, 0.5), (500, 1 - 1 / np.log10(500)), (10**4, 0.7), (10**6, 0.7)]
)
def test_the_limit_is_that_of_the_paper(draws: int, limit: float) -> None:
    assert khat_limit(draws) == pytest.approx(limit)


def test_weights_that_do_not_vary_lose_nothing() -> None:
    weights = smoothed(np.full(400, -3.0))
    assert weights.khat == 0
    assert weights.effective == pytest.approx(400)
    assert passed(weights) == (True, True)
    np.testing.assert_array_equal(resampled(weights.values), np.arange(400))


def test_a_small_shift_of_a_normal_distribution_is_followed() -> None:
    """Draws from N(0, 1) weighed to N(0.5, 1), whose effective share is exp(-0.25)."""
    draws = np.random.default_rng(1).normal(size=4000)
    weights = smoothed(0.5 * draws)
    assert passed(weights) == (True, True)
    assert weights.effective / 4000 == pytest.approx(np.exp(-0.25), abs=0.05)
    moved = draws[resampled(weights.values)]
    assert moved.mean() == pytest.approx(0.5, abs=0.06)
    assert moved.std() == pytest.approx(1.0, abs=0.06)


def test_a_shift_beyond_the_draws_is_not_relied_on() -> None:
    draws = np.random.default_rng(1).normal(size=1000)
    assert not passed(smoothed(8.0 * draws))[1]
    assert not passed(smoothed(np.random.default_rng(1).standard_cauchy(1000)))[0]
    assert not passed(smoothed(np.where(np.arange(1000) == 3, 0.0, -2000.0)))[0]


def test_a_few_draws_cannot_say() -> None:
    weights = smoothed(np.linspace(0.0, 0.1, 20))
    assert weights.khat == np.inf
    assert weights.values.sum() == pytest.approx(1)


def test_every_draw_is_chosen_as_often_as_it_weighs() -> None:
    values = np.random.default_rng(2).dirichlet(np.full(300, 0.5))
    chosen = resampled(values)
    counts = np.bincount(chosen, minlength=300)
    assert len(chosen) == 300
    assert (np.diff(chosen) >= 0).all()
    assert np.abs(counts - 300 * values).max() < 1
