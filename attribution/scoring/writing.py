"""Attributions written as CSV or Parquet: whole or not at all, and harmless in a spreadsheet."""

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from attribution.scoring.errors import InputFileError
from attribution.scoring.reading import file_kind

#: Columns whose text comes from the file that was scored.
FOREIGN_COLUMNS = ("incident_id", "status")

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def check_destination(source: Path, destination: Path) -> None:
    """Make sure, before any work, that a file can be written.

    Parameters
    ----------
    source
        The file that is read.
    destination
        The file that will be written; one that exists is replaced.

    Raises
    ------
    InputFileError
        If the name has no known ending, the folder is missing, or the two are one file.
    """
    file_kind(destination)
    if destination.is_dir():
        raise InputFileError(destination, "this is a folder; name a file")
    if not destination.parent.is_dir():
        raise InputFileError(destination, f"there is no folder {str(destination.parent)!r}")
    if destination.exists() and source.exists() and destination.samefile(source):
        raise InputFileError(destination, "this is the input; write to another file")


def write_attributions(frame: pd.DataFrame, destination: Path) -> None:
    """Write attributions under a temporary name and rename the file once it is whole.

    Parameters
    ----------
    frame
        The score output.
    destination
        The file; its ending tells the format. In CSV a text that a spreadsheet would take for a
        formula gets a leading apostrophe.

    Raises
    ------
    InputFileError
        If the file cannot be written.
    """
    # A link stays a link: the file that it points to is replaced.
    target = destination.resolve()
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        try:
            _writer(frame, file_kind(destination))(partial)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputFileError(destination, f"the file cannot be written ({reason})") from error


def harmless(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula.

    Parameters
    ----------
    text
        Content of a cell.

    Returns
    -------
    str
        The text, with an apostrophe before it if it starts like a formula.
    """
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _writer(frame: pd.DataFrame, kind: str) -> Callable[[Path], None]:
    def to_csv(path: Path) -> None:
        foreign = [name for name in FOREIGN_COLUMNS if name in frame]
        safe = frame.assign(**{name: frame[name].map(_harmless_cell) for name in foreign})
        safe.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")

    def to_parquet(path: Path) -> None:
        frame.to_parquet(path, index=False, engine="pyarrow")

    return to_csv if kind == ".csv" else to_parquet


def _harmless_cell(cell: object) -> object:
    return harmless(cell) if isinstance(cell, str) else cell
