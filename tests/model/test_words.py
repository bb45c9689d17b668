import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.model.words import ICD203_WORDS, icd203, interval, percent

probabilities = st.floats(0, 1)


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (0.0, "almost no chance"),
        (0.05, "almost no chance"),
        (0.0500001, "very unlikely"),
        (0.20, "very unlikely"),
        (0.2000001, "unlikely"),
        (0.45, "unlikely"),
        (0.4500001, "roughly even"),
        (0.55, "roughly even"),
        (0.5500001, "likely"),
        (0.80, "likely"),
        (0.8000001, "very likely"),
        (0.95, "very likely"),
        (0.9500001, "almost certain"),
        (1.0, "almost certain"),
        (1 + 1e-12, "almost certain"),
        (-1e-12, "almost no chance"),
    ],
)
def test_bands_end_where_icd_203_ends_them(p: float, words: str) -> None:
    assert icd203(p) == words


@given(probabilities, probabilities)
def test_words_rise_with_the_probability(p: float, q: float) -> None:
    low, high = sorted((p, q))
    assert ICD203_WORDS.index(icd203(low)) <= ICD203_WORDS.index(icd203(high))


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0, "<1 %"),
        (0.0099, "<1 %"),
        (0.01, "1 %"),
        (0.337, "34 %"),
        (0.99, "99 %"),
        (0.9901, ">99 %"),
        (1.0, ">99 %"),
    ],
)
def test_percent_never_claims_certainty(p: float, text: str) -> None:
    assert percent(p) == text


@pytest.mark.parametrize(
    ("lo", "hi", "text"),
    [
        (0.2, 0.51, "20 to 51 %"),
        (0.209, 0.501, "20 to 51 %"),
        (0.29, 0.57, "29 to 57 %"),
        (0.0, 1.0, "0 to 100 %"),
        (0.3, 0.3, "30 to 30 %"),
    ],
)
def test_interval_examples(lo: float, hi: float, text: str) -> None:
    assert interval(lo, hi) == text


@given(probabilities, probabilities)
def test_printed_interval_holds_the_computed_one(p: float, q: float) -> None:
    low, high = sorted((p, q))
    ends = re.fullmatch(r"(\d+) to (\d+) %", interval(low, high))
    assert ends is not None
    assert int(ends[1]) <= 100 * low + 1e-6
    assert int(ends[2]) >= 100 * high - 1e-6


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan"), float("inf")])
def test_no_probability_is_refused(p: float) -> None:
    with pytest.raises(ValueError, match="no probability"):
        icd203(p)
    with pytest.raises(ValueError, match="no probability"):
        percent(p)
    with pytest.raises(ValueError, match="no probability"):
        interval(p, 1)


def test_reversed_interval_is_refused() -> None:
    with pytest.raises(ValueError, match="ends before it starts"):
        interval(0.6, 0.4)
