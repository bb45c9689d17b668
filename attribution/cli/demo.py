"""The demonstration: bundled case, bundled model, one question, one incident, one report."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attribution.cli.exporting import check_file
from attribution.cli.faults import UserError
from attribution.cli.models import open_model
from attribution.cli.output import show

if TYPE_CHECKING:
    from attribution.posterior.posterior import Posterior

CASE = "iraq"
INCIDENT = "20210215-erbil-airport"


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="HTML report to write.")
    ] = Path("attribution-demo.html"),
) -> None:
    """Show what the bundled case says, and write a report.

    Prints the headline and one explained incident, and writes both with charts to an HTML file.
    """
    check_file(output)
    posterior = _bundled_model()
    from attribution.report.blocks import Paragraph  # noqa: PLC0415
    from attribution.report.contents import Scope, report_contents  # noqa: PLC0415
    from attribution.report.html import render_report, write_report  # noqa: PLC0415
    from attribution.report.text import headline_blocks, incident_blocks  # noqa: PLC0415

    # A whole report takes a minute and says where it is to be had.
    contents = report_contents(
        posterior, Scope(explained=(INCIDENT,), featured=INCIDENT, charts=False)
    )
    write_report(render_report(posterior, contents), output)
    head, view = contents.head, contents.featured
    show(
        (
            *(() if head is None else headline_blocks(head)),
            *(() if view is None else incident_blocks(view)),
            Paragraph(f"Report: {output.absolute()}"),
        )
    )


def _bundled_model() -> "Posterior":
    from attribution.case.load import bundled_case_folder, load_case  # noqa: PLC0415
    from attribution.posterior.store import bundled_model_folder  # noqa: PLC0415

    posterior = open_model(bundled_model_folder(CASE))
    fingerprint = load_case(bundled_case_folder(CASE)).fingerprint()
    if posterior.manifest.case_fingerprint != fingerprint:
        raise UserError(
            "the bundled model was fitted to other data than the bundled case; fit a new one with "
            "`attribution fit` and ask it with `attribution query`"
        )
    return posterior
