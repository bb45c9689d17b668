"""Which incidents are hidden from a fit: random folds, and rolling origins in time."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from attribution.evaluate.targets import Ints, Targets

type Frequency = Literal["month", "quarter", "year"]
PERIOD_CODES: dict[str, str] = {"month": "M", "quarter": "Q", "year": "Y"}


def kfold(targets: Targets, k: int, seed: int) -> list[Ints]:
    """Deal the incidents that carry a scored label into k test folds.

    Incidents with a label naming one militia are dealt first, so that each fold gets its share of
    the few incidents on which the parent loss is measured; sizes differ by at most one. Random
    folds let a campaign sit on both sides of the split: read them beside `temporal`.

    Parameters
    ----------
    targets
        The labels.
    k
        Number of folds, from 2 to the number of scored incidents.
    seed
        Seed of the shuffle; the same seed gives the same folds.

    Returns
    -------
    list of numpy.ndarray
        k arrays of test incident positions, ascending: a partition of the scored incidents.

    Raises
    ------
    ValueError
        If k is below 2 or above the number of scored incidents.
    """
    scored = targets.incidents
    if not 2 <= k <= len(scored):
        raise ValueError(f"k is {k}; it must lie between 2 and the {len(scored)} scored incidents")
    named = np.isin(scored, targets.incident[targets.one_militia])
    rng = np.random.default_rng(seed)
    order = np.concatenate([rng.permutation(scored[named]), rng.permutation(scored[~named])])
    return [np.sort(order[fold::k]) for fold in range(k)]


def temporal(
    dates: pd.Series[pd.Timestamp],
    targets: Targets,
    first: date,
    frequency: Frequency = "quarter",
) -> list[tuple[date, Ints]]:
    """Split by rolling origin: predict each calendar period from what was known before it.

    Parameters
    ----------
    dates
        (N,) date of each incident of the case, in the case's order.
    targets
        The labels; only incidents with a scored label are tested.
    first
        First day that is tested; the first period runs from it to the end of its calendar period.
    frequency
        Length of a period: month, quarter or year.

    Returns
    -------
    list of (date, numpy.ndarray)
        For each period with a scored incident, in order: the cutoff, which is the day before the
        period begins (a fit may use what is dated on or before it), and the period's scored
        incidents, ascending positions. Hiding the labels of later incidents is not enough:
        labels of earlier incidents may be dated after the cutoff too, so train on
        ``targets_from_case(case, as_of=cutoff)``.

    Raises
    ------
    ValueError
        If there is not one date per incident, a scored incident has no date, or the frequency is
        unknown.
    """
    if frequency not in PERIOD_CODES:
        raise ValueError(f"frequency {frequency!r} is none of {', '.join(PERIOD_CODES)}")
    if len(dates) != targets.n_incidents:
        raise ValueError(f"{len(dates)} dates for {targets.n_incidents} incidents")
    scored = targets.incidents
    days = pd.DatetimeIndex(pd.Series(dates).iloc[scored])
    if days.hasnans:
        raise ValueError("a scored incident has no date")
    tested = np.asarray(days >= pd.Timestamp(first))
    periods = days.to_period(PERIOD_CODES[frequency])
    splits: list[tuple[date, Ints]] = []
    for period in periods[tested].unique().sort_values():
        begin = max(period.start_time.date(), first)
        splits.append((begin - timedelta(days=1), scored[tested & (periods == period)]))
    return splits


def weeks(dates: pd.Series[pd.Timestamp]) -> Ints:
    """Give the weeks of incidents, numbers, as blocks for the paired bootstrap.

    Parameters
    ----------
    dates
        (N,) date of each incident.

    Returns
    -------
    numpy.ndarray
        (N,) int64, weeks from Monday to Sunday counted from that of Monday 5 January 1970.

    Raises
    ------
    ValueError
        If a date is missing.
    """
    days = pd.Series(dates)
    if days.isna().any():
        raise ValueError("an incident has no date")
    monday = pd.Timestamp("1970-01-05")
    return np.asarray((days - monday).dt.days // 7, dtype=np.int64)
