"""The command that draws: picture."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import typer

from attribution.cli.faults import UserError
from attribution.cli.models import check_actor, chosen_words, open_model
from attribution.cli.options import (
    CountryOption,
    FromOption,
    ModelArgument,
    Period,
    ProvinceOption,
    TargetOption,
    ToOption,
    WeaponOption,
    check_order,
    parse_date,
)
from attribution.cli.output import show
from attribution.posterior.questions import known_word

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from attribution.pictures.picture import Picture
    from attribution.posterior.posterior import Posterior


class Kind(StrEnum):
    """Pictures of a model."""

    WATERFALL = "waterfall"
    HISTORY = "history"
    OVER_TIME = "over-time"
    MAP = "map"
    BRANDS = "brands"
    BRAND_DRIFT = "brand-drift"
    LABELLERS = "labellers"
    PREFERENCES = "preferences"


_SELECTION = ("--from", "--to", "--weapon-type", "--target-type", "--country", "--province")
#: Options that each kind needs, and those that it reads besides.
_NEEDED = MappingProxyType(
    {
        Kind.WATERFALL: ("--incident",),
        Kind.HISTORY: ("--incident",),
        Kind.BRAND_DRIFT: ("--brand",),
    }
)
_READ = MappingProxyType(
    {
        Kind.WATERFALL: ("--actor", "--against"),
        Kind.OVER_TIME: (*_SELECTION, "--by"),
        Kind.MAP: _SELECTION,
        Kind.BRANDS: ("--on", "--most"),
        Kind.LABELLERS: ("--most",),
    }
)


@dataclass(frozen=True)
class _Asked:
    """What is to be drawn; what its kind does not read is None."""

    incident: str | None
    actor: str | None
    against: str | None
    brand: str | None
    on: date | None
    most: int | None
    by: Period | None
    start: date | None
    end: date | None
    where: "Mapping[str, Sequence[str] | None]"

    @property
    def options(self) -> set[str]:
        """Names of the options that were given."""
        named = {
            "--incident": self.incident,
            "--actor": self.actor,
            "--against": self.against,
            "--brand": self.brand,
            "--on": self.on,
            "--most": self.most,
            "--by": self.by,
            "--from": self.start,
            "--to": self.end,
            **{f"--{column.replace('_', '-')}": words for column, words in self.where.items()},
        }
        return {name for name, value in named.items() if value}

    @property
    def words(self) -> "dict[str, Sequence[str]]":
        """Words by column, of the columns that matter."""
        return {column: words for column, words in self.where.items() if words}


KindArgument = Annotated[
    Kind, typer.Argument(metavar="KIND", help=f"One of {', '.join(Kind)}.", show_default=False)
]
FileOption = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="File to write: .png, .svg or .pdf for paper, .html, .json (Vega-Lite), .csv.",
    ),
]
IncidentOption = Annotated[
    str | None, typer.Option(metavar="ID", help="Incident of a waterfall or history.")
]
ActorOption = Annotated[
    str | None, typer.Option(metavar="ACTOR", help="Explain this actor in a waterfall.")
]
AgainstOption = Annotated[str | None, typer.Option(metavar="ACTOR", help="Weigh it against this.")]
BrandOption = Annotated[str | None, typer.Option(metavar="BRAND", help="Brand of a brand-drift.")]
DayOption = Annotated[
    date | None,
    typer.Option(parser=parse_date, metavar="DATE", help="Day of the brands' parents."),
]
MostOption = Annotated[
    int | None, typer.Option(min=1, help="Most brands or labellers to draw (25).")
]
ByOption = Annotated[Period | None, typer.Option(help="Length of time of over-time (quarter).")]
WidthOption = Annotated[
    float, typer.Option(min=3, max=20, help="Width on paper in inches; a column has 3.5.")
]


def picture(
    model: ModelArgument,
    kind: KindArgument,
    output: FileOption,
    *,
    incident: IncidentOption = None,
    actor: ActorOption = None,
    against: AgainstOption = None,
    brand: BrandOption = None,
    on: DayOption = None,
    most: MostOption = None,
    by: ByOption = None,
    start: FromOption = None,
    end: ToOption = None,
    weapon_type: WeaponOption = None,
    target_type: TargetOption = None,
    country: CountryOption = None,
    province: ProvinceOption = None,
    width: WidthOption = 7.0,
) -> None:
    """Draw a picture and write it to a file.

    Prints what the picture says, in words and figures.
    """
    words = {
        "weapon_type": weapon_type,
        "target_type": target_type,
        "country": country,
        "province": province,
    }
    asked = _Asked(incident, actor, against, brand, on, most, by, start, end, words)
    _check_given(kind, asked.options)
    check_order(start, end)
    _check_file(output)
    posterior = open_model(model)
    drawn = _drawn(posterior, kind, replace(asked, where=chosen_words(posterior, words)))
    drawn.save(output, width=width)
    from attribution.report.blocks import Heading, Paragraph  # noqa: PLC0415

    show((Heading(drawn.title), Paragraph(drawn.text), Paragraph(f"Picture: {output.absolute()}")))


def _check_given(kind: Kind, given: set[str]) -> None:
    needed, read = _NEEDED.get(kind, ()), _READ.get(kind, ())
    missing = [name for name in needed if name not in given]
    if missing:
        raise typer.BadParameter(f"{kind.value} needs {', '.join(missing)}.")
    unread = sorted(given - {*needed, *read})
    if unread:
        allowed = ", ".join((*needed, *read)) or "none of the options about what to draw"
        raise typer.BadParameter(f"{kind.value} does not read {', '.join(unread)}, but {allowed}.")


def _check_file(output: Path) -> None:
    """Refuse a file that cannot be written before the model is loaded, which takes seconds."""
    from attribution.pictures.picture import PictureError, check_suffix  # noqa: PLC0415

    try:
        check_suffix(output)
    except PictureError as fault:
        raise typer.BadParameter(str(fault)) from fault
    if output.is_dir() or not output.absolute().parent.is_dir():
        raise UserError(
            f"the picture cannot be written to {str(output)!r}; name a file in a folder"
        )


def _drawn(posterior: "Posterior", kind: Kind, asked: _Asked) -> "Picture":
    from attribution.posterior.pictures import MOST  # noqa: PLC0415

    pictures, most = posterior.pictures, asked.most or MOST
    by = (asked.by or Period.QUARTER).value
    drawings: dict[Kind, Callable[[], Picture]] = {
        Kind.WATERFALL: lambda: _waterfall(posterior, asked),
        Kind.HISTORY: lambda: pictures.history(asked.incident or ""),
        Kind.OVER_TIME: lambda: pictures.over_time(asked.start, asked.end, by, asked.words),
        Kind.MAP: lambda: pictures.map(asked.start, asked.end, asked.words),
        Kind.BRANDS: lambda: pictures.brands(asked.on, most),
        Kind.BRAND_DRIFT: lambda: pictures.brand_drift(_brand(posterior, asked.brand or "")),
        Kind.LABELLERS: lambda: pictures.labellers(most),
        Kind.PREFERENCES: pictures.preferences,
    }
    return drawings[kind]()


def _brand(posterior: "Posterior", word: str) -> str:
    return known_word("brand", word, dict.fromkeys(posterior.brands()["brand_id"]))


def _waterfall(posterior: "Posterior", asked: _Asked) -> "Picture":
    actor, against = (check_actor(posterior, word) for word in (asked.actor, asked.against))
    if actor is not None and actor == against:
        raise typer.BadParameter("--actor and --against name the same actor.")
    return posterior.explain(asked.incident or "", actor=actor, against=against).plot()
