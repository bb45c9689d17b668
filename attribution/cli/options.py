"""Arguments and options that several commands share, and how their texts are read."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from attribution.posterior.questions import written_day

#: Refits use up to a hundred times a seed, which must stay below 2^32.
_SEED_DIGITS = 7


class Method(StrEnum):
    """Ways to a posterior; typer lists the members."""

    AUTO = "auto"
    NUTS = "nuts"
    LAPLACE = "laplace"


def parse_date(text: str) -> date:
    """Read a day.

    Parameters
    ----------
    text
        YYYY-MM-DD.

    Returns
    -------
    date
        The day.

    Raises
    ------
    typer.BadParameter
        If the text is no day in this form.
    """
    written = written_day(text)
    if written is None:
        raise typer.BadParameter(f"{text!r} is no date; write a day as 2021-02-15.")
    return written


@dataclass(frozen=True)
class Seeds:
    """Seeds as one option gives them; typer would take a bare tuple for so many arguments.

    Attributes
    ----------
    values
        The seeds, in order.
    """

    values: tuple[int, ...]


def parse_seeds(text: str) -> Seeds:
    """Read a list of seeds.

    Parameters
    ----------
    text
        Whole numbers with commas between them.

    Returns
    -------
    Seeds
        As written.

    Raises
    ------
    typer.BadParameter
        If the text is no such list, or a seed occurs twice.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and len(part) <= _SEED_DIGITS for part in parts):
        raise typer.BadParameter(f"{text!r} is no list of seeds; write whole numbers as 0,1,2.")
    seeds = tuple(int(part) for part in parts)
    if len(set(seeds)) < len(seeds):
        raise typer.BadParameter(f"{text!r} holds a seed twice.")
    return Seeds(seeds)


def parse_assignment(text: str) -> str:
    """Check that a text assigns a value to a column.

    Parameters
    ----------
    text
        "column=value".

    Returns
    -------
    str
        The text as it was.

    Raises
    ------
    typer.BadParameter
        If there is no equals sign or no column before it.
    """
    column, sign, _ = text.partition("=")
    if not sign or not column.strip():
        raise typer.BadParameter(f"{text!r} is not of the form column=value.")
    return text


ModelArgument = Annotated[
    Path, typer.Argument(metavar="MODEL", help="Folder of a fitted model.", show_default=False)
]
CaseArgument = Annotated[
    Path, typer.Argument(metavar="CASE", help="Folder of a case.", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a machine to read.")]
FromOption = Annotated[
    date | None, typer.Option("--from", parser=parse_date, metavar="DATE", help="First day.")
]
ToOption = Annotated[
    date | None, typer.Option("--to", parser=parse_date, metavar="DATE", help="Last day.")
]
WeaponOption = Annotated[
    list[str] | None,
    typer.Option(
        "--weapon-type", "--weapon_type", metavar="WORD", help="Only this weapon; repeatable."
    ),
]
TargetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--target-type", "--target_type", metavar="WORD", help="Only this target; repeatable."
    ),
]
CountryOption = Annotated[
    list[str] | None, typer.Option(metavar="NAME", help="Only this country; repeatable.")
]
ProvinceOption = Annotated[
    list[str] | None, typer.Option(metavar="NAME", help="Only this province; repeatable.")
]


class Period(StrEnum):
    """Lengths of time into which incidents can be split."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


def check_order(start: date | None, end: date | None) -> None:
    """Make sure that a time does not end before it starts.

    Parameters
    ----------
    start, end
        First and last day; None leaves it open.

    Raises
    ------
    typer.BadParameter
        If it does.
    """
    if start is not None and end is not None and start > end:
        raise typer.BadParameter(f"--from {start} lies after --to {end}.")
