import numba
import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from random_tables import small_draws

from attribution.channels.label import CONFIDENCE, LabelChannel
from attribution.channels.testimony import dependence_weight, label_likelihood


@pytest.mark.parametrize(
    ("hit", "guess", "named", "expected"),
    [(1.0, 0.3, 1.0, 1.0), (1.0, 0.3, 0.0, 0.0), (0.0, 0.3, 1.0, 0.3), (0.8, 0.25, 0.0, 0.05),
     (0.8, 0.25, 1.0, 0.85)],
)  # fmt: skip
def test_a_label_by_hand(hit, guess, named, expected):
    assert label_likelihood(hit, guess, named) == pytest.approx(expected, abs=1e-15)


def test_the_labels_of_every_truth_are_a_distribution():
    rng = np.random.default_rng(0)
    guess = rng.dirichlet(np.ones(5))
    table = label_likelihood(rng.random((5, 1)), guess, np.eye(5))
    np.testing.assert_allclose(table.sum(axis=1), 1.0, atol=1e-14)


def test_numbers_tensors_and_compiled_loops_agree():
    rng = np.random.default_rng(1)
    hit, guess, named = rng.random(50), rng.random(50), (rng.random(50) < 0.5).astype(float)
    expected = label_likelihood(hit, guess, named)
    symbols = [pt.dvector() for _ in range(3)]
    compiled = pytensor.function(symbols, label_likelihood(*symbols), mode="FAST_COMPILE")
    np.testing.assert_allclose(compiled(hit, guess, named), expected, atol=1e-15)
    scalar = numba.njit(label_likelihood)
    looped = [scalar(*each) for each in zip(hit, guess, named, strict=True)]
    np.testing.assert_allclose(looped, expected, atol=1e-15)


def test_dependent_voices_weigh_n_to_one_minus_rho_together():
    voices = np.array([0.5, 1.0, 2.0, 9.0])
    weight = dependence_weight(voices, 0.4)
    np.testing.assert_allclose(voices[1:] * weight[1:], voices[1:] ** 0.6)
    assert weight[0] == 1.0
    np.testing.assert_allclose(dependence_weight(voices, 0.0), 1.0)
    np.testing.assert_allclose(voices[1:] * dependence_weight(voices, 1.0)[1:], 1.0)


def test_the_table_of_the_label_channel_is_the_formula():
    drawn = small_draws()
    stack = drawn.compiled.stack
    channel = stack.channels[stack.position("label")]
    assert isinstance(channel, LabelChannel)
    assert len(channel.keys) > 2
    values = {
        name: drawn.tables[name].reshape(-1, *drawn.tables[name].shape[2:])
        for name in ("hit", "hit_by_confidence", "preference")
    }
    table = drawn.table("label")
    for level, (who, kind, word, _) in enumerate(channel.keys):
        said = values["hit_by_confidence"]
        own = values["hit"][:, channel.labellers.index(who)]
        log_odds = logit(own) - logit(said[:, 1]) + logit(said[:, CONFIDENCE.index(word)])
        hit = 1.0 / (1.0 + np.exp(-log_odds))
        members = channel.members[level]
        guess = values["preference"][:, channel.kinds.index(kind)] @ members
        expected = np.log(label_likelihood(hit[:, None], guess[:, None], members))
        np.testing.assert_allclose(table[:, level], expected, rtol=0, atol=1e-12)


def logit(p):
    return np.log(p) - np.log1p(-p)
