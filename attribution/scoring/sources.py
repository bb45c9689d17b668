"""Where incidents come from: files, folders, patterns, standard input and queries."""

from __future__ import annotations

import gzip
import io
import sys
import tempfile
import zlib
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from attribution.scoring.csv_source import csv_stretches
from attribution.scoring.errors import (
    STANDARD,
    InputFileError,
    StoppedError,
    first_line,
    os_reason,
)
from attribution.scoring.fingerprints import state_of
from attribution.scoring.formats import HEAD, Format, checked, format_of, named_format
from attribution.scoring.rows import READ_BYTES, READ_ROWS, Stretch, check_header, no_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_PATTERN = ("*", "?", "[")
_OPTION = "--input-format"
#: With this an Arrow stream says that it is complete.
_END = b"\xff\xff\xff\xff\x00\x00\x00\x00"


class Source(Protocol):
    """Rows in an order that is the same each time."""

    @property
    def name(self) -> str:
        """What it is called in messages."""

    @property
    def path(self) -> Path:
        """Where faults of the source as a whole are told of."""

    @property
    def repeatable(self) -> bool:
        """Whether it can be read twice."""

    def fingerprint(self) -> Mapping[str, Any]:
        """Return what tells a changed input, as JSON writes it."""

    def stretches(self) -> Iterator[Stretch]:
        """Read all rows."""


@dataclass(frozen=True)
class Sql:
    """A query that DuckDB runs.

    Parameters
    ----------
    query
        SQL; files are named in it.
    """

    query: str


@dataclass(frozen=True)
class FileSource:
    """One or more files, one after the other.

    Parameters
    ----------
    path
        What the user named.
    paths
        The files.
    said
        Their format; None goes by the names.
    """

    path: Path
    paths: tuple[Path, ...]
    said: Format | None

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return self.path.name

    @property
    def repeatable(self) -> bool:
        """Files can be read twice."""
        return True

    def fingerprint(self) -> Mapping[str, Any]:
        """Return size, moment of change and SHA-256 of both ends of every file."""
        return {str(path.resolve()): _state(path) for path in self.paths}

    def stretches(self) -> Iterator[Stretch]:
        """Read all rows of all files."""
        states = {path: _state(path) for path in self.paths}
        total = max(1, sum(state["size"] for state in states.values()))
        before = 0
        for path in self.paths:
            start, size = before, states[path]["size"]
            kind = self.said or named_format(path, _OPTION)

            def share(part: float, start: int = start, size: int = size) -> float:
                return float((start + part * size) / total)

            with _told(path):
                with path.open("rb") as stream:
                    yield from _stretches(path, stream, kind, share, size)
                if _state(path) != states[path]:
                    raise InputFileError(path, "the file was changed while it was read")
            before += size


@dataclass(frozen=True)
class StandardInput:
    """What another program writes.

    Parameters
    ----------
    said
        The format; None goes by the first bytes.
    stream
        Where it is read from.
    """

    said: Format | None
    stream: BinaryIO

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return "standard input"

    @property
    def path(self) -> Path:
        """A stand-in for a path."""
        return STANDARD

    @property
    def repeatable(self) -> bool:
        """A stream passes once."""
        return False

    def fingerprint(self) -> Mapping[str, Any]:
        """Return nothing: a stream cannot be compared."""
        return {}

    def stretches(self) -> Iterator[Stretch]:
        """Read all rows."""
        head = b""
        while len(head) < HEAD and (more := self.stream.read(HEAD - len(head))):
            head += more
        kind = checked(STANDARD, head, self.said)
        buffered = io.BufferedReader(_Continued(head, self.stream))
        with _told(STANDARD):
            if kind not in {Format.PARQUET, Format.ARROW}:
                yield from _stretches(STANDARD, buffered, kind, None, 0)
                return
            # These are read from their ends, which a stream does not show.
            with tempfile.TemporaryFile() as copy:
                while chunk := buffered.read(2**20):
                    copy.write(chunk)
                size = copy.tell()
                copy.seek(0)
                yield from _stretches(STANDARD, copy, kind, lambda part: part, size)


class _Continued(io.RawIOBase):
    """A stream whose first bytes have been read; it stays open when its reader is done with it.

    Parameters
    ----------
    head
        The first bytes.
    stream
        What follows.
    """

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head = head
        self._stream = stream

    def readable(self) -> bool:
        """Say that reading is what it can do."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  (any writable buffer)
        """Read what is there."""
        read = getattr(self._stream, "read1", self._stream.read)
        chunk = self._head[: len(buffer)] or read(len(buffer))
        self._head = self._head[len(chunk) :]
        buffer[: len(chunk)] = chunk
        return len(chunk)


def open_source(source: Path | str | Sql, said: Format | None) -> Source:
    """Find what is to be scored.

    Parameters
    ----------
    source
        A file; a folder, of which all files with a known ending count, also in folders below it; a
        pattern such as ``events/*.parquet``; "-" for standard input; or a query.
    said
        Format of the files; None goes by their names.

    Returns
    -------
    Source
        Files in the order of their names.

    Raises
    ------
    InputFileError
        If there is nothing of that name, or a name does not tell the format.
    """
    if isinstance(source, Sql):
        from attribution.scoring.sql_source import SqlSource  # noqa: PLC0415 - needs an extra

        return SqlSource(source.query)
    path = Path(source)
    if path == STANDARD:
        return StandardInput(said, sys.stdin.buffer)
    paths = _found(path, said)
    for each in paths:
        if said is None:
            named_format(each, _OPTION)
    return FileSource(path, paths, said)


def _found(path: Path, said: Format | None) -> tuple[Path, ...]:
    if path.is_dir():
        found = sorted(
            each
            for each in path.rglob("*")
            if each.is_file()
            and not any(part.startswith((".", "_")) for part in each.relative_to(path).parts)
            and (said is not None or format_of(each) is not None)
        )
        if not found:
            raise InputFileError(path, "this folder holds no file that can be scored")
        return tuple(found)
    if not path.exists() and any(sign in str(path) for sign in _PATTERN):
        matches = sorted(glob(str(path), recursive=True))  # noqa: PTH207  (also from the root)
        found = [Path(match) for match in matches if Path(match).is_file()]
        if not found:
            raise InputFileError(path, "no file fits this pattern")
        return tuple(found)
    if not path.exists():
        raise InputFileError(path, "there is no such file")
    if not path.is_file():
        raise InputFileError(path, "this is neither a file nor a folder")
    return (path,)


def _state(path: Path) -> dict[str, Any]:
    with _told(path):
        return {**state_of(path), "changed": path.stat().st_mtime_ns}


class _told:  # noqa: N801  (a context manager, used like a function)
    """Turn what libraries raise while a file is read into a message about it.

    Parameters
    ----------
    path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        """Nothing to start."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Tell."""
        path = self._path
        match error:
            case gzip.BadGzipFile() | zlib.error():
                raise InputFileError(
                    path, f"this is not readable as gzip ({first_line(error)})"
                ) from error
            case EOFError():
                raise InputFileError(path, "the file ends too early; it was cut off") from error
            case FileNotFoundError():
                raise StoppedError(path, "there is no such file any more") from error
            case OSError() if error.errno is not None:
                raise StoppedError(path, f"the file cannot be read ({os_reason(error)})") from error


def _stretches(
    path: Path,
    stream: BinaryIO,
    said: Format,
    share: Callable[[float], float] | None,
    size: int,
) -> Iterator[Stretch]:
    """Read one content of a format that is known or, of a file, checked."""
    if share is None:
        kind = said
    else:
        kind = checked(path, stream.read(HEAD), said)
        stream.seek(0)

    def done() -> float | None:
        return None if share is None else share(min(1.0, stream.tell() / max(1, size)))

    match kind:
        case Format.CSV:
            yield from csv_stretches(stream, path, done)
        case Format.CSV_GZ:
            with gzip.GzipFile(fileobj=stream, mode="rb") as plain:
                yield from csv_stretches(plain, path, done)  # type: ignore[arg-type]
        case _:
            yield from _arrow_stretches(path, stream, kind, share)


def _arrow_stretches(
    path: Path,
    stream: BinaryIO,
    kind: Format,
    share: Callable[[float], float] | None,
) -> Iterator[Stretch]:
    first = 1
    try:
        total, batches = _batches(stream, kind)
        for batch in batches:
            header = check_header(path, batch.schema.names)
            renamed = pa.RecordBatch.from_arrays(batch.columns, names=header)
            before, first = first, first + len(batch)
            done = None if share is None or not total else share((first - 1) / total)
            yield Stretch(renamed, path.name, before, share=done)
    except (pa.ArrowException, UnicodeDecodeError, OSError, MemoryError) as error:
        # An error of the operating system has a number; others are of the content.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        name = "Parquet" if kind is Format.PARQUET else "Arrow"
        # A damaged length announces more than there can be.
        why = "out of memory" if isinstance(error, MemoryError) else first_line(error)
        raise InputFileError(path, f"this is not readable as {name} ({why})") from error


def _batches(stream: BinaryIO, kind: Format) -> tuple[int, Iterator[pa.RecordBatch]]:
    """Return the number of rows, 0 if unknown, and the rows; an empty batch shows the columns."""
    batches: Iterator[pa.RecordBatch]
    if kind is Format.PARQUET:
        # As it is needed: otherwise all that was read stays in memory until the end of the file.
        file = pq.ParquetFile(stream, buffer_size=READ_BYTES, pre_buffer=False)
        return file.metadata.num_rows, _with_columns(
            file.schema_arrow, file.iter_batches(batch_size=READ_ROWS)
        )
    if kind is Format.ARROW:
        reader = pa.ipc.open_file(stream)
        count = reader.num_record_batches
        batches = (reader.get_batch(number) for number in range(count))
    else:
        ending = _Ending(stream)
        reader = pa.ipc.open_stream(ending)
        batches = _ended(reader, ending)
    return 0, _with_columns(reader.schema, _sound(batches))


class _Ending(io.RawIOBase):
    """A stream that remembers what was read of it last.

    Parameters
    ----------
    stream
        The stream.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.last = b""

    def readable(self) -> bool:
        """Say that reading is what it can do."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Read so many bytes, fewer at the end."""
        chunk = self._stream.read(size)
        self.last = (self.last + chunk[-len(_END) :])[-len(_END) :]
        return chunk


def _ended(reader: Any, ending: _Ending) -> Iterator[pa.RecordBatch]:  # noqa: ANN401
    """Read a stream up to its end mark: without one, it may have been cut off between batches."""
    yield from reader
    if ending.last != _END:
        raise pa.ArrowInvalid("the stream has no end mark; it was cut off")


def _with_columns(schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield no_rows(schema)
    yield from batches


def _sound(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        # The buffers come from the file as they are; damaged ones would be followed blindly.
        for column in batch.columns:
            kind = column.type
            large = pa.types.is_large_string(kind)
            raw = pa.large_binary() if large else pa.binary()
            text = large or pa.types.is_string(kind)
            # Text that is not UTF-8 is a matter of its row.
            (column.view(raw) if text else column).validate(full=True)
        yield batch
