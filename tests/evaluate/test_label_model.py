"""The label model on labels whose truth is known."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import simulated_labels as simulated

from attribution.channels.testimony import label_likelihood
from attribution.evaluate.annotators import model
from attribution.evaluate.annotators.kernel import given_each, given_truth
from attribution.evaluate.annotators.model import fit_label_model
from attribution.evaluate.annotators.scoring import score_classes
from attribution.evaluate.annotators.settings import LabelModelSettings
from attribution.evaluate.annotators.table import LabelTable
from attribution.evaluate.baselines.dawid_skene import dawid_skene
from attribution.evaluate.baselines.majority_vote import majority_vote

SHORT = LabelModelSettings(warmup=120, draws=120, work=1e6)


def surprise(probability, truth):
    """Hits of the likeliest class minus what was promised, in standard errors."""
    confidence = probability.max(axis=1)
    right = probability.argmax(axis=1) == truth
    return (right.sum() - confidence.sum()) / np.sqrt((confidence * (1 - confidence)).sum())


@pytest.fixture(scope="module")
def dependent():
    """Labels that share the difficulty and the decoy of their task."""
    rng = np.random.default_rng(4)
    table, truth, hit = simulated.from_model(
        rng, tasks=300, workers=40, each=12, difficulty=2.0, decoy=1.0
    )
    return table, truth, hit, fit_label_model(table, SHORT, seed=2)


def test_the_compiled_loops_compute_the_shared_formula():
    rng = np.random.default_rng(0)
    task = np.repeat(np.arange(5), 4)
    worker, label = rng.integers(3, size=20), rng.integers(4, size=20)
    odds, readiness = rng.lognormal(size=(3, 4)), rng.lognormal(size=(3, 4, 4))
    clarity, decoy = rng.lognormal(size=5), rng.lognormal(size=(5, 4))
    each = np.empty((20, 4))
    for n, k in itertools.product(range(20), range(4)):
        i, w, y = task[n], worker[n], label[n]
        knows = odds[w, k] * clarity[i]
        fallback = readiness[w, k] * decoy[i]
        hit, guess = knows / (1 + knows), fallback[y] / fallback.sum()
        each[n, k] = np.log(label_likelihood(hit, guess, float(y == k)))
    truth = rng.integers(4, size=5)
    one = given_truth(task, worker, label, truth, odds, readiness, clarity, decoy)
    np.testing.assert_allclose(one, each[np.arange(20), truth[task]], atol=1e-12)
    start = np.arange(0, 21, 4)
    whole = given_each(start, worker, label, odds, readiness, clarity, decoy)
    np.testing.assert_allclose(whole, each.reshape(5, 4, 4).sum(axis=1), atol=1e-12)


def test_dependent_labels_beat_majority_and_dawid_skene(dependent):
    table, truth, _, fit = dependent
    ours = score_classes(fit.probability, truth)
    for other in (majority_vote(table), dawid_skene(table)):
        theirs = score_classes(other, truth)
        assert ours.log_loss < theirs.log_loss - 0.03
        assert ours.accuracy >= theirs.accuracy - 0.005


def test_probabilities_of_dependent_labels_come_true(dependent):
    table, truth, _, fit = dependent
    assert abs(surprise(fit.probability, truth)) < 3.0
    assert score_classes(fit.probability, truth).ece < 0.05
    # The same test finds out a model that takes the labels of a task for independent.
    assert surprise(np.clip(dawid_skene(table), 1e-6, 1 - 1e-6), truth) < -6.0
    alone = replace(SHORT, difficulty=False, decoy=False)
    assert surprise(fit_label_model(table, alone, seed=2).probability, truth) < -4.0


def test_skills_and_scales_are_recovered(dependent):
    table, _, hit, fit = dependent
    assert np.corrcoef(fit.hit.mean(axis=1), hit)[0, 1] > 0.75
    assert 1.0 < fit.scales["difficulty"].mean() < 3.0
    np.testing.assert_allclose(fit.prevalence, 0.5, atol=0.12)
    assert fit.disagreement < 0.05
    assert fit.hit.shape == (table.n_workers, table.n_classes)


def test_independent_labels_cost_little():
    rng = np.random.default_rng(5)
    right = rng.uniform(0.6, 0.95, (25, 2))
    confusion = np.stack([np.stack([r, 1 - r], axis=-1) for r in right.T], axis=1)
    confusion[:, 1] = confusion[:, 1, ::-1]
    table, truth = simulated.from_confusion(rng, tasks=300, each=8, confusion=confusion)
    ours = score_classes(fit_label_model(table, SHORT, seed=1).probability, truth)
    theirs = score_classes(dawid_skene(table), truth)
    assert ours.log_loss < theirs.log_loss + 0.01
    assert ours.accuracy > theirs.accuracy - 0.01


def test_each_labeller_may_confuse_in_a_way_of_its_own():
    rng = np.random.default_rng(6)
    confusion = np.array(
        [[rng.dirichlet(1.0 + 8.0 * (np.arange(4) == k)) for k in range(4)] for _ in range(20)]
    )
    table, truth = simulated.from_confusion(rng, tasks=250, each=6, confusion=confusion)
    ours = score_classes(fit_label_model(table, SHORT, seed=1).probability, truth)
    for other in (majority_vote(table), dawid_skene(table)):
        assert ours.log_loss < score_classes(other, truth).log_loss
    assert ours.accuracy >= score_classes(dawid_skene(table), truth).accuracy - 0.01


def test_ordered_classes_do_not_drift():
    rng = np.random.default_rng(7)
    table, truth = simulated.by_degrees(rng, tasks=250, workers=40, each=5, classes=4, apart=0.25)
    fit = fit_label_model(table, SHORT, seed=1)
    ours, votes = score_classes(fit.probability, truth), score_classes(majority_vote(table), truth)
    assert ours.accuracy >= votes.accuracy - 0.01
    assert ours.log_loss < min(votes.log_loss, score_classes(dawid_skene(table), truth).log_loss)


DEGENERATE = {
    "one label": ([0], [0], [0], 2),
    "one worker only": ([0, 1, 2, 3], [0, 0, 0, 0], [0, 1, 0, 1], 2),
    "each worker one label": ([0, 0, 1, 1], [0, 1, 2, 3], [0, 0, 1, 2], 3),
    "all agree": ([0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1], [1, 1, 1, 1, 1, 1], 2),
    "one class": ([0, 0, 1], [0, 1, 0], [0, 0, 0], 1),
    "a class nobody uses": ([0, 0, 1, 1], [0, 1, 0, 1], [0, 0, 2, 2], 4),
    "the same worker twice": ([0, 0, 0, 1], [0, 0, 1, 1], [0, 1, 0, 1], 2),
    "a task without labels": ([0, 0, 2], [0, 1, 1], [0, 0, 1], 2),
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_tables_give_distributions(name):
    task, worker, label, classes = DEGENERATE[name]
    table = LabelTable(
        np.array(task), np.array(worker), np.array(label), max(task) + 1, max(worker) + 1, classes
    )
    fit = fit_label_model(table, replace(SHORT, draws=30, warmup=30), seed=1)
    assert fit.probability.shape == (table.n_tasks, classes)
    np.testing.assert_allclose(fit.probability.sum(axis=1), 1.0, atol=1e-9)
    assert (fit.probability >= 0.0).all()
    # What every label of a task says is never the least likely.
    for i in set(task):
        named = {y for t, y in zip(task, label, strict=True) if t == i}
        if len(named) == 1:
            assert fit.probability[i, named.pop()] >= 1.0 / classes - 1e-9


def test_the_seed_fixes_the_result_whatever_runs_at_once(monkeypatch):
    table, *_ = simulated.from_model(np.random.default_rng(8), tasks=20, workers=6, each=4)
    short = replace(SHORT, warmup=10, draws=10)
    one = fit_label_model(table, short, seed=3)
    monkeypatch.setattr(model, "THREADS", 1)
    np.testing.assert_array_equal(
        one.probability, fit_label_model(table, short, seed=3).probability
    )
    assert (one.probability != fit_label_model(table, short, seed=4).probability).any()


def test_predictions_of_a_held_out_label_are_a_distribution():
    table, *_ = simulated.from_model(
        np.random.default_rng(9), tasks=20, workers=6, each=4, classes=3
    )
    seen = table.take(np.arange(len(table)) > 0)
    every = LabelTable(
        np.repeat(table.task[:1], 3), np.repeat(table.worker[:1], 3), np.arange(3), 20, 6, 3
    )
    fit = fit_label_model(seen, replace(SHORT, warmup=10, draws=10), held_out=every)
    np.testing.assert_allclose(np.exp(fit.held_out).sum(), 1.0, atol=1e-9)


def test_wrong_arguments_are_refused():
    table, *_ = simulated.from_model(np.random.default_rng(9), tasks=5, workers=6, each=2)
    with pytest.raises(ValueError, match="no labels"):
        fit_label_model(table.take(np.zeros(len(table), dtype=bool)))
    other = LabelTable(table.task, table.worker, table.label, 5, 6, 3)
    with pytest.raises(ValueError, match="same tasks"):
        fit_label_model(table, held_out=other)
    with pytest.raises(ValueError, match="worker must lie in 0 to 1"):
        LabelTable(np.array([0]), np.array([2]), np.array([0]), 1, 2, 2)
    with pytest.raises(ValueError, match="label has shape"):
        LabelTable(np.array([0]), np.array([0]), np.array([0, 1]), 1, 1, 2)
    for wrong in ({"rho": 2.0}, {"draws": 0}, {"scale": 0.0}):
        with pytest.raises(ValueError, match="must"):
            LabelModelSettings(**wrong)


def test_small_tables_get_more_chains_and_large_ones_fewer_sweeps():
    def blank(labels, classes):
        nothing = np.zeros(labels, dtype=int)
        return LabelTable(nothing, nothing, nothing, 1, 300, classes)

    settings = LabelModelSettings(chains=2, warmup=300, draws=500, work=5e7)
    assert settings.plan(blank(1_000, 2)) == (4, 300, 500)
    assert settings.plan(blank(30_000, 10)) == (2, 120, 200)
    middle = settings.plan(blank(10_000, 2))
    assert middle.chains == 2
    assert middle.draws == int(500 * 5e7 / (800 * (10_000 * 4 + 300 * 4)))


def exact(table, size, seed):
    """Posterior of the truth by weighing draws of the prior: no Markov chain, no compiled loop."""
    rng = np.random.default_rng(seed)
    tasks, workers, classes = table.n_tasks, table.n_workers, table.n_classes

    def effects(scale, *shape):
        sd = np.abs(rng.normal(0.0, scale, size)).reshape(size, *(1,) * len(shape))
        return sd * rng.standard_normal((size, *shape))

    hit = rng.normal(1.0, 1.5, size)[:, None] + effects(0.5, classes)
    base = rng.standard_normal((size, classes))
    skill, leaning = effects(1.0, workers), effects(1.0, workers, classes)
    difficulty, decoy = effects(1.0, tasks), effects(1.0, tasks, classes)
    confusion = effects(0.5, workers, classes, classes)
    similarity = np.zeros((size, classes, classes))
    left, right = np.triu_indices(classes, 1)
    similarity[:, left, right] = effects(1.0, len(left))
    similarity += similarity.transpose(0, 2, 1)
    joint = np.repeat(rng.dirichlet(np.ones(classes), size)[:, None], tasks, axis=1)
    for (t, w, y), k in itertools.product(
        zip(table.task, table.worker, table.label, strict=True), range(classes)
    ):
        score = base + similarity[:, k] + leaning[:, w] + confusion[:, w, k] + decoy[:, t]
        fallback = np.exp(score[:, y]) / np.exp(score).sum(axis=1)
        knows = simulated.logistic(hit[:, k] + skill[:, w] - difficulty[:, t])
        joint[:, t, k] *= label_likelihood(knows, fallback, float(y == k))
    total = joint.sum(axis=2)
    weight = total.prod(axis=1)
    given = joint / total[:, :, None] * weight[:, None, None]
    return given.sum(axis=0) / weight.sum()


@pytest.mark.slow
def test_the_sampler_has_the_right_posterior():
    table = LabelTable(
        np.array([0, 0, 0, 0, 1, 1, 2, 2, 2]),
        np.array([0, 1, 2, 3, 0, 1, 1, 2, 3]),
        np.array([0, 0, 1, 0, 1, 1, 1, 0, 2]),
        3,
        4,
        3,
    )
    fit = fit_label_model(table, LabelModelSettings(draws=3000, work=1e9), seed=3)
    np.testing.assert_allclose(fit.probability, exact(table, 200_000, 0), atol=0.025)
