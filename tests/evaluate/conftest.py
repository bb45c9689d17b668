import importlib
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from fake_predictor import SIMPLE, Oracle

from attribution.evaluate.run import evaluate
from attribution.evaluate.targets import Targets

EXPERIMENTS = Path(__file__).parents[2] / "experiments"

MEMBERS = {
    "a": {"a"},
    "b": {"b"},
    "militias": {"a", "b"},
    "state": {"state"},
    "anyone": {"a", "b", "state"},
    "unknown": set(),
}


@dataclass(frozen=True)
class FakeCase:
    """As much of a case as this package reads; group "late" means a, and from 2021 on b."""

    config: SimpleNamespace
    incidents: pd.DataFrame
    statements: pd.DataFrame
    labels: pd.DataFrame

    def members(self, group_id, on):
        if group_id == "late":
            return frozenset({"a"} if pd.Timestamp(on) < pd.Timestamp("2021-01-01") else {"b"})
        return frozenset(MEMBERS[group_id])

    def known_by(self, as_of):
        day = pd.Timestamp(as_of)
        return FakeCase(
            self.config,
            self.incidents[self.incidents["date"] <= day].reset_index(drop=True),
            self.statements,
            self.labels[self.labels["date"] <= day].reset_index(drop=True),
        )


@pytest.fixture
def case():
    actors = [
        SimpleNamespace(id="a", militia=True),
        SimpleNamespace(id="b", militia=True),
        SimpleNamespace(id="state", militia=False),
    ]
    incidents = pd.DataFrame(
        {
            "incident_id": ["i0", "i1", "i2", "i3", "i4"],
            "date": pd.to_datetime(
                ["2020-01-01", "2020-04-02", "2020-04-30", "2021-02-01", "2021-12-31"]
            ),
            "country": ["Iraq", "Iraq", "Iraq", "Iraq", "Syria"],
            "province": ["Baghdad", "Baghdad", "Baghdad", "Anbar", ""],
            "place": ["Camp", "Camp", "Camp", "Base", "Hill"],
            "latitude": [33.0, 34.0, np.nan, np.nan, np.nan],
            "longitude": [44.0, 45.0, np.nan, 42.0, np.nan],
            "weapon_type": ["rocket", "drone", "rocket", "ied", "unknown"],
            "target_type": ["base", "base", "convoy", "convoy", "other"],
        }
    )
    statements = pd.DataFrame(
        [
            ("i0", "front", "claim"),
            ("i1", "front", "claim"),
            ("i1", "front", "claim"),
            ("i2", "front", "claim"),
            ("i3", "rare", "claim"),
            ("i0", "a", "denial"),
            ("i1", "militias", "denial"),
            ("i3", "late", "denial"),
            ("i4", "a", "praise"),
        ],
        columns=["incident_id", "speaker_id", "kind"],
    )
    labels = pd.DataFrame(
        [
            ("i0", "a", "certain", "2020-01-02", "incident", "direct"),
            ("i0", "militias", "possible", "2020-02-02", "incident", "direct"),
            ("i1", "late", "likely", "2020-04-03", "incident", "direct"),
            ("i1", "b", "certain", "2020-04-03", "series", "direct"),
            ("i2", "b", "certain", "2020-05-01", "incident", "brand"),
            ("i2", "unknown", "certain", "2020-05-01", "incident", "direct"),
            ("i3", "late", "likely", "2021-02-02", "incident", "direct"),
            ("i4", "state", "possible", "2022-01-01", "incident", "direct"),
        ],
        columns=["incident_id", "group_id", "confidence", "date", "scope", "basis"],
    )
    labels["date"] = pd.to_datetime(labels["date"])
    return FakeCase(SimpleNamespace(actors=actors), incidents, statements, labels)


@pytest.fixture
def toy():
    """Four actors, the last no militia; three incidents of four carry labels."""
    return Targets(
        actors=("a", "b", "c", "state"),
        militia=np.array([True, True, True, False]),
        incident=np.array([0, 0, 1, 2]),
        sets=np.array(
            [[1, 0, 0, 0], [1, 1, 1, 0], [0, 0, 0, 1], [0, 1, 0, 0]],
            dtype=bool,
        ),
        weight=np.array([0.9, 0.4, 0.7, 0.4]),
        n_incidents=4,
    )


@pytest.fixture
def toy_p():
    return np.array(
        [
            [0.4, 0.2, 0.2, 0.2],
            [0.1, 0.1, 0.1, 0.7],
            [0.5, 0.25, 0.0, 0.25],
            [0.25, 0.25, 0.25, 0.25],
        ]
    )


@pytest.fixture
def simulated():
    """400 incidents whose actor follows a logit in x; half the labels only name a set.

    Returns the features, the targets and the true probabilities.
    """
    rng = np.random.default_rng(5)
    n = 400
    level = rng.integers(0, 4, n)
    flag = rng.random(n) < 0.5
    table = np.array([[3.0, 0, 0, 0], [0, 3.0, 0, 0], [0, 0, 2.5, 0], [0, 0, 0, 3.0]])
    effect = table[level] + np.outer(flag, [1.0, -1.0, 0.0, 0.0]) + [0.5, 0, 0, 0]
    truth = np.exp(effect) / np.exp(effect).sum(axis=1, keepdims=True)
    actor = np.array([rng.choice(4, p=row) for row in truth])
    sets = np.eye(4, dtype=bool)[actor]
    broad = (actor < 3) & (rng.random(n) < 0.5)
    sets[broad] = [True, True, True, False]
    features = pd.DataFrame(
        {
            "weapon_type": pd.Categorical.from_codes(level, ["w", "x", "y", "z"]),
            "flag": flag,
            "noise": rng.normal(size=n),
            "latitude": 33 + level.astype(float),
            "longitude": np.full(n, 44.0),
            "date": pd.date_range("2020-01-01", periods=n),
        }
    )
    targets = Targets(
        actors=("a", "b", "c", "state"),
        militia=np.array([True, True, True, False]),
        incident=np.arange(n),
        sets=sets,
        weight=np.full(n, 0.7),
        n_incidents=n,
    )
    return features, targets, truth


@pytest.fixture(scope="module")
def experiments():
    """Import the scripts of experiments/ by name; each finds its neighbours, as when it is run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(EXPERIMENTS)
        yield importlib.import_module


@pytest.fixture(scope="session")
def report(iraq):
    """The oracle next to two baselines, in random folds of two seeds."""
    return evaluate(iraq, seeds=(0, 4), baselines=SIMPLE, model=Oracle(iraq), show_progress=False)
