"""The work so far, kept beside the output: parts of fixed size, and a journal of what is whole.

A part is written under another name, forced to the disk and renamed; then a line in the journal
says so. Whatever moment a process ends at, the journal's lines tell what can be relied on.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from attribution.scoring.errors import LeftoverError, StoppedError, os_reason
from attribution.scoring.tally import ScoreSummary, summary_from

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from attribution.scoring.pieces import ScoredPart

JOURNAL = "journal.jsonl"
LOCK = "lock"
#: Raised by one whenever the layout of the folder changes.
LAYOUT = 1

#: What a user calls the parts of a run's description that must agree.
_SPOKEN = {
    "layout": "another version of this program",
    "model": "another model",
    "translation": "other columns or words (--map, --layout, --vocabulary)",
    "part_rows": "another --part-rows",
}


class Leftovers(StrEnum):
    """What is done about the work of an interrupted run."""

    REFUSE = "refuse"
    RESUME = "resume"
    RESTART = "restart"


def parts_folder(destination: Path) -> Path:
    """Return where the work so far is kept.

    Parameters
    ----------
    destination
        The file that will be written. A link stays a link: what counts is where it points to.

    Returns
    -------
    Path
        ``.OUTPUT.parts`` beside it.
    """
    target = destination.resolve()
    return target.with_name(f".{target.name}.parts")


def kept_rows(destination: Path) -> int:
    """Count the rows that an interrupted run has left.

    Parameters
    ----------
    destination
        The file that it would have written.

    Returns
    -------
    int
        Rows of whole parts; 0 if there is nothing.
    """
    return _read(parts_folder(destination)).counts.rows


def advice(destination: Path) -> str:
    """Say how an interrupted run goes on.

    Parameters
    ----------
    destination
        The file that it would have written.

    Returns
    -------
    str
        A clause; "" if there is nothing to go on from.
    """
    rows = kept_rows(destination)
    if not rows:
        return ""
    folder = parts_folder(destination).name
    return f"{rows} rows are kept in {folder}; the same command with --resume goes on from there"


@dataclass
class _Content:
    """What a journal says.

    Parameters
    ----------
    header
        What the parts depend on.
    digests
        Digest of the rows of every whole part.
    listed
        Parts with rejected rows.
    counts
        Rows of all whole parts, by status.
    length
        Bytes of the journal that can be relied on.
    """

    header: dict[str, Any] = field(default_factory=dict)
    digests: dict[int, str] = field(default_factory=dict)
    listed: set[int] = field(default_factory=set)
    counts: ScoreSummary = field(default_factory=ScoreSummary)
    length: int = 0

    def add(self, entry: Mapping[str, Any]) -> None:
        counts = summary_from(entry["counts"])
        self.digests[int(entry["part"])] = str(entry["digest"])
        self.counts += counts
        if counts.rejected:
            self.listed.add(int(entry["part"]))


class Journal:
    """The folder of parts, open for one run.

    Made by `open_journal`.

    Parameters
    ----------
    folder, destination
        Where the parts are, and the file that will be written.
    content
        What the journal says so far.
    """

    def __init__(self, folder: Path, destination: Path, content: _Content) -> None:
        self.folder = folder
        self.destination = destination
        self._content = content

    def __len__(self) -> int:
        return len(self._content.digests)

    def digest(self, index: int) -> str | None:
        """Return the digest of the rows of a whole part, None if it is not there."""
        return self._content.digests.get(index)

    @property
    def counts(self) -> ScoreSummary:
        """Rows of all whole parts, by status."""
        return self._content.counts

    def keep(self, part: ScoredPart) -> None:
        """Write a part so that it outlasts the process and the machine.

        Parameters
        ----------
        part
            The attributions.

        Raises
        ------
        StoppedError
            If it cannot be written.
        """
        with told(self.destination):
            write_durably(self.folder / _name(part.index), _packed(part.scored))
            if len(part.rejected):
                write_durably(self.folder / _name(part.index, ".rejected"), _packed(part.rejected))
            entry = {
                "part": part.index,
                "digest": part.digest,
                "counts": part.counts.as_dict(),
                "size": (self.folder / _name(part.index)).stat().st_size,
            }
            _append(self.folder / JOURNAL, entry)
        self._content.add(entry)

    def scored(self, index: int) -> pa.RecordBatch:
        """Read the attributions of a whole part."""
        return _unpacked(self.folder / _name(index))

    def rejected(self) -> Iterator[pa.RecordBatch]:
        """Read the rejected rows of all parts, in order."""
        for index in sorted(self._content.listed):
            yield _unpacked(self.folder / _name(index, ".rejected"))

    def is_whole(self, count: int) -> bool:
        """Return whether the first ``count`` parts are there, and no others."""
        return sorted(self._content.digests) == list(range(count))

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def open_journal(
    destination: Path, description: Mapping[str, Any], leftovers: Leftovers
) -> Iterator[Journal]:
    """Open the folder of parts, for this process alone.

    Parameters
    ----------
    destination
        The file that will be written.
    description
        What the parts depend on: ``model``, ``translation``, ``part_rows``.
    leftovers
        What to do if an interrupted run has left whole parts. If it left none, there is nothing to
        lose and the run begins anew.

    Yields
    ------
    Journal
        The folder. It is removed afterwards if no part is whole.

    Raises
    ------
    LeftoverError
        If parts are in the way, or come from another run than the one to resume, or another process
        is at work on them.
    StoppedError
        If the folder cannot be written.
    """
    folder = parts_folder(destination)
    with told(destination):
        folder.mkdir(exist_ok=True)
    with _locked(folder, destination):
        content = _read(folder)
        header = {"layout": LAYOUT, **description}
        if content.digests and leftovers is Leftovers.REFUSE:
            raise LeftoverError(
                destination,
                f"an interrupted run has left {content.counts.rows} rows in {folder.name}; "
                "--resume goes on from there, --restart begins anew",
            )
        resumed = bool(content.digests) and leftovers is Leftovers.RESUME
        if resumed:
            _compare(destination, content.header, header)
        with told(destination):
            if resumed:
                os.truncate(folder / JOURNAL, content.length)
            else:
                content = _Content()
                _begin(folder, header)
        journal = Journal(folder, destination, content)
        try:
            yield journal
        finally:
            if not len(journal):
                journal.remove()


@contextmanager
def told(destination: Path) -> Iterator[None]:
    """Turn what the operating system refuses into a message about the output.

    Parameters
    ----------
    destination
        The file that is being written.

    Raises
    ------
    StoppedError
        Instead of an OSError.
    BrokenPipeError
        As it is: whoever read the output has stopped, which is no fault.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StoppedError(
            destination, f"the file cannot be written ({os_reason(error)})"
        ) from error


def write_durably(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, and force it to the disk.

    Parameters
    ----------
    path
        Where to.
    content
        What.
    """
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)
    force_folder(path.parent)


def force_folder(folder: Path) -> None:
    """Force the names in a folder to the disk, where the system can.

    Parameters
    ----------
    folder
        The folder.
    """
    with suppress(PermissionError):  # Windows opens no folders.
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _name(index: int, what: str = "") -> str:
    return f"{index:08d}{what}.arrows"


def _packed(batch: pa.RecordBatch) -> bytes:
    stream = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(stream, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    return stream.getvalue()


def _unpacked(path: Path) -> pa.RecordBatch:
    with path.open("rb") as stream, pa.ipc.open_stream(stream) as reader:
        return reader.read_next_batch()


def _begin(folder: Path, header: Mapping[str, Any]) -> None:
    for path in folder.iterdir():
        if path.name != LOCK:
            path.unlink()
    write_durably(folder / JOURNAL, _line(header))


def _append(path: Path, entry: Mapping[str, Any]) -> None:
    with path.open("ab") as stream:
        stream.write(_line(entry))
        stream.flush()
        os.fsync(stream.fileno())


def _line(entry: Mapping[str, Any]) -> bytes:
    return json.dumps(entry, sort_keys=True).encode("utf-8") + b"\n"


def _read(folder: Path) -> _Content:
    """Read what can be relied on."""
    result = _Content()
    try:
        text = (folder / JOURNAL).read_bytes()
    except OSError:
        return result
    for line in text.splitlines(keepends=True):
        # The last line may have been cut off in the middle.
        try:
            entry = json.loads(line) if line.endswith(b"\n") else None
        except ValueError:
            entry = None
        if not isinstance(entry, dict):
            break
        result.length += len(line)
        if not result.header:
            result.header = entry
        elif int(entry["part"]) not in result.digests and _is_there(folder, entry):
            result.add(entry)
    return result


def _is_there(folder: Path, entry: Mapping[str, Any]) -> bool:
    index = int(entry["part"])
    try:
        size = (folder / _name(index)).stat().st_size
        listed = not entry["counts"]["rejected"] or (folder / _name(index, ".rejected")).is_file()
    except OSError:
        return False
    return size == entry["size"] and listed


def _compare(destination: Path, former: Mapping[str, Any], header: Mapping[str, Any]) -> None:
    for name, what in _SPOKEN.items():
        if former.get(name) != header[name]:
            raise LeftoverError(
                destination,
                f"the interrupted run was made with {what}, so it cannot be resumed; "
                "--restart begins anew",
            )


@contextmanager
def _locked(folder: Path, destination: Path) -> Iterator[None]:
    """Keep other processes off. The lock ends with the process, however that ends."""
    with told(destination):
        stream = (folder / LOCK).open("wb")
    with stream:
        if sys.platform != "win32":
            import fcntl  # noqa: PLC0415 - not on every system

            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise LeftoverError(
                    destination, "another process is writing this file; wait for it, or end it"
                ) from error
        yield
