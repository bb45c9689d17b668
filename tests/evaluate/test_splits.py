import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.evaluate.crossval import out_of_fold
from attribution.evaluate.splits import kfold, temporal, weeks
from attribution.evaluate.targets import Targets, targets_from_case


def one_label_each(names_militia, n_incidents, incident=None):
    sets = np.where(np.array(names_militia, dtype=bool)[:, None], [[True, False]], [[True, True]])
    position = np.arange(len(sets)) if incident is None else np.asarray(incident)
    return Targets(
        ("a", "state"), np.array([True, False]), position, sets, np.ones(len(sets)), n_incidents
    )


@given(
    st.lists(st.booleans(), min_size=2, max_size=60),
    st.integers(2, 8),
    st.integers(0, 2**32 - 1),
    st.integers(0, 5),
)
def test_kfold_is_a_balanced_partition_of_the_scored_incidents(named, k, seed, unlabelled):
    if k > len(named):
        return
    targets = one_label_each(named, len(named) + unlabelled)
    folds = kfold(targets, k, seed)
    assert len(folds) == k
    assert np.sort(np.concatenate(folds)).tolist() == list(range(len(named)))
    sizes = [len(fold) for fold in folds]
    assert max(sizes) - min(sizes) <= 1
    per_fold = [int(np.sum(np.array(named)[fold])) for fold in folds]
    assert max(per_fold) - min(per_fold) <= 1
    again = kfold(targets, k, seed)
    assert all(np.array_equal(a, b) for a, b in zip(folds, again, strict=True))


def test_seeds_give_different_folds():
    targets = one_label_each([True, False] * 20, 40)
    assert kfold(targets, 5, 0)[0].tolist() != kfold(targets, 5, 1)[0].tolist()


@pytest.mark.parametrize("k", [1, 4])
def test_kfold_refuses_an_impossible_number(k):
    with pytest.raises(ValueError, match="3 scored"):
        kfold(one_label_each([True] * 3, 5), k, 0)


def test_temporal_by_hand(case):
    targets = targets_from_case(case)
    dates = case.incidents["date"]
    quarters = temporal(dates, targets, dt.date(2020, 4, 1))
    assert [(cutoff, rows.tolist()) for cutoff, rows in quarters] == [
        (dt.date(2020, 3, 31), [1]),
        (dt.date(2020, 12, 31), [3]),
        (dt.date(2021, 9, 30), [4]),
    ]
    years = temporal(dates, targets, dt.date(2020, 2, 15), "year")
    assert [(cutoff, rows.tolist()) for cutoff, rows in years] == [
        (dt.date(2020, 2, 14), [1]),
        (dt.date(2020, 12, 31), [3, 4]),
    ]
    assert temporal(dates, targets, dt.date(2022, 1, 1)) == []


@given(st.data())
def test_temporal_tests_each_later_incident_once_and_never_before_its_cutoff(data):
    day = st.dates(dt.date(2018, 1, 1), dt.date(2022, 12, 31))
    days = data.draw(st.lists(day, min_size=1, max_size=30))
    first = data.draw(day)
    frequency = data.draw(st.sampled_from(["month", "quarter", "year"]))
    targets = one_label_each([True] * len(days), len(days))
    splits = temporal(pd.Series(pd.to_datetime(days)), targets, first, frequency)
    tested = [row for _, rows in splits for row in rows]
    assert sorted(tested) == [row for row, when in enumerate(days) if when >= first]
    for cutoff, rows in splits:
        assert all(days[row] > cutoff for row in rows)
    cutoffs = [cutoff for cutoff, _ in splits]
    assert cutoffs == sorted(set(cutoffs))


def test_temporal_refuses_bad_input(case):
    targets = targets_from_case(case)
    first = dt.date(2020, 1, 1)
    with pytest.raises(ValueError, match="quarter"):
        temporal(case.incidents["date"], targets, first, "decade")
    with pytest.raises(ValueError, match="4 dates"):
        temporal(case.incidents["date"][:4], targets, first)
    with pytest.raises(ValueError, match="no date"):
        temporal(case.incidents["date"].where(case.incidents.index > 0), targets, first)


def test_weeks_run_from_monday_to_sunday():
    dates = pd.Series(pd.to_datetime(["1970-01-05", "1970-01-11", "1970-01-12", "2021-02-14"]))
    assert weeks(dates).tolist() == [0, 0, 1, 2666]
    with pytest.raises(ValueError, match="no date"):
        weeks(pd.Series([pd.NaT]))


def test_out_of_fold_rows_come_from_fits_that_did_not_see_them():
    targets = one_label_each([True] * 6, 7)
    folds = kfold(targets, 3, 0)

    def predict(train):
        seen = np.isin(np.arange(7), train.incident).astype(float)
        return np.column_stack([seen, 1 - seen])

    p = out_of_fold(predict, targets, folds)
    assert p[:6, 0].tolist() == [0] * 6
    np.testing.assert_allclose(p.sum(axis=1), 1)
    with pytest.raises(ValueError, match="more than one"):
        out_of_fold(predict, targets, [folds[0], folds[0]])
    with pytest.raises(ValueError, match="no folds"):
        out_of_fold(predict, targets, [])
