"""From tables as they were written to typed tables, with every fault on the way."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from attribution.case.faults import Fault, nearest, quoted
from attribution.case.read import RawTable
from attribution.case.schema import SCHEMA, Column, Kind, TableSchema
from attribution.case.values import (
    Problem,
    parse_count,
    parse_date,
    parse_number,
    parse_partial_date,
)

type Cell = str | date | float | int | None

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]*")
_DTYPES: Mapping[Kind, str] = {
    Kind.DATE: "datetime64[us]",
    Kind.FIRST_DAY: "datetime64[us]",
    Kind.LAST_DAY: "datetime64[us]",
    Kind.NUMBER: "float64",
    Kind.COUNT: "Int64",
}


@dataclass(frozen=True)
class Typed:
    """A typed table beside the line numbers of its rows.

    Attributes
    ----------
    frame
        One row for each row of the file, in the file's order; a faulty cell is missing.
    lines
        Line number in the file at which each row starts.
    faulty
        Line and column of the cells that are missing because of a fault, not because of a blank.
    """

    frame: pd.DataFrame
    lines: tuple[int, ...]
    faulty: frozenset[tuple[int, str]] = frozenset()


def split_list(value: str) -> tuple[str, ...]:
    """Split a ;-list.

    Parameters
    ----------
    value
        Text with semicolons between its parts.

    Returns
    -------
    tuple of str
        The parts that are not blank, without blanks around them.
    """
    return tuple(part for part in (piece.strip() for piece in value.split(";")) if part)


def typed_table(
    raw: RawTable, schema: TableSchema, vocabularies: Mapping[str, tuple[str, ...]]
) -> tuple[Typed, tuple[Fault, ...]]:
    """Type the cells of one table.

    Parameters
    ----------
    raw
        The table as it was written.
    schema
        What it should hold.
    vocabularies
        Allowed words by name; a choice whose vocabulary is not given is not checked.

    Returns
    -------
    tuple
        The typed table and the faults of its header, cells and keys. References to other tables
        are checked by `reference_faults`.
    """
    faults = list(_missing_columns(raw, schema))
    missing = {fault.column for fault in faults}
    faulty = {(line, name) for name in missing if name is not None for line in raw.lines}
    columns: dict[str, pd.Series] = {}
    for column in schema.columns:
        if column.name not in raw.header:
            columns[column.name] = _series(column.kind, [None] * len(raw.rows))
            continue
        position = raw.header.index(column.name)
        cells: list[Cell] = []
        for line, row in zip(raw.lines, raw.rows, strict=True):
            cell = read_cell(row[position], column, vocabularies)
            if isinstance(cell, Problem):
                faults.append(_cell_fault(raw.file, line, column.name, row[position], cell))
                faulty.add((line, column.name))
                cell = None
            cells.append(cell)
        columns[column.name] = _series(column.kind, cells)
    known = set(columns)
    for position, name in enumerate(raw.header):
        if name not in known:
            columns[name] = _series(Kind.TEXT, [row[position] for row in raw.rows])
    faults.extend(_repeated_keys(raw, schema))
    return Typed(pd.DataFrame(columns), raw.lines, frozenset(faulty)), tuple(faults)


def read_cell(
    value: str, column: Column, vocabularies: Mapping[str, tuple[str, ...]]
) -> Cell | Problem:
    """Type one cell.

    Parameters
    ----------
    value
        The text in the file, without blanks around it.
    column
        What the cell should hold.
    vocabularies
        Allowed words by name.

    Returns
    -------
    str, date, float, int, None or Problem
        The value, None for a blank cell, or what is wrong with it.
    """
    words = column.words
    if column.vocabulary is not None:
        words = vocabularies.get(column.vocabulary, ())
    if not value:
        return None if column.blank else Problem("this cell must not be blank", words)
    cell: Cell | Problem
    match column.kind:
        case Kind.DATE:
            cell = parse_date(value)
        case Kind.FIRST_DAY | Kind.LAST_DAY:
            cell = parse_partial_date(value, last=column.kind is Kind.LAST_DAY)
        case Kind.NUMBER:
            cell = parse_number(value, column.low, column.high)
        case Kind.COUNT:
            cell = parse_count(value)
        case Kind.CHOICE:
            cell = _read_choice(value, words)
        case Kind.IDENTIFIER:
            cell = _read_identifier(value)
        case _:
            cell = value
    return cell


def reference_faults(tables: Mapping[str, Typed], broken: frozenset[str]) -> tuple[Fault, ...]:
    """Check that what refers to another table is found there.

    Parameters
    ----------
    tables
        Typed tables by name.
    broken
        Tables whose content is not fully known; references to them are not checked, so that one
        missing file does not make a thousand faults.

    Returns
    -------
    tuple of Fault
        One for each reference that leads nowhere.
    """
    faults: list[Fault] = []
    for name, table in tables.items():
        for column in SCHEMA[name].columns:
            if column.refers is None or column.refers[0] not in tables:
                continue
            target, identifier = column.refers
            if target not in broken:
                known = tuple(sorted(set(tables[target].frame[identifier]) - {""}))
                faults.extend(dangling_faults(table, SCHEMA[name].file, column, known))
    return tuple(faults)


def dangling_faults(
    table: Typed, file: str, column: Column, known: tuple[str, ...]
) -> Iterable[Fault]:
    """Check one column that refers to another table.

    Parameters
    ----------
    table
        The table with the column.
    file
        Its name in messages.
    column
        The column.
    known
        What it may refer to.

    Yields
    ------
    Fault
        One for each reference that leads nowhere.
    """
    assert column.refers is not None
    known_set = set(known)
    many = column.kind is Kind.REFERENCES
    target_name = f"{column.refers[1]} of {SCHEMA[column.refers[0]].file}"
    for line, cell in zip(table.lines, table.frame[column.name], strict=True):
        for value in split_list(cell) if many else (cell,):
            if value and value not in known_set:
                message = f"{quoted(value)} is no {target_name}"
                yield Fault(file, line, column.name, value, message, known, nearest(value, known))


def _missing_columns(raw: RawTable, schema: TableSchema) -> Iterable[Fault]:
    known = {column.name for column in schema.columns}
    extra = [name for name in raw.header if name not in known]
    for column in schema.columns:
        if column.name not in raw.header and not column.optional:
            close = nearest(column.name, extra)
            if close is None:
                yield Fault(raw.file, 1, column.name, "", "this column is missing")
            else:
                message = f"this column is missing; the heading {quoted(close)} comes nearest"
                yield Fault(raw.file, 1, column.name, close, message, (), column.name)


def _repeated_keys(raw: RawTable, schema: TableSchema) -> Iterable[Fault]:
    if not set(schema.key) <= set(raw.header):
        return
    positions = [raw.header.index(name) for name in schema.key]
    first: dict[tuple[str, ...], int] = {}
    name = schema.key[0] if len(schema.key) == 1 else " + ".join(schema.key)
    for line, row in zip(raw.lines, raw.rows, strict=True):
        key = tuple(row[position] for position in positions)
        if len(key) == 1 and not key[0]:
            continue
        if key in first:
            value = " + ".join(key)
            message = f"{quoted(value)} is already in row {first[key]}"
            yield Fault(raw.file, line, name, value, message, (f"each {name} once",))
        else:
            first[key] = line


def _cell_fault(file: str, line: int, column: str, value: str, problem: Problem) -> Fault:
    message = f"{quoted(value)} {problem.message}" if value else problem.message
    return Fault(file, line, column, value, message, problem.allowed, problem.nearest)


def _read_choice(value: str, words: tuple[str, ...]) -> str | Problem:
    if not words or value in words:
        return value
    return Problem("is not allowed", words, nearest(value, words))


def _read_identifier(value: str) -> str | Problem:
    if _IDENTIFIER.fullmatch(value):
        return value
    meant = re.sub(r"[^A-Za-z0-9_.\-]+", "_", value).strip("_.-")
    return Problem("is no identifier", ("letters a-z, digits, '_', '-' and '.'",), meant or None)


def _series(kind: Kind, cells: list[Cell]) -> pd.Series:
    dtype = _DTYPES.get(kind)
    if dtype is None:
        return pd.Series(["" if cell is None else cell for cell in cells], dtype="str")
    if dtype.startswith("datetime"):
        return pd.Series(pd.to_datetime(pd.Series(cells, dtype="object")), dtype=dtype)
    return pd.Series(cells, dtype=dtype)
