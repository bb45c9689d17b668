"""One way of writing every value, for files and for fingerprints."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date

import pandas as pd

from attribution.case.config import CaseConfig
from attribution.case.schema import SCHEMA, Kind
from attribution.case.validate import split_list

_NOT_EVIDENCE = "note"


def plain_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Write every cell of a typed table as text.

    Parameters
    ----------
    frame
        A typed table.

    Returns
    -------
    pandas.DataFrame
        The same rows and columns as text: days as YYYY-MM-DD, numbers in the shortest form that
        reads back exactly, missing values as "".
    """
    return pd.DataFrame(
        {name: [_plain(value) for value in frame[name].array] for name in frame.columns},
        index=frame.index,
        dtype="str",
    )


def fingerprint(config: CaseConfig, tables: Mapping[str, pd.DataFrame], as_of: date | None) -> str:
    """Condense a case to a number that changes when its evidence or its configuration does.

    Parameters
    ----------
    config
        The configuration; its comments and layout do not count.
    tables
        Typed tables by name; the order of rows and columns, notes and blank columns do not count.
    as_of
        Day after which nothing is known, if any.

    Returns
    -------
    str
        A SHA-256 in hexadecimal digits.
    """
    content = {
        "as_of": _plain(as_of),
        "config": _tree(config),
        "tables": {name: _canonical_rows(name, frame) for name, frame in tables.items()},
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _canonical_rows(name: str, frame: pd.DataFrame) -> list[str]:
    cells = plain_cells(frame)
    lists = {
        column.name
        for column in SCHEMA[name].columns
        if column.kind in {Kind.WORDS, Kind.REFERENCES}
    }
    names = sorted(str(column) for column in cells.columns if column != _NOT_EVIDENCE)
    rows = []
    for values in zip(*(cells[column] for column in names), strict=True):
        row = {
            column: ";".join(sorted(split_list(value))) if column in lists else value.strip()
            for column, value in zip(names, values, strict=True)
        }
        rows.append(json.dumps({key: value for key, value in row.items() if value}))
    return sorted(rows)


def _plain(value: object) -> str:
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, date):  # also a timestamp
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return repr(int(value)) if value.is_integer() else repr(float(value))
    return str(value)


def _tree(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _tree(getattr(value, f.name)) for f in fields(value) if f.compare}
    if isinstance(value, Mapping):
        return {str(key): _tree(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_tree(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
