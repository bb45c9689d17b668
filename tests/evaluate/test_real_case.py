import datetime as dt

import numpy as np
import pytest

from attribution.case.load import bundled_case_folder, load_case
from attribution.evaluate.baselines import (
    ClassFrequencies,
    LogisticRegression,
    features_from_case,
)
from attribution.evaluate.bootstrap import paired_bootstrap
from attribution.evaluate.crossval import out_of_fold
from attribution.evaluate.scores import per_incident, score
from attribution.evaluate.splits import kfold, temporal, weeks
from attribution.evaluate.targets import targets_from_case


@pytest.fixture(scope="module")
def real():
    return load_case(bundled_case_folder())


def test_targets_of_the_real_case(real):
    targets = targets_from_case(real)
    # 263 direct labels of incidents, 5 of them "unknown"; some later ones may be added.
    assert len(targets.incident) >= 250
    assert len(targets.incidents) >= 160
    named = [targets.actors[k] for k in np.flatnonzero(targets.sets[targets.one_militia].any(0))]
    assert "kataib_hezbollah" in named
    assert "isis" not in named
    broad = real.labels["group_id"] == "iran_backed_unspecified"
    assert np.sum(targets.sets.sum(axis=1) >= 4) >= np.sum(
        broad & (real.labels["basis"] == "direct") & (real.labels["scope"] == "incident")
    )


def test_no_hindsight_in_an_as_of_view(real):
    cutoff = dt.date(2021, 2, 24)
    known, every = targets_from_case(real, as_of=cutoff), targets_from_case(real)
    dates = real.incidents["date"].to_numpy()
    assert 0 < len(known.incident) < len(every.incident)
    assert dates[known.incident].max() <= np.datetime64(cutoff)
    assert known.n_incidents == every.n_incidents


def test_logistic_regression_clearly_beats_class_frequencies_on_hidden_labels(real):
    targets, features = targets_from_case(real), features_from_case(real)
    assert len(features) == targets.n_incidents
    folds = kfold(targets, 5, seed=0)
    model = LogisticRegression(strengths=(1.0,), rounds=(0,))
    p, base = (
        out_of_fold(lambda train, each=each: each.predict(features, train, 0), targets, folds)
        for each in (model, ClassFrequencies())
    )
    assert score(targets, base).label_loss - score(targets, p).label_loss > 0.15
    difference = paired_bootstrap(
        per_incident(targets, p).label_loss,
        per_incident(targets, base).label_loss,
        weeks(real.incidents["date"])[targets.incidents],
        seed=0,
    )
    assert difference.hi < 0


def test_rolling_origins_cover_the_years(real):
    targets = targets_from_case(real)
    splits = temporal(real.incidents["date"], targets, dt.date(2020, 1, 1), "year")
    assert [cutoff.year for cutoff, _ in splits[:5]] == [2019, 2020, 2021, 2022, 2023]
