from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from attribution.evaluate import scores
from attribution.evaluate.calibration import calibration_error, reliability
from attribution.evaluate.targets import Targets

LOG = np.log


def random_targets(draw_sets, weight=None):
    n_labels, n_actors = draw_sets.shape
    return Targets(
        actors=tuple(f"k{number}" for number in range(n_actors)),
        militia=np.arange(n_actors) < n_actors - 1,
        incident=np.arange(n_labels) // 2,
        sets=draw_sets,
        weight=np.ones(n_labels) if weight is None else weight,
        n_incidents=(n_labels + 1) // 2,
    )


@st.composite
def sets_of_labels(draw):
    shape = (draw(st.integers(1, 8)), draw(st.integers(2, 6)))
    sets = draw(arrays(bool, shape))
    own = draw(arrays(np.int64, shape[0], elements=st.integers(0, shape[1] - 1)))
    return sets | np.eye(shape[1], dtype=bool)[own]


@st.composite
def labels_and_prediction(draw):
    targets = random_targets(draw(sets_of_labels()))
    shape = (targets.n_incidents, len(targets.actors))
    raw = draw(arrays(float, shape, elements=st.floats(0.001, 1)))
    return targets, raw / raw.sum(axis=1, keepdims=True)


def test_label_loss_by_hand(toy, toy_p):
    first = (0.9 * -LOG(0.4) + 0.4 * -LOG(0.8)) / 1.3
    expected = (first - LOG(0.7) - LOG(0.25)) / 3
    assert scores.label_loss(toy, toy_p) == pytest.approx(expected)


def test_parent_loss_by_hand(toy, toy_p):
    assert scores.parent_loss(toy, toy_p) == pytest.approx((-LOG(0.5) - LOG(1 / 3)) / 2)


def test_top_k_by_hand(toy, toy_p):
    assert scores.top1(toy, toy_p) == 0.5
    assert scores.top_k(toy, toy_p, 2) == 1.0
    with pytest.raises(ValueError, match="at least 1"):
        scores.top_k(toy, toy_p, 0)


def test_ties_earn_what_a_random_order_would(toy):
    uniform = np.full((4, 4), 0.25)
    assert scores.top1(toy, uniform) == pytest.approx(1 / 3)
    assert scores.top_k(toy, uniform, 2) == pytest.approx(2 / 3)
    assert scores.top_k(toy, uniform, 9) == 1.0


def test_militia_accuracy_by_hand(toy, toy_p):
    assert scores.militia_accuracy(toy, toy_p) == 1.0
    half = np.tile([0.5, 0.0, 0.0, 0.5], (4, 1))
    assert scores.militia_accuracy(toy, half) == 0.5
    never = np.tile([0.1, 0.1, 0.1, 0.7], (4, 1))
    assert scores.militia_accuracy(toy, never) == pytest.approx(1 / 3)


def test_a_label_across_the_militia_line_is_not_scored_there(toy, toy_p):
    mixed = replace(toy, sets=np.ones_like(toy.sets))
    result = scores.score(mixed, toy_p)
    assert np.isnan(result.militia_or_not)
    assert np.isnan(result.parent_loss)
    assert np.isnan(result.top1)
    assert result.n_parent == 0
    assert result.label_loss == 0


def test_brier_by_hand(toy, toy_p):
    first = (0.9 * (0.6**2 + 3 * 0.2**2) + 0.4 * (0.2**2 + 0.2**2)) / 1.3
    second = 0.3**2 + 3 * 0.1**2
    third = 0.75**2 + 0.5**2 + 0.25**2
    assert scores.brier(toy, toy_p) == pytest.approx((first + second + third) / 3)


def test_entropy_by_hand(toy, toy_p):
    expected = [
        -(0.4 * np.log2(0.4) + 3 * 0.2 * np.log2(0.2)),
        -(0.7 * np.log2(0.7) + 3 * 0.1 * np.log2(0.1)),
        1.5,
    ]
    assert scores.entropy_bits(toy, toy_p) == pytest.approx(np.mean(expected))


def test_calibration_error_by_hand(toy, toy_p):
    # Incident 0: top a at .4; the label {a} credits 1, {a, b, c} credits .4 / .8.
    credit = (0.9 * 1 + 0.4 * 0.5) / 1.3
    table = reliability(toy, toy_p)
    np.testing.assert_allclose(table.confidence, [0.4, 0.5, 0.7])
    np.testing.assert_allclose(table.accuracy, [credit, 0.0, 1.0])
    np.testing.assert_allclose(table.weight, [1, 1, 1])
    expected = (credit - 0.4 + 0.5 + 0.3) / 3
    assert calibration_error(toy, toy_p) == pytest.approx(expected)
    with pytest.raises(ValueError, match="bins"):
        reliability(toy, toy_p, bins=0)


def test_score_gathers_the_single_scores(toy, toy_p):
    result = scores.score(toy, toy_p)
    assert result.label_loss == scores.label_loss(toy, toy_p)
    assert result.parent_loss == scores.parent_loss(toy, toy_p)
    assert result.top1 == scores.top1(toy, toy_p)
    assert result.militia_or_not == scores.militia_accuracy(toy, toy_p)
    assert result.brier == scores.brier(toy, toy_p)
    assert result.ece == calibration_error(toy, toy_p)
    assert result.entropy_bits == scores.entropy_bits(toy, toy_p)
    assert (result.n_incidents, result.n_parent) == (3, 2)


def test_per_incident_aligns_with_scored_incidents(toy, toy_p):
    each = scores.per_incident(toy, toy_p)
    assert each.incident.tolist() == [0, 1, 2]
    np.testing.assert_allclose(each.parent_loss, [-LOG(0.5), np.nan, -LOG(1 / 3)])
    np.testing.assert_allclose(each.label_loss[1:], [-LOG(0.7), -LOG(0.25)])


def test_an_impossible_label_costs_the_floor(toy):
    p = np.tile([0.0, 0.0, 0.0, 1.0], (4, 1))
    part = toy.subset(np.array([2]))
    assert scores.label_loss(part, p) == pytest.approx(-LOG(1e-12))
    # All militias ruled out: conditioning falls back on the uniform distribution over them.
    assert scores.parent_loss(part, p) == pytest.approx(LOG(3))


def test_no_labels_give_nan_not_an_error(toy, toy_p):
    result = scores.score(toy.subset(np.array([], dtype=int)), toy_p)
    assert result.n_incidents == 0
    for name in ("label_loss", "parent_loss", "top1", "militia_or_not", "brier", "ece"):
        assert np.isnan(getattr(result, name))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([0.5, 0.5, 0.5, 0.5], "sum"),
        ([np.nan, 0.5, 0.5, 0.0], "finite"),
        ([np.inf, 0.0, 0.0, 0.0], "finite"),
        ([1.5, -0.5, 0.0, 0.0], "negative"),
    ],
)
def test_what_is_no_distribution_is_refused(toy, toy_p, row, message):
    bad = toy_p.copy()
    bad[3] = row
    for function in (scores.score, scores.label_loss, scores.per_incident, calibration_error):
        with pytest.raises(ValueError, match=f"row 3.*{message}"):
            function(toy, bad)


def test_a_wrong_shape_is_refused(toy, toy_p):
    with pytest.raises(ValueError, match="shape"):
        scores.score(toy, toy_p[:3])


@given(sets_of_labels())
def test_a_perfect_prediction_scores_perfectly(sets):
    # One label an incident, so that no two labels contradict each other.
    targets = replace(random_targets(sets), incident=np.arange(len(sets)), n_incidents=len(sets))
    p = np.eye(sets.shape[1])[sets.argmax(axis=1)]
    result = scores.score(targets, p)
    assert (result.label_loss, result.brier, result.ece, result.entropy_bits) == (0, 0, 0, 0)
    for value, best in ((result.top1, 1), (result.militia_or_not, 1)):
        assert np.isnan(value) or value == best
    assert np.isnan(result.parent_loss) or result.parent_loss == pytest.approx(0, abs=1e-9)


@given(sets_of_labels())
def test_a_uniform_prediction_costs_log_k_over_size(sets):
    targets = random_targets(sets)
    n_actors = sets.shape[1]
    p = np.full((targets.n_incidents, n_actors), 1 / n_actors)
    loss = LOG(n_actors / sets.sum(axis=1))
    expected = np.mean([loss[targets.incident == i].mean() for i in targets.incidents])
    assert scores.label_loss(targets, p) == pytest.approx(expected)


@given(labels_and_prediction(), st.floats(1e-3, 1e3))
def test_only_ratios_of_weights_within_an_incident_matter(example, factor):
    targets, p = example
    scale = np.where(targets.incident == 0, factor, 1.0)
    before = scores.score(targets, p)
    after = scores.score(replace(targets, weight=targets.weight * scale), p)
    for field in fields(scores.Scores):
        np.testing.assert_allclose(
            getattr(after, field.name), getattr(before, field.name), atol=1e-9
        )


@given(labels_and_prediction(), st.randoms())
def test_the_order_of_labels_does_not_matter(example, random):
    targets, p = example
    order = list(range(len(targets.incident)))
    random.shuffle(order)
    shuffled = replace(
        targets,
        incident=targets.incident[order],
        sets=targets.sets[order],
        weight=targets.weight[order],
    )
    before, after = scores.score(targets, p), scores.score(shuffled, p)
    for field in fields(scores.Scores):
        np.testing.assert_allclose(
            getattr(after, field.name), getattr(before, field.name), atol=1e-9
        )


@given(labels_and_prediction())
def test_ranges(example):
    targets, p = example
    result = scores.score(targets, p)
    assert result.label_loss >= 0
    assert 0 <= result.brier <= 2
    assert 0 <= result.ece <= 1
    assert 0 <= result.entropy_bits <= np.log2(len(targets.actors)) + 1e-9
    assert np.isnan(result.top1) or 0 <= result.top1 <= 1


def test_calibrated_predictions_with_broad_labels_have_a_small_calibration_error():
    rng = np.random.default_rng(3)
    n = 20_000
    p = rng.dirichlet(np.full(5, 0.6), size=n)
    actor = (p.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    sets = np.eye(5, dtype=bool)[actor]
    # Labellers that say only "one of the first four", without regard to who of them it was.
    sets[(actor < 4) & (rng.random(n) < 0.6)] = [True, True, True, True, False]
    targets = Targets(tuple("abcde"), np.arange(5) < 4, np.arange(n), sets, np.full(n, 0.7), n)
    assert calibration_error(targets, p) < 0.01
    sharp = p**3 / np.sum(p**3, axis=1, keepdims=True)
    assert calibration_error(targets, sharp) > 0.05
    assert scores.label_loss(targets, p) < scores.label_loss(targets, sharp)
    assert scores.brier(targets, p) < scores.brier(targets, sharp)
