import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.case.faults import CaseError, Fault, nearest
from attribution.case.readonly import read_only


def test_a_fault_is_one_readable_line() -> None:
    fault = Fault(
        "incidents.csv",
        12,
        "weapon_type",
        "rockt",
        "'rockt' is not allowed",
        ("drone", "rocket"),
        "rocket",
    )
    assert str(fault) == (
        "incidents.csv, row 12, column weapon_type: 'rockt' is not allowed. "
        "Did you mean 'rocket'? Allowed: drone, rocket."
    )


def test_a_fault_of_a_whole_file_has_no_row() -> None:
    fault = Fault("labels.csv", None, None, "", "this file is missing")
    assert str(fault) == "labels.csv: this file is missing."


def test_a_long_list_of_allowed_values_is_shortened_and_counted() -> None:
    fault = Fault("a.csv", 2, "b", "x", "'x' is not allowed", tuple(f"w{n}" for n in range(40)))
    assert str(fault).endswith("w10, w11, ... (40 in all).")


def test_an_error_lists_every_fault() -> None:
    faults = tuple(Fault("a.csv", row, "b", "x", "'x' is wrong") for row in range(2, 40))
    lines = str(CaseError(faults)).splitlines()
    assert lines[0] == "38 faults in the case:"
    assert lines[1:] == [f"  {fault}" for fault in faults]
    assert str(CaseError(faults[:1])).startswith("1 fault in the case:\n")


def test_an_error_survives_the_way_back_from_a_worker_process() -> None:
    error = CaseError([Fault("a.csv", 2, "b", "x", "'x' is wrong")])
    again = pickle.loads(pickle.dumps(error))
    assert again.faults == error.faults
    assert str(again) == str(error)


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("rockt", "rocket"),
        ("Rocket", "rocket"),
        ("ROCKETS", "rocket"),
        ("small arms", "small_arms"),
        ("Small-Arms", "small_arms"),
        ("xyzzy", None),
        ("", None),
    ],
)
def test_nearest(value: str, meant: str | None) -> None:
    assert nearest(value, ("drone", "rocket", "small_arms", "mortar")) == meant


@given(st.text(), st.lists(st.text(), max_size=6))
def test_the_nearest_is_a_candidate_and_does_not_depend_on_their_order(
    value: str, candidates: list[str]
) -> None:
    found = nearest(value, candidates)
    assert found is None or found in candidates
    assert nearest(value, reversed(candidates)) == found


def test_a_read_only_mapping_cannot_be_changed_but_copied_and_pickled() -> None:
    table = {"classes": {"rocket": "indirect_fire"}, "scales": [0.4, 0.9]}
    options = read_only(table)
    assert options["scales"] == (0.4, 0.9)
    with pytest.raises(TypeError):
        options["classes"]["rocket"] = "air"  # the very thing that must not work
    table["classes"]["rocket"] = "air"
    assert options["classes"]["rocket"] == "indirect_fire"
    for other in (copy.deepcopy(options), pickle.loads(pickle.dumps(options))):
        assert other == options
        assert hash(other) == hash(options)
    assert dict(options) == options
