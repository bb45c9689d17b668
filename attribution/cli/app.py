"""The application: its commands, and the one place where errors become messages."""

import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from attribution import __version__
from attribution.cli import (
    cases,
    demo,
    desk,
    evaluation,
    exporting,
    incidents,
    pictures,
    reporting,
    scoring,
    tables,
    updates,
)
from attribution.cli.faults import ExitCode, exit_code, message
from attribution.cli.output import make_streams_safe, note, start_logging


class _Commands(TyperGroup):
    """Commands whose users' mistakes end in a message and an exit code, not in a traceback."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  (the types are private to typer)
        """Run a command.

        Parameters
        ----------
        ctx
            Context of the call.

        Returns
        -------
        Any
            Whatever the command returned.
        """
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _stop_writing()
            raise typer.Exit(ExitCode.BROKEN_PIPE) from None
        except KeyboardInterrupt:
            note("Interrupted.")
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        except Exception as error:
            code = exit_code(error)
            if code is None:
                raise
            note(f"Error: {message(error)}")
            raise typer.Exit(code) from error


app = typer.Typer(
    cls=_Commands,
    name="attribution",
    help=(
        "Who is probably behind an incident, how sure one can be, and on what evidence.\n\n"
        "Exit codes: 0 done, 1 the input is at fault, 2 wrong usage, 3 the model failed its own "
        "diagnostics."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"attribution {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    ctx: typer.Context,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log details to standard error.")
    ] = False,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    ctx.call_on_close(start_logging(verbose))


app.command("demo")(demo.demo)
app.command("check")(cases.check)
app.command("fit")(cases.fit)
app.command("update")(updates.update)
app.command("query")(incidents.query)
app.command("what-if")(incidents.what_if)
app.command("score")(scoring.score)
app.command("shares")(tables.shares)
app.command("brands")(tables.brands)
app.command("labellers")(tables.labellers)
app.command("diagnose")(tables.diagnose)
app.command("picture")(pictures.picture)
app.command("evaluate")(evaluation.evaluate)
app.command("report")(reporting.report)
app.command("export")(exporting.export)
app.command("desk")(desk.desk)


def main() -> None:
    """Run the command line and leave with its exit code."""
    make_streams_safe()
    try:
        app(prog_name="attribution")
    finally:
        # What is still buffered may meet a pipe or a disk that takes no more.
        try:
            sys.stdout.flush()
        except OSError:
            _stop_writing()


def _stop_writing() -> None:
    # Python would flush standard output once more at its end, and complain on standard error.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
