"""The command that writes a report, or a note on one incident."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from attribution.cli.exporting import check_file
from attribution.cli.models import open_model
from attribution.cli.options import ModelArgument
from attribution.cli.output import show


class FormName(StrEnum):
    """Forms of a report; typer lists the members."""

    HTML = "html"
    MARKDOWN = "md"


_ENDINGS = {
    ".html": FormName.HTML,
    ".htm": FormName.HTML,
    ".md": FormName.MARKDOWN,
    ".markdown": FormName.MARKDOWN,
}


def report(
    model: ModelArgument,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="File to write.")],
    incident: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Write a two-page note on this incident instead."),
    ] = None,
    form: Annotated[
        FormName | None,
        typer.Option("--format", help="HTML or Markdown.  [default: by FILE's name]"),
    ] = None,
) -> None:
    """Write a report in one file that works offline.

    Shares, map, timeline, brands, labellers, diagnostics, data, method, and every incident with its
    evidence and sources.
    """
    chosen = form or _ENDINGS.get(output.suffix.lower())
    if chosen is None:
        endings = ", ".join(_ENDINGS)
        raise typer.BadParameter(
            f"the name {output.name!r} does not tell a form; end it in one of {endings}, or give "
            "--format."
        )
    check_file(output)
    posterior = open_model(model)
    from attribution.report.blocks import Paragraph  # noqa: PLC0415
    from attribution.report.contents import Scope, report_contents  # noqa: PLC0415
    from attribution.report.html import (  # noqa: PLC0415
        render_note,
        render_report,
        write_report,
    )
    from attribution.report.markdown import markdown  # noqa: PLC0415
    from attribution.report.note import note_on  # noqa: PLC0415
    from attribution.report.summary import note_blocks, report_blocks  # noqa: PLC0415

    as_html = chosen is FormName.HTML
    if incident is not None:
        note = note_on(posterior, incident)
        document = render_note(note) if as_html else markdown(note_blocks(note))
        what = f"The note on {incident}"
    else:
        # Markdown has no place for the evidence of every incident.
        scope = Scope() if as_html else Scope(explained=())
        contents = report_contents(posterior, scope)
        document = (
            render_report(posterior, contents) if as_html else markdown(report_blocks(contents))
        )
        what = f"The report on {len(contents.entries.rows)} incidents"
    write_report(document, output)
    show((Paragraph(f"{what} is in {output}."),))
