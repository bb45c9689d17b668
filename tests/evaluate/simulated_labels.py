"""Labels simulated from known labellers and tasks."""

import numpy as np

from attribution.evaluate.annotators.table import LabelTable


def logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


def from_model(rng, *, tasks, workers, each, classes=2, skill=1.0, leaning=0.8, difficulty=0.0,
               decoy=0.0, hit=1.0):  # fmt: skip
    """Labels as the model has them; difficulty and decoy make those of one task dependent."""
    truth = rng.integers(classes, size=tasks)
    task = np.repeat(np.arange(tasks), each)
    worker = np.concatenate([rng.choice(workers, each, replace=False) for _ in range(tasks)])
    own = hit + rng.normal(0.0, skill, workers)
    lean = rng.normal(0.0, leaning, (workers, classes))
    hard = rng.normal(0.0, difficulty, tasks) if difficulty else np.zeros(tasks)
    pull = rng.normal(0.0, decoy, (tasks, classes)) if decoy else np.zeros((tasks, classes))
    fallback = np.exp(lean[worker] + pull[task])
    fallback /= fallback.sum(axis=1, keepdims=True)
    knows = logistic(own[worker] - hard[task])
    chance = knows[:, None] * np.eye(classes)[truth[task]] + (1.0 - knows)[:, None] * fallback
    return table_of(rng, task, worker, chance, tasks, workers), truth, logistic(own)


def from_confusion(rng, *, tasks, each, confusion):
    """Labels independent given the class, from (W, truth, label) confusion matrices."""
    workers, classes = confusion.shape[:2]
    truth = rng.integers(classes, size=tasks)
    task = np.repeat(np.arange(tasks), each)
    worker = np.concatenate([rng.choice(workers, each, replace=False) for _ in range(tasks)])
    return table_of(rng, task, worker, confusion[worker, truth[task]], tasks, workers), truth


def by_degrees(rng, *, tasks, workers, each, classes, apart):
    """Ordered classes, labels from the distance to where an item appears to lie."""
    truth = rng.integers(classes, size=tasks)
    task = np.repeat(np.arange(tasks), each)
    worker = np.concatenate([rng.choice(workers, each, replace=False) for _ in range(tasks)])
    sharp = np.exp(rng.normal(0.5, 0.5, workers))[worker]
    shift = rng.normal(0.0, 0.2, workers)[worker]
    seen = (truth + rng.normal(0.0, apart, tasks))[task] + shift
    distance = np.abs(np.arange(classes) - seen[:, None])
    chance = np.exp(-sharp[:, None] * distance**1.5)
    chance /= chance.sum(axis=1, keepdims=True)
    return table_of(rng, task, worker, chance, tasks, workers), truth


def table_of(rng, task, worker, chance, tasks, workers):  # noqa: PLR0917
    drawn = (rng.random((len(task), 1)) > np.cumsum(chance, axis=1)).sum(axis=1)
    classes = chance.shape[1]
    return LabelTable(task, worker, np.minimum(drawn, classes - 1), tasks, workers, classes)
