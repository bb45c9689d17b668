"""The exported table in the types of Arrow, which the table formats share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable


def record_batch(table: pd.DataFrame, text: Callable[[str], str] = str) -> pa.RecordBatch:
    """Turn a table into one batch of rows.

    Parameters
    ----------
    table
        Columns of text, days and numbers.
    text
        What becomes of each text and each column's name.

    Returns
    -------
    RecordBatch
        Texts as they are stored in files, days without a time of day, numbers; null where a value
        is missing.
    """
    columns = [_column(values, text) for _, values in table.items()]
    return pa.RecordBatch.from_arrays(columns, names=[text(str(name)) for name in table.columns])


def _column(values: pd.Series, text: Callable[[str], str]) -> pa.Array:
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return pa.Array.from_pandas(values).cast(pa.date32())
    if pd.api.types.is_numeric_dtype(values.dtype):
        return pa.Array.from_pandas(values)
    cells = [None if pd.isna(value) else text(str(value)) for value in values]
    return pa.array(cells, pa.string())
