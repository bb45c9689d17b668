"""Majority vote, Dawid-Skene and GLAD on labels whose truth is known."""

import numpy as np
import pytest
import simulated_labels as simulated

from attribution.evaluate.annotators.scoring import FLOOR, score_classes
from attribution.evaluate.annotators.table import LabelTable
from attribution.evaluate.baselines.dawid_skene import DawidSkeneSettings, dawid_skene
from attribution.evaluate.baselines.glad import glad
from attribution.evaluate.baselines.majority_vote import majority_vote

CONFUSION = np.array(
    [[[0.9, 0.1], [0.1, 0.9]], [[0.95, 0.05], [0.5, 0.5]], [[0.5, 0.5], [0.05, 0.95]]] * 6
)


@pytest.fixture(scope="module")
def labels():
    return simulated.from_confusion(
        np.random.default_rng(1), tasks=400, each=7, confusion=CONFUSION
    )


def small(task, worker, label, classes=2):
    return LabelTable(
        np.array(task), np.array(worker), np.array(label), max(task) + 1, max(worker) + 1, classes
    )


def test_majority_vote_gives_shares():
    table = small([0, 0, 0, 1, 3], [0, 1, 2, 0, 1], [1, 1, 0, 2, 0], 3)
    third = [1 / 3] * 3
    expected = [[1 / 3, 2 / 3, 0], [0, 0, 1], third, [1, 0, 0]]
    np.testing.assert_allclose(majority_vote(table), expected)
    np.testing.assert_allclose(majority_vote(table, 1.0)[1], [0.25, 0.25, 0.5])
    with pytest.raises(ValueError, match="negative"):
        majority_vote(table, -1.0)


def test_dawid_skene_beats_the_vote_where_labels_are_independent(labels):
    table, truth = labels
    ours, votes = (
        score_classes(dawid_skene(table), truth),
        score_classes(majority_vote(table), truth),
    )
    assert ours.accuracy > votes.accuracy + 0.01
    assert ours.log_loss < votes.log_loss - 0.1


def test_dawid_skene_is_one_step_of_bayes_from_its_own_confusion():
    # Two labellers who agree on everything: certain and consistent after one round.
    table = small([0, 0, 1, 1, 2, 2], [0, 1] * 3, [0, 0, 1, 1, 0, 0])
    np.testing.assert_allclose(dawid_skene(table), [[1, 0], [0, 1], [1, 0]], atol=1e-6)


def test_em_that_stops_early_is_em_stopped_early(labels):
    rng = np.random.default_rng(2)
    table, _, _ = simulated.from_model(rng, tasks=150, workers=30, each=8, difficulty=2.0)
    for data in (table, labels[0]):
        early = dawid_skene(data, DawidSkeneSettings(stop="early"))
        rounds = [
            dawid_skene(data, DawidSkeneSettings(rounds=r, tolerance=0)) for r in range(1, 60)
        ]
        assert min(np.abs(early - one).max() for one in rounds) < 1e-12


def test_pseudo_labels_make_dawid_skene_less_sure():
    table, *_ = simulated.from_model(np.random.default_rng(3), tasks=80, workers=60, each=5)
    entropy = []
    for pseudo in (0.0, 0.5):
        p = np.clip(dawid_skene(table, DawidSkeneSettings(pseudo=pseudo)), 1e-12, 1)
        entropy.append(-(p * np.log(p)).sum())
    assert entropy[0] < entropy[1]


def test_glad_knows_the_able_from_the_others():
    rng = np.random.default_rng(4)
    able = np.repeat([0.95, 0.55], 10)
    confusion = np.array([[[a, 1 - a], [1 - a, a]] for a in able])
    table, truth = simulated.from_confusion(rng, tasks=300, each=7, confusion=confusion)
    ours, votes = score_classes(glad(table), truth), score_classes(majority_vote(table), truth)
    assert ours.accuracy > votes.accuracy + 0.01
    assert ours.log_loss < votes.log_loss


def test_the_gradient_of_glad_is_that_of_its_loss():
    from scipy.optimize import approx_fprime

    from attribution.evaluate.baselines.glad import _loss

    table, *_ = simulated.from_model(
        np.random.default_rng(5), tasks=6, workers=4, each=3, classes=3
    )
    rng = np.random.default_rng(6)
    values, right = rng.normal(1.0, 0.5, 10), rng.random(len(table))
    slope = approx_fprime(values, lambda v: _loss(table, v, right)[0], 1e-6)
    np.testing.assert_allclose(_loss(table, values, right)[1], slope, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("method", [majority_vote, dawid_skene, glad])
@pytest.mark.parametrize(
    "table",
    [
        small([0], [0], [0]),
        small([0, 1, 2], [0, 0, 0], [0, 1, 0]),
        small([0, 0, 1, 1], [0, 1, 0, 1], [2, 2, 2, 2], 4),
        small([0, 1], [0, 1], [0, 0], 1),
    ],
    ids=["one label", "one worker", "all agree", "one class"],
)
def test_degenerate_tables_give_distributions(method, table):
    p = method(table)
    assert p.shape == (table.n_tasks, table.n_classes)
    np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=1e-9)


def test_scores_by_hand():
    p = np.array([[0.8, 0.2], [0.3, 0.7], [1.0, 0.0], [0.5, 0.5]])
    scores = score_classes(p, np.array([0, 0, 1, -1]))
    assert scores.tasks == 3
    assert scores.accuracy == pytest.approx(1 / 3)
    loss = -(np.log(0.8) + np.log(0.3) + np.log(FLOOR)) / 3
    assert scores.log_loss == pytest.approx(loss, abs=1e-12)
    assert scores.ece == pytest.approx((0.2 + 0.7 + 1.0) / 3)
    assert score_classes(p[3:], np.array([0])).accuracy == 1.0, "of classes that tie, the first"
    nothing = score_classes(p, np.full(4, -1))
    assert nothing.tasks == 0
    assert np.isnan([nothing.accuracy, nothing.log_loss, nothing.ece]).all()


def test_calibrated_probabilities_have_a_small_calibration_error():
    rng = np.random.default_rng(7)
    p = rng.dirichlet(np.ones(3), 20_000)
    truth = (rng.random((20_000, 1)) > np.cumsum(p, axis=1)).sum(axis=1)
    assert score_classes(p, truth).ece < 0.015
    sharper = p**2 / (p**2).sum(axis=1, keepdims=True)
    assert score_classes(sharper, truth).ece > 0.08
