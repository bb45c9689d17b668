"""Stretches of rows between their source and the model, and parts of fixed size made of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from attribution.case.faults import listed
from attribution.scoring.errors import InputFileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

#: Rows of a part, unless told otherwise: some 2 kB a row are at work at once, for three parts.
PART_ROWS = 20_000
#: A part that holds this many bytes is cut off before it has all of its rows.
PART_BYTES = 64 * 2**20
#: Rows that a source reads at once.
READ_ROWS = 8192
#: Bytes of a column that are read at once.
READ_BYTES = 2**20


@dataclass(frozen=True, eq=False)
class Stretch:
    """Some rows of one file.

    Parameters
    ----------
    batch
        The rows, columns of any type.
    origin
        The file's name.
    first
        Number of the first row in its file, from 1.
    rejected
        Why a row cannot be used, by position.
    beyond
        Cells beyond the header's width, by position.
    share
        How much of the whole input has been read after these rows, 0 to 1; None if unknown.
    """

    batch: pa.RecordBatch
    origin: str
    first: int
    rejected: Mapping[int, str] = field(default_factory=dict)
    beyond: Mapping[int, Sequence[str]] = field(default_factory=dict)
    share: float | None = None

    def __len__(self) -> int:
        return int(self.batch.num_rows)

    def cut(self, start: int, stop: int) -> Stretch:
        """Return the rows from a position to before another."""
        inside = range(start, stop)
        return Stretch(
            self.batch.slice(start, stop - start),
            self.origin,
            self.first + start,
            {row - start: why for row, why in self.rejected.items() if row in inside},
            {row - start: cells for row, cells in self.beyond.items() if row in inside},
            self.share,
        )


@dataclass(frozen=True, eq=False)
class Part:
    """Consecutive rows that are scored and kept together.

    Parameters
    ----------
    index
        Number of the part, from 0.
    first
        Number of its first row in the whole input, from 1.
    batch
        The rows.
    origins
        Position, file and number in that file of every first row of a file's stretch.
    rejected, beyond, share
        As of `Stretch`.
    """

    index: int
    first: int
    batch: pa.RecordBatch
    origins: tuple[tuple[int, str, int], ...]
    rejected: Mapping[int, str]
    beyond: Mapping[int, Sequence[str]]
    share: float | None

    def __len__(self) -> int:
        return int(self.batch.num_rows)

    def origin(self, row: int) -> tuple[str, int]:
        """Return the file of a row and the row's number in it."""
        start, name, first = next(o for o in reversed(self.origins) if o[0] <= row)
        return name, first + row - start


def parts(stretches: Iterator[Stretch], rows: int) -> Iterator[Part]:
    """Join and cut stretches into parts of a fixed number of rows.

    Where a part ends follows from the rows alone, so that an interrupted run finds its parts again.

    Parameters
    ----------
    stretches
        The rows, in order.
    rows
        Rows of a part. A part is shorter at the end, before a file with other columns, and if its
        cells are very long.

    Yields
    ------
    Part
        With at least one row each.
    """
    index, first, size, count = 0, 1, 0, 0
    waiting: list[Stretch] = []
    for stretch in stretches:
        at = 0
        while at < len(stretch):
            other = bool(waiting) and waiting[0].batch.schema != stretch.batch.schema
            if other or count == rows or size >= PART_BYTES:
                yield _joined(index, first, waiting)
                index, first, size, count, waiting = index + 1, first + count, 0, 0, []
            piece = stretch.cut(at, min(len(stretch), at + rows - count))
            waiting.append(piece)
            at, count, size = at + len(piece), count + len(piece), size + piece.batch.nbytes
    if waiting:
        yield _joined(index, first, waiting)


def _joined(index: int, first: int, stretches: Sequence[Stretch]) -> Part:
    origins, rejected, beyond, at = [], {}, {}, 0
    for stretch in stretches:
        origins.append((at, stretch.origin, stretch.first))
        rejected.update({at + row: why for row, why in stretch.rejected.items()})
        beyond.update({at + row: cells for row, cells in stretch.beyond.items()})
        at += len(stretch)
    batch = pa.concat_batches([stretch.batch for stretch in stretches])
    return Part(index, first, batch, tuple(origins), rejected, beyond, stretches[-1].share)


def no_rows(schema: pa.Schema) -> pa.RecordBatch:
    """Make a batch that only shows its columns.

    Parameters
    ----------
    schema
        The columns.

    Returns
    -------
    RecordBatch
        Without rows.
    """
    return pa.RecordBatch.from_arrays([pa.array([], each.type) for each in schema], schema=schema)


def check_header(path: Path, cells: Sequence[str]) -> list[str]:
    """Make sure that every column can be told from the others.

    Parameters
    ----------
    path
        The file, for the message.
    cells
        Names of its columns.

    Returns
    -------
    list of str
        The names without blanks around them.

    Raises
    ------
    InputFileError
        If a name is empty or occurs twice.
    """
    header = [cell.strip() for cell in cells]
    repeated = [name for name, count in Counter(header).items() if count > 1 and name]
    if repeated:
        raise InputFileError(path, f"the header names {quoted(repeated)} more than once", 1)
    if "" in header:
        position = header.index("") + 1
        raise InputFileError(path, f"column {position} of the header has no name", 1)
    return header


def quoted(names: Sequence[str]) -> str:
    """List names for a message.

    Parameters
    ----------
    names
        The names.

    Returns
    -------
    str
        All of them in quotation marks.
    """
    return listed([repr(name) for name in names])
