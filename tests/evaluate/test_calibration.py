"""Calibration without bins, and differences of calibration errors."""

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from attribution.evaluate.calibration import (
    Points,
    calibration_difference,
    calibration_error,
    points,
    top_points,
)
from attribution.evaluate.isotonic import isotonic_curve
from attribution.evaluate.targets import Targets


def forecasts(rng, n=400, n_actors=4):
    """Calibrated probabilities, and labels drawn from them."""
    p = rng.dirichlet(np.full(n_actors, 0.7), size=n)
    actor = (p.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    sets = np.eye(n_actors, dtype=bool)[actor]
    names = tuple(f"k{k}" for k in range(n_actors))
    return p, Targets(names, np.ones(n_actors, dtype=bool), np.arange(n), sets, np.full(n, 0.7), n)


def sharper(p, power=3):
    return p**power / np.sum(p**power, axis=1, keepdims=True)


def test_credits_of_an_incident_sum_to_one_and_the_top_is_one_of_them(toy, toy_p):
    every, top = points(toy, toy_p), top_points(toy, toy_p)
    np.testing.assert_allclose(every.credit.sum(axis=1), 1)
    np.testing.assert_allclose(top.predicted, [0.4, 0.7, 0.5])
    # Incident 0: {a} credits 1 with weight .9, {a, b, c} credits .4 / .8 with weight .4.
    np.testing.assert_allclose(top.credit, [(0.9 + 0.4 * 0.5) / 1.3, 1, 0])


def test_a_set_that_was_ruled_out_is_divided_evenly(toy):
    p = np.tile([0.0, 0.0, 0.0, 1.0], (4, 1))
    broad = toy.keep(np.array([False, True, False, False]))
    np.testing.assert_allclose(points(broad, p).credit, [[1 / 3, 1 / 3, 1 / 3, 0]])


def test_difference_of_calibration_errors_by_hand(toy, toy_p):
    uniform = np.full((4, 4), 0.25)
    block = [0, 1, 2]
    found = calibration_difference(toy, [(toy_p, uniform)], block, seed=0, draws=200)
    expected = calibration_error(toy, toy_p) - calibration_error(toy, uniform)
    assert found.mean == pytest.approx(expected)
    assert found.lo < found.mean < found.hi
    same = calibration_difference(toy, [(toy_p, toy_p)], block, seed=0, draws=50)
    assert same == pytest.approx((0, 0, 0), abs=1e-12)
    mirrored = calibration_difference(toy, [(uniform, toy_p)], block, seed=0, draws=200)
    assert mirrored == pytest.approx((-found.mean, -found.hi, -found.lo))


def test_overconfidence_is_told_apart_and_a_second_look_at_the_same_is_not():
    p, targets = forecasts(np.random.default_rng(1))
    block = np.arange(400) // 4
    worse = calibration_difference(targets, [(sharper(p), p)], block, seed=0)
    assert worse.lo > 0.02
    # Repetitions are averaged, not counted as more data: the interval stays as wide.
    twice = calibration_difference(targets, [(sharper(p), p)] * 2, block, seed=0)
    assert twice == pytest.approx(worse)
    with pytest.raises(ValueError, match="no incident"):
        calibration_difference(targets, [], block, seed=0)


def test_the_interval_covers_what_a_sample_of_its_size_is_expected_to_show():
    rng = np.random.default_rng(8)
    found = []
    for seed in range(100):
        p, targets = forecasts(rng, n=150)
        pairs = [(sharper(p, 1.5), p)]
        found.append(calibration_difference(targets, pairs, np.arange(150), seed=seed, draws=200))
    mean, lo, hi = np.array(found).T
    inside = np.mean((lo <= mean.mean()) & (mean.mean() <= hi))
    # A hundred intervals of 90 %; three standard errors are .09.
    assert inside >= 0.81
    # And not because they are so wide: their width is that of the estimates' own spread.
    assert np.mean(hi - lo) < 1.6 * np.diff(np.quantile(mean, [0.05, 0.95]))[0]


def test_the_curve_is_scikit_learns_isotonic_regression():
    rng = np.random.default_rng(0)
    predicted = rng.integers(0, 20, 150) / 20
    credit = np.clip(predicted**2 + rng.normal(0, 0.3, 150), 0, 1)
    curve = isotonic_curve(Points(predicted, credit), np.arange(150), seed=0, draws=20)
    oracle = IsotonicRegression().fit(predicted, credit)
    np.testing.assert_allclose(curve.observed, oracle.predict(curve.predicted))
    assert np.all(np.diff(curve.predicted) > 0)
    assert np.all(np.diff(curve.observed) >= 0)
    assert curve.weight.sum() == 150


def test_the_curve_finds_the_true_reliability_and_its_band_holds_it():
    rng = np.random.default_rng(4)
    predicted = rng.random(3000)
    happened = (rng.random(3000) < predicted**2).astype(float)
    curve = isotonic_curve(Points(predicted, happened), np.arange(3000), seed=0, draws=100)
    inner = (curve.predicted > 0.1) & (curve.predicted < 0.9)
    miss = np.abs(curve.observed - curve.predicted**2)[inner]
    assert miss.mean() < 0.03
    truth = curve.predicted**2
    held = (curve.lo - 1e-9 <= truth) & (truth <= curve.hi + 1e-9)
    assert held[inner].mean() > 0.75
    assert np.mean(curve.hi - curve.lo) < 0.2


def test_an_empty_curve_and_refusals():
    none = np.zeros(0)
    assert len(isotonic_curve(Points(none, none), none, seed=0).predicted) == 0
    one = Points(np.array([0.5]), np.array([1.0]))
    assert isotonic_curve(one, [0], seed=0).observed.tolist() == [1.0]
    for options in ({"draws": 0}, {"level": 1.0}):
        with pytest.raises(ValueError, match="draws is"):
            isotonic_curve(one, [0], seed=0, **options)
