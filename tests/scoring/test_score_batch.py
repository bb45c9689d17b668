from datetime import date, datetime

import pandas as pd
import pyarrow as pa
import pytest
from echo import Echo

from attribution.scoring.batch import output_schema, score_batch, spreadsheet_hint
from attribution.scoring.rows import Part
from attribution.scoring.tally import MOST_TEXTS, OTHERS, ScoreSummary, summary


def batch(**columns: object) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(columns)


def test_the_schema_follows_from_the_actors_alone() -> None:
    schema = output_schema(Echo())
    assert schema.names == [
        "incident_id", "p_a", "p_b", "lo_a", "lo_b", "hi_a", "hi_b", "top_actor", "top_p", "words",
        "entropy_bits", "evidence", "status",
    ]  # fmt: skip
    rows = batch(date=["2020-01-01", "x"])
    for given in (rows, rows.slice(0, 0), batch(date=[datetime(2020, 1, 1)])):  # noqa: DTZ001
        result = score_batch(Echo(), given)
        assert result.schema == schema
        assert result.schema.metadata is None
        assert len(result) == len(given)


def test_columns_of_any_type_are_read_as_text() -> None:
    posterior = Echo()
    given = batch(incident_id=[7, 8], date=[date(2020, 1, 1), None], latitude=[1.5, float("nan")])
    result = score_batch(posterior, given)
    seen = posterior.seen[0]
    assert seen.to_dict("list") == {
        "incident_id": ["7", "8"], "date": ["2020-01-01", ""], "latitude": ["1.5", ""],
    }  # fmt: skip
    assert result.column("status").to_pylist() == ["ok", "rejected: date '' is no date"]
    assert result.column("p_a").null_count == 1


def test_rows_that_are_known_to_be_unusable_have_no_answer() -> None:
    given = batch(incident_id=["a", "b"], date=["2020-01-01", "2020-01-01"])
    result = score_batch(Echo(), given, {1: "it was torn"}).to_pylist()
    assert result[0]["status"] == "ok"
    assert result[1]["status"] == "rejected: it was torn"
    assert result[1]["incident_id"] == "b"
    assert result[1]["p_a"] is None
    assert result[1]["top_actor"] == ""


def test_a_batch_without_a_date_is_refused() -> None:
    with pytest.raises(ValueError, match="no column 'date'; the columns are 'day'"):
        score_batch(Echo(), batch(day=["2020-01-01"]))


def test_an_answer_with_other_columns_is_a_defect() -> None:
    class Other(Echo):
        def attribute(self, incidents: pd.DataFrame) -> pd.DataFrame:
            return super().attribute(incidents).drop(columns="p_b")

    with pytest.raises(KeyError, match="p_b"):
        score_batch(Other(), batch(date=["2020-01-01"]))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("43876", "; as a spreadsheet's day number it would be 2020-02-15"),
        ("43876.0", "; as a spreadsheet's day number it would be 2020-02-15"),
        ("15/02/2020", "; a spreadsheet may have rewritten it: format the column as text"),
        ("Feb-20", "; a spreadsheet may have rewritten it: format the column as text"),
        ("15-Feb", "; a spreadsheet may have rewritten it: format the column as text"),
        ("yesterday", ""),
        ("2020-02-31", ""),
        ("123", ""),
        ("", ""),
    ],
)
def test_what_a_spreadsheet_did(text: str, hint: str) -> None:
    assert spreadsheet_hint(text) == hint


def test_counts_add_up_and_stay_bounded() -> None:
    one = summary(pa.array(["ok", "partial: a", "rejected: b", "rejected: b"]), {"w": {"x": 2}})
    two = summary(pa.array(["rejected: b", "ok"]), {"w": {"x": 1, "y": 1}, "t": {}})
    both = one + two
    assert (both.rows, both.ok, both.partial, both.rejected) == (6, 2, 1, 3)
    assert both.reasons == {"partial: a": 1, "rejected: b": 3}
    assert both.unmapped == {"w": {"x": 3, "y": 1}, "t": {}}
    total = ScoreSummary()
    for part in range(5):
        total += summary(pa.array([f"rejected: {part} {n}" for n in range(MOST_TEXTS)]))
    assert len(total.reasons) == MOST_TEXTS
    assert sum(total.reasons.values()) == total.rejected == 5 * MOST_TEXTS
    assert total.reasons[OTHERS] > 1


def test_a_row_knows_its_file() -> None:
    rows = batch(date=["a"] * 6)
    part = Part(0, 1, rows, ((0, "x", 5), (2, "y", 1)), {}, {}, None)
    assert [part.origin(row) for row in range(4)] == [("x", 5), ("x", 6), ("y", 1), ("y", 2)]
