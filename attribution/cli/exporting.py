"""The command that hands attributions on to other programs."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from attribution.cli.faults import UserError
from attribution.cli.models import open_model
from attribution.cli.options import ModelArgument
from attribution.cli.output import note, show
from attribution.cli.selection import (
    CountryOption,
    FromOption,
    ProvinceOption,
    TargetOption,
    ToOption,
    WeaponOption,
    check_days,
    words_of,
)


class FormatName(StrEnum):
    """Formats of exports; typer lists the members."""

    GEOJSON = "geojson"
    CSV = "csv"
    PARQUET = "parquet"
    STIX = "stix"


def export(
    model: ModelArgument,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="File to write.")],
    kind: Annotated[
        FormatName | None,
        typer.Option("--format", help="Format of the file.  [default: by its name]"),
    ] = None,
    start: FromOption = None,
    end: ToOption = None,
    weapon_type: WeaponOption = None,
    target_type: TargetOption = None,
    country: CountryOption = None,
    province: ProvinceOption = None,
) -> None:
    """Write incidents with their attributions for other programs.

    GeoJSON for maps, CSV, Parquet, or a STIX 2.1 bundle.
    """
    check_days(start, end)
    check_file(output)
    from attribution.exports.export import ExportFormatError, export_format  # noqa: PLC0415

    try:
        chosen = export_format(output, None if kind is None else kind.value)
    except ExportFormatError as error:
        raise typer.BadParameter(str(error)) from error
    posterior = open_model(model)
    where = words_of(posterior, weapon_type, target_type, country, province)
    from attribution.exports.chosen import Selection  # noqa: PLC0415
    from attribution.exports.export import export as write  # noqa: PLC0415
    from attribution.report.blocks import Paragraph  # noqa: PLC0415

    count = write(posterior, output, chosen, Selection(start, end, where))
    show((Paragraph(f"{count} incidents written to {output}."),))
    if not count:
        note("Note: no incident of the case fits.")


def check_file(output: Path) -> None:
    """Make sure that a file can be written, before the work that goes into it.

    Parameters
    ----------
    output
        The file.

    Raises
    ------
    UserError
        If it is a folder, or there is no folder to write it to.
    """
    if output.is_dir() or not output.absolute().parent.is_dir():
        raise UserError(f"nothing can be written to {str(output)!r}; name a file in a folder")
