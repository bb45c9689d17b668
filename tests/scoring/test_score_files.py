import csv
import os
import threading
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from echo import Echo
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attribution.scoring.errors import InputFileError
from attribution.scoring.files import score_file
from attribution.scoring.sources import open_source
from attribution.scoring.texts import texts
from attribution.scoring.writing import csv_text, harmless


def written(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "in.csv"
    path.write_bytes(text.encode(encoding))
    return path


def read(path: Path) -> pd.DataFrame:
    """Everything that a source gives, as text."""
    batches = [texts(stretch.batch)[0] for stretch in open_source(path, None).stretches()]
    return pa.Table.from_batches(batches).to_pandas()


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def test_rows_keep_their_order_and_every_one_comes_back(tmp_path: Path) -> None:
    source = written(
        tmp_path,
        "incident_id,date,weapon_type\nb,2020-01-01,?\na,bad,rocket\nc,2020-01-02,rocket\n",
    )
    summary = score_file(Echo(), source, tmp_path / "out.csv")
    assert (summary.rows, summary.ok, summary.partial, summary.rejected) == (3, 1, 1, 1)
    assert summary.reasons == {"partial: weapon unknown": 1, "rejected: date 'bad' is no date": 1}
    out = pd.read_csv(tmp_path / "out.csv")
    assert list(out["incident_id"]) == ["b", "a", "c"]
    assert (out["p_a"] + out["p_b"] - 1).abs().max() < 1e-12


def test_rows_of_another_width_keep_their_place_and_say_why(tmp_path: Path) -> None:
    source = written(
        tmp_path,
        "incident_id,date,place\na,2020-01-01,x\nb,2020-01-01,x,y\nc\nd,2020-01-01,x\n",
    )
    summary = score_file(Echo(), source, tmp_path / "out.csv")
    assert (summary.rows, summary.ok, summary.rejected) == (4, 2, 2)
    out = pd.read_csv(tmp_path / "out.csv")
    assert list(out["incident_id"]) == ["a", "b", "c", "d"]
    assert out["status"].iloc[1] == "rejected: line 3 has 4 cells where the header has 3"
    assert out["status"].iloc[2] == "rejected: line 4 has 1 cells where the header has 3"
    assert list(out["p_a"].isna()) == [False, True, True, False]


def test_values_stay_text(tmp_path: Path) -> None:
    source = written(tmp_path, "incident_id,date\n007,2020-01-01\nNA,2020-01-01\n1e5,2020-01-01\n")
    posterior = Echo()
    score_file(posterior, source, tmp_path / "out.parquet")
    assert list(posterior.seen[0]["incident_id"]) == ["007", "NA", "1e5"]
    assert pq.read_table(tmp_path / "out.parquet")["incident_id"].to_pylist() == [
        "007",
        "NA",
        "1e5",
    ]


def test_parquet_reads_like_csv(tmp_path: Path) -> None:
    table = pa.table(
        {
            "incident_id": pa.array(["a", None, "c"]).dictionary_encode(),
            "date": pa.array([datetime(2020, 1, 2), None, datetime(2020, 1, 4, 5)]),  # noqa: DTZ001
            "day": [date(2020, 1, 2), None, date(2020, 1, 4)],
            "latitude": [36.5, float("nan"), None],
            "munition_count": pa.array([3, None, 1], pa.int64()),
            "claims": [["KH", "AAH"], None, []],
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    frame = read(tmp_path / "in.parquet")
    assert list(frame["incident_id"]) == ["a", "", "c"]
    assert list(frame["date"]) == ["2020-01-02", "", "2020-01-04 05:00:00"]
    assert list(frame["day"]) == ["2020-01-02", "", "2020-01-04"]
    assert list(frame["latitude"]) == ["36.5", "", ""]
    assert list(frame["munition_count"]) == ["3", "", "1"]
    assert list(frame["claims"]) == ["KH;AAH", "", ""]


cells = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.lists(st.tuples(cells, cells), max_size=6))
def test_any_text_survives_csv(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    path = tmp_path / "in.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["incident_id", "date"])
        writer.writerows(rows)
    frame = read(path)
    assert list(zip(frame["incident_id"], frame["date"], strict=True)) == rows


def test_a_file_with_only_a_header_has_no_rows(tmp_path: Path) -> None:
    source = written(tmp_path, "incident_id,date\n")
    summary = score_file(Echo(), source, tmp_path / "out.csv")
    assert summary.rows == 0
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == (
        "incident_id,p_a,p_b,lo_a,lo_b,hi_a,hi_b,top_actor,top_p,words,entropy_bits,evidence,"
        "status\n"
    )


def test_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    source = written(tmp_path, "\ufeffincident_id,date\r\na,2020-01-01\r\n\r\n")
    assert read(source).to_dict("list") == {
        "incident_id": ["a"],
        "date": ["2020-01-01"],
    }


@pytest.mark.parametrize(
    ("content", "message", "row"),
    [
        (b"", "empty", None),
        (b"\n \n", "empty", None),
        (b"incident_id,day\na,2020-01-01\n", "no column 'date'; the columns are", None),
        (b"date,date\n1,2\n", "'date' more than once", 1),
        (b"date,\n1,2\n", "column 2 of the header has no name", 1),
        (b"date;place\n2020-01-01;x\n", "separated by ';'", 1),
        (b"d\xe9te,date\n1,2\n", "0xe9 in line 1 is not UTF-8", 1),
        (b"da\x00te\n2020-01-01\n", "NUL byte", 1),
        (b'date,place\n2020-01-01,"Erbil\n', "ends inside a quotation", 2),
        (b'date,place\nx,"a\ny,"b\n', "not readable as CSV", 2),
        ("date\n2020-01-01\n".encode("utf-16"), "NUL byte", 1),
        (b"PK\x03\x04 and so on", "a spreadsheet or an archive", None),
    ],
)
def test_a_csv_that_cannot_be_read(
    tmp_path: Path, content: bytes, message: str, row: int | None
) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(content)
    with pytest.raises(InputFileError, match=r"^in\.(csv)") as caught:
        score_file(Echo(), source, tmp_path / "out.csv")
    assert message in str(caught.value)
    assert caught.value.row == row
    assert not (tmp_path / "out.csv").exists()


def parquet_bytes(tmp_path: Path) -> bytes:
    path = tmp_path / "whole.parquet"
    pq.write_table(pa.table({"date": ["2020-01-01"] * 100}), path)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda whole: whole[: len(whole) // 2], "not readable as Parquet"),
        (lambda whole: whole[:-8] + b"\x00" * 4 + b"PAR1", "not readable as Parquet"),
        (lambda _: b"", "empty"),
        (lambda _: b"date\n2020-01-01\n", "not readable as Parquet"),
    ],
)
def test_a_parquet_file_that_cannot_be_read(
    tmp_path: Path, damage: Callable[[bytes], bytes], message: str
) -> None:
    source = tmp_path / "in.parquet"
    source.write_bytes(damage(parquet_bytes(tmp_path)))
    with pytest.raises(InputFileError, match=message):
        read(source)


@pytest.mark.parametrize("name", ["in.xlsx", "in"])
def test_other_formats_are_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("date\n", encoding="utf-8")
    with pytest.raises(InputFileError, match=r"CSV .*Parquet .*--input-format"):
        read(tmp_path / name)


def test_no_file_and_no_folder(tmp_path: Path) -> None:
    source = written(tmp_path, "date\n2020-01-01\n")
    with pytest.raises(InputFileError, match="no such file"):
        score_file(Echo(), tmp_path / "other.csv", tmp_path / "out.csv")
    with pytest.raises(InputFileError, match="no folder"):
        score_file(Echo(), source, tmp_path / "missing" / "out.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputFileError, match="is a folder"):
        score_file(Echo(), source, tmp_path / "folder.csv")
    with pytest.raises(InputFileError, match="holds no file"):
        score_file(Echo(), tmp_path / "folder.csv", tmp_path / "out.csv")


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_the_input_is_never_overwritten(tmp_path: Path, link: Callable[[Path, Path], None]) -> None:
    source = written(tmp_path, "date\n2020-01-01\n")
    link(source, tmp_path / "same.csv")
    for destination in (source, tmp_path / "." / "in.csv", tmp_path / "same.csv"):
        with pytest.raises(InputFileError, match="this is the input"):
            score_file(Echo(), source, destination)
    assert source.read_text(encoding="utf-8") == "date\n2020-01-01\n"


def test_a_run_that_breaks_leaves_the_old_output_and_nothing_else(tmp_path: Path) -> None:
    class Breaks(Echo):
        def attribute(self, incidents: pd.DataFrame) -> pd.DataFrame:
            return super().attribute(incidents).assign(p_a=threading.Lock())

    source = written(tmp_path, "date\n2020-01-01\n")
    destination = tmp_path / "out.parquet"
    destination.write_bytes(b"old")
    with pytest.raises((pa.ArrowException, TypeError)):
        score_file(Breaks(), source, destination)
    assert destination.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.parquet"]


def test_lost_rows_are_noticed(tmp_path: Path) -> None:
    class Loses(Echo):
        def attribute(self, incidents: pd.DataFrame) -> pd.DataFrame:
            return super().attribute(incidents).iloc[1:]

    source = written(tmp_path, "date\n2020-01-01\n")
    with pytest.raises(RuntimeError, match="1 rows were scored, but 0 came back"):
        score_file(Loses(), source, tmp_path / "out.csv")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_is_taken_for_a_formula(tmp_path: Path, start: str) -> None:
    text = f"{start}cmd|' /C calc'!A0"
    assert harmless(text) == f"'{text}"
    source = tmp_path / "in.csv"
    with source.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["incident_id", "date"], [text, text]])
    score_file(Echo(), source, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        row = next(csv.DictReader(file))
    assert row["incident_id"] == f"'{text}"
    assert row["status"].startswith("rejected: ")
    score_file(Echo(), source, tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet")["incident_id"].to_pylist() == [text]


def test_figures_keep_their_sign_and_digits() -> None:
    batch = pa.RecordBatch.from_pydict(
        {"incident_id": ["a"], "p_a": [-1e-20], "p_b": [1 / 3], "status": ["ok"]}
    )
    assert csv_text(batch) == b"a,-1e-20,0.3333333333333333,ok\n"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    source = written(tmp_path, "date\n2020-01-01\n")
    (tmp_path / "real.csv").write_text("old", encoding="utf-8")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    score_file(Echo(), source, tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert "status" in (tmp_path / "real.csv").read_text(encoding="utf-8")
