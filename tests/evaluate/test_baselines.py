import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from attribution.evaluate import scores
from attribution.evaluate.baselines import (
    AlwaysFirst,
    BoostedTrees,
    ClassFrequencies,
    LogisticRegression,
    MajorityOfLabellers,
    MissingExtraError,
    NaiveBayes,
    NearestNeighbours,
    RandomForest,
    em,
    fast_baselines,
    features_from_case,
    standard_baselines,
)
from attribution.evaluate.baselines.encoding import category_codes, design_matrix
from attribution.evaluate.credit import divide
from attribution.evaluate.targets import Targets

QUICK = (
    AlwaysFirst(),
    ClassFrequencies(),
    NaiveBayes(masses=(5.0,), rounds=(30,)),
    LogisticRegression(strengths=(1.0,), rounds=(15,)),
    RandomForest(trees=60, em_trees=40, leaves=(5,), rounds=4),
    BoostedTrees(depths=(2,), rounds=(40,)),
)
LEARNERS = QUICK[2:]
OTHERS = (MajorityOfLabellers(), NearestNeighbours())


def by_name(baseline):
    return baseline.name


def excess(p, truth):
    """Mean Kullback-Leibler divergence of a prediction from the true probabilities, nats."""
    return float(np.mean(np.sum(truth * np.log(truth / p), axis=1)))


def test_features_by_hand(case):
    features = features_from_case(case)
    assert features.index.tolist() == ["i0", "i1", "i2", "i3", "i4"]
    assert features["place"].tolist() == ["Camp", "Camp", "Camp", "other", "other"]
    assert features["year"].tolist() == ["2020", "2020", "2020", "2021", "2021"]
    assert np.diff(features["quarter"]).tolist() == [1, 0, 3, 3]
    # i2 takes Baghdad's mean; i3's latitude Iraq's; Syria has no place at all, hence the case's.
    np.testing.assert_allclose(features["latitude"], [33, 34, 33.5, 33.5, 33.5])
    np.testing.assert_allclose(features["longitude"], [44, 45, 44.5, 42, 131 / 3])
    assert features["location_missing"].tolist() == [False, False, True, True, True]
    assert features["claim:front"].tolist() == [True, True, True, False, False]
    assert features["claim:other"].tolist() == [False, False, False, True, False]
    assert features["claim_any"].tolist() == [True, True, True, True, False]
    assert features["claim_none"].tolist() == [False, False, False, False, True]
    assert features["denial:a"].tolist() == [True, False, False, False, False]
    assert features["denial:b"].tolist() == [False, False, False, True, False]
    assert features["denial:other"].tolist() == [False, True, False, False, False]
    assert not features.isna().any().any()


def test_the_date_is_for_distances_and_no_feature(case):
    features = features_from_case(case)
    assert features["date"].tolist() == case.incidents["date"].tolist()
    without = features.drop(columns="date")
    np.testing.assert_array_equal(design_matrix(features), design_matrix(without))
    np.testing.assert_array_equal(category_codes(features), category_codes(without))


def test_features_read_no_label(case):
    expected = features_from_case(case)
    blind = replace(case, labels=None)
    pd.testing.assert_frame_equal(features_from_case(blind), expected)


def test_features_change_nothing(case):
    before = [frame.copy() for frame in (case.incidents, case.statements)]
    features_from_case(case)
    for frame, copy in zip((case.incidents, case.statements), before, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


def test_encodings_by_hand():
    features = pd.DataFrame(
        {
            "kind": pd.Categorical(["x", "y", "x", "x"]),
            "flag": [True, False, False, True],
            "number": [1.0, 2.0, 3.0, 4.0],
            "constant": [7.0] * 4,
        }
    )
    matrix = design_matrix(features)
    assert matrix[:, :3].tolist() == [[1, 0, 1], [0, 1, 0], [1, 0, 0], [1, 0, 1]]
    np.testing.assert_allclose(matrix[:, 3], [-1.3416408, -0.4472136, 0.4472136, 1.3416408])
    assert matrix[:, 4].tolist() == [0] * 4
    assert category_codes(features)[:, :2].tolist() == [[0, 1], [1, 0], [0, 0], [0, 1]]
    assert np.all(np.diff(category_codes(features)[:, 2]) > 0)
    for bad in (
        features.assign(number=[1.0, np.nan, 2.0, 3.0]),
        features.assign(kind=pd.Categorical(["x", None, "x", "x"])),
    ):
        with pytest.raises(ValueError, match="missing"):
            design_matrix(bad)
        with pytest.raises(ValueError, match="missing"):
            category_codes(bad)


def test_labels_are_divided_by_probability_within_the_set(toy, toy_p):
    soft = divide(toy, toy_p[:3])
    first = np.array([0.9, 0, 0, 0]) / 1.3 + np.array([0.5, 0.25, 0.25, 0]) * 0.4 / 1.3
    np.testing.assert_allclose(soft, [first, [0, 0, 0, 1], [0, 1, 0, 0]])


def test_frequencies_by_hand():
    # 6 labels a, 2 labels b, 4 labels {a, b}: the sets follow the named ones, 3 to 1. The third
    # actor is never named and keeps its pseudo-count.
    sets = np.array([[1, 0, 0]] * 6 + [[0, 1, 0]] * 2 + [[1, 1, 0]] * 4, dtype=bool)
    targets = Targets(("a", "b", "c"), np.ones(3, dtype=bool), np.arange(12), sets, np.ones(12), 12)
    np.testing.assert_allclose(em.frequencies(targets, 1e-9), [0.75, 0.25, 0], atol=1e-6)
    p = em.frequencies(targets)
    assert p[2] == pytest.approx(0.5 / 13.5)
    assert p.sum() == pytest.approx(1)
    none = targets.subset(np.array([], dtype=int))
    np.testing.assert_allclose(em.frequencies(none), 1 / 3)


def test_frequencies_count_incidents_not_labels(toy):
    many = replace(
        toy,
        incident=np.append(toy.incident, [2] * 20),
        sets=np.vstack([toy.sets, np.tile(toy.sets[3], (20, 1))]),
        weight=np.append(toy.weight, [0.4] * 20),
    )
    np.testing.assert_allclose(em.frequencies(many), em.frequencies(toy), atol=1e-8)


@pytest.mark.parametrize("baseline", [*QUICK, *OTHERS], ids=by_name)
def test_predictions_are_distributions_reproducible_and_never_zero(baseline, simulated):
    features, targets, _ = simulated
    train = targets.subset(np.arange(80))
    before = features.copy()
    p = baseline.predict(features, train, seed=1)
    scores.score(targets, p)
    assert p.shape == (400, 4)
    assert p.min() > 1e-4
    np.testing.assert_array_equal(p, baseline.predict(features, train, seed=1))
    pd.testing.assert_frame_equal(features, before)


@pytest.mark.parametrize("baseline", LEARNERS, ids=by_name)
def test_learners_recover_the_truth_from_sets_better_than_frequencies(baseline, simulated):
    features, targets, truth = simulated
    train, test = targets.subset(np.arange(300)), np.arange(300, 400)
    p = baseline.predict(features, train, seed=0)
    frequencies = ClassFrequencies().predict(features, train, seed=0)
    assert excess(p[test], truth[test]) < 0.4 * excess(frequencies[test], truth[test])
    hidden = targets.subset(test)
    assert scores.label_loss(hidden, p) < scores.label_loss(hidden, frequencies) - 0.1


def test_broad_labels_help_and_do_not_mislead(simulated):
    features, targets, truth = simulated
    train = targets.subset(np.arange(300))
    named_only = train.keep(train.sets.sum(axis=1) == 1)
    model = LogisticRegression(strengths=(1.0,), rounds=(15,))
    with_sets, without = (model.predict(features, part, 0) for part in (train, named_only))
    assert excess(with_sets, truth) < excess(without, truth)
    # Whoever drops the broad labels learns that "state" is common, since it is always named.
    state = truth[:, 3].mean()
    assert with_sets[:, 3].mean() == pytest.approx(state, abs=0.04)
    assert without[:, 3].mean() > state + 0.06


@pytest.mark.parametrize("baseline", [*QUICK, *OTHERS], ids=by_name)
@pytest.mark.parametrize("n_train", [0, 1, 2])
def test_hardly_any_labels_are_no_error(baseline, n_train, simulated):
    features, targets, _ = simulated
    train = targets.subset(np.arange(n_train))
    p = baseline.predict(features, train, seed=0)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert np.all(p > 0)


def test_the_penalty_is_chosen_by_the_training_labels(simulated):
    features, targets, _ = simulated
    train = targets.subset(np.arange(120))

    def predict(strength, labels):
        return LogisticRegression((strength,), rounds=(3,)).predict(features, labels, 0)

    assert em.choose((1e-4, 1.0), predict, train, seed=0) == 1.0
    assert em.choose((1e-4, 1.0), predict, train.subset(np.arange(10)), seed=0) == 1e-4


def test_out_of_bag_division_follows_the_features_not_the_first_division(simulated):
    # Level x nearly always means b, but b is rarer than a: the first division of "a, b or c"
    # follows the frequencies, and a forest's fit to its own rows would stay close to it.
    features, targets, truth = simulated
    broad = (targets.sets.sum(axis=1) == 3) & (features["weapon_type"] == "x").to_numpy()
    first = ClassFrequencies().predict(features, targets, 0)
    p = RandomForest(trees=60, em_trees=60, leaves=(1,), rounds=6).predict(features, targets, 0)
    share, first_share, true_share = (
        (table[broad, 1] / table[broad, :3].sum(axis=1)).mean() for table in (p, first, truth)
    )
    assert first_share < 0.35
    assert share > (first_share + true_share) / 2


def test_a_missing_library_is_named(monkeypatch, simulated):
    features, targets, _ = simulated
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(MissingExtraError, match=r"claim-attribution\[evaluate\]"):
        LogisticRegression().predict(features, targets, 0)


def test_standard_baselines_have_distinct_names():
    names = [baseline.name for baseline in standard_baselines()]
    assert names == [
        "always_first",
        "class_frequencies",
        "nearest_neighbours",
        "naive_bayes",
        "logistic_regression",
        "random_forest",
        "xgboost",
    ]
    assert [baseline.name for baseline in fast_baselines()] == names[:4]


@pytest.mark.parametrize(
    ("module", "baseline"),
    [
        ("sklearn.linear_model", LogisticRegression()),
        ("sklearn.ensemble", RandomForest()),
        ("xgboost", BoostedTrees()),
    ],
)
def test_fast_baselines_need_no_further_library(module, baseline, monkeypatch, simulated):
    features, targets, _ = simulated
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"claim-attribution\[evaluate\]"):
        baseline.predict(features, targets.subset(np.arange(10)), 0)


# --- majority of labellers ----------------------------------------------------------------------


def votes(rows, weight, n_incidents):
    """Targets of three actors from (incident, set) rows."""
    return Targets(
        ("a", "b", "c"),
        np.ones(3, dtype=bool),
        np.array([incident for incident, _ in rows]),
        np.array([[actor in named for actor in "abc"] for _, named in rows]),
        np.array(weight),
        n_incidents,
    )


def test_the_vote_by_hand():
    train = votes([(0, "a"), (0, "bc"), (1, "b")], [0.9, 0.4, 0.7], 3)
    features = pd.DataFrame(index=range(3))
    mass, base = 0.5, em.frequencies(train)
    p = MajorityOfLabellers(masses=(mass,)).predict(features, train, seed=0)
    np.testing.assert_allclose(p[0], (np.array([0.9, 0.2, 0.2]) + mass * base) / (1.3 + mass))
    np.testing.assert_allclose(p[1], (np.array([0, 0.7, 0]) + mass * base) / (0.7 + mass))
    # Nobody else said anything of incident 2.
    np.testing.assert_allclose(p[2], base)


@pytest.mark.parametrize(("agree", "chosen"), [(1.0, 0.1), (1 / 3, 5.0)])
def test_labellers_who_agree_are_believed_and_others_are_not(agree, chosen):
    rng = np.random.default_rng(0)
    rows = []
    for incident in range(120):
        first = rng.choice(list("abc"))
        same = rng.random() < agree
        others = [actor for actor in "abc" if actor != first]
        rows += [(incident, first), (incident, first if same else rng.choice(others))]
    train = votes(rows, [0.7] * len(rows), 121)
    features = pd.DataFrame(index=range(121))
    p = MajorityOfLabellers().predict(features, train, seed=0)
    fixed = MajorityOfLabellers(masses=(chosen,)).predict(features, train, seed=0)
    np.testing.assert_allclose(p, fixed)


# --- nearest neighbours -------------------------------------------------------------------------


def whereabouts(places, days):
    latitude, longitude = zip(*places, strict=True)
    return pd.DataFrame(
        {"latitude": latitude, "longitude": longitude, "date": pd.to_datetime(list(days))}
    )


def test_the_kernel_vote_by_hand():
    # One degree of latitude is 111.19 km on a sphere of radius 6371 km.
    features = whereabouts(
        [(33, 44), (34, 44), (33, 44)], ["2020-01-01", "2020-01-01", "2020-01-31"]
    )
    train = votes([(0, "a"), (1, "b")], [0.7, 0.7], 3)
    near, recent, mass = 100.0, 60.0, 0.5
    model = NearestNeighbours(kilometres=(near,), days=(recent,), masses=(mass,))
    p = model.predict(features, train, seed=0)
    base = em.frequencies(train)
    far = np.exp(-111.195 / near)
    vote = np.array([1.0, far, 0.0]) * np.exp(-30 / recent) + mass * base
    np.testing.assert_allclose(p[2], vote / vote.sum(), rtol=1e-4)


def test_neighbours_find_whoever_is_at_home_there():
    rng = np.random.default_rng(3)
    home = rng.integers(0, 3, 300)
    places = np.array([[33.0, 44.0], [35.0, 43.0], [36.0, 45.0]])[home]
    places = places + rng.normal(0, 0.1, (300, 2))
    features = whereabouts(places, pd.date_range("2020-01-01", periods=300))
    rows = [(i, "abc"[k]) for i, k in enumerate(home[:200])]
    train = votes(rows, [0.7] * 200, 300)
    p = NearestNeighbours().predict(features, train, seed=0)
    assert np.mean(p[200:].argmax(axis=1) == home[200:]) > 0.95
    assert np.mean(p[np.arange(200, 300), home[200:]]) > 0.6
