"""Where rows may come from and go to: the same rows, whatever the way."""

import gzip
import io
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from echo import Echo

from attribution.scoring.errors import InputFileError, StoppedError
from attribution.scoring.files import ScoreSettings, score_file
from attribution.scoring.rows import parts
from attribution.scoring.sources import Sql, open_source
from attribution.scoring.sql_source import MISSING

ROWS = 50
TABLE = pa.table(
    {
        "incident_id": [f"id{n}" for n in range(ROWS)],
        "date": ["2020-01-02", "bad"] * (ROWS // 2),
        "place": ["a,b"] * ROWS,
    }
)
SMALL = ScoreSettings(part_rows=7)


def content(kind: str, table: pa.Table = TABLE) -> bytes:
    stream = io.BytesIO()
    match kind:
        case "csv":
            table.to_pandas().to_csv(stream, index=False)
        case "csv.gz":
            return gzip.compress(content("csv", table))
        case "parquet":
            pq.write_table(table, stream, row_group_size=9)
        case "arrow":
            with pa.ipc.new_file(stream, table.schema) as writer:
                writer.write_table(table, max_chunksize=9)
        case "arrows":
            with pa.ipc.new_stream(stream, table.schema) as writer:
                writer.write_table(table, max_chunksize=9)
    return stream.getvalue()


def read(kind: str, written: bytes) -> pd.DataFrame:
    match kind:
        case "csv" | "csv.gz":
            packed = gzip.decompress(written) if kind == "csv.gz" else written
            return pd.read_csv(io.BytesIO(packed))
        case "parquet":
            return pq.read_table(io.BytesIO(written)).to_pandas()
        case "arrow":
            return pa.ipc.open_file(written).read_all().to_pandas()
        case _:
            return pa.ipc.open_stream(written).read_all().to_pandas()


KINDS = ["csv", "csv.gz", "parquet", "arrow", "arrows"]


class Stream:
    """A standard stream over bytes in memory, which cannot seek."""

    def __init__(self, given: bytes = b"") -> None:
        self.buffer = io.BufferedReader(Unseekable(given)) if given else Sink()


class Unseekable(io.RawIOBase):
    def __init__(self, given: bytes) -> None:
        self.given = io.BytesIO(given)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        # Pipes give little at a time.
        return self.given.readinto(memoryview(buffer)[:5])


class Sink(io.RawIOBase):
    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, chunk) -> int:
        self.written += bytes(chunk)
        return len(chunk)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", ["file", "name without ending", "standard input", "told"])
def test_every_format_by_every_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, way: str
) -> None:
    settings = SMALL
    source: Path | str = tmp_path / f"in.{kind}"
    if way == "name without ending":
        source = tmp_path / "in"
        settings = ScoreSettings(part_rows=7, input_format=kind)
    if way == "told":
        settings = ScoreSettings(part_rows=7, input_format=kind)
    if way == "standard input":
        monkeypatch.setattr(sys, "stdin", Stream(content(kind)))
        source = "-"
    else:
        Path(source).write_bytes(content(kind))
    summary = score_file(Echo(), source, tmp_path / "out.parquet", settings)
    assert (summary.rows, summary.ok, summary.rejected) == (ROWS, 25, 25)
    result = pq.read_table(tmp_path / "out.parquet").to_pandas()
    assert list(result["incident_id"]) == TABLE["incident_id"].to_pylist()


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_to_standard_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    (tmp_path / "in.csv").write_bytes(content("csv"))
    stream = Stream()
    monkeypatch.setattr(sys, "stdout", stream)
    settings = ScoreSettings(part_rows=7, output_format=kind)
    score_file(Echo(), tmp_path / "in.csv", "-", settings)
    score_file(Echo(), tmp_path / "in.csv", tmp_path / f"out.{kind}", SMALL)
    result = read(kind, bytes(stream.buffer.written))
    assert list(result["incident_id"]) == TABLE["incident_id"].to_pylist()
    pd.testing.assert_frame_equal(result, read(kind, (tmp_path / f"out.{kind}").read_bytes()))


@pytest.mark.parametrize(
    ("refusal", "told", "message"),
    [
        (OSError(28, "No space left on device"), StoppedError, "standard output: .*No space left"),
        (BrokenPipeError(32, "Broken pipe"), BrokenPipeError, "Broken pipe"),
    ],
)
def test_standard_output_that_takes_no_more(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    refusal: OSError,
    told: type[Exception],
    message: str,
) -> None:
    class Full(Sink):
        def write(self, chunk) -> int:
            if len(self.written) > 500:
                raise refusal
            return super().write(chunk)

    (tmp_path / "in.csv").write_bytes(content("csv"))
    stream = Stream()
    stream.buffer = Full()
    monkeypatch.setattr(sys, "stdout", stream)
    with pytest.raises(told, match=message):
        score_file(Echo(), tmp_path / "in.csv", "-", SMALL)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (b"\n", "standard input: the file is empty"),
        (b"PK\x03\x04rest", "standard input: this is a spreadsheet"),
        (b"PAR1 and no more", "standard input: this is not readable as Parquet"),
        (b"day\nx\n", "standard input: there is no column 'date'"),
    ],
)
def test_standard_input_at_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: bytes, message: str
) -> None:
    monkeypatch.setattr(sys, "stdin", Stream(given))
    with pytest.raises(InputFileError, match=message):
        score_file(Echo(), "-", tmp_path / "out.csv", SMALL)
    assert list(tmp_path.iterdir()) == []


def feed(folder: Path) -> None:
    (folder / "year=2020" / "deep").mkdir(parents=True)
    (folder / "_delta").mkdir()
    for number, (name, kind) in enumerate(
        [("b.csv", "csv"), ("a.parquet", "parquet"), ("year=2020/deep/c.arrow", "arrow")]
    ):
        (folder / name).write_bytes(content(kind, TABLE.slice(number * 10, 10)))
    for name in (".hidden.csv", "_delta/x.csv", "notes.txt"):
        (folder / name).write_text("nothing of this is a table", encoding="utf-8")


def test_a_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    feed(tmp_path / "feed")
    score_file(Echo(), tmp_path / "feed", tmp_path / "out.parquet", SMALL)
    found = pq.read_table(tmp_path / "out.parquet")["incident_id"].to_pylist()
    numbers = [*range(10, 20), *range(10), *range(20, 30)]
    assert found == [f"id{n}" for n in numbers]
    listed = pd.read_csv(tmp_path / "out.parquet.rejected.csv")
    assert list(listed["file"]) == ["a.parquet"] * 5 + ["b.csv"] * 5 + ["c.arrow"] * 5
    assert list(listed["file_row"]) == [2, 4, 6, 8, 10] * 3
    assert list(listed["row"]) == list(range(2, 31, 2))


def test_a_pattern(tmp_path: Path) -> None:
    feed(tmp_path / "feed")
    out = tmp_path / "out.parquet"
    assert score_file(Echo(), tmp_path / "feed" / "*.csv", out, SMALL).rows == 10
    assert score_file(Echo(), str(tmp_path / "feed" / "**" / "*.arrow"), out, SMALL).rows == 10
    with pytest.raises(InputFileError, match="no file fits"):
        score_file(Echo(), tmp_path / "feed" / "*.xml", out, SMALL)
    with pytest.raises(InputFileError, match="this is the input"):
        score_file(Echo(), tmp_path / "feed" / "*.csv", tmp_path / "feed" / "b.csv", SMALL)


def test_files_of_other_columns_stand_side_by_side(tmp_path: Path) -> None:
    (tmp_path / "feed").mkdir()
    (tmp_path / "feed" / "1.csv").write_text("date,place\n2020-01-01,x\n", encoding="utf-8")
    (tmp_path / "feed" / "2.csv").write_text("incident_id,date\nq,2020-01-01\n", encoding="utf-8")
    score_file(Echo(), tmp_path / "feed", tmp_path / "out.csv", SMALL)
    found = pd.read_csv(tmp_path / "out.csv", keep_default_na=False)
    assert list(found["incident_id"]) == ["", "q"]
    (tmp_path / "feed" / "3.csv").write_text("day\n2020-01-01\n", encoding="utf-8")
    with pytest.raises(InputFileError, match=r"3\.csv: there is no column 'date'"):
        score_file(Echo(), tmp_path / "feed", tmp_path / "out.csv", SMALL)


@pytest.mark.parametrize("rows", [1, 7, 9, 10, 49, 50, 51, 1000])
@pytest.mark.parametrize("kind", KINDS)
def test_parts_have_the_same_rows_whatever_the_file_is_cut_into(
    tmp_path: Path, kind: str, rows: int
) -> None:
    path = tmp_path / f"in.{kind}"
    path.write_bytes(content(kind))
    found = list(parts(open_source(path, None).stretches(), rows))
    assert [len(part) for part in found[:-1]] == [rows] * (len(found) - 1)
    assert sum(map(len, found)) == ROWS
    assert [part.index for part in found] == list(range(len(found)))
    assert [part.first for part in found] == [1 + rows * n for n in range(len(found))]
    assert found[-1].share == pytest.approx(1) or kind in {"arrow", "arrows"}


# --- queries -------------------------------------------------------------------------------------


def test_a_query(tmp_path: Path) -> None:
    pq.write_table(TABLE, tmp_path / "in.parquet")
    query = f"select incident_id as incident_id, date from '{tmp_path}/*.parquet' order by all desc"
    summary = score_file(Echo(), Sql(query), tmp_path / "out.parquet", SMALL)
    assert summary.rows == ROWS
    found = pq.read_table(tmp_path / "out.parquet")["incident_id"].to_pylist()
    assert found == sorted(TABLE["incident_id"].to_pylist(), reverse=True)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("selct 1", "syntax error"),
        ("select * from 'none.parquet'", "none.parquet"),
        ("select 1 as day", "no column 'date'"),
        ("select 1 as date, 2 as date", "more than once"),
        ("create table t (a int)", "use select"),
        ("", "use select"),
        ("select error('stop') as date", "stop"),
    ],
)
def test_a_query_at_fault(tmp_path: Path, query: str, message: str) -> None:
    with pytest.raises(InputFileError, match=rf"the query(, row 1)?: .*{message}"):
        score_file(Echo(), Sql(query), tmp_path / "out.csv", SMALL)
    assert list(tmp_path.iterdir()) == []


def test_without_duckdb_a_query_is_refused_with_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(InputFileError, match="claim-attribution") as caught:
        score_file(Echo(), Sql("select 1 as date"), tmp_path / "out.csv", SMALL)
    assert MISSING in str(caught.value)
