"""Files that nobody should have to score: a message or a marked row, never a lost one."""

import csv
import gzip
import io
import os
import re
import zlib
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from echo import Echo
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attribution.scoring.csv_source import LONGEST_RECORD
from attribution.scoring.errors import InputFileError
from attribution.scoring.files import ScoreSettings, score_file
from attribution.scoring.journal import Leftovers

SMALL = ScoreSettings(part_rows=3, leftovers=Leftovers.RESTART)
HEAD = "incident_id,date,place\n"
GOOD = ["a,2020-01-01,x\n", "b,2020-01-02,y\n", "c,2020-01-03,z\n", "d,2020-01-04,w\n"]


@pytest.fixture(autouse=True)
def forced_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What outlasts a power cut is tested elsewhere; here it would only take time."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def outcome(folder: Path, name: str, content: bytes) -> pd.DataFrame | str:
    """Score a file: the output, or the message; whatever else is raised fails the test."""
    path, out = folder / name, folder / "out.csv"
    path.write_bytes(content)
    try:
        summary = score_file(Echo(), path, out, SMALL)
    except InputFileError as error:
        assert not out.exists()
        text = str(error)
        assert len(text) < 2000
        assert text.endswith(".")
        assert text.startswith(name)
        return text
    table = pd.read_csv(out, dtype=str, keep_default_na=False)
    assert summary.rows == len(table)
    assert summary.ok + summary.partial + summary.rejected == len(table)
    assert (table["status"] != "").all()
    rejected = table["status"].str.startswith("rejected: ")
    assert (table.loc[rejected, "p_a"] == "").all()
    assert (table.loc[~rejected, "p_a"] != "").all()
    listing = folder / "out.csv.rejected.csv"
    listed = pd.read_csv(listing, dtype=str) if listing.exists() else pd.DataFrame({"row": []})
    assert [int(row) for row in listed["row"]] == [n + 1 for n, bad in enumerate(rejected) if bad]
    return table


def with_line(line: bytes, position: int) -> bytes:
    rows = [row.encode() for row in GOOD]
    return b"".join([HEAD.encode(), *rows[:position], line, *rows[position:]])


# --- rows that are marked -----------------------------------------------------------------------

MARKED = {
    "too few cells": (b"q,2020-01-05\n", "2 cells where the header has 3"),
    "one cell": (b"q\n", "1 cells where the header has 3"),
    "too many cells": (b"q,2020-01-05,x,y,z\n", "5 cells where the header has 3"),
    "no UTF-8": (b"q,2020-01-05,caf\xe9\n", "0xe9 in line"),
    "cut UTF-8": (b"q,2020-01-05,caf\xc3\n", "0xc3 in line"),
    "surrogates": (b"q,2020-01-05,\xed\xa0\x80\n", "0xed in line"),
    "overlong": (b"q,2020-01-05,\xc0\xaf\n", "0xc0 in line"),
    "Windows text": ("q,2020-01-05,Zürich\n".encode("cp1252"), "0xfc in line"),
    "Arabic Windows text": ("q,2020-01-05,كتائب\n".encode("cp1256"), "is not UTF-8"),
    "NUL": (b"q,2020-01-05,a\x00b\n", "NUL byte in line"),
    "NULs": (b"\x00\x00\x00\n", "NUL byte in line"),
    "quote within": (b'q,2020-01-05,"a"b\n', "not readable as CSV"),
    "quotes within": (b'q,"2020"-01-05,x\n', "not readable as CSV"),
    "no date": (b"q,,x\n", "no date"),
    "slashes": (b"q,05/01/2020,x\n", "a spreadsheet may have rewritten it"),
    "dots": (b"q,5.1.20,x\n", "a spreadsheet may have rewritten it"),
    "month": (b"q,Jan-20,x\n", "a spreadsheet may have rewritten it"),
    "day and month": (b"q,5-Jan,x\n", "a spreadsheet may have rewritten it"),
    "day number": (b"q,43835,x\n", "as a spreadsheet's day number it would be 2020-01-05"),
    "day number with decimals": (b"q,43835.0,x\n", "it would be 2020-01-05"),
    "hashes": (b"q,########,x\n", "no date"),
    "formula": (b"q,=TODAY(),x\n", "no date"),
    "form feed": (b"q,\x0c,x\n", "no date"),
    "long cell": (b"q,%s,x\n" % (b"9" * 100_000), "no date"),
    "quoted comma too many": (b'q,"2020-01-05",x,"a,b"\n', "4 cells where the header has 3"),
    "only commas": (b",,,,,,,\n", "8 cells where the header has 3"),
    "semicolons": (b"q;2020-01-05;x\n", "1 cells where the header has 3"),
    "tabs": (b"q\t2020-01-05\tx\n", "1 cells where the header has 3"),
}  # fmt: skip


@pytest.mark.parametrize("position", range(5))
@pytest.mark.parametrize("case", MARKED)
def test_a_bad_row_is_marked_wherever_it_stands(tmp_path: Path, case: str, position: int) -> None:
    line, reason = MARKED[case]
    table = outcome(tmp_path, "in.csv", with_line(line, position))
    assert isinstance(table, pd.DataFrame), table
    assert len(table) == 5
    status = table["status"].iloc[position]
    assert status.startswith("rejected: ")
    assert reason in status
    others = table.drop(index=position)
    assert list(others["incident_id"]) == ["a", "b", "c", "d"]
    assert list(others["status"]) == ["ok"] * 4
    listed = pd.read_csv(tmp_path / "out.csv.rejected.csv", dtype=str).iloc[0]
    assert int(listed["file_row"]) == position + 1
    assert listed["file"] == "in.csv"


def test_cells_beyond_the_header_are_kept(tmp_path: Path) -> None:
    outcome(tmp_path, "in.csv", with_line(b"q,2020-01-05,x,=more,most\n", 0))
    listed = pd.read_csv(tmp_path / "out.csv.rejected.csv", dtype=str).iloc[0]
    assert listed["input"] == (
        '{"incident_id": "q", "date": "2020-01-05", "place": "x", "cell 4": "=more", '
        '"cell 5": "most"}'
    )


# --- rows that are well, though they look odd ---------------------------------------------------

WELL = [
    b"q,2020-01-05,\n",
    b'q,2020-01-05,"a,b"\n',
    b'q,2020-01-05,"a ""b"" c"\n',
    b'q,2020-01-05,"two\nlines"\n',
    b'q,2020-01-05,"two\r\nlines"\r\n',
    b'"q","2020-01-05","x"\n',
    "q,2020-01-05,كتائب حزب الله\n".encode(),
    "q,2020-01-05,\U0001f680\n".encode(),
    "q,2020-01-05,a\u2028b\u0085c\n".encode(),
    b"q,2020-01-05,a\x0bb\x1cc\n",
    b"q,2020-01-05,%s\n" % (b"x" * 1_000_000),
    b"q,2020-01-05,it's 5\" wide\n",
    b"\n\nq,2020-01-05,x\n\n\n",
    b"q,2020-01-05,x\r",
]


@pytest.mark.parametrize("position", [0, 2, 4])
@pytest.mark.parametrize("number", range(len(WELL)))
def test_a_row_that_only_looks_odd_is_scored(tmp_path: Path, number: int, position: int) -> None:
    table = outcome(tmp_path, "in.csv", with_line(WELL[number], position))
    assert isinstance(table, pd.DataFrame), table
    assert list(table["status"]) == ["ok"] * 5
    assert table["incident_id"].iloc[position] == "q"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_marks(tmp_path: Path, end: str, last: bool, mark: str) -> None:
    text = mark + "".join([HEAD, *GOOD]).replace("\n", end)
    table = outcome(tmp_path, "in.csv", (text if last else text.rstrip("\r\n")).encode())
    assert isinstance(table, pd.DataFrame), table
    assert list(table["incident_id"]) == ["a", "b", "c", "d"]


# --- files that stop the run --------------------------------------------------------------------

STOPPED = {
    "quote open at the end": (HEAD.encode() + b'a,2020-01-01,"x\n', "ends inside a quotation"),
    "quote open in the middle": (with_line(b'q,2020-01-05,"x\n', 2), "ends inside a quotation"),
    "quote open over rows": (
        with_line(b'q,2020-01-05,"x\n', 1) + b'e,2020-01-01,"y"\n', "not readable as CSV",
    ),
    "quote open in the header": (b'incident_id,"date\n' + GOOD[0].encode(), "inside a quotation"),
    "empty": (b"", "empty"),
    "blank": (b"\n\n \n", "empty"),
    "only a mark": (b"\xef\xbb\xbf", "empty"),
    "UTF-16": ("".join([HEAD, *GOOD]).encode("utf-16"), "UTF-16"),
    "UTF-16 big end": (b"\xfe\xff" + HEAD.encode("utf-16-be"), "UTF-16"),
    "UTF-16 without mark": (HEAD.encode("utf-16-le"), "NUL byte"),
    "UTF-32": (HEAD.encode("utf-32"), "NUL byte"),
    "spreadsheet": (b"PK\x03\x04" + bytes(200), "spreadsheet"),
    "old spreadsheet": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "spreadsheet"),
    "gzip by name of CSV": (gzip.compress(HEAD.encode()), "should be CSV but is CSV under gzip"),
    "Parquet by name of CSV": (b"PAR1" + bytes(40), "should be CSV but is Parquet"),
    "Arrow by name of CSV": (b"ARROW1\x00\x00" + bytes(40), "should be CSV but is an Arrow file"),
    "no column date": (b"incident_id,day\na,2020-01-01\n", "no column 'date'"),
    "no column date, no row": (b"incident_id,day\n", "no column 'date'"),
    "a name twice": (b"date,date\n1,2\n", "more than once"),
    "no name": (b"date,,x\n1,2,3\n", "column 2 of the header has no name"),
    "separated by semicolons": (b"date;x\n1;2\n", "separated by ';'"),
    "separated by tabs": (b"date\tx\n1\t2\n", "separated by '\\\\t'"),
    "separated by bars": (b"date|x\n1|2\n", "separated by '|'"),
    "a page": (b"<!doctype html>\n<html><body>Not found</body></html>\n", "no column 'date'"),
    "JSON": (b'{"date": "2020-01-01"}\n', "no column 'date'"),
    "noise": (bytes(range(1, 256)) * 8, "no column"),
    "zeros": (bytes(5000), "NUL byte"),
    "a long line": (HEAD.encode() + b"x" * (LONGEST_RECORD + 2), "longer than 8 MiB"),
    "a long first line": (b"x" * (LONGEST_RECORD + 2), "longer than 8 MiB"),
    "a long quotation": (
        HEAD.encode() + b'a,2020-01-01,"' + b"x,y,z\n" * (LONGEST_RECORD // 6 + 1), "longer than",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", STOPPED)
def test_a_file_that_cannot_be_taken_apart_stops_the_run(tmp_path: Path, case: str) -> None:
    content, message = STOPPED[case]
    told = outcome(tmp_path, "in.csv", content)
    assert isinstance(told, str), told["status"]
    assert message.replace("\\\\", "\\") in told


@pytest.mark.parametrize("case", STOPPED)
def test_so_it_does_under_gzip(tmp_path: Path, case: str) -> None:
    told = outcome(tmp_path, "in.csv.gz", gzip.compress(STOPPED[case][0], 1))
    assert isinstance(told, str) or "by name of CSV" in case or "spreadsheet" in case


def test_an_endless_line_is_noticed_before_it_fills_the_memory(tmp_path: Path) -> None:
    """Very much in very few bytes of gzip: what is read of it is counted."""
    path = tmp_path / "in.csv.gz"
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    with path.open("wb") as stream:
        stream.write(packer.compress(HEAD.encode()))
        for _ in range(128):
            stream.write(packer.compress(b"x" * 2**20))
        stream.write(packer.flush())
    with pytest.raises(InputFileError, match=r"row 2: .*longer than 8 MiB"):
        score_file(Echo(), path, tmp_path / "out.csv", SMALL)


# --- damaged containers -------------------------------------------------------------------------


def table(rows: int = 40) -> pa.Table:
    return pa.table(
        {
            "incident_id": [f"id{n}" for n in range(rows)],
            "date": ["2020-01-01"] * rows,
            "latitude": [float(n) for n in range(rows)],
        }
    )


def container(name: str, rows: int = 40) -> bytes:
    stream = io.BytesIO()
    content = table(rows)
    match name:
        case "in.parquet":
            pq.write_table(content, stream, row_group_size=7)
        case "in.arrow":
            with pa.ipc.new_file(stream, content.schema) as writer:
                writer.write_table(content, max_chunksize=7)
        case "in.arrows":
            with pa.ipc.new_stream(stream, content.schema) as writer:
                writer.write_table(content, max_chunksize=7)
        case "in.csv.gz":
            with gzip.open(stream, "wt", encoding="utf-8", newline="") as text:
                writer = csv.writer(text)
                writer.writerow(content.column_names)
                writer.writerows(zip(*content.to_pydict().values(), strict=True))
    return stream.getvalue()


CONTAINERS = ["in.parquet", "in.arrow", "in.arrows", "in.csv.gz"]


@pytest.mark.parametrize("name", CONTAINERS)
def test_containers_are_read(tmp_path: Path, name: str) -> None:
    result = outcome(tmp_path, name, container(name))
    assert isinstance(result, pd.DataFrame), result
    assert list(result["incident_id"]) == [f"id{n}" for n in range(40)]


@pytest.mark.parametrize("share", [0.02, 0.2, 0.4, 0.6, 0.8, 0.95, 0.999])
@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_that_was_cut_off(tmp_path: Path, name: str, share: float) -> None:
    content = container(name)
    told = outcome(tmp_path, name, content[: max(1, int(len(content) * share))])
    assert isinstance(told, str), f"{len(told)} rows of 40"
    assert re.search("not readable as|ends too early|should be|empty", told)


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("content", [b"", b"\x00" * 64, b"date\n2020-01-01\n", b"PK\x03\x04xxxx"])
def test_a_container_that_is_none(tmp_path: Path, name: str, content: bytes) -> None:
    assert isinstance(outcome(tmp_path, name, content), str)


def test_a_damaged_length_that_no_memory_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("attribution.scoring.sources._batches", exhausted)
    told = outcome(tmp_path, "in.arrows", container("in.arrows"))
    assert isinstance(told, str)
    assert "not readable as Arrow (out of memory)" in told


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(st.data())
@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_with_a_flipped_bit(tmp_path: Path, name: str, data: st.DataObject) -> None:
    content = bytearray(container(name))
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= 1 << data.draw(st.integers(0, 7))
    result = outcome(tmp_path, name, bytes(content))
    if isinstance(result, pd.DataFrame) and name != "in.csv.gz":
        # Cells may have changed, but none of the rows is gone.
        assert len(result) == 40
    (tmp_path / "out.csv").unlink(missing_ok=True)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([b"\xff\xfe", b"ok"], pa.binary()),
        pa.array([b"caf\xe9", b"ok"]).view(pa.string()),
        pa.array([2**62, None], pa.timestamp("us")),
        pa.array([-(2**62), 1], pa.timestamp("s")),
        pa.array([2**31 - 1, 1], pa.int32()).cast(pa.date32()),
        pa.array([{"a": 1}, None]),
        pa.array([[1, 2], None]),
        pa.array([True, None]),
        pa.array([None, None]),
        pa.array([1.5, float("inf")]),
        pa.array(["2020-01-01", "2020-01-02"]).dictionary_encode(),
        pa.array([1, 2], pa.duration("s")),
        pa.array([1, 2], pa.time64("ns")),
        pa.array([1, 2], pa.timestamp("ms", "Asia/Baghdad")),
        pa.array([b"0123456789abcdef", None], pa.binary(16)),
    ],
    ids=lambda column: str(column.type),
)
def test_columns_of_any_type_are_dates_or_reasons(tmp_path: Path, column: pa.Array) -> None:
    stream = io.BytesIO()
    content = pa.table({"incident_id": ["a", "b"], "date": column})
    with pa.ipc.new_file(stream, content.schema) as writer:
        writer.write_table(content)
    result = outcome(tmp_path, "in.arrow", stream.getvalue())
    assert isinstance(result, pd.DataFrame), result
    assert len(result) == 2


# --- generated ----------------------------------------------------------------------------------

pieces = st.sampled_from(
    [b",", b'"', b"\n", b"\r", b"\r\n", b"\x00", b"\xff", b"\xc3\xa9", b"a", b"2020-01-01", b"=",
     b";", b"\xef\xbb\xbf", b" ", b"\\", b"'", b'""', b"date", b"incident_id"]
)  # fmt: skip


def rows_of(content: bytes) -> int | None:
    """Count rows in a way of its own: None where only a full reader could tell."""
    if b'"' in content or b"\r" in content:
        return None
    return sum(bool(line) for line in content.split(b"\n"))


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None
)
@given(st.lists(pieces, max_size=60).map(b"".join))
def test_any_bytes_are_rows_or_a_message(tmp_path: Path, content: bytes) -> None:
    result = outcome(tmp_path, "in.csv", HEAD.encode() + content)
    if isinstance(result, pd.DataFrame):
        expected = rows_of(content)
        assert expected is None or len(result) == expected
    for name in ("out.csv", "out.csv.rejected.csv"):
        (tmp_path / name).unlink(missing_ok=True)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None
)
@given(st.lists(pieces, max_size=40).map(b"".join))
def test_any_bytes_from_the_start(tmp_path: Path, content: bytes) -> None:
    outcome(tmp_path, "in.csv", content)
    for name in ("out.csv", "out.csv.rejected.csv"):
        (tmp_path / name).unlink(missing_ok=True)


names = st.text(st.characters(codec="utf-8"), max_size=8)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None
)
@given(st.lists(st.tuples(names, st.sampled_from(["2020-01-01", "", "x"])), max_size=12))
def test_any_text_in_parquet_keeps_its_row(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    path, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    columns = [pa.array([row[number] for row in rows], pa.string()) for number in (0, 1)]
    pq.write_table(pa.table(columns, names=["incident_id", "date"]), path)
    summary = score_file(Echo(), path, out, SMALL)
    assert summary.rows == len(rows)
    assert pq.read_table(out)["incident_id"].to_pylist() == [a for a, _ in rows]
