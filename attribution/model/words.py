"""Probabilities as people read them: ICD 203 words, whole per cents, intervals."""

import math
from bisect import bisect_left

import numpy as np
import numpy.typing as npt

_TOLERANCE = 1e-9

# Upper ends of the bands of Intelligence Community Directive 203; an end belongs to its band.
_BANDS = (
    (0.05, "almost no chance"),
    (0.20, "very unlikely"),
    (0.45, "unlikely"),
    (0.55, "roughly even"),
    (0.80, "likely"),
    (0.95, "very likely"),
    (1.00, "almost certain"),
)

_ENDS = tuple(end for end, _ in _BANDS)
ICD203_WORDS = tuple(word for _, word in _BANDS)


def icd203(p: float) -> str:
    """Say a probability in the words of ICD 203.

    Parameters
    ----------
    p
        Probability from 0 to 1.

    Returns
    -------
    str
        "almost no chance" to "almost certain".

    Raises
    ------
    ValueError
        If `p` is no probability.
    """
    return ICD203_WORDS[bisect_left(_ENDS, _checked(p))]


def icd203_bands(p: npt.ArrayLike) -> npt.NDArray[np.intp]:
    """Find the bands of ICD 203 in which probabilities lie.

    Parameters
    ----------
    p
        Probabilities from 0 to 1, give or take rounding.

    Returns
    -------
    numpy.ndarray
        Positions in ``ICD203_WORDS``, of the shape of ``p``.
    """
    return np.searchsorted(_ENDS, np.clip(p, 0.0, 1.0), side="left")


def percent(p: float) -> str:
    """Write a probability in whole per cents.

    Parameters
    ----------
    p
        Probability from 0 to 1.

    Returns
    -------
    str
        "34 %"; never a bare 0 or 100, but "<1 %" and ">99 %".

    Raises
    ------
    ValueError
        If `p` is no probability.
    """
    inside = _checked(p)
    if inside < 0.01:
        return "<1 %"
    if inside > 0.99:
        return ">99 %"
    return f"{100 * inside:.0f} %"


def interval(lo: float, hi: float) -> str:
    """Write an interval of probabilities.

    Parameters
    ----------
    lo, hi
        Ends of the interval, from 0 to 1.

    Returns
    -------
    str
        "20 to 51 %". The ends are rounded outwards, so that what is printed holds what was
        computed.

    Raises
    ------
    ValueError
        If an end is no probability or the ends are in the wrong order.
    """
    low, high = _checked(lo), _checked(hi)
    if low > high + _TOLERANCE:
        raise ValueError(f"the interval from {lo} to {hi} ends before it starts")
    # The tolerance keeps 0.29 (which is 28.999999999999996 per cent) from becoming 28.
    lower = math.floor(100 * low + _TOLERANCE)
    upper = math.ceil(100 * high - _TOLERANCE)
    return f"{lower} to {upper} %"


def signed(decibans: float) -> str:
    """Write a weight of evidence with its sign.

    Parameters
    ----------
    decibans
        The weight.

    Returns
    -------
    str
        One digit after the point; zero has no sign.
    """
    rounded = round(decibans, 1)
    return f"{rounded:+.1f}" if rounded else "0.0"


def _checked(p: float) -> float:
    value = float(p)
    if not -_TOLERANCE <= value <= 1 + _TOLERANCE:
        raise ValueError(f"{p!r} is no probability")
    return min(max(value, 0.0), 1.0)
