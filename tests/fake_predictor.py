"""Predictors that cost nothing, in place of a model that is refitted for minutes."""

import numpy as np

from attribution.evaluate.baselines import AlwaysFirst, ClassFrequencies
from attribution.evaluate.targets import targets_from_case

SIMPLE = (AlwaysFirst(), ClassFrequencies())


class Spy:
    """Predicts the frequencies of whatever it is shown, and remembers what that was."""

    def __init__(self, case):
        self.case = case
        self.calls = []

    def predict(self, known, seed, *, evidence=None):
        self.calls.append((known, seed, evidence))
        count = len(self.case.incidents)
        return ClassFrequencies().predict(range(count), targets_from_case(known), seed)


class Oracle:
    """Knows the labels that are hidden: nine tenths on whom they name."""

    def __init__(self, case):
        self.targets = targets_from_case(case)

    def predict(self, known, seed, *, evidence=None):  # noqa: ARG002
        named = np.full((self.targets.n_incidents, len(self.targets.actors)), 1e-3)
        np.add.at(named, self.targets.incident, self.targets.sets * 1.0)
        return named / named.sum(axis=1, keepdims=True)
