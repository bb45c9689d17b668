"""Read files of labels: one row a label, ``task,worker,label`` and perhaps ``gold``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.case.faults import Fault, FaultsError, nearest, quoted
from attribution.case.read import RawTable, read_table
from attribution.evaluate.annotators.table import LabelTable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from attribution.evaluate.targets import Ints

REQUIRED = ("task", "worker", "label")


class LabelFileError(FaultsError, ValueError):
    """Files of labels are at fault."""

    subject = "the labels"


@dataclass(frozen=True, eq=False)
class LabelFile:
    """A file of labels.

    Attributes
    ----------
    name
        Name of the file, without its folder.
    table
        The labels as integers.
    tasks, workers, classes
        Names in the order in which the file first mentions them; classes that only ``gold`` names
        come last.
    gold
        (T,) true class of each task, -1 where the file does not say. For scoring only.
    """

    name: str
    table: LabelTable
    tasks: tuple[str, ...]
    workers: tuple[str, ...]
    classes: tuple[str, ...]
    gold: Ints


def read_label_files(paths: Sequence[Path]) -> tuple[LabelFile, ...]:
    """Read files of labels, all or none.

    Parameters
    ----------
    paths
        The files; their names must differ, since results are listed by name.

    Returns
    -------
    tuple of LabelFile
        In the order of ``paths``.

    Raises
    ------
    LabelFileError
        With the faults of all files.
    """
    files: list[LabelFile] = []
    faults: list[Fault] = []
    names: set[str] = set()
    for path in paths:
        if path.name in names:
            message = "a file of this name was given before"
            faults.append(Fault(path.name, None, None, str(path), message, ("each name once",)))
            continue
        names.add(path.name)
        read = _read(path)
        if isinstance(read, LabelFile):
            files.append(read)
        else:
            faults += read
    if faults:
        raise LabelFileError(faults)
    return tuple(files)


def _read(path: Path) -> LabelFile | tuple[Fault, ...]:
    if not path.parent.is_dir():
        return (Fault(path.name, None, None, "", f"there is no folder {quoted(str(path.parent))}"),)
    raw, faults = read_table(path.parent, path.name)
    if raw is None:
        return faults
    missing = [name for name in REQUIRED if name not in raw.header]
    for name in missing:
        message = f"there is no column {name}"
        faults += (Fault(path.name, None, name, "", message, REQUIRED, nearest(name, raw.header)),)
    if missing:
        return faults
    if not raw.rows and not faults:
        return (Fault(path.name, None, None, "", "there are no labels below the header"),)
    columns = {name: [row[at] for row in raw.rows] for at, name in enumerate(raw.header)}
    for name in REQUIRED:
        faults += tuple(
            Fault(path.name, line, name, "", f"the {name} is blank", ("a name or a number",))
            for line, cell in zip(raw.lines, columns[name], strict=True)
            if not cell
        )
    gold, contradictions = _gold(raw, columns)
    faults += contradictions
    return faults or _assembled(path.name, columns, gold)


def _gold(raw: RawTable, columns: dict[str, list[str]]) -> tuple[dict[str, str], tuple[Fault, ...]]:
    """Return the true class of each task that has one, and rows that contradict an earlier one."""
    found: dict[str, str] = {}
    faults: list[Fault] = []
    for line, task, cell in zip(raw.lines, columns["task"], columns.get("gold", ()), strict=False):
        if cell and found.setdefault(task, cell) != cell:
            message = f"{quoted(cell)} contradicts an earlier row of task {quoted(task)}"
            faults.append(Fault(raw.file, line, "gold", cell, message, (found[task],)))
    return found, tuple(faults)


def _assembled(name: str, columns: dict[str, list[str]], gold: dict[str, str]) -> LabelFile:
    tasks, task = _numbered(columns["task"])
    workers, worker = _numbered(columns["worker"])
    classes, label = _numbered(columns["label"])
    classes += tuple(dict.fromkeys(cell for cell in gold.values() if cell not in classes))
    code = {cell: number for number, cell in enumerate(classes)}
    truth = np.array([code[gold[cell]] if cell in gold else -1 for cell in tasks], dtype=np.int64)
    table = LabelTable(task, worker, label, len(tasks), len(workers), len(classes))
    return LabelFile(name, table, tasks, workers, classes, truth)


def _numbered(cells: list[str]) -> tuple[tuple[str, ...], Ints]:
    """Return the distinct cells in order of appearance, and the number of each cell."""
    code: dict[str, int] = {}
    numbers = [code.setdefault(cell, len(code)) for cell in cells]
    return tuple(code), np.array(numbers, dtype=np.int64)
