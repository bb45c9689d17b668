"""Whole outputs: put together from their parts, and recognised later."""

from __future__ import annotations

import io
import json
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from attribution.scoring.errors import LeftoverError
from attribution.scoring.fingerprints import state_of
from attribution.scoring.formats import Format
from attribution.scoring.journal import force_folder, told, write_durably
from attribution.scoring.pieces import REJECTED_SCHEMA
from attribution.scoring.tally import ScoreSummary, summary_from
from attribution.scoring.writing import open_writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import pyarrow as pa
    from _typeshed import ReadableBuffer

    from attribution.scoring.journal import Journal
    from attribution.scoring.writing import Writer


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


class Output:
    """The output under another name, put together while parts are still being scored.

    Made by `open_output`.

    Parameters
    ----------
    journal
        The parts.
    writer
        Takes them in order.
    """

    def __init__(self, journal: Journal, writer: Writer) -> None:
        self._journal = journal
        self._writer = writer
        self._count = 0

    def take(self, index: int, scored: pa.RecordBatch) -> None:
        """Take a part that the journal has kept, if all before it are there.

        Parameters
        ----------
        index
            Number of the part.
        scored
            Its attributions.
        """
        self._take_kept(index)
        if self._count == index:
            self._write(scored)

    def finish(self) -> None:
        """Take all parts that are still missing, and write what stands at the end."""
        self._take_kept(len(self._journal))
        with told(self._journal.destination):
            self._writer.close()

    def _take_kept(self, end: int) -> None:
        while self._count < end and self._journal.digest(self._count) is not None:
            self._write(self._journal.scored(self._count))

    def _write(self, scored: pa.RecordBatch) -> None:
        with told(self._journal.destination):
            self._writer.write(scored)
        self._count += 1


@contextmanager
def open_output(journal: Journal, shape: Shape) -> Iterator[Output]:
    """Begin the output beside the parts.

    Parameters
    ----------
    journal
        The folder of parts.
    shape
        How the output is written.

    Yields
    ------
    Output
        What is written of it is removed if anything is raised; the parts stay.

    Raises
    ------
    StoppedError
        If it cannot be written.
    """
    path = _whole(journal)
    with told(journal.destination):
        stream = _Sink(io.FileIO(path, "wb"))
        writer = open_writer(stream, shape.kind, shape.schema, raw=shape.raw)
    try:
        yield Output(journal, writer)
        with told(journal.destination):
            _force(stream)
    except BaseException:
        # Libraries write what stands at the end of a file even when it is given up.
        stream.dropped = True
        writer.close()
        path.unlink(missing_ok=True)
        raise
    finally:
        with suppress(OSError):
            stream.close()


class _Sink(io.BufferedWriter):
    """A file that can be given up: whatever is written from then on goes nowhere."""

    dropped = False

    def write(self, content: ReadableBuffer) -> int:
        """Write bytes."""
        return memoryview(content).nbytes if self.dropped else super().write(content)

    def flush(self) -> None:
        """Hand them to the system."""
        if not self.dropped:
            super().flush()


def complete(journal: Journal, shape: Shape, description: Mapping[str, Any]) -> ScoreSummary:
    """Give the finished output its name, and remove the parts.

    Parameters
    ----------
    journal
        The journal of the parts, all of which are in the output.
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
        rejected = journal.folder / "rejected.csv"
        if counts.rejected:
            _list_rejected(rejected, journal.rejected(), shape)
        # From here on an earlier output no longer counts as complete.
        manifest_path(destination).unlink(missing_ok=True)
        listing.unlink(missing_ok=True)
        if counts.rejected:
            rejected.replace(listing)
        _whole(journal).replace(destination)
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


def _whole(journal: Journal) -> Path:
    return journal.folder / "whole"


def _list_rejected(path: Path, batches: Iterable[pa.RecordBatch], shape: Shape) -> None:
    with path.open("wb") as stream:
        writer = open_writer(stream, Format.CSV, REJECTED_SCHEMA, raw=shape.raw)
        for batch in batches:
            writer.write(batch)
        writer.close()
        _force(stream)


def _force(stream: BinaryIO) -> None:
    stream.flush()
    os.fsync(stream.fileno())
