"""Text files as they are: strict UTF-8 and strict CSV, with the line number of every row."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from attribution.case.faults import Fault, nearest, quoted


@dataclass(frozen=True)
class RawTable:
    """A table as it was written.

    Attributes
    ----------
    file
        Name of the file.
    header
        Column names.
    rows
        Cells without blanks around them, as many in every row as there are column names.
    lines
        Line number in the file at which each row starts.
    """

    file: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]


def read_text(folder: Path, file: str) -> tuple[str | None, tuple[Fault, ...]]:
    """Read a file of the case folder as UTF-8.

    Parameters
    ----------
    folder
        The case folder.
    file
        Name of the file.

    Returns
    -------
    tuple
        The text, None if there is none to be had, and the faults.
    """
    path = folder / file
    if not path.is_file():
        others = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
        fault = Fault(file, None, None, "", "this file is missing", (), nearest(file, others))
        return None, (fault,)
    content = path.read_bytes()
    if b"\0" in content:
        line = content[: content.index(b"\0")].count(b"\n") + 1
        message = "holds a NUL byte; save the file as UTF-8 text"
        return None, (Fault(file, line, None, "\0", message),)
    try:
        # A spreadsheet puts a byte order mark before the text; it is no part of the first heading.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        byte = f"0x{content[error.start]:02x}"
        message = f"byte {byte} is not UTF-8; save the file as UTF-8 text"
        return None, (Fault(file, line, None, byte, message),)
    if not text.strip():
        return None, (Fault(file, None, None, "", "the file is empty"),)
    return text, ()


def read_table(folder: Path, file: str) -> tuple[RawTable | None, tuple[Fault, ...]]:
    """Read a CSV file of the case folder.

    Parameters
    ----------
    folder
        The case folder.
    file
        Name of the file.

    Returns
    -------
    tuple
        The table without its ragged rows, None if it cannot be read at all, and the faults.
    """
    text, faults = read_text(folder, file)
    return (None, faults) if text is None else parse_table(text, file)


def parse_table(text: str, file: str) -> tuple[RawTable | None, tuple[Fault, ...]]:
    """Split the text of a CSV file into cells.

    Parameters
    ----------
    text
        Content of the file.
    file
        Name of the file, for messages.

    Returns
    -------
    tuple
        The table without its ragged rows, None if it cannot be read at all, and the faults.
    """
    # Not strict, a quotation mark that is never closed would swallow the rest of the file.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            if cells:
                records.append((line, [cell.strip() for cell in cells]))
            line = reader.line_num + 1
    except csv.Error as error:
        return None, (Fault(file, line, None, "", f"not readable as CSV: {error}"),)
    header_line, header = records[0]
    faults = _header_faults(file, header_line, header)
    if faults:
        return None, faults
    width = len(header)
    ragged = tuple(
        _ragged(file, line, cells, width) for line, cells in records[1:] if len(cells) != width
    )
    whole = [(line, cells) for line, cells in records[1:] if len(cells) == width]
    table = RawTable(
        file,
        tuple(header),
        tuple(tuple(cells) for _, cells in whole),
        tuple(line for line, _ in whole),
    )
    return table, ragged


def _header_faults(file: str, line: int, header: list[str]) -> tuple[Fault, ...]:
    faults = []
    for position, name in enumerate(header):
        if not name:
            message = f"the heading of column {position + 1} is blank"
            faults.append(Fault(file, line, None, "", message))
        elif name in header[:position]:
            message = f"the heading {quoted(name)} stands twice"
            faults.append(Fault(file, line, name, name, message, ("each heading once",)))
    return tuple(faults)


def _ragged(file: str, line: int, cells: list[str], width: int) -> Fault:
    message = f"the row has {len(cells)} cells where the header has {width}"
    return Fault(file, line, None, ",".join(cells), message, (f"{width} cells",))
