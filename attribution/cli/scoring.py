"""The command that scores files of any size."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from attribution.cli.models import open_model
from attribution.cli.options import ModelArgument, parse_assignment
from attribution.cli.output import note, show
from attribution.scoring.formats import Format

if TYPE_CHECKING:
    from attribution.posterior.posterior import Posterior
    from attribution.report.blocks import Block
    from attribution.scoring.tally import ScoreSummary

_MOST_REASONS = 10
_STREAM = "-"


class Layout(StrEnum):
    """Publishers whose tables are known."""

    ACLED = "acled"
    GTD = "gtd"
    UCDP = "ucdp"


class Engine(StrEnum):
    """Where rows are scored."""

    LOCAL = "local"
    DASK = "dask"


SourceArgument = Annotated[
    str,
    typer.Argument(
        metavar="INPUT",
        help="File, folder or quoted pattern of files, one incident a row; - is standard input.",
        show_default=False,
    ),
]
OutputOption = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="OUTPUT", help="File to write; - is standard output."),
]
SqlOption = Annotated[
    str, typer.Option("--sql", metavar="QUERY", help="Score the rows of a DuckDB query.")
]
InputFormatOption = Annotated[
    Format | None, typer.Option(help="Format of INPUT, if its name does not tell.")
]
OutputFormatOption = Annotated[
    Format | None, typer.Option(help="Format of OUTPUT, if its name does not tell.")
]
MapOption = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="COLUMN=THEIRS", help="Take a column under another name."),
]
LayoutOption = Annotated[Layout | None, typer.Option(help="Tables as a publisher lays them out.")]
VocabularyOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="TOML file with the case's words for theirs."),
]
RawOption = Annotated[
    bool, typer.Option("--raw", help="Keep texts in CSV that a spreadsheet takes for formulas.")
]
ResumeOption = Annotated[
    bool, typer.Option("--resume", help="Go on where an interrupted run stopped.")
]
RestartOption = Annotated[
    bool, typer.Option("--restart", help="Throw away what an interrupted run has left.")
]
PartRowsOption = Annotated[
    int, typer.Option(metavar="N", min=1, help="Rows that are scored and kept together.")
]
DrawsOption = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="Evenly spaced draws to use.  [default: all]"),
]
EngineOption = Annotated[Engine, typer.Option(help="This process, or a Dask cluster.")]
SchedulerOption = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="A running Dask cluster, tcp://HOST:PORT."),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="Dask processes to start here.  [default: one a core]"),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary.")]


def score(
    model: ModelArgument,
    source: SourceArgument = "",
    *,
    output: OutputOption,
    sql: SqlOption = "",
    input_format: InputFormatOption = None,
    output_format: OutputFormatOption = None,
    columns: MapOption = None,
    layout: LayoutOption = None,
    vocabulary: VocabularyOption = None,
    raw: RawOption = False,
    resume: ResumeOption = False,
    restart: RestartOption = False,
    draws: DrawsOption = None,
    part_rows: PartRowsOption = 20_000,
    engine: EngineOption = Engine.LOCAL,
    scheduler: SchedulerOption = None,
    workers: WorkersOption = None,
    quiet: QuietOption = False,
) -> None:
    """Attribute every incident of files of any size.

    Row order and count stay; a bad row is marked in column status and never stops the run. What an
    interrupted run has done is kept, and --resume goes on from there.
    """
    _check_usage(
        one_input=bool(source) != bool(sql),
        one_wish=not (resume and restart),
        needless=engine is not Engine.DASK and bool(scheduler or workers),
    )
    posterior = _with_draws(model, draws)
    from attribution.scoring.files import ScoreSettings, score_file  # noqa: PLC0415
    from attribution.scoring.journal import Leftovers, advice  # noqa: PLC0415
    from attribution.scoring.progress import choose_progress  # noqa: PLC0415
    from attribution.scoring.sources import Sql  # noqa: PLC0415

    settings = ScoreSettings(
        input_format=input_format,
        output_format=output_format,
        columns=_assignments(columns or []),
        layout=None if layout is None else layout.value,
        vocabulary=vocabulary,
        raw=raw,
        leftovers=Leftovers(_wish(resume=resume, restart=restart)),
        part_rows=part_rows,
        engine=engine.value,
        scheduler=scheduler,
        workers=workers,
    )
    progress = choose_progress(quiet=quiet)
    try:
        summary = score_file(posterior, Sql(sql) if sql else source, output, settings, progress)
    except KeyboardInterrupt:
        if str(output) != _STREAM and source != _STREAM and (text := advice(output)):
            note(f"{text}.")
        raise
    if not quiet:
        _tell(summary, output)


def _with_draws(model: Path, draws: int | None) -> "Posterior":
    """Open a model, with some of its draws or all of them."""
    posterior = open_model(model)
    if draws is None:
        return posterior
    from attribution.posterior.thinning import thinned  # noqa: PLC0415

    try:
        return thinned(posterior, draws)
    except ValueError as error:
        raise typer.BadParameter(f"--draws: {error}.") from error


def _check_usage(*, one_input: bool, one_wish: bool, needless: bool) -> None:
    if not one_input:
        raise typer.BadParameter("name either an INPUT or, with --sql, a query.")
    if not one_wish:
        raise typer.BadParameter("--resume and --restart exclude each other.")
    if needless:
        raise typer.BadParameter("--scheduler and --workers go with --engine dask.")


def _wish(*, resume: bool, restart: bool) -> Literal["resume", "restart", "refuse"]:
    if resume:
        return "resume"
    return "restart" if restart else "refuse"


def _assignments(texts: list[str]) -> dict[str, str]:
    pairs = [parse_assignment(text).partition("=") for text in texts]
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}


def _tell(summary: "ScoreSummary", output: Path) -> None:
    """Print the summary; beside attributions on standard output it goes to standard error."""
    from attribution.report.blocks import Bullets, Paragraph  # noqa: PLC0415
    from attribution.report.plain import plain_text  # noqa: PLC0415
    from attribution.scoring.completion import rejected_path  # noqa: PLC0415
    from attribution.scoring.tally import most_common  # noqa: PLC0415

    stream = str(output) == _STREAM
    where = "standard output" if stream else str(output)
    blocks: list[Block] = [
        Paragraph(
            f"{summary.rows} rows written to {where}: {summary.ok} ok, {summary.partial} partial, "
            f"{summary.rejected} rejected."
        )
    ]
    if summary.reasons:
        shown = most_common(summary.reasons, _MOST_REASONS)
        lines = [f"{count} x {reason}" for reason, count in shown]
        if len(summary.reasons) > _MOST_REASONS:
            more = len(summary.reasons) - _MOST_REASONS
            lines.append(f"and {more} other reasons, in column status")
        blocks.append(Bullets(tuple(lines)))
    for column, words in summary.unmapped.items():
        if words:
            shown = most_common(words, _MOST_REASONS)
            lines = [f"{count} x {word}" for word, count in shown]
            if len(words) > _MOST_REASONS:
                lines.append(f"and {len(words) - _MOST_REASONS} other words")
            blocks.append(Paragraph(f"Words in no vocabulary, {column}:"))
            blocks.append(Bullets(tuple(lines)))
    if summary.rejected and not stream:
        blocks.append(Paragraph(f"Rejected rows: {rejected_path(output).name}"))
    if stream:
        note(plain_text(blocks))
    else:
        show(blocks)
