"""Files of incidents, read as text: CSV and Parquet.

Every value is read as text, whatever the file calls it: an identifier "007" stays one, and what a
value means is decided in one place, by the channels.
"""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from attribution.case.faults import listed
from attribution.case.readonly import ReadOnly
from attribution.scoring.errors import InputFileError

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SUFFIXES = (".csv", ".parquet")
REQUIRED = ("date",)

_LONGEST_CELL = 10_000_000
_LIST_SEPARATOR = ";"


def file_kind(path: Path) -> str:
    """Tell the format of a file from its name.

    Parameters
    ----------
    path
        A file that need not exist.

    Returns
    -------
    str
        ".csv" or ".parquet".

    Raises
    ------
    InputFileError
        If the name ends otherwise.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        ending = f"the name ends in {path.suffix!r}" if suffix else "the name has no ending"
        raise InputFileError(path, f"{ending}; CSV (.csv) and Parquet (.parquet) can be used")
    return suffix


@dataclass(frozen=True, eq=False)
class IncidentFile:
    """The rows of a file of incidents.

    Attributes
    ----------
    rows
        One row an incident in the file's order, every column text, "" for a missing value.
    rejected
        Why a row cannot be used, by position; its cells may stand in the wrong columns.
    """

    rows: pd.DataFrame
    rejected: Mapping[int, str]


def read_incidents(path: Path) -> IncidentFile:
    """Read a file of incidents.

    Parameters
    ----------
    path
        CSV (UTF-8, comma-separated, one header row) or Parquet file.

    Returns
    -------
    IncidentFile
        All rows of the file. A row with too many or too few cells is among them, marked.

    Raises
    ------
    InputFileError
        If there is no such file, its content is not what its name says, or a column that nothing
        can do without is missing.
    """
    kind = file_kind(path)
    if not path.exists():
        raise InputFileError(path, "there is no such file")
    if not path.is_file():
        raise InputFileError(path, "this is no file")
    try:
        content = _read_csv(path) if kind == ".csv" else _read_parquet(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputFileError(path, f"the file cannot be read ({reason})") from error
    _require_columns(path, tuple(content.rows.columns))
    return content


def _read_csv(path: Path) -> IncidentFile:
    rows = csv.reader(io.StringIO(_decoded(path), newline=""), strict=True)
    previous = csv.field_size_limit(_LONGEST_CELL)
    try:
        header = _header(path, next(rows, []))
        records, rejected = _records(rows, len(header))
    except csv.Error as error:
        raise InputFileError(path, f"this is not readable as CSV ({error})", rows.line_num) from (
            error
        )
    finally:
        csv.field_size_limit(previous)
    return IncidentFile(pd.DataFrame(records, columns=pd.Index(header), dtype="str"), rejected)


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    if not content.strip():
        raise InputFileError(path, "the file is empty")
    if b"\x00" in content:
        row = content[: content.index(b"\x00")].count(b"\n") + 1
        raise InputFileError(path, "there is a NUL byte, so this is no text file", row)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise InputFileError(
            path, f"the byte 0x{content[error.start]:02x} is not UTF-8; save the file as UTF-8", row
        ) from error


def _header(path: Path, cells: Sequence[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    repeated = [name for name, count in Counter(header).items() if count > 1 and name]
    if repeated:
        raise InputFileError(path, f"the header names {_listed(repeated)} more than once", 1)
    if "" in header:
        position = header.index("") + 1
        raise InputFileError(path, f"column {position} of the header has no name", 1)
    return header


def _records(rows: Reader, width: int) -> tuple[list[list[str]], Mapping[int, str]]:
    """Read the rows; one of another width keeps its place, cut or filled, and is marked."""
    records: list[list[str]] = []
    rejected: dict[int, str] = {}
    for cells in rows:
        if not cells:  # A blank line is no row.
            continue
        if len(cells) != width:
            rejected[len(records)] = (
                f"line {rows.line_num} has {len(cells)} cells where the header has {width}"
            )
        records.append([*cells, *[""] * width][:width])
    return records, ReadOnly(rejected)


def _read_parquet(path: Path) -> IncidentFile:
    if path.stat().st_size == 0:
        raise InputFileError(path, "the file is empty")
    try:
        with pq.ParquetFile(path) as file:
            table = file.read()
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise InputFileError(
            path, f"this is not readable as Parquet ({_first_line(error)})"
        ) from error
    names = list(table.column_names)
    _header(path, names)
    columns = {name: [_cell(value) for value in table.column(name).to_pylist()] for name in names}
    rows = pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows), dtype="str")
    return IncidentFile(rows, ReadOnly({}))


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    match value:
        case str():
            return value
        case bytes():
            return value.decode("utf-8", errors="replace")
        case datetime() if value.time() == time():
            # Midnight stands for the day itself; any other time of day is left to be refused.
            return value.date().isoformat()
        case list():
            return _LIST_SEPARATOR.join(_cell(item) for item in value)
        case _:
            return str(value)


def _require_columns(path: Path, columns: Sequence[str]) -> None:
    missing = [name for name in REQUIRED if name not in columns]
    if not missing:
        return
    shown = _listed(columns) if columns else "none"
    raise InputFileError(path, f"there is no column {_listed(missing)}; the columns are {shown}")


def _listed(names: Sequence[str]) -> str:
    return listed([repr(name) for name in names])


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
