"""Coordinates of foreign rows and of supposed places, which channels of distance read."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from measured_case import INCIDENTS, measured_case
from small_case import TERRITORY

from attribution.case.case import Case
from attribution.channels.evidence import Evidence, case_evidence
from attribution.channels.stack import bind_stack
from attribution.posterior.intake import read_frame
from attribution.posterior.single import SingleReader
from attribution.posterior.what_if import Change, supposition

IDS = [row["incident_id"] for row in INCIDENTS]


@pytest.fixture(scope="module")
def case() -> Case:
    return measured_case(TERRITORY)


def changed_evidence(case: Case, row: int | None, change: Change) -> tuple[Evidence, str]:
    reader = SingleReader(case, bind_stack(case), case_evidence(case))
    asked, words = supposition(case, reader, row, change)
    return reader.evidence(asked), words


def place_after(case: Case, incident: str | None, **columns: str) -> tuple[float, float]:
    """Latitude and longitude of an incident after a change."""
    row = None if incident is None else IDS.index(incident)
    evidence, _ = changed_evidence(case, row, Change(columns))
    (latitude,), (longitude,) = (evidence.incidents[n] for n in ("latitude", "longitude"))
    return latitude, longitude


def test_coordinates_of_foreign_rows_are_numbers(case: Case) -> None:
    frame = pd.DataFrame(
        {
            "date": "2021-05-01",
            "latitude": ["33.25", 34, None, "", " 35 ", np.nan],
            "longitude": [44.5, "-7.5", None, "", "180", 44.0],
        }
    )
    intake = read_frame(case, frame)
    incidents = intake.evidence.incidents
    assert incidents["latitude"].dtype == incidents["longitude"].dtype == np.float64
    np.testing.assert_array_equal(incidents["latitude"], [33.25, 34, np.nan, np.nan, 35, np.nan])
    np.testing.assert_array_equal(incidents["longitude"], [44.5, -7.5, np.nan, np.nan, 180, 44])
    assert not any(intake.notes)
    assert not any(intake.rejected)


@pytest.mark.parametrize(
    ("column", "value", "limit"),
    [
        ("latitude", "33,5", 90),
        ("latitude", "91", 90),
        ("latitude", 1e9, 90),
        ("latitude", "nan", 90),
        ("longitude", "-181", 180),
        ("longitude", "inf", 180),
        ("longitude", "44 E", 180),
    ],
)
def test_a_coordinate_that_cannot_be_read_leaves_a_note_and_nothing_else(
    case: Case, column: str, value: Any, limit: int
) -> None:
    intake = read_frame(case, pd.DataFrame({"date": ["2021-05-01"], column: [value]}))
    assert math.isnan(intake.evidence.incidents[column].iloc[0])
    assert intake.notes[0] == (f"{column} '{value}' is not a number from -{limit} to {limit}",)
    assert intake.rejected == ("",)


def test_rows_without_the_columns_and_tables_without_rows_have_numbers_too(case: Case) -> None:
    for frame in (pd.DataFrame({"date": ["2021-05-01"]}), pd.DataFrame({"date": []})):
        incidents = read_frame(case, frame).evidence.incidents
        assert incidents["latitude"].dtype == incidents["longitude"].dtype == np.float64
        assert incidents["latitude"].isna().all()
        assert len(incidents) == len(frame)


def test_another_place_is_where_the_case_has_it(case: Case) -> None:
    # Camp: a, f and h at 34.0 and b a little north of them, hence the middle.
    assert place_after(case, "c", place="Camp") == (34.0, 44.0)
    assert place_after(case, None, country="Iraq", province="North", place="Hill") == (34.5, 44.0)


@pytest.mark.parametrize(
    "columns",
    [
        {"place": "Nowhere"},
        {"place": "Gate", "province": "South"},
        {"province": "South"},
        {"country": "Syria"},
        {"place": ""},
    ],
)
def test_a_place_that_the_case_has_no_coordinates_of_has_none(
    case: Case, columns: dict[str, str]
) -> None:
    assert all(math.isnan(value) for value in place_after(case, "a", **columns))


def test_what_is_no_other_place_keeps_its_coordinates(case: Case) -> None:
    own = (34.05, 44.0)
    assert place_after(case, "b") == own
    assert place_after(case, "b", weapon_type="drone") == own
    # The middle of Camp is elsewhere, but b is where it was.
    assert place_after(case, "b", place="Camp") == own
    assert place_after(case, "b", country="Iraq", province="North", place="Camp") == own


def test_coordinates_that_are_given_hold(case: Case) -> None:
    assert place_after(case, "a", latitude="33.5") == (33.5, 44.0)
    given = {"latitude": "30", "longitude": "47.5"}
    assert place_after(case, "a", **given, place="Nowhere") == (30.0, 47.5)
    assert place_after(case, "a", place="Hill", **given) == (30.0, 47.5)
    # What is not given beside it follows the place.
    assert place_after(case, "a", place="Hill", longitude="40") == (34.5, 40.0)
    assert math.isnan(place_after(case, "a", latitude="")[0])


def test_changed_coordinates_are_told_and_bad_ones_refused(case: Case) -> None:
    _, words = changed_evidence(case, 0, Change({"latitude": "33.5"}))
    assert words == "latitude 34.0 -> 33.5"
    _, words = changed_evidence(case, IDS.index("d"), Change({"latitude": "33.5"}))
    assert words == "latitude not recorded -> 33.5"
    for value in ("north", "91", "nan"):
        message = f"latitude '{value}' is not a number from -90 to 90"
        with pytest.raises(ValueError, match=message):
            changed_evidence(case, 0, Change({"latitude": value}))
