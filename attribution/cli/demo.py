"""The demonstration: bundled case, bundled model, one question, one incident, one report."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
    if output.is_dir() or not output.absolute().parent.is_dir():
        raise UserError(f"the report cannot be written to {str(output)!r}; name a file in a folder")
    posterior = _bundled_model()
    from attribution.report.blocks import Paragraph  # noqa: PLC0415
    from attribution.report.headline import headline  # noqa: PLC0415
    from attribution.report.html import render_report, write_report  # noqa: PLC0415
    from attribution.report.incident import incident_view  # noqa: PLC0415
    from attribution.report.text import headline_blocks, incident_blocks  # noqa: PLC0415

    head = headline(posterior)
    view = incident_view(posterior.case, posterior.actor_names, posterior.explain(INCIDENT))
    write_report(render_report(posterior, head, view), output)
    show(
        (
            *headline_blocks(head),
            *incident_blocks(view),
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
