"""Tables from elsewhere, row by row and all at once."""

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution.posterior.evidence_base import GRADES, HIGH, MODERATE, grade
from attribution.posterior.intake import Intake, read_frame
from attribution.posterior.posterior import Posterior

ERBIL = {"incident_id": "20210215-erbil-airport", "date": "2021-02-15"}
CELLS = {
    "date": ("2021-05-01", " 2019-08-20 ", "2021-13-01", "1 May 2021", "2031-01-01", ""),
    "country": ("Iraq", "Atlantis", ""),
    "province": ("Erbil", "Baghdad", ""),
    "place": ("", "A place nobody has attacked"),
    "latitude": ("33.3", " 36.2 ", "91", "north", "nan", "1_0", ""),
    "longitude": ("44.4", "-inf", ""),
    "weapon_type": ("rocket", " drone", "rockt", "unknown", ""),
    "target_type": ("us_coalition_base", "airport", "aiport", ""),
    "claims": (
        "",
        "KH",
        "Saraya Awliya al-Dam; unknown",
        "Kataib Hezbollah; KH;; New Name ",
        "Ahl al-Kahf",
        "New Name",
    ),
}
CELL = {name: st.sampled_from(texts) for name, texts in CELLS.items()}
FOREIGN = st.fixed_dictionaries({"incident_id": st.sampled_from(("x", "y", "")), **CELL})
OWN = FOREIGN.map(lambda cells: {**cells, **ERBIL})
FRAMES = st.lists(st.one_of(FOREIGN, OWN), min_size=1, max_size=6).map(pd.DataFrame)


def rows_of(frame: pd.DataFrame) -> list[pd.DataFrame]:
    return [frame.iloc[[row]] for row in range(len(frame))]


def said(intake: Intake, row: int) -> list[tuple[object, ...]]:
    table = intake.evidence.statements
    own = table[table["row"] == row]
    return list(zip(own["speaker_id"], own["kind"], own["source_id"], strict=True))


@settings(deadline=None, max_examples=30)
@given(FRAMES)
def test_rows_are_read_together_as_each_is_alone(posterior: Posterior, frame: pd.DataFrame) -> None:
    together = read_frame(posterior.case, frame)
    for row, one in enumerate(rows_of(frame)):
        alone = read_frame(posterior.case, one)
        assert together.rejected[row] == alone.rejected[0]
        assert together.notes[row] == alone.notes[0]
        pd.testing.assert_frame_equal(
            together.evidence.incidents.iloc[[row]].reset_index(drop=True),
            alone.evidence.incidents,
        )
        assert said(together, row) == said(alone, 0)
        assert (together.evidence.labels["row"] == row).sum() == len(alone.evidence.labels)


@settings(deadline=None, max_examples=6)
@given(FRAMES)
def test_rows_are_answered_together_as_each_is_alone(
    posterior: Posterior, frame: pd.DataFrame
) -> None:
    together = posterior.attribute(frame)
    alone = pd.concat([posterior.attribute(one) for one in rows_of(frame)], ignore_index=True)
    pd.testing.assert_frame_equal(together, alone, rtol=1e-10)


def test_a_cell_is_read_by_what_it_says_whatever_its_type(posterior: Posterior) -> None:
    days = [
        date(2021, 5, 1),
        datetime(2021, 5, 1, 13, tzinfo=UTC),
        pd.Timestamp("2021-05-01"),
        "2021-05-01",
    ]
    frame = pd.DataFrame(
        {
            "incident_id": [7, "7", 7.0, None],
            "date": pd.Series(days, dtype="object"),
            "weapon_type": pd.Series([1, True, 1.0, "rocket"], dtype="object"),
            "latitude": pd.Series([33, 33.0, "33", np.float64(33)], dtype="object"),
        }
    )
    found = read_frame(posterior.case, frame).evidence.incidents
    assert found["incident_id"].tolist() == ["7", "7", "7.0", ""]
    assert found["weapon_type"].tolist() == ["1", "True", "1.0", "rocket"]
    assert (found["date"] == pd.Timestamp("2021-05-01")).all()
    assert (found["latitude"] == 33.0).all()


@pytest.mark.parametrize("zone", [None, "Asia/Baghdad"])
def test_moments_count_for_their_local_day_and_a_missing_one_is_told(
    posterior: Posterior, zone: str | None
) -> None:
    written = ["2021-05-01 01:30", None, "2021-05-02 00:00"]
    moments = pd.Series(pd.to_datetime(written)).dt.tz_localize(zone)
    for column in (moments, moments.astype("object")):
        intake = read_frame(posterior.case, pd.DataFrame({"date": column}))
        expected = pd.Series(pd.to_datetime(["2021-05-01", None, "2021-05-02"]))
        assert intake.evidence.incidents["date"].equals(expected.astype("datetime64[us]"))
        assert intake.notes == ((), ("date is missing",), ())
        assert not any(intake.rejected)


def test_an_index_and_categories_change_nothing(posterior: Posterior) -> None:
    cells = {"date": "2021-05-01", "weapon_type": "rocket", "claims": "KH"}
    plain = pd.DataFrame([{**cells, "incident_id": name} for name in ("a", "b")])
    wanted = posterior.attribute(plain)
    for other in (plain.set_axis([5, 5]), plain.astype("category"), plain.astype("object")):
        pd.testing.assert_frame_equal(posterior.attribute(other), wanted)


def test_a_row_of_the_case_brings_what_was_said_wherever_it_stands(posterior: Posterior) -> None:
    case = posterior.case
    own = case.incidents.iloc[[40, 3, 40, 7]]
    intake = read_frame(case, own)
    for row, name in enumerate(own["incident_id"]):
        for known, found in (
            (case.statements, intake.evidence.statements),
            (case.labels, intake.evidence.labels),
        ):
            wanted = known[known["incident_id"] == name]["source_id"].tolist()
            assert found[found["row"] == row]["source_id"].tolist() == wanted


@given(st.lists(st.one_of(st.floats(0, 5), st.sampled_from((MODERATE, HIGH)))))
def test_grades_begin_at_their_thresholds(amounts: list[float]) -> None:
    wanted = [
        "high" if each >= HIGH else "moderate" if each >= MODERATE else "low" for each in amounts
    ]
    assert [GRADES[position] for position in grade(np.array(amounts))] == wanted
