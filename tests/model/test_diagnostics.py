"""The gate passes good chains and nothing else."""

import numpy as np
import pytest
import xarray as xr

from attribution.model.diagnostics import (
    EBFMI_LIMIT,
    ESS_LIMIT,
    RHAT_LIMIT,
    bfmi,
    diagnose,
)
from attribution.model.verdict import DiagnosticsError

CHAINS, DRAWS = 4, 800
LEVELS = {"table_x": [["low", "high"], ["alpha", "beta", "gamma"]]}


def good(seed=1):
    return np.random.default_rng(seed).normal(size=(CHAINS, DRAWS, 2, 3))


def stats(diverging=0, energy=None):
    divergent = np.zeros((CHAINS, DRAWS), dtype=bool)
    divergent[0, :diverging] = True
    if energy is None:
        energy = np.random.default_rng(2).normal(size=(CHAINS, DRAWS))
    return xr.Dataset(
        {"diverging": (("chain", "draw"), divergent), "energy": (("chain", "draw"), energy)}
    )


def verdict_of(values, sample_stats=None):
    return diagnose({"table_x": values}, LEVELS, sample_stats or stats())


def failed(verdict):
    assert verdict.passed is not any(not check.passed for check in verdict.checks)
    return [check.name for check in verdict.checks if not check.passed]


def test_good_chains_pass():
    verdict = verdict_of(good())
    assert verdict.passed
    assert failed(verdict) == []
    assert verdict.entries == 6
    assert verdict.text.startswith("the fit passed its diagnostics (6 table entries checked)")
    limits = {check.name: check.limit for check in verdict.checks}
    assert list(limits.values()) == [RHAT_LIMIT, ESS_LIMIT, 0.0, EBFMI_LIMIT]


def test_chains_in_different_places_fail_and_are_named():
    values = good()
    values[0, :, 1, 2] += 3.0
    verdict = verdict_of(values)
    assert failed(verdict) == ["largest R-hat", "smallest bulk ESS"]
    assert verdict.worst[0].name == "table_x[high, gamma]"
    assert "largest R-hat" in str(DiagnosticsError(verdict))
    assert "<- failed" in str(DiagnosticsError(verdict))


def test_one_chain_that_does_not_move_fails():
    values = good()
    values[2, :, 0, 0] = 0.7
    verdict = verdict_of(values)
    assert failed(verdict) == ["largest R-hat", "smallest bulk ESS"]
    assert verdict.worst[0].rhat == np.inf


def test_all_chains_stuck_in_different_places_fail():
    values = good()
    values[:, :, 0, 0] = np.arange(CHAINS)[:, None]
    assert "largest R-hat" in failed(verdict_of(values))


def test_slow_chains_fail():
    steps = np.random.default_rng(3).normal(size=(CHAINS, DRAWS, 2, 3))
    assert "smallest bulk ESS" in failed(verdict_of(steps.cumsum(axis=1)))


def test_one_divergence_fails():
    assert failed(verdict_of(good(), stats(diverging=1))) == ["divergences"]


def test_energy_that_hardly_moves_fails():
    walk = np.random.default_rng(4).normal(size=(CHAINS, DRAWS)).cumsum(axis=1)
    assert failed(verdict_of(good(), stats(energy=walk))) == ["smallest E-BFMI"]
    assert failed(verdict_of(good(), stats(energy=np.zeros((CHAINS, DRAWS))))) == [
        "smallest E-BFMI"
    ]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_single_value_that_is_no_number_fails(value):
    values = good()
    values[1, 17, 0, 1] = value
    verdict = verdict_of(values)
    assert failed(verdict) == ["largest R-hat", "smallest bulk ESS"]
    assert verdict.worst[0].name == "table_x[low, beta]"


def test_an_entry_of_nothing_but_nan_fails():
    values = good()
    values[..., 0, 1] = np.nan
    assert "largest R-hat" in failed(verdict_of(values))


def test_entries_that_are_zero_by_construction_are_left_out():
    values = good()
    values[..., 0, :] = 0.0
    verdict = verdict_of(values)
    assert verdict.passed
    assert verdict.entries == 3


def test_a_fit_in_which_nothing_varies_fails():
    verdict = verdict_of(np.zeros((CHAINS, DRAWS, 2, 3)))
    assert failed(verdict) == ["largest R-hat", "smallest bulk ESS"]
    assert verdict.entries == 0


def test_parameters_without_axes_are_checked_too():
    verdict = diagnose({"worth": good()[:, :, 0, 0]}, {}, stats())
    assert verdict.passed
    assert verdict.worst[0].name == "worth[]"


def test_the_fraction_of_missing_information_is_one_for_independent_energies():
    energy = np.random.default_rng(5).normal(size=(2, 20_000))
    # The mean squared step of independent draws is twice their variance.
    np.testing.assert_allclose(bfmi(energy), 2.0, rtol=0.05)
    assert np.isnan(bfmi(np.ones((1, 10)))).all()
