"""The command that takes up new rows without a refit."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attribution.cli.cases import check_output, save_model
from attribution.cli.faults import UserError
from attribution.cli.models import open_model
from attribution.cli.options import ModelArgument
from attribution.cli.output import note, show

if TYPE_CHECKING:
    from attribution.posterior.posterior import Posterior
    from attribution.posterior.update import Update


def _file(what: str, *names: str) -> typer.models.OptionInfo:
    text = f"CSV file of new {what}, with the columns of the case's table."
    option: typer.models.OptionInfo = typer.Option(*names, metavar="FILE", help=text)
    return option


def update(
    model: ModelArgument,
    *,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="NEW_MODEL", help="Folder to write the model to."),
    ],
    labels: Annotated[Path | None, _file("labels", "--labels")] = None,
    statements: Annotated[Path | None, _file("statements", "--statements")] = None,
    incidents: Annotated[Path | None, _file("incidents", "--incidents")] = None,
    sources: Annotated[Path | None, _file("sources", "--sources")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a model that is already there.")
    ] = False,
) -> None:
    """Take up new rows without a refit and save the model.

    Rows that move the model further than its draws reach are refused (exit 3): refit.
    """
    files = [file for file in (labels, statements, incidents, sources) if file is not None]
    if not files:
        raise typer.BadParameter("give at least one of --labels, --statements and --incidents.")
    for file in files:
        if not file.is_file():
            raise UserError(f"there is no file {str(file)!r}")
    check_output(output, overwrite)
    former = open_model(model)
    found = former.update(
        incidents=incidents, statements=statements, labels=labels, sources=sources
    )
    # An update counts all rows since the fit; what matters here is what these files add.
    if found.posterior.manifest.case_fingerprint == former.manifest.case_fingerprint:
        raise UserError("\n".join(["none of the new rows can be used", *_reasons(found, former)]))
    save_model(found.posterior, output)
    from attribution.report.blocks import Paragraph  # noqa: PLC0415

    told, figures = found.text.splitlines()[:2]
    show((Paragraph(f"The model is in {output}. {told} {figures}"),))
    for text in found.notes:
        note(f"Note: {text}.")


def _reasons(found: "Update", former: "Posterior") -> tuple[str, ...]:
    """Return the notes that these files caused, or that they hold nothing."""
    known = () if former.manifest.update is None else former.manifest.update["notes"]
    new = tuple(text for text in found.notes if text not in known)
    return new or ("the files hold no row that the model does not have",)
