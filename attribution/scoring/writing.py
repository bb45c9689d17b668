"""Attributions written in any format, batch by batch, and harmless in a spreadsheet."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from attribution.scoring.errors import STANDARD, InputFileError
from attribution.scoring.formats import Format

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: Columns whose text comes from the file that was scored.
FOREIGN_COLUMNS = ("incident_id", "status", "file", "input")
#: Rows of a Parquet file that are laid out together, at least.
GROUP_ROWS = 100_000
#: Columns of few distinct texts. A dictionary of numbers that all differ is built for nothing.
REPEATED_COLUMNS = ("top_actor", "words", "evidence", "status")

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_FORMULA = "^[=+\\-@\t\r]"
_SPECIAL = '[",\r\n]'


class Writer(Protocol):
    """Takes batches of one schema."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Write the rows of a batch."""

    def close(self) -> None:
        """Write what stands at the end."""


def check_destination(sources: Iterable[Path], destination: Path) -> None:
    """Make sure, before any work, that a file can be written.

    Parameters
    ----------
    sources
        The files that are read.
    destination
        The file that will be written; one that exists is replaced.

    Raises
    ------
    InputFileError
        If it is a folder or no file, its folder is missing, or it is one of those that are read.
    """
    if destination == STANDARD:
        return
    if destination.is_dir():
        raise InputFileError(destination, "this is a folder; name a file")
    if not destination.parent.is_dir():
        raise InputFileError(destination, f"there is no folder {str(destination.parent)!r}")
    if not destination.exists():
        return
    if not destination.is_file():
        raise InputFileError(destination, "this is no file; write to another one")
    for source in sources:
        if source.exists() and destination.samefile(source):
            raise InputFileError(destination, "this is the input; write to another file")


def open_writer(stream: BinaryIO, kind: Format, schema: pa.Schema, *, raw: bool) -> Writer:
    """Start a file of attributions.

    Parameters
    ----------
    stream
        Where to; it need not be able to seek, and stays open.
    kind
        The format.
    schema
        Columns of what will be written.
    raw
        Leave texts in CSV as they are. Otherwise one that a spreadsheet would take for a formula
        gets a leading apostrophe.

    Returns
    -------
    Writer
        The same batches give the same bytes.
    """
    match kind:
        case Format.CSV:
            return _CsvWriter(stream, schema, raw=raw)
        case Format.CSV_GZ:
            return _GzipWriter(stream, schema, raw=raw)
        case Format.PARQUET:
            return _ParquetWriter(stream, schema)
        case Format.ARROW:
            return _ArrowWriter(pa.ipc.new_file(_Forward(stream), schema))
        case Format.ARROW_STREAM:
            return _ArrowWriter(pa.ipc.new_stream(_Forward(stream), schema))


def csv_text(batch: pa.RecordBatch, *, raw: bool = False) -> bytes:
    """Write the rows of a batch as comma-separated text.

    Parameters
    ----------
    batch
        Texts and numbers.
    raw
        Leave texts as they are.

    Returns
    -------
    bytes
        UTF-8, one line a row, without a header; numbers to the digits that tell them apart.
    """
    if not len(batch):
        return b""
    columns = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        text = pc.fill_null(column.cast(pa.string()), "")
        if pa.types.is_string(column.type):
            if name in FOREIGN_COLUMNS and not raw:
                text = _marked(text, _FORMULA, "'")
            text = _quoted(text)
        columns.append(text)
    lines = pc.binary_join_element_wise(*columns, ",")
    return "\n".join([*lines.to_pylist(), ""]).encode("utf-8")


def harmless(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula.

    Parameters
    ----------
    text
        Content of a cell.

    Returns
    -------
    str
        The text, with an apostrophe before it if it starts like a formula.
    """
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _marked(text: pa.Array, pattern: str, before: str, after: str = "") -> pa.Array:
    chosen = pc.match_substring_regex(text, pattern)
    if not pc.any(chosen).as_py():
        return text
    return pc.if_else(chosen, pc.binary_join_element_wise(before, text, after, ""), text)


def _quoted(text: pa.Array) -> pa.Array:
    doubled = pc.replace_substring(text, '"', '""')
    chosen = pc.match_substring_regex(text, _SPECIAL)
    if not pc.any(chosen).as_py():
        return text
    return pc.if_else(chosen, pc.binary_join_element_wise('"', doubled, '"', ""), text)


class _CsvWriter:
    def __init__(self, stream: BinaryIO, schema: pa.Schema, *, raw: bool) -> None:
        self._stream = stream
        self._raw = raw
        header = pa.RecordBatch.from_arrays(
            [pa.array([name], pa.string()) for name in schema.names],
            names=[f"column {number}" for number in range(len(schema))],
        )
        stream.write(csv_text(header))

    def write(self, batch: pa.RecordBatch) -> None:
        self._stream.write(csv_text(batch, raw=self._raw))

    def close(self) -> None:
        self._stream.flush()


class _GzipWriter:
    def __init__(self, stream: BinaryIO, schema: pa.Schema, *, raw: bool) -> None:
        # Neither a name nor a moment: the same rows give the same bytes.
        self._packed = gzip.GzipFile("", "wb", compresslevel=6, fileobj=stream, mtime=0)
        self._plain = _CsvWriter(self._packed, schema, raw=raw)  # type: ignore[arg-type]

    def write(self, batch: pa.RecordBatch) -> None:
        self._plain.write(batch)

    def close(self) -> None:
        self._packed.close()


class _ParquetWriter:
    def __init__(self, stream: BinaryIO, schema: pa.Schema) -> None:
        repeated = [name for name in schema.names if name in REPEATED_COLUMNS]
        self._writer = pq.ParquetWriter(
            _Forward(stream), schema, compression="zstd", use_dictionary=repeated
        )
        self._waiting: list[pa.RecordBatch] = []

    def write(self, batch: pa.RecordBatch) -> None:
        self._waiting.append(batch)
        if sum(len(each) for each in self._waiting) >= GROUP_ROWS:
            self._write()

    def close(self) -> None:
        self._write()
        self._writer.close()

    def _write(self) -> None:
        if self._waiting:
            self._writer.write_batch(pa.concat_batches(self._waiting))
        self._waiting = []


class _ArrowWriter:
    def __init__(self, writer: Any) -> None:  # noqa: ANN401  (pyarrow has no types)
        self._writer = writer

    def write(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(batch)

    def close(self) -> None:
        self._writer.close()


class _Forward:
    """A stream that knows how far it is although it cannot seek, and stays open.

    Parameters
    ----------
    stream
        Where the bytes go.
    """

    closed = False

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._at = 0

    def write(self, content: Any) -> int:  # noqa: ANN401  (any buffer)
        self._stream.write(content)
        self._at += len(content)
        return len(content)

    def tell(self) -> int:
        return self._at

    def flush(self) -> None:
        self._stream.flush()

    def close(self) -> None:
        self._stream.flush()

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False
