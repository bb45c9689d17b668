import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from attribution.evaluate.targets import targets_from_case


def test_only_direct_labels_of_the_incident_that_name_somebody(case):
    targets = targets_from_case(case)
    assert targets.actors == ("a", "b", "state")
    assert targets.militia.tolist() == [True, True, False]
    assert targets.incident.tolist() == [0, 0, 1, 3, 4]
    assert targets.weight.tolist() == [0.9, 0.4, 0.7, 0.7, 0.4]
    assert targets.n_incidents == 5
    # "late" means a in 2020 and b in 2021: the incident's day decides.
    assert targets.sets.astype(int).tolist() == [
        [1, 0, 0],
        [1, 1, 0],
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
    ]


def test_an_as_of_view_drops_later_labels_and_keeps_positions(case):
    known = targets_from_case(case, as_of=dt.date(2020, 1, 31))
    assert known.incident.tolist() == [0]
    assert known.n_incidents == 5
    later = targets_from_case(case, as_of=dt.date(2021, 6, 1))
    assert later.incident.tolist() == [0, 0, 1, 3]


def test_no_label_at_all_is_an_empty_table(case):
    targets = targets_from_case(replace(case, labels=case.labels.iloc[:0]))
    assert targets.sets.shape == (0, 3)
    assert targets.incidents.tolist() == []
    assert targets.share.tolist() == []


def test_an_unknown_confidence_is_refused(case):
    labels = case.labels.assign(confidence="sure")
    with pytest.raises(ValueError, match=r"'sure'.*certain"):
        targets_from_case(replace(case, labels=labels))


def test_masks(toy):
    assert toy.one_militia.tolist() == [True, False, False, True]
    assert toy.says_militia.tolist() == [True, True, False, True]
    assert toy.militia_scorable.all()
    mixed = replace(toy, sets=np.ones_like(toy.sets))
    assert not mixed.militia_scorable.any()


def test_shares_sum_to_one_within_an_incident(toy):
    np.testing.assert_allclose(toy.share, [0.9 / 1.3, 0.4 / 1.3, 1, 1])


def test_subset_keeps_positions(toy):
    part = toy.subset(np.array([0, 2, 3]))
    assert part.incident.tolist() == [0, 0, 2]
    assert part.n_incidents == 4
    assert toy.incident.tolist() == [0, 0, 1, 2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weight": np.ones(3)}, "shapes"),
        ({"sets": np.zeros((4, 4), dtype=bool)}, "names no actor"),
        ({"weight": np.array([1, 1, 1, 0.0])}, "positive"),
        ({"incident": np.array([0, 1, 2, 4])}, "outside"),
        ({"incident": np.array([-1, 1, 2, 3])}, "outside"),
    ],
)
def test_inconsistent_targets_are_refused(toy, change, message):
    with pytest.raises(ValueError, match=message):
        replace(toy, **change)
