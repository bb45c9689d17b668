"""Tables as plain values that JSON can carry."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date

import pandas as pd

type Scalar = str | int | float | bool | None
type Record = dict[str, Scalar]
type Plain = Scalar | list[Plain] | dict[str, Plain]


def records(frame: pd.DataFrame) -> list[Record]:
    """Turn a table into one record a row.

    Parameters
    ----------
    frame
        Any table.

    Returns
    -------
    list of dict
        Values by column name; a missing value is None and a day is ISO text.
    """
    names = [str(name) for name in frame.columns]
    return [
        {name: scalar(value) for name, value in zip(names, row, strict=True)}
        for row in frame.to_numpy(dtype=object).tolist()
    ]


def row_of(frame: pd.DataFrame, position: int = 0) -> Record:
    """Turn one row of a table into a record.

    Parameters
    ----------
    frame
        Any table.
    position
        Number of the row.

    Returns
    -------
    dict
        Values by column name, as in `records`.
    """
    return records(frame.iloc[position : position + 1])[0]


def scalar(value: object) -> Scalar:
    """Turn one value of a table into one that JSON knows.

    Parameters
    ----------
    value
        A cell, possibly of a numpy or pandas type.

    Returns
    -------
    str, int, float, bool or None
        None if the value is missing or not finite.
    """
    item = getattr(value, "item", None)
    simple = item() if callable(item) else value
    match simple:
        case None:
            return None
        case bool() | int() | str():
            return simple
        case float():
            return simple if math.isfinite(simple) else None
        case _ if simple is pd.NaT or simple is pd.NA:
            return None
        case pd.Timestamp() | date():
            return simple.isoformat()[:10]
        case _:
            return str(simple)


def plain(value: object) -> Plain:
    """Turn nested values into ones that JSON knows.

    Parameters
    ----------
    value
        Dataclasses, mappings, sequences, tables and scalars at any depth.

    Returns
    -------
    Plain
        Lists, dictionaries and scalars; what is missing or not finite is None.
    """
    match value:
        case pd.DataFrame():
            return [dict(record) for record in records(value)]
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {entry.name: plain(getattr(value, entry.name)) for entry in fields(value)}
        case _:
            return scalar(value)


def text_of(value: object) -> str:
    """Write one value of a table as text.

    Parameters
    ----------
    value
        A cell.

    Returns
    -------
    str
        "" if the value is missing.
    """
    simple = scalar(value)
    return "" if simple is None else str(simple)


def number_of(record: Mapping[str, Scalar], name: str) -> float:
    """Read a number of a record.

    Parameters
    ----------
    record
        One row.
    name
        The column.

    Returns
    -------
    float
        Not a number if the value is missing.
    """
    value = record.get(name)
    return float(value) if isinstance(value, int | float) else math.nan
