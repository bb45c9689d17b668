"""The command that scores whole files."""

from pathlib import Path
from typing import Annotated

import typer

from attribution.cli.models import open_model
from attribution.cli.options import ModelArgument
from attribution.cli.output import show

_MOST_REASONS = 10


def score(
    model: ModelArgument,
    source: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT", help="CSV or Parquet file with one incident a row.", show_default=False
        ),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="OUTPUT", help="CSV or Parquet file to write."),
    ],
) -> None:
    """Attribute every incident of a file.

    Row order and count stay; a bad row is marked in column status and never stops the run.
    """
    from attribution.report.blocks import Block, Bullets, Paragraph  # noqa: PLC0415
    from attribution.scoring.files import score_file  # noqa: PLC0415

    summary = score_file(open_model(model), source, output)
    blocks: list[Block] = [
        Paragraph(
            f"{summary.rows} rows written to {output}: {summary.ok} ok, {summary.partial} partial, "
            f"{summary.rejected} rejected."
        )
    ]
    if summary.reasons:
        ordered = sorted(summary.reasons.items(), key=lambda item: (-item[1], item[0]))
        lines = [f"{count} x {reason}" for reason, count in ordered[:_MOST_REASONS]]
        if len(ordered) > _MOST_REASONS:
            lines.append(f"and {len(ordered) - _MOST_REASONS} other reasons, in column status")
        blocks.append(Bullets(tuple(lines)))
    show(blocks)
