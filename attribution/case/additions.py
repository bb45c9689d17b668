"""New rows for a case: checked as the case's own were, told all their faults, and put behind them.

New rows come as tables or as CSV files of the columns of `attribution.case.schema`. What refers to
an incident or a source must find it, in the case or among the new rows. A labeller or a group that
the case does not know is no fault: it is new, and a row that rests on it is passed over with a note
until it stands in the case and the model is fitted again.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from attribution.case.canonical import plain_cells
from attribution.case.case import Case
from attribution.case.checks import table_faults
from attribution.case.faults import CaseError, Fault, nearest, quoted
from attribution.case.hindsight import said_on
from attribution.case.read import RawTable, parse_table, read_table
from attribution.case.readonly import ReadOnly
from attribution.case.schema import SCHEMA
from attribution.case.validate import Typed, dangling_faults, typed_table

#: New rows of one table: the table itself, or a CSV file.
type Rows = pd.DataFrame | str | Path

#: Tables that may grow, those first that others refer to.
GROWING = ("sources", "incidents", "statements", "labels")
#: Columns whose unknown values are new and not wrong, by table.
NEW_TO_THE_FIT = ReadOnly(
    {
        "statements": (("speaker_id", "groups", "group_id", "group"),),
        "labels": (
            ("labeller", "labellers", "labeller", "labeller"),
            ("group_id", "groups", "group_id", "group"),
        ),
    }
)


class NewRowsError(CaseError):
    """New rows are at fault."""

    subject = "the new rows"


@dataclass(frozen=True, eq=False)
class Additions:
    """A case with new rows.

    Attributes
    ----------
    case
        The case, the new rows of each table behind the old ones.
    notes
        Rows and columns that were passed over, and why.
    """

    case: Case
    notes: tuple[str, ...]


def with_rows(case: Case, rows: Mapping[str, Rows]) -> Additions:
    """Put new rows behind those of a case.

    Parameters
    ----------
    case
        The case.
    rows
        New rows by name of the table, any of ``GROWING``.

    Returns
    -------
    Additions
        The larger case.

    Raises
    ------
    NewRowsError
        If anything is wrong with the rows; it lists every fault. Rows of a table are counted as in
        a CSV file, whose heading is row 1.
    """
    files = {name: _file(name, rows[name]) for name in GROWING if name in rows}
    typed, notes, faults = _typed_rows(case, rows, files)
    joined = {
        name: _joined(case.tables[name], typed[name]) if name in typed else _old(case.tables[name])
        for name in GROWING
    }
    for name, table in typed.items():
        faults.extend(_references(name, files[name], table, joined))
    faults.extend(_contradictions(case, typed, files, joined))
    faults.extend(_hindsight(case, typed, files, joined))
    if faults:
        order = list(files.values())
        raise NewRowsError(sorted(faults, key=lambda f: (order.index(f.file), f.row or 0)))
    tables = {**case.tables, **{name: joined[name].frame for name in typed}}
    return Additions(replace(case, tables=ReadOnly(tables)), notes)


def _typed_rows(
    case: Case, rows: Mapping[str, Rows], files: Mapping[str, str]
) -> tuple[dict[str, Typed], tuple[str, ...], list[Fault]]:
    """Type the new rows table by table; say which are passed over and what is wrong."""
    typed: dict[str, Typed] = {}
    notes: list[str] = []
    faults: list[Fault] = []
    for name, file in files.items():
        raw, found = _raw(name, rows[name])
        faults.extend(found)
        if raw is None:
            continue
        table, found = typed_table(raw, SCHEMA[name], case.config.vocabularies)
        faults.extend(found)
        old = case.tables[name]
        faults.extend(_already_there(name, file, old, table))
        notes.extend(
            f"{file}: column '{column}' is not used: the case's {name} have no such column"
            for column in raw.header
            if column not in old.columns and SCHEMA[name].column(column) is None
        )
        typed[name], passed_over = _known_rows(case, name, file, table)
        notes.extend(passed_over)
    return typed, tuple(notes), faults


def _file(name: str, rows: Rows) -> str:
    return name if isinstance(rows, pd.DataFrame) else Path(rows).name


def _raw(name: str, rows: Rows) -> tuple[RawTable | None, tuple[Fault, ...]]:
    """Read new rows as text, from a file or from a table."""
    if not isinstance(rows, pd.DataFrame):
        path = Path(rows)
        if not path.parent.is_dir():
            return None, (Fault(path.name, None, None, "", f"there is no folder {path.parent}"),)
        return read_table(path.parent, path.name)
    if not rows.columns.is_unique:
        twice = sorted({str(column) for column in rows.columns[rows.columns.duplicated()]})
        return None, tuple(
            Fault(name, 1, column, column, f"the heading {quoted(column)} stands twice")
            for column in twice
        )
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([str(column) for column in rows.columns])
    # A line break in a cell would shift the numbers of the rows behind it.
    cells = plain_cells(rows.reset_index(drop=True)).map(lambda cell: " ".join(cell.splitlines()))
    writer.writerows(cells.itertuples(index=False, name=None))
    text = buffer.getvalue()
    if not len(rows.columns):
        return None, (Fault(name, None, None, "", "the table has no columns"),)
    return parse_table(text, name)


def _already_there(name: str, file: str, old: pd.DataFrame, new: Typed) -> Iterator[Fault]:
    """Find new rows whose key stands in the case."""
    key = [column for column in SCHEMA[name].key if column in old.columns]
    known = set(plain_cells(old[key]).itertuples(index=False, name=None))
    title = " + ".join(key)
    rows = plain_cells(new.frame[key]).itertuples(index=False, name=None)
    for line, values in zip(new.lines, rows, strict=True):
        if values in known:
            value = " + ".join(values)
            message = f"{quoted(value)} is already in the case; rows can be added, not changed"
            yield Fault(file, line, title, value, message)


def _known_rows(case: Case, name: str, file: str, new: Typed) -> tuple[Typed, list[str]]:
    """Pass over the rows about labellers and groups that the case does not know."""
    notes: list[str] = []
    keep = pd.Series(data=True, index=new.frame.index)
    for column, table, identifier, what in NEW_TO_THE_FIT.get(name, ()):
        known = sorted(set(case.tables[table][identifier]) - {""})
        unknown = keep & ~new.frame[column].isin([*known, ""])
        for position in unknown.to_numpy().nonzero()[0]:
            value = str(new.frame[column].iloc[position])
            close = nearest(value, known)
            meant = f" (nearest: {close})" if close else ""
            notes.append(
                f"{file}, row {new.lines[position]}: this {name.removesuffix('s')} is not used: "
                f"unknown {what} {quoted(value)}{meant}; add it to {table}.csv and refit"
            )
        keep &= ~unknown
    kept = keep.to_numpy()
    lines = tuple(line for line, used in zip(new.lines, kept, strict=True) if used)
    return Typed(new.frame[kept].reset_index(drop=True), lines, new.faulty), notes


def _old(frame: pd.DataFrame) -> Typed:
    """Return a table of the case; its rows, checked long ago, have no line number here."""
    return Typed(frame, (0,) * len(frame))


def _joined(old: pd.DataFrame, new: Typed) -> Typed:
    """Put new rows behind old ones; columns are the old table's, of the same types."""
    columns: dict[str, pd.Series] = {}
    for name in old.columns:
        # Only columns of text may be missing: the schema's are all there.
        blank = pd.Series([""] * len(new.frame), dtype="str")
        more = new.frame.get(name, blank)
        columns[name] = pd.concat([old[name], more], ignore_index=True).astype(old[name].dtype)
    return Typed(pd.DataFrame(columns), (*(0,) * len(old), *new.lines), new.faulty)


def _references(name: str, file: str, new: Typed, joined: Mapping[str, Typed]) -> Iterator[Fault]:
    """Check that incidents and sources are found in the case or among the new rows."""
    for column in SCHEMA[name].columns:
        if column.refers is not None and column.refers[0] in joined:
            table, identifier = column.refers
            known = joined[table].frame[identifier]
            yield from dangling_faults(new, file, column, tuple(sorted(set(known) - {""})))


def _contradictions(
    case: Case, new: Mapping[str, Typed], files: Mapping[str, str], joined: Mapping[str, Typed]
) -> Iterator[Fault]:
    """Check the columns of the new rows against each other and against the case."""
    tables = {name: table for name, table in new.items() if name in ("statements", "labels")}
    tables |= {"incidents": joined["incidents"], "labellers": _old(case.labellers)}
    names = {SCHEMA[name].file: file for name, file in files.items()}
    for fault in table_faults(tables):
        if fault.row:
            yield replace(fault, file=names[fault.file])


def _hindsight(
    case: Case, new: Mapping[str, Typed], files: Mapping[str, str], joined: Mapping[str, Typed]
) -> Iterator[Fault]:
    """Refuse what a model without hindsight cannot have known."""
    if case.as_of is None:
        return
    limit = pd.Timestamp(case.as_of)
    for name in ("incidents", "statements", "labels"):
        if name not in new:
            continue
        frame = new[name].frame
        known = frame["date"] if name == "incidents" else said_on(frame, joined["sources"].frame)
        for line, day in zip(new[name].lines, known, strict=True):
            if (line, "date") in new[name].faulty or day <= limit:
                continue
            when = "an unknown day" if pd.isna(day) else f"'{day:%Y-%m-%d}'"
            message = f"{when} is not known to be on or before the model's as-of date"
            yield Fault(
                files[name], line, "date", when.strip("'"), message, (f"until {case.as_of}",)
            )
