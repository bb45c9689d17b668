"""Comma-separated text, read record by record in bounded memory.

Every cell is text: an identifier "007" stays one, and what a value means is decided in one place,
by the channels. A record that cannot be used keeps its place and says why. What makes it impossible
to tell where records end stops the reading.
"""

from __future__ import annotations

import csv
import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

import pyarrow as pa

from attribution.scoring.errors import InputFileError
from attribution.scoring.rows import READ_ROWS, Stretch, check_header

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

#: Most characters of a record. A quotation mark that is left open must not swallow the file.
LONGEST_RECORD = 8 * 2**20
#: Characters after which rows are handed on, however few they are.
STRETCH = 16 * 2**20

_BLOCK = 2**20
_MARK = b"\xef\xbb\xbf"
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_OTHER_SEPARATORS = (";", "\t", "|")


class _Lines:
    """The lines of a stream as the csv module takes them, and what is wrong with them.

    Parameters
    ----------
    stream
        What is read.
    path
        Its file, for messages.
    """

    def __init__(self, stream: BinaryIO, path: Path) -> None:
        self._stream = stream
        self._path = path
        self.faults: dict[int, str] = {}
        self.number = 0
        self.last = ""
        #: Where the record began that is being read, and its length so far.
        self.start = 1
        self.length = 0

    def __iter__(self) -> Iterator[str]:
        for block in self._blocks():
            for line in self._decoded(block):
                self.number += 1
                self.last = line
                self.length += len(line)
                if self.length > LONGEST_RECORD:
                    raise self._too_long()
                yield line

    def _blocks(self) -> Iterator[bytes]:
        """Read whole lines, some thousand at a time."""
        rest = b""
        while chunk := self._stream.read(_BLOCK):
            if not rest and not self.number:
                chunk = self._beginning(chunk)
            rest += chunk
            # A carriage return at the very end may be one half of a line end.
            end = max(rest.rfind(b"\n"), rest.rfind(b"\r", 0, len(rest) - 1)) + 1
            if end:
                yield rest[:end]
                rest = rest[end:]
            elif len(rest) > LONGEST_RECORD:
                self.start = self.number + 1
                raise self._too_long()
        if rest:
            yield rest

    def _beginning(self, chunk: bytes) -> bytes:
        if chunk.startswith(_WIDE_MARKS):
            raise InputFileError(
                self._path, "this is UTF-16, which has NUL bytes; save the file as UTF-8", 1
            )
        return chunk.removeprefix(_MARK)

    def _decoded(self, block: bytes) -> Iterator[str]:
        try:
            text = block.decode("utf-8")
        except UnicodeDecodeError:
            text = ""
        if text and "\x00" not in text:
            yield from io.StringIO(text, newline="")
            return
        # One character a byte: lines end where they would in UTF-8.
        for line in io.StringIO(block.decode("latin-1"), newline=""):
            yield self._repaired(line.encode("latin-1"), self.number + 1)

    def _repaired(self, line: bytes, number: int) -> str:
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            self.faults[number] = (
                f"the byte 0x{line[error.start]:02x} in line {number} is not UTF-8; "
                "save the file as UTF-8"
            )
            text = line.decode("utf-8", errors="backslashreplace")
        if "\x00" in text:
            self.faults[number] = f"there is a NUL byte in line {number}"
            text = text.replace("\x00", "\\x00")
        return text

    def _too_long(self) -> InputFileError:
        return InputFileError(
            self._path,
            f"the record that starts here is longer than {LONGEST_RECORD // 2**20} MiB; "
            "a quotation mark may have been left open",
            self.start,
        )

    def fault_of_record(self) -> str:
        """Return what is wrong with the lines of the record just read, and go to the next."""
        first, self.start, self.length = self.start, self.number + 1, 0
        if not self.faults:
            return ""
        found = [why for line, why in self.faults.items() if first <= line <= self.number]
        self.faults = {line: why for line, why in self.faults.items() if line > self.number}
        return found[0] if found else ""


def csv_stretches(
    stream: BinaryIO, path: Path, share: Callable[[], float | None]
) -> Iterator[Stretch]:
    """Read comma-separated text.

    Parameters
    ----------
    stream
        UTF-8, with or without a byte order mark, one header row.
    path
        Its file, for messages.
    share
        Tells how much of the input has been read.

    Yields
    ------
    Stretch
        The columns, without a row; then all rows in order, every column text. A row with too many
        or too few cells, bytes that are not UTF-8, a NUL byte or a quotation mark where none may be
        is among them, marked.

    Raises
    ------
    InputFileError
        If there is no header, a record is longer than `LONGEST_RECORD`, or the text ends inside a
        quotation.
    """
    lines = _Lines(stream, path)
    with _long_cells():
        reader = csv.reader(iter(lines), strict=True)
        header = _header(path, reader, lines)
        nothing = [pa.array([], pa.string())] * len(header)
        yield Stretch(pa.RecordBatch.from_arrays(nothing, names=header), path.name, 1)
        first = 1
        for records, rejected, beyond in _batches(path, reader, lines, header):
            columns = zip(*records, strict=True)
            arrays = [pa.array(column, pa.string()) for column in columns]
            batch = pa.RecordBatch.from_arrays(arrays, names=header)
            yield Stretch(batch, path.name, first, rejected, beyond, share())
            first += len(records)


@contextmanager
def _long_cells() -> Iterator[None]:
    previous = csv.field_size_limit(max(LONGEST_RECORD, csv.field_size_limit()))
    try:
        yield
    finally:
        csv.field_size_limit(previous)


def _header(path: Path, reader: Reader, lines: _Lines) -> list[str]:
    cells: list[str] = []
    try:
        while not cells or not any(cell.strip() for cell in cells):
            cells = next(reader)
    except StopIteration:
        raise InputFileError(path, "the file is empty") from None
    except csv.Error as error:
        raise _unreadable(path, error, lines) from error
    fault = lines.fault_of_record()
    if fault:
        raise InputFileError(path, f"{fault}, so the header cannot be read", lines.number)
    header = check_header(path, cells)
    if len(header) == 1:
        for separator in _OTHER_SEPARATORS:
            if separator in header[0]:
                raise InputFileError(
                    path, f"the cells are separated by {separator!r}; separate them by commas", 1
                )
    return header


def _batches(
    path: Path, reader: Reader, lines: _Lines, header: Sequence[str]
) -> Iterator[tuple[list[list[str]], dict[int, str], dict[int, Sequence[str]]]]:
    width = len(header)
    records: list[list[str]] = []
    rejected: dict[int, str] = {}
    beyond: dict[int, Sequence[str]] = {}
    length = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            # Within one line it is clear which row is at fault; over several it is not.
            if lines.start != lines.number or "end of data" in str(error):
                raise _unreadable(path, error, lines) from error
            rejected[len(records)] = f"line {lines.number} is not readable as CSV ({error})"
            cells = [lines.last.rstrip("\r\n"), *[""] * (width - 1)]
        length += lines.length
        fault = lines.fault_of_record()
        if not cells:  # A blank line is no row.
            continue
        if len(cells) != width:
            fault = fault or (
                f"line {lines.number} has {len(cells)} cells where the header has {width}"
            )
            beyond[len(records)] = cells[width:]
            cells = [*cells, *[""] * width][:width]
        if fault:
            rejected.setdefault(len(records), fault)
        records.append(cells)
        if len(records) == READ_ROWS or length >= STRETCH:
            yield records, rejected, beyond
            records, rejected, beyond, length = [], {}, {}, 0
    if records:
        yield records, rejected, beyond


def _unreadable(path: Path, error: csv.Error, lines: _Lines) -> InputFileError:
    if "end of data" in str(error):
        return InputFileError(
            path,
            "this is not readable as CSV: the text ends inside a quotation that began here",
            lines.start,
        )
    return InputFileError(path, f"this is not readable as CSV ({error})", lines.start)
