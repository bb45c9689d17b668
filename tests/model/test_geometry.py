"""The sampler's coordinates: an exact linear map that evens out what incidents tell."""

import numpy as np
import pymc as pm
import pytest
from pytensor.compile.maker import function
from pytensor.compile.mode import Mode
from scipy import sparse
from small_case import DENIAL, small_case

from attribution.case.load import bundled_case_folder, load_case
from attribution.channels.base import LinearTerm
from attribution.channels.effects import INFORMATION, INFORMATION_WITHIN
from attribution.channels.evidence import case_evidence
from attribution.channels.label import CONFIDENCE, STEP
from attribution.channels.stack import Stack, bind_stack
from attribution.model.geometry import (
    Geometry,
    from_model,
    geometry,
    group_geometry,
    thinned,
    to_model,
    to_sampler,
)


@pytest.fixture(scope="module")
def real_stack():
    return bind_stack(load_case(bundled_case_folder()))


def arrays(found):
    return tuple(getattr(found, name) for name in Geometry.__dataclass_fields__)


def two_groups(seed=0, observations=300):
    """Crossed effects in three contrasts, and others in one, with coordinates between them."""
    rng = np.random.default_rng(seed)
    terms, amounts = [], []
    for name, count in (("mean", 1), ("first", 4), ("second", 30)):
        design = 0.7 * np.eye(count)
        level = rng.integers(0, count, observations)
        seen = sparse.csr_array((np.ones(observations), (np.arange(observations), level)))
        seen.resize((observations, count))
        terms.append(LinearTerm(name, design, np.array([0.3, 0.3, 0.1])))
        amounts.append(seen @ sparse.csr_array(design))
    return group_geometry([5, 8, 20], terms, amounts), terms, amounts


def matrix_of(function, found, size):
    columns = []
    for unit in np.eye(size):
        moved = unit.copy()
        result = function(moved, arrays(found))
        columns.append(moved if result is None else result)
    return np.array(columns).T


def test_the_gradient_goes_back_by_the_transpose_of_the_map():
    found, _, _ = two_groups()
    forward = matrix_of(to_model, found, 115)
    np.testing.assert_allclose(matrix_of(to_sampler, found, 115), forward.T, atol=1e-14)


def test_other_coordinates_stay_as_they_are():
    found, _, _ = two_groups()
    forward = matrix_of(to_model, found, 115)
    others = np.r_[0:5, 110:115]
    np.testing.assert_array_equal(forward[np.ix_(others, others)], np.eye(10))
    assert not np.delete(forward[others], others, axis=1).any()
    assert not np.delete(forward[:, others], others, axis=0).any()


@pytest.mark.parametrize(("small", "least", "most"), [(0.0, 1 - 1e-9, 1 + 1e-9), (None, 0.6, 1.6)])
def test_what_incidents_tell_together_is_even_in_the_samplers_coordinates(
    small, least, most, monkeypatch
):
    """The precision that the module's formula names becomes the identity, but for small entries."""
    if small is not None:
        monkeypatch.setattr("attribution.model.geometry.SMALL", small)
    found, terms, amounts = two_groups()
    amount = np.hstack([each.toarray() for each in amounts])
    places = np.r_[5, 8 + 3 * np.arange(4), 20 + 3 * np.arange(30)]
    for contrast in range(3):
        precision = np.eye(35) + terms[0].spread[contrast] ** 2 * amount.T @ amount
        forward = matrix_of(to_model, found, 115)[np.ix_(places + contrast, places + contrast)]
        before = np.linalg.eigvalsh(precision)
        after = np.linalg.eigvalsh(forward.T @ precision @ forward)
        assert after.min() > least
        assert after.max() < most
        assert before.max() / before.min() > 2.0 * after.max() / after.min()


@pytest.mark.parametrize(("small", "least", "most"), [(0.0, 1 - 1e-9, 1 + 1e-9), (0.005, 0.9, 1.1)])
def test_a_factor_without_its_small_entries_evens_out_its_precision(small, least, most):
    rng = np.random.default_rng(2)
    # Few large entries among many small ones, as where few effects share many incidents.
    apart = rng.normal(size=(60, 60)) * np.where(rng.random((60, 60)) < 0.02, 1.0, 0.003)
    precision = 5.0 * np.eye(60) + np.tril(apart, -1) + np.tril(apart, -1).T
    found = thinned(np.arange(60), np.linalg.cholesky(precision)[..., None], small)
    entries = 60 * 59 // 2
    assert len(found.below) == entries if small == 0 else 0 < len(found.below) < entries / 2
    forward = matrix_of(to_model, found, 60)
    after = np.linalg.eigvalsh(forward.T @ precision @ forward)
    assert least < after.min()
    assert after.max() < most
    np.testing.assert_allclose(from_model(found, 60) @ forward, np.eye(60), atol=1e-12)


def test_a_case_whose_channels_name_no_term_keeps_its_coordinates():
    case = small_case(channels=[DENIAL])
    stack = bind_stack(case)
    silent = Stack(tuple(c for c in stack.channels if not c.linear_terms()))
    found = geometry(silent, silent.encode(case_evidence(case)), {})
    u = np.arange(4.0)
    np.testing.assert_array_equal(to_model(u, arrays(found)), u)


@pytest.mark.parametrize("name", ["base_rate", "weapon", "target", "place", "period", "crossed"])
def test_a_linear_term_is_the_table(name, real_stack):
    """The design that the geometry reads is what the model's table does, contrast by contrast."""
    channel = real_stack.channels[real_stack.position(name)]
    (term,) = channel.linear_terms()
    with pm.Model() as model:
        table = channel.table()
    table_of = function(
        [model[term.parameter]], table, mode=Mode("py", "fast_compile"), on_unused_input="ignore"
    )
    values = np.random.default_rng(3).normal(size=term.design.shape[1])
    for contrast, spread in enumerate(term.spread):
        innovations = np.zeros((len(values), len(term.spread)))
        innovations[:, contrast] = values
        amount = term.design @ values
        columns = table_of(innovations)
        direction = amount @ columns / (amount @ amount)
        np.testing.assert_allclose(columns, np.outer(amount, direction), atol=1e-12)
        families = direction[len(channel.actors) :]
        information = INFORMATION if np.abs(families).max() > 1e-12 else INFORMATION_WITHIN
        assert spread == pytest.approx(np.sqrt(information) * np.linalg.norm(direction))


def test_a_labels_word_is_told_as_at_the_priors_median(real_stack):
    channel = real_stack.channels[real_stack.position("label")]
    terms = {term.parameter: term for term in channel.linear_terms()}
    with pm.Model() as model:
        channel.table()
    names = ("label_certain", "label_step")
    hit_of = function(
        [model[name] for name in names],
        model["hit_by_confidence"],
        mode=Mode("py", "fast_compile"),
        on_unused_input="ignore",
    )

    def logits(certain, logs):
        hit = hit_of(np.asarray(certain), np.exp(logs))
        return np.log(hit / (1.0 - hit))

    middle = np.full(len(CONFIDENCE) - 1, STEP[0])
    word = [CONFIDENCE.index(said) for _, _, said, _ in channel.keys]
    for effect, unit in enumerate(1e-5 * np.eye(len(middle))):
        slope = (logits(2.0, middle + unit) - logits(2.0, middle - unit)) / 2e-5
        np.testing.assert_allclose(terms["label_step"].design[:, effect], slope[word], atol=1e-8)
    slope = (logits(2.0 + 1e-5, middle) - logits(2.0 - 1e-5, middle)) / 2e-5
    np.testing.assert_allclose(terms["label_certain"].design[:, 0], slope[word], atol=1e-8)
    for name, deviation in (("label_certain", channel.certain[1]), ("label_step", STEP[1])):
        assert terms[name].precision == pytest.approx(deviation**-2)
