"""The band by which calibration is judged: how often uniform ranks leave it, and others."""

import numpy as np
import pytest

from attribution.evaluate.ranks import band, coverage


@pytest.mark.parametrize(("simulations", "values", "level"), [(50, 51, 0.05), (40, 101, 0.1)])
def test_uniform_ranks_leave_the_band_as_rarely_as_it_says(simulations, values, level):
    limits = band(simulations, values, level)
    rng = np.random.default_rng(1)
    outside = np.mean([not limits.holds(rng.integers(0, values, simulations)) for _ in range(4000)])
    # A discrete band is a little too wide: never above the level, not far below it.
    assert outside < level + 3.5 * np.sqrt(level / 4000)
    assert outside > 0.4 * level


def test_the_recursion_equals_simulation():
    limits = band(30, 21, 0.2)
    rng = np.random.default_rng(2)
    held = np.mean([limits.holds(rng.integers(0, 21, 30)) for _ in range(20_000)])
    exact = coverage(limits, 30, np.arange(1, 21) / 21)
    assert held == pytest.approx(exact, abs=3.5 * np.sqrt(0.2 * 0.8 / 20_000))


def test_ranks_of_posteriors_that_are_too_narrow_too_wide_or_shifted_leave_it():
    limits, rng = band(50, 101, 0.01), np.random.default_rng(3)
    held = {"narrow": [], "wide": [], "shifted": []}
    for _ in range(200):
        u = rng.beta(0.3, 0.3, 50), rng.beta(6.0, 6.0, 50), rng.beta(1.0, 2.5, 50)
        for name, values in zip(held, u, strict=True):
            held[name].append(limits.holds(np.floor(101 * values)))
    assert all(np.mean(inside) < 0.1 for inside in held.values()), held
