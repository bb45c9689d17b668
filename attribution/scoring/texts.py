"""Columns of any type turned into text, which is what the channels read."""

from __future__ import annotations

import math
from datetime import datetime, time
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Mapping

_LIST_SEPARATOR = ";"


def texts(batch: pa.RecordBatch) -> tuple[pa.RecordBatch, Mapping[int, str]]:
    """Turn every column of a batch into text.

    Parameters
    ----------
    batch
        Columns of any type.

    Returns
    -------
    batch : RecordBatch
        The same columns, all of type string, "" where a value is missing.
    faults : mapping
        Why a row cannot be read, by position: bytes that are not UTF-8.
    """
    faults: dict[int, str] = {}
    columns = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        columns.append(_text(name, column, faults))
    fields = [pa.field(name, pa.string()) for name in batch.schema.names]
    return pa.RecordBatch.from_arrays(columns, schema=pa.schema(fields)), faults


def _text(  # noqa: PLR0911  (one for each kind of column)
    name: str, column: pa.Array, faults: dict[int, str]
) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _text(name, column.cast(kind.value_type), faults)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return _plain(_valid(name, column, faults).cast(pa.string()))
    if pa.types.is_floating(kind):
        return _plain(pc.if_else(pc.is_nan(column), None, column).cast(pa.string()))
    if pa.types.is_integer(kind) or pa.types.is_date32(kind):
        return _plain(column.cast(pa.string()))
    if pa.types.is_null(kind):
        return pa.array([""] * len(column), pa.string())
    if pa.types.is_timestamp(kind) and kind.tz is None and _whole_days(column):
        return _plain(column.cast(pa.date32()).cast(pa.string()))
    return _cells(column)


def _plain(column: pa.Array) -> pa.Array:
    return pc.fill_null(column, "") if column.null_count else column


def _valid(name: str, column: pa.Array, faults: dict[int, str]) -> pa.Array:
    """Replace bytes that are not UTF-8, which libraries that write these files do not refuse."""
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        pass
    else:
        return column
    kind = pa.large_binary() if pa.types.is_large_string(column.type) else pa.binary()
    if pa.types.is_string_view(column.type):
        kind = pa.binary_view()
    cells: list[str | None] = []
    for row, value in enumerate(column.cast(kind).to_pylist()):
        try:
            cells.append(None if value is None else value.decode("utf-8"))
        except UnicodeDecodeError as error:
            faults.setdefault(
                row, f"column '{name}' holds the byte 0x{value[error.start]:02x}, which is no UTF-8"
            )
            cells.append(value.decode("utf-8", errors="backslashreplace"))
    return pa.array(cells, pa.string())


def _whole_days(column: pa.Array) -> bool:
    try:
        days = pc.floor_temporal(column, unit="day")
        # Of no value at all there is nothing to say: None.
        return pc.all(pc.equal(days, column)).as_py() is not False
    except pa.ArrowException:
        return False


def _cells(column: pa.Array) -> pa.Array:
    """Turn values into text one by one."""
    try:
        return pa.array([_cell(value) for value in column.to_pylist()], pa.string())
    except (ValueError, OverflowError, ArithmeticError):
        # A moment that no calendar of Python holds; Arrow writes it, or says that it cannot.
        return _plain(column.cast(pa.string()))


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    match value:
        case str():
            return value
        case bytes():
            return value.decode("utf-8", errors="backslashreplace")
        case datetime() if value.time() == time():
            # Midnight stands for the day itself; any other time of day is left to be refused.
            return value.date().isoformat()
        case list():
            return _LIST_SEPARATOR.join(_cell(item) for item in value)
        case _:
            return str(value)
