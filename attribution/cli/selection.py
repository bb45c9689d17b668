"""Options that choose incidents of a case, for every command that can show a part of them."""

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from attribution.cli.options import parse_date
from attribution.posterior.questions import allowed_words, known_word

if TYPE_CHECKING:
    from attribution.posterior.posterior import Posterior

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


def check_days(start: date | None, end: date | None) -> None:
    """Make sure that a period does not end before it starts.

    Parameters
    ----------
    start, end
        First and last day, None for an open period.

    Raises
    ------
    typer.BadParameter
        If it does.
    """
    if start is not None and end is not None and start > end:
        raise typer.BadParameter(f"--from {start} lies after --to {end}.")


def words_of(
    posterior: "Posterior",
    weapon_type: list[str] | None,
    target_type: list[str] | None,
    country: list[str] | None,
    province: list[str] | None,
) -> dict[str, tuple[str, ...]]:
    """Check the words that choose incidents.

    Parameters
    ----------
    posterior
        The model.
    weapon_type, target_type, country, province
        Words of the columns; None or none of them for all.

    Returns
    -------
    dict
        Words by column, as `attribution.posterior.selection` takes them.

    Raises
    ------
    UserError
        If a column has no such word; the message names the nearest one.
    """
    asked = {
        "weapon_type": weapon_type,
        "target_type": target_type,
        "country": country,
        "province": province,
    }
    return {
        column: tuple(
            known_word(column, word, allowed_words(posterior.case, column)) for word in words
        )
        for column, words in asked.items()
        if words
    }
