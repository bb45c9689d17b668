"""Writing incidents and their attributions to a file, in the format that its name tells."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from attribution.case.faults import nearest
from attribution.case.writing import write_whole
from attribution.exports.chosen import Selection

if TYPE_CHECKING:
    from attribution.posterior.posterior import Posterior


class ExportFormat(StrEnum):
    """A format that can be written; the value is what an option calls it."""

    GEOJSON = "geojson"
    CSV = "csv"
    PARQUET = "parquet"
    STIX = "stix"


#: Endings of names, the longest first.
ENDINGS = MappingProxyType(
    {
        ".stix.json": ExportFormat.STIX,
        ".geojson": ExportFormat.GEOJSON,
        ".parquet": ExportFormat.PARQUET,
        ".stix": ExportFormat.STIX,
        ".csv": ExportFormat.CSV,
    }
)


class ExportFormatError(ValueError):
    """The format of a file that is to be written cannot be told."""


def export_format(path: Path, named: str | None = None) -> ExportFormat:
    """Tell the format of a file that is to be written.

    Parameters
    ----------
    path
        The file.
    named
        The format, if it is given; None reads it off the file's name.

    Returns
    -------
    ExportFormat
        The format.

    Raises
    ------
    ExportFormatError
        If there is no such format or the name says nothing; it lists what would do.
    """
    if named is not None:
        known = tuple(each.value for each in ExportFormat)
        if named not in known:
            close = nearest(named, known)
            hint = f" Did you mean {close!r}?" if close else ""
            raise ExportFormatError(f"no format {named!r}.{hint} Allowed: {', '.join(known)}.")
        return ExportFormat(named)
    for ending, kind in ENDINGS.items():
        if path.name.lower().endswith(ending):
            return kind
    raise ExportFormatError(
        f"the name {path.name!r} does not tell a format; end it in one of {', '.join(ENDINGS)}, or "
        "name the format"
    )


def export(
    posterior: Posterior,
    path: str | Path,
    format: str | None = None,  # noqa: A002 - what a caller would call it
    selection: Selection | None = None,
) -> int:
    """Write incidents and their attributions to a file, whole or not at all.

    Parameters
    ----------
    posterior
        The model.
    path
        The file, replaced if it exists.
    format
        "geojson", "csv", "parquet" or "stix"; None reads it off the file's name.
    selection
        Which of the case's incidents; None takes all.

    Returns
    -------
    int
        Number of incidents written.

    Raises
    ------
    ExportFormatError
        If the format cannot be told.
    ValueError
        If a column or a word of the selection is unknown.
    OSError
        If the file cannot be written.
    """
    target = Path(path)
    kind = export_format(target, format)
    chosen = Selection() if selection is None else selection
    content = content_of(posterior, kind, chosen)
    write_whole(content, target)
    return len(chosen.rows(posterior.case))


def content_of(posterior: Posterior, kind: ExportFormat, selection: Selection) -> bytes:
    """Return the bytes of an export; the same model and selection give the same bytes.

    Parameters
    ----------
    posterior
        The model.
    kind
        The format.
    selection
        Which of its case's incidents.

    Returns
    -------
    bytes
        A whole file.
    """
    # Each format by itself: a map needs no Arrow.
    match kind:
        case ExportFormat.GEOJSON:
            from attribution.exports.geojson import geojson as write  # noqa: PLC0415
        case ExportFormat.CSV:
            from attribution.exports.csv_file import csv_file as write  # noqa: PLC0415
        case ExportFormat.PARQUET:
            from attribution.exports.parquet import parquet as write  # noqa: PLC0415
        case ExportFormat.STIX:
            from attribution.exports.stix import stix as write  # noqa: PLC0415
    return write(posterior, selection)
