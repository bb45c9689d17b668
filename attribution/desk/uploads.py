"""Files that are brought to be scored: bounded in bytes, rows, time and number, soon forgotten.

Nothing that a request says becomes part of a path: a file lies in a private temporary folder under
a random name, and an identifier only looks it up.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from attribution.desk.errors import not_found, refuse
from attribution.scoring.completion import rejected_path
from attribution.scoring.errors import InputFileError
from attribution.scoring.files import ScoreSettings, score_file
from attribution.scoring.progress import Silence

if TYPE_CHECKING:
    from attribution.posterior.posterior import Posterior
    from attribution.scoring.tally import ScoreSummary

_PIECE = 2**20
_LONGEST_NAME = 80
#: Seconds for which a file waits for the one before it.
_PATIENCE = 20.0


@dataclass(frozen=True)
class Limits:
    """How much may be brought.

    Attributes
    ----------
    bytes, rows
        Of one file.
    seconds
        For which one file may be scored.
    part_rows
        Rows after which the clock is looked at.
    kept
        Files kept at a time; the oldest goes when another comes.
    kept_seconds
        For which a file is kept.
    """

    bytes: int = 20 * 2**20
    rows: int = 100_000
    seconds: float = 60.0
    part_rows: int = 5_000
    kept: int = 20
    kept_seconds: float = 3600.0


@dataclass(frozen=True)
class Scored:
    """A file that was scored.

    Attributes
    ----------
    identifier
        Under which it is looked up.
    name
        What its owner called it; only ever shown.
    result, rejected
        Its attributions and its rejected rows; None if no row was rejected.
    summary
        Counts of rows.
    until
        When it is forgotten, on the clock of `time.monotonic`.
    """

    identifier: str
    name: str
    result: Path
    rejected: Path | None
    summary: ScoreSummary
    until: float


class Uploads:
    """The files of one desk.

    Parameters
    ----------
    limits
        How much may be brought.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._files: dict[str, Scored] = {}
        self._lock = threading.Lock()
        self._one_at_a_time = threading.Lock()
        self._folder: Path | None = None

    def score(self, posterior: Posterior, stream: BinaryIO, name: str) -> Scored:
        """Score a CSV file.

        Parameters
        ----------
        posterior
            The model.
        stream
            The file.
        name
            What its owner calls it.

        Returns
        -------
        Scored
            Kept until it expires.

        Raises
        ------
        RequestError
            If the file is too large, takes too long or cannot be read, or another one is being
            scored.
        """
        if not self._one_at_a_time.acquire(timeout=_PATIENCE):
            raise refuse("file", "Another file is being scored; try again.", HTTPStatus.CONFLICT)
        folder = self._private(secrets.token_hex(16))
        try:
            source = folder / "upload.csv"
            self._take(stream, source)
            scored = self._scored(posterior, source, folder / "result.csv", name)
            source.unlink()
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        finally:
            self._one_at_a_time.release()
        self._keep(scored)
        return scored

    def find(self, identifier: str) -> Scored:
        """Look a scored file up.

        Raises
        ------
        RequestError
            If there is none of this name, or no longer.
        """
        self._forget_old()
        with self._lock:
            found = self._files.get(identifier)
        if found is None:
            raise not_found("scored file (they are kept for an hour)", "", ())
        return found

    def close(self) -> None:
        """Forget all files."""
        with self._lock:
            self._files.clear()
            folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def _private(self, name: str) -> Path:
        with self._lock:
            if self._folder is None:
                # Only its owner can enter a folder that mkdtemp makes.
                self._folder = Path(tempfile.mkdtemp(prefix="attribution-desk-"))
            folder = self._folder / name
        folder.mkdir(mode=0o700)
        return folder

    def _take(self, stream: BinaryIO, path: Path) -> None:
        """Copy a file piece by piece, and stop once it is too large."""
        size = lines = 0
        with path.open("xb") as copy:
            while piece := stream.read(_PIECE):
                size += len(piece)
                # A record is at least a line.
                lines += piece.count(b"\n")
                if size > self.limits.bytes:
                    limit = f"{self.limits.bytes / 2**20:g} MiB"
                    raise refuse(
                        "file",
                        f"The file is larger than {limit}; `attribution score` takes any size.",
                        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                    )
                if lines > self.limits.rows + 1:
                    raise refuse(
                        "file",
                        f"The file has more than {self.limits.rows} rows; `attribution score` "
                        "takes any number.",
                        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                    )
                copy.write(piece)
        if not size:
            raise refuse("file", "The file is empty.", HTTPStatus.UNPROCESSABLE_ENTITY)

    def _scored(self, posterior: Posterior, source: Path, result: Path, name: str) -> Scored:
        settings = ScoreSettings(
            input_format="csv", output_format="csv", part_rows=self.limits.part_rows
        )
        try:
            summary = score_file(posterior, source, result, settings, _Clock(self.limits.seconds))
        except InputFileError as error:
            where = "" if error.row is None else f", row {error.row}"
            raise refuse(
                "file", f"The file{where}: {error.message}.", HTTPStatus.UNPROCESSABLE_ENTITY
            ) from error
        rejected = rejected_path(result)
        return Scored(
            secrets.token_urlsafe(24),
            name[:_LONGEST_NAME] or "file.csv",
            result,
            rejected if rejected.is_file() else None,
            summary,
            time.monotonic() + self.limits.kept_seconds,
        )

    def _keep(self, scored: Scored) -> None:
        self._forget_old()
        with self._lock:
            self._files[scored.identifier] = scored
            too_many = list(self._files.values())[: -self.limits.kept]
            for old in too_many:
                del self._files[old.identifier]
        for old in too_many:
            shutil.rmtree(old.result.parent, ignore_errors=True)

    def _forget_old(self) -> None:
        now = time.monotonic()
        with self._lock:
            old = [scored for scored in self._files.values() if scored.until <= now]
            for scored in old:
                del self._files[scored.identifier]
        for scored in old:
            shutil.rmtree(scored.result.parent, ignore_errors=True)


class _Clock(Silence):
    """Stops a run that takes too long."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def __call__(self, rows: int, rejected: int, share: float | None, *, fresh: bool) -> None:
        """Look at the clock."""
        super().__call__(rows, rejected, share, fresh=fresh)
        if time.monotonic() > self._end:
            raise refuse(
                "file",
                f"Scoring took longer than {self._seconds:g} seconds; `attribution score` takes as "
                "long as it needs.",
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            )
