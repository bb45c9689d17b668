"""Arguments and options that several commands share, and how their texts are read."""

import re
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


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
    try:
        # Python would also read 20210215 and 2021-W07-1, which a typing mistake can become.
        written = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        written = None
    if written is None:
        raise typer.BadParameter(f"{text!r} is no date; write a day as 2021-02-15.")
    return written


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
