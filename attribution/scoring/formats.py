"""The formats of files of incidents: told by their names and by their first bytes."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from attribution.case.faults import nearest
from attribution.scoring.errors import InputFileError

if TYPE_CHECKING:
    from pathlib import Path


class Format(StrEnum):
    """A format that can be read and written; the value is what an option calls it."""

    CSV = "csv"
    CSV_GZ = "csv.gz"
    PARQUET = "parquet"
    ARROW = "arrow"
    ARROW_STREAM = "arrows"


#: Endings of names, the longest first.
ENDINGS = {
    ".csv.gz": Format.CSV_GZ,
    ".csv": Format.CSV,
    ".parquet": Format.PARQUET,
    ".arrow": Format.ARROW,
    ".feather": Format.ARROW,
    ".arrows": Format.ARROW_STREAM,
}
KNOWN = "CSV (.csv, .csv.gz), Parquet (.parquet) and Arrow (.arrow, .feather, .arrows)"

#: First bytes, and what they show.
MAGIC = {
    b"PAR1": Format.PARQUET,
    b"ARROW1": Format.ARROW,
    b"\xff\xff\xff\xff": Format.ARROW_STREAM,
    b"\x1f\x8b": Format.CSV_GZ,
}
#: What people take for CSV: a zip archive, which a spreadsheet is, and an old spreadsheet.
SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
HEAD = 8


def format_of(path: Path) -> Format | None:
    """Tell the format of a file from its name.

    Parameters
    ----------
    path
        A file that need not exist.

    Returns
    -------
    Format or None
        None if the name says nothing.
    """
    name = path.name.lower()
    return next((kind for ending, kind in ENDINGS.items() if name.endswith(ending)), None)


def named_format(path: Path, option: str) -> Format:
    """Tell the format of a file from its name, or say that one cannot.

    Parameters
    ----------
    path
        A file that need not exist.
    option
        The option that would tell.

    Returns
    -------
    Format
        The format.

    Raises
    ------
    InputFileError
        If the name ends otherwise.
    """
    kind = format_of(path)
    if kind is None:
        ending = f"the name ends in {path.suffix!r}" if path.suffix else "the name has no ending"
        raise InputFileError(path, f"{ending}; {KNOWN} can be used, or {option} tells the format")
    return kind


def parse_format(text: str) -> Format:
    """Read the name of a format.

    Parameters
    ----------
    text
        As an option gives it.

    Returns
    -------
    Format
        The format.

    Raises
    ------
    ValueError
        If there is none of this name.
    """
    names = [kind.value for kind in Format]
    if text.lower() not in names:
        close = nearest(text, names)
        hint = f" (nearest: {close})" if close else ""
        raise ValueError(f"{text!r} is no format{hint}; allowed: {', '.join(names)}")
    return Format(text.lower())


def sniffed(path: Path, head: bytes) -> Format:
    """Tell the format of a content from its first bytes.

    Parameters
    ----------
    path
        The file, for the message.
    head
        Its first `HEAD` bytes.

    Returns
    -------
    Format
        CSV if nothing else is recognised.

    Raises
    ------
    InputFileError
        If the file is empty or a spreadsheet.
    """
    if not head:
        raise InputFileError(path, "the file is empty")
    if head.startswith(SPREADSHEETS):
        raise InputFileError(path, "this is a spreadsheet or an archive; save the table as CSV")
    return next((kind for magic, kind in MAGIC.items() if head.startswith(magic)), Format.CSV)


def checked(path: Path, head: bytes, said: Format | None) -> Format:
    """Compare what is said of a content with its first bytes.

    Parameters
    ----------
    path
        The file, for the message.
    head
        Its first `HEAD` bytes.
    said
        What its name or an option says; None if nothing.

    Returns
    -------
    Format
        The format to read it as: the two forms of Arrow are told apart by the content.

    Raises
    ------
    InputFileError
        If the content is of another kind, the file is empty, or it is a spreadsheet.
    """
    found = sniffed(path, head)
    if said is None or found is said:
        return found
    arrow = {Format.ARROW, Format.ARROW_STREAM}
    if {said, found} == arrow:
        return found
    if found is Format.CSV and said in {Format.PARQUET, *arrow, Format.CSV_GZ}:
        raise InputFileError(path, f"this is not readable as {_spoken(said)} (other first bytes)")
    if found is not Format.CSV:
        raise InputFileError(path, f"this should be {_spoken(said)} but is {_spoken(found)}")
    return said


def _spoken(kind: Format) -> str:
    return {
        Format.CSV: "CSV",
        Format.CSV_GZ: "CSV under gzip",
        Format.PARQUET: "Parquet",
        Format.ARROW: "an Arrow file",
        Format.ARROW_STREAM: "an Arrow stream",
    }[kind]
