"""Whole outputs: put together from their parts, and recognised later."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from attribution.scoring.errors import LeftoverError
from attribution.scoring.fingerprints import state_of
from attribution.scoring.formats import Format
from attribution.scoring.journal import force_folder, told, write_durably
from attribution.scoring.pieces import REJECTED_SCHEMA
from attribution.scoring.tally import ScoreSummary, summary_from
from attribution.scoring.writing import open_writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import pyarrow as pa

    from attribution.scoring.journal import Journal


@dataclass(frozen=True)
class Shape:
    """How the output is written.

    Parameters
    ----------
    kind
        Its format.
    schema
        Its columns.
    raw
        Whether texts in CSV stay as they are.
    """

    kind: Format
    schema: pa.Schema
    raw: bool


def manifest_path(destination: Path) -> Path:
    """Return where a complete run is described: ``OUTPUT.manifest.json``."""
    target = destination.resolve()
    return target.with_name(f"{target.name}.manifest.json")


def rejected_path(destination: Path) -> Path:
    """Return where the rejected rows are listed: ``OUTPUT.rejected.csv``."""
    target = destination.resolve()
    return target.with_name(f"{target.name}.rejected.csv")


def complete(journal: Journal, shape: Shape, description: Mapping[str, Any]) -> ScoreSummary:
    """Put the output together, give it its name, and remove the parts.

    Parameters
    ----------
    journal
        The parts, all of them.
    shape
        How the output is written.
    description
        What the output depends on.

    Returns
    -------
    ScoreSummary
        Counts of rows by status.

    Raises
    ------
    StoppedError
        If something cannot be written; the parts stay.
    """
    destination = journal.destination.resolve()
    counts = journal.counts
    listing = rejected_path(destination)
    with told(journal.destination):
        whole = _written(journal.folder / "whole", journal.scored(), shape)
        rejected = journal.folder / "rejected.csv"
        if counts.rejected:
            listed = Shape(Format.CSV, REJECTED_SCHEMA, shape.raw)
            _written(rejected, journal.rejected(), listed)
        # From here on an earlier output no longer counts as complete.
        manifest_path(destination).unlink(missing_ok=True)
        listing.unlink(missing_ok=True)
        if counts.rejected:
            rejected.replace(listing)
        whole.replace(destination)
        force_folder(destination.parent)
        content = {
            **description,
            "counts": counts.as_dict(),
            "output": state_of(destination),
            "rejected": listing.name if counts.rejected else None,
        }
        text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        manifest = manifest_path(destination)
        write_durably(manifest, text.encode("utf-8"))
    journal.remove()
    return counts


def completed(destination: Path, description: Mapping[str, Any]) -> ScoreSummary | None:
    """Recognise an output that is complete.

    Parameters
    ----------
    destination
        The file.
    description
        What it should depend on.

    Returns
    -------
    ScoreSummary or None
        Its counts; None if there is no such file.

    Raises
    ------
    LeftoverError
        If there is a file, but not the complete output of this very run.
    """
    if not destination.exists():
        return None
    again = "without --resume it is replaced"
    try:
        content = json.loads(manifest_path(destination).read_text(encoding="utf-8"))
        counts = summary_from(content["counts"])
        unchanged = content["output"] == state_of(destination)
        differing = [name for name in description if content.get(name) != description[name]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LeftoverError(
            destination, f"the file is there, but nothing says that it is complete; {again}"
        ) from error
    if not unchanged:
        raise LeftoverError(destination, f"the file was changed since it was written; {again}")
    if differing:
        what = " and ".join(differing)
        raise LeftoverError(
            destination, f"the file is complete, but its {what} differs from this run's; {again}"
        )
    return counts


def _written(path: Path, batches: Iterable[pa.RecordBatch], shape: Shape) -> Path:
    with path.open("wb") as stream:
        writer = open_writer(stream, shape.kind, shape.schema, raw=shape.raw)
        for batch in batches:
            writer.write(batch)
        writer.close()
        stream.flush()
        os.fsync(stream.fileno())
    return path
