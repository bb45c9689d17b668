"""A part of the input turned into a part of the output."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from attribution.scoring.batch import missing_columns, rejected_rows, score_texts
from attribution.scoring.errors import InputFileError
from attribution.scoring.tally import ScoreSummary, summary
from attribution.scoring.texts import texts
from attribution.scoring.translation import translate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from attribution.scoring.batch import Attributor
    from attribution.scoring.rows import Part
    from attribution.scoring.translation import Translation

#: Columns of the side file that lists the rejected rows.
REJECTED_SCHEMA = pa.schema(
    [
        pa.field("row", pa.int64()),
        pa.field("file", pa.string()),
        pa.field("file_row", pa.int64()),
        pa.field("status", pa.string()),
        pa.field("input", pa.string()),
    ]
)


@dataclass(frozen=True, eq=False)
class ScoredPart:
    """What is kept of a part.

    Parameters
    ----------
    index
        Number of the part.
    scored
        The attributions.
    rejected
        The rejected rows as they came, with the columns of `REJECTED_SCHEMA`: number of the row in
        the output, its file and its number there, its status, and its cells as a JSON object.
    counts
        The rows by status.
    digest
        SHA-256 of the rows as they came, to tell whether they are the same another time.
    share
        How much of the input has been read.
    """

    index: int
    scored: pa.RecordBatch
    rejected: pa.RecordBatch
    counts: ScoreSummary
    digest: str
    share: float | None


def score_part(posterior: Attributor, part: Part, how: Translation) -> ScoredPart:
    """Attribute every incident of a part.

    Parameters
    ----------
    posterior
        The fitted model.
    part
        The rows.
    how
        What is done to them first.

    Returns
    -------
    ScoredPart
        The attributions, and what else is to be kept.
    """
    content, faults = texts(part.batch)
    batch, unmapped = translate(content, how)
    scored = score_texts(posterior, batch, {**faults, **part.rejected})
    # Arrow would keep what this part took for the next one, which another thread may score.
    pa.default_memory_pool().release_unused()
    status = scored.column("status")
    return ScoredPart(
        index=part.index,
        scored=scored,
        rejected=_rejected(part, content, status),
        counts=summary(status, unmapped),
        digest=_digest(part, content),
        share=part.share,
    )


def digest_of(part: Part) -> str:
    """Condense the rows of a part as they came.

    Parameters
    ----------
    part
        The rows.

    Returns
    -------
    str
        A SHA-256 in hexadecimal digits, the same as `score_part` gives.
    """
    return _digest(part, texts(part.batch)[0])


def check_columns(path: Path, schema: pa.Schema, how: Translation) -> None:
    """Make sure that rows have the columns that nothing can do without.

    Parameters
    ----------
    path
        The file, for the message.
    schema
        Its columns.
    how
        What is done to them first.

    Raises
    ------
    InputFileError
        If a column is missing, for the model or for the translation.
    """
    nothing = pa.RecordBatch.from_arrays(
        [pa.array([], pa.string())] * len(schema), names=schema.names
    )
    try:
        names = translate(nothing, how)[0].schema.names
    except ValueError as error:
        raise InputFileError(path, str(error)) from error
    missing = missing_columns(names)
    if missing:
        raise InputFileError(path, missing)


def _digest(part: Part, content: pa.RecordBatch) -> str:
    digest = hashlib.sha256()
    digest.update(json.dumps(content.schema.names).encode())
    for column in content.columns:
        # Only what the cells hold: how a batch lies in memory may differ from run to run.
        _, offsets, cells = column.buffers()
        ends = np.frombuffer(offsets, np.int32)[column.offset :][: len(column) + 1]
        digest.update(np.diff(ends).tobytes())
        if cells is not None:
            digest.update(memoryview(cells)[ends[0] : ends[-1]])
    digest.update(json.dumps([sorted(part.rejected.items()), sorted(part.beyond.items())]).encode())
    return digest.hexdigest()


def _rejected(part: Part, content: pa.RecordBatch, status: pa.Array) -> pa.RecordBatch:
    rows = rejected_rows(status)
    cells = content.take(pa.array(rows, pa.int64())).to_pylist()
    origins = [part.origin(row) for row in rows]
    columns = [
        [part.first + row for row in rows],
        [name for name, _ in origins],
        [number for _, number in origins],
        [status[row].as_py() for row in rows],
        [_as_json(own, part, row) for own, row in zip(cells, rows, strict=True)],
    ]
    arrays = [pa.array(each, f.type) for each, f in zip(columns, REJECTED_SCHEMA, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=REJECTED_SCHEMA)


def _as_json(cells: Mapping[str, str], part: Part, row: int) -> str:
    width = len(cells)
    more = {f"cell {width + n}": cell for n, cell in enumerate(part.beyond.get(row, ()), start=1)}
    return json.dumps({**cells, **more}, ensure_ascii=False)
