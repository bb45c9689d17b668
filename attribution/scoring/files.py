"""Files of incidents of any size: one row in, one row out, in the same order, nothing lost."""

from __future__ import annotations

import logging
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from attribution.scoring.batch import output_schema
from attribution.scoring.completion import Shape, complete, completed, open_output
from attribution.scoring.engines.local import score_here
from attribution.scoring.errors import (
    STANDARD,
    InputFileError,
    LeftoverError,
    ScoreSettingsError,
)
from attribution.scoring.fingerprints import fingerprint
from attribution.scoring.formats import Format, format_of, named_format, parse_format
from attribution.scoring.journal import (
    Journal,
    Leftovers,
    advice,
    open_journal,
    parts_folder,
    told,
)
from attribution.scoring.pieces import check_columns, digest_of
from attribution.scoring.progress import Progress, choose_progress
from attribution.scoring.rows import PART_ROWS, parts
from attribution.scoring.sources import FileSource, Source, Sql, open_source
from attribution.scoring.tally import ScoreSummary
from attribution.scoring.translation import Translation, translation
from attribution.scoring.writing import check_destination, open_writer

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from typing import BinaryIO

    from attribution.scoring.batch import Attributor
    from attribution.scoring.completion import Output
    from attribution.scoring.pieces import ScoredPart
    from attribution.scoring.rows import Part

_log = logging.getLogger(__name__)

_STANDARD_OUTPUT = Path("standard output")


@dataclass(frozen=True)
class ScoreSettings:
    """How files are scored.

    Parameters
    ----------
    input_format, output_format
        "csv", "csv.gz", "parquet", "arrow" or "arrows"; None goes by the names of the files, and by
        the first bytes of standard input. Standard output is CSV.
    columns
        Their column by ours: ``{"date": "event_date"}``.
    layout
        "acled", "gtd" or "ucdp": tables as these publishers lay them out.
    vocabulary
        TOML file with our words for theirs; it goes before the layout's.
    raw
        Leave texts in CSV that a spreadsheet would take for formulas as they are.
    leftovers
        What is done about the work of an interrupted run.
    part_rows
        Rows that are scored and kept together.
    engine
        "local", or "dask" for a cluster.
    scheduler
        Address of a running Dask cluster; None starts worker processes on this machine.
    workers
        How many such processes; None for one a core.
    """

    input_format: str | None = None
    output_format: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    layout: str | None = None
    vocabulary: Path | None = None
    raw: bool = False
    leftovers: Leftovers = Leftovers.REFUSE
    part_rows: int = PART_ROWS
    engine: Literal["local", "dask"] = "local"
    scheduler: str | None = None
    workers: int | None = None


def score_file(
    posterior: Attributor,
    source: Path | str | Sql,
    destination: Path | str,
    settings: ScoreSettings | None = None,
    progress: Progress | None = None,
) -> ScoreSummary:
    """Attribute every incident of a file, of many files or of a query, of any size.

    Parameters
    ----------
    posterior
        The fitted model.
    source
        CSV, CSV under gzip, Parquet or Arrow with the columns of the case's incidents, as far as
        known; ``date`` is required, and ``claims`` may hold ;-separated brand names. A folder or a
        pattern stands for many files, "-" for standard input, `Sql` for a query.
    destination
        File to write, replaced if it exists; "-" for standard output. Beside it stand
        ``OUTPUT.manifest.json``, which says what it was made of, and ``OUTPUT.rejected.csv`` with
        the rejected rows as they came, if there are any.
    settings
        How it is done.
    progress
        Where it is shown; None shows nothing.

    Returns
    -------
    ScoreSummary
        Counts of rows by status.

    Raises
    ------
    InputFileError
        If the input cannot be read as a whole or the output cannot be written. A single bad row is
        no such error: it is marked in the column ``status``. What was scored until then is kept in
        ``.OUTPUT.parts`` and can be resumed.
    LeftoverError
        If such work is in the way, or cannot be resumed.
    ScoreSettingsError
        If a column, a layout or a combination of settings is unknown.
    """
    chosen = settings or ScoreSettings()
    target = Path(destination)
    how = _translation(posterior, chosen)
    kind = _kind(target, chosen)
    rows = open_source(source, _format(chosen.input_format))
    check_destination(rows.paths if isinstance(rows, FileSource) else (), target)
    shape = Shape(kind, output_schema(posterior), chosen.raw)
    work = _Work(posterior, rows, how, chosen)
    with progress or choose_progress(quiet=True) as shown:
        if target == STANDARD:
            return _score_through(work, sys.stdout.buffer, shape, shown)
        return _score_durably(work, target, shape, shown)


@dataclass(frozen=True, eq=False)
class _Work:
    """What is scored, with what, and how."""

    posterior: Attributor
    source: Source
    how: Translation
    settings: ScoreSettings

    def parts(self) -> Iterator[Part]:
        """Read the rows, having checked that each file has the columns needed."""
        return parts(self._checked(), self.settings.part_rows)

    def scored(self, waiting: Iterator[Part]) -> Generator[ScoredPart]:
        """Score parts with the engine that was chosen."""
        if self.settings.engine == "dask":
            from attribution.scoring.engines.dask import score_on_dask  # noqa: PLC0415 - an extra

            return score_on_dask(
                self.posterior, waiting, self.how, self.settings.scheduler, self.settings.workers
            )
        return score_here(self.posterior, waiting, self.how)

    def description(self) -> dict[str, Any]:
        """Return what the parts depend on, but for the rows, which are compared one by one."""
        return {
            "model": fingerprint(self.posterior.manifest.as_dict()),
            "translation": fingerprint(self.how.as_dict()),
            "part_rows": self.settings.part_rows,
        }

    def _checked(self) -> Iterator[Any]:
        schema = None
        for stretch in self.source.stretches():
            if stretch.batch.schema != schema:
                schema = stretch.batch.schema
                path = Path(stretch.origin) if stretch.origin else self.source.path
                check_columns(path, schema, self.how)
            yield stretch


def _score_durably(
    work: _Work, destination: Path, shape: Shape, progress: Progress
) -> ScoreSummary:
    settings = work.settings
    description = work.description()
    whole = {
        **description,
        "input": dict(work.source.fingerprint()),
        "format": shape.kind.value,
        "raw": shape.raw,
    }
    if settings.leftovers is Leftovers.RESUME:
        if not work.source.repeatable:
            raise ScoreSettingsError("standard input passes once, so it cannot be resumed")
        if not parts_folder(destination).exists():
            counts = completed(destination, whole)
            if counts is not None:
                _log.info("%s is complete: %d rows; nothing to do", destination.name, counts.rows)
                return counts
            _log.info("nothing to resume; beginning with the first row")
    elif destination.exists():
        _log.info("%s will be replaced once the new one is complete", destination.name)
    with open_journal(destination, description, settings.leftovers) as journal:
        try:
            with open_output(journal, shape) as output:
                _fill(work, journal, output, progress)
                output.finish()
            return complete(journal, shape, whole)
        except LeftoverError:
            raise
        except InputFileError as error:
            raise _kept(error, work, destination) from error
        finally:
            if not work.source.repeatable and sys.exception() is not None:
                journal.remove()


def _fill(work: _Work, journal: Journal, output: Output, progress: Progress) -> None:
    """Score the parts that are missing, and hand them to the output."""
    count, share = 0, None
    waiting = work.parts()

    def missing() -> Iterator[Part]:
        nonlocal count, share
        for part in waiting:
            count += 1
            digest = journal.digest(part.index)
            if digest is None:
                yield part
                continue
            if digest != digest_of(part):
                raise LeftoverError(
                    journal.destination,
                    f"{work.source.name} was changed since the interrupted run, in the rows from "
                    f"{part.first} to {part.first + len(part) - 1}; --restart begins anew",
                )
            # Rows that are there already count for nothing in the rows a second.
            share = part.share
            progress(part.first + len(part) - 1, journal.counts.rejected, share, fresh=False)

    with closing(work.scored(missing())) as results:
        for result in results:
            journal.keep(result)
            output.take(result.index, result.scored)
            share = None if result.share is None else max(share or 0.0, result.share)
            progress(journal.counts.rows, journal.counts.rejected, share, fresh=True)
    if not journal.is_whole(count):
        raise LeftoverError(
            journal.destination,
            "the input has fewer rows than the interrupted run has read; --restart begins anew",
        )


def _score_through(work: _Work, stream: BinaryIO, shape: Shape, progress: Progress) -> ScoreSummary:
    """Write parts as they come, in order; there is no going back on a stream."""
    if work.settings.leftovers is Leftovers.RESUME:
        raise ScoreSettingsError("what went to standard output cannot be resumed")
    counts = ScoreSummary()
    ahead: dict[int, ScoredPart] = {}
    following = 0
    with told(_STANDARD_OUTPUT), closing(work.scored(work.parts())) as results:
        writer = open_writer(stream, shape.kind, shape.schema, raw=shape.raw)
        for result in results:
            ahead[result.index] = result
            while following in ahead:
                part = ahead.pop(following)
                writer.write(part.scored)
                counts += part.counts
                following += 1
                progress(counts.rows, counts.rejected, part.share, fresh=True)
        writer.close()
    return counts


def _kept(error: InputFileError, work: _Work, destination: Path) -> InputFileError:
    """Say with an error what is left of the work."""
    more = advice(destination) if work.source.repeatable else ""
    told_of = f"{error.message}; {more}" if more else error.message
    return type(error)(error.path, told_of, error.row)


def _translation(posterior: Attributor, settings: ScoreSettings) -> Translation:
    if settings.part_rows < 1:
        raise ScoreSettingsError(f"{settings.part_rows} rows are no part; take one or more")
    try:
        return translation(
            settings.columns,
            settings.layout,
            settings.vocabulary,
            posterior.case.config.vocabularies,
        )
    except InputFileError:
        raise
    except ValueError as error:
        raise ScoreSettingsError(str(error)) from error


def _kind(destination: Path, settings: ScoreSettings) -> Format:
    said = _format(settings.output_format)
    if destination == STANDARD:
        return said or Format.CSV
    if said is None:
        return named_format(destination, "--output-format")
    named = format_of(destination)
    if named is not None and named is not said:
        raise ScoreSettingsError(f"{destination.name} would hold {said}, which its name denies")
    return said


def _format(text: str | None) -> Format | None:
    try:
        return None if text is None else parse_format(text)
    except ValueError as error:
        raise ScoreSettingsError(str(error)) from error
