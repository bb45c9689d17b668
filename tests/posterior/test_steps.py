"""Evidence added piece by piece is the kernel's sum of the pieces so far."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution.channels.stack import Codes
from attribution.posterior.kernel import INTERVAL, Query, interval_ends, probabilities
from attribution.posterior.steps import Steps

FAMILY = (0, 0, 1, 0, 2)
COLUMNS = len(FAMILY) + 3
ROWS, DRAWS = 9, 40


def incident(seed: int, measured: int, acts: int, said: int) -> Codes:
    random = np.random.default_rng(seed)
    slots = measured + acts + said
    return Codes(
        random.integers(0, ROWS, (1, slots)),
        np.where(random.random((1, slots)) < 0.2, 0.0, random.normal(1.0, 0.7, (1, slots))),
        np.zeros((1, slots), dtype=np.int64),
        np.full((1, slots), -1),
        random.normal(size=(1, measured, COLUMNS)),
        measured + acts,
        (slots,),
        ((),),
    )


def pieces_of(seed: int, codes: Codes) -> list[np.ndarray]:
    """Cut the slots into pieces, acts before the rest; some pieces have none."""
    random = np.random.default_rng(seed + 1)
    acts, slots = codes.act_slots, codes.code.shape[1]
    owner = np.sort(random.integers(0, 4, acts)).tolist()
    owner += (4 + np.sort(random.integers(0, 3, slots - acts))).tolist()
    return [(np.array(owner) == piece) & (codes.weight[0] != 0) for piece in range(7)]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(0, 3),
    st.integers(1, 5),
    st.integers(0, 5),
    st.sampled_from([2.0, 40.0, 1000.0]),
)
def test_every_step_is_the_posterior_of_the_pieces_so_far(
    seed, measured, acts, said, spread
) -> None:
    draws = np.random.default_rng(seed).normal(0.0, spread, (DRAWS, ROWS + 1, COLUMNS))
    draws[:, -1] = 0.0
    codes = incident(seed, measured, acts, said)
    pieces = pieces_of(seed, codes)
    steps = Steps(draws, FAMILY)
    found = steps.probabilities(codes, pieces)
    assert found.shape == (len(pieces), len(FAMILY), DRAWS)
    query = Query(codes.code, codes.weight, codes.act_slots, np.array(FAMILY), codes.factor)
    so_far = np.zeros(codes.code.shape[1], dtype=bool)
    for step, own in zip(found, pieces, strict=True):
        so_far |= own
        expected = probabilities(draws, query.keep(so_far))[:, 0].T
        np.testing.assert_allclose(step, expected, rtol=5e-12 * spread, atol=1e-290)
    # What is kept is what was found.
    np.testing.assert_array_equal(steps.probabilities(codes, pieces), found)


def test_evidence_beyond_any_number_is_taken_back() -> None:
    """First one actor is certain, then it is ruled out as surely, then the first is undone."""
    draws = np.zeros((3, 3, COLUMNS))
    draws[:, 0, 0] = 1e4
    draws[:, 1, 0] = -1e4
    codes = Codes(
        np.array([[0, 0, 1, 1]]),
        np.ones((1, 4)),
        np.zeros((1, 4), dtype=np.int64),
        np.full((1, 4), -1),
        np.zeros((1, 0, COLUMNS)),
        1,
        (4,),
        ((),),
    )
    found = Steps(draws, FAMILY).probabilities(codes, list(np.eye(4, dtype=bool)))
    # Done: of its family's third all is the first actor's. Said: it alone, undecided, not it.
    expected = {
        0: np.array([1 / 3, 0, 1 / 3, 0, 1 / 3]),
        1: np.array([1.0, 0, 0, 0, 0]),
        2: np.array([1 / 3, 0, 1 / 3, 0, 1 / 3]),
        3: np.array([0, 0, 0.5, 0, 0.5]),
    }
    for step, values in expected.items():
        np.testing.assert_allclose(found[step], np.repeat(values[:, None], 3, axis=1), atol=1e-9)


@pytest.mark.parametrize("draws", [1, 2, 3, 20, 21, 500, 1000])
def test_the_ends_of_an_interval_are_numpys(draws: int) -> None:
    values = np.random.default_rng(draws).normal(size=(4, 3, draws))
    np.testing.assert_array_equal(interval_ends(values), np.quantile(values, INTERVAL, axis=-1))
