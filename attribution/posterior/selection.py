"""Which of a case's incidents are meant, and into which periods they fall."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.posterior.intake import check_word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from attribution.case.case import Case

#: Columns by which incidents may be selected.
SELECTORS = ("weapon_type", "target_type", "country", "province")
#: Lengths of time, and what pandas calls them.
PERIODS = MappingProxyType({"month": "M", "quarter": "Q", "year": "Y"})


def selected(
    case: Case,
    start: date | str | None,
    end: date | str | None,
    where: Mapping[str, Sequence[str]],
) -> NDArray[np.bool_]:
    """Choose incidents by day and by words.

    Parameters
    ----------
    case
        The case.
    start, end
        First and last day; None leaves the period open.
    where
        Words allowed by column (``SELECTORS``).

    Returns
    -------
    Whether each incident is chosen, (incidents,).

    Raises
    ------
    ValueError
        If a column or a word is unknown.
    """
    incidents = case.incidents
    chosen = np.ones(len(incidents), dtype=bool)
    if start is not None:
        chosen &= (incidents["date"] >= pd.Timestamp(start)).to_numpy()
    if end is not None:
        chosen &= (incidents["date"] <= pd.Timestamp(end)).to_numpy()
    for column, words in where.items():
        check_word("column", column, SELECTORS)
        allowed = sorted({*incidents[column], *case.config.vocabularies.get(column, ())} - {""})
        for word in words:
            check_word(column, word, allowed)
        chosen &= incidents[column].isin(list(words)).to_numpy()
    return chosen


def periods(case: Case, by: str | None) -> NDArray[np.str_]:
    """Name the period of every incident.

    Parameters
    ----------
    case
        The case.
    by
        One of ``PERIODS``; None for all time.

    Returns
    -------
    Names, (incidents,): "2021Q1", "2021-02", "2021" or "all".

    Raises
    ------
    ValueError
        If ``by`` is no such word.
    """
    days = case.incidents["date"]
    if by is None:
        return np.full(len(days), "all")
    check_word("by", by, tuple(PERIODS))
    return np.array([str(period) for period in days.dt.to_period(PERIODS[by])])
