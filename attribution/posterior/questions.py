"""What people ask of changed incidents: columns, words and names, checked before use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from attribution.case.faults import listed, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from attribution.case.case import Case

#: A column of another table is written "table:column" in ``case.toml``.
OTHER_TABLE = ":"
#: The model can say something of a country or province that the case has not seen.
OPEN_COLUMNS = ("country", "province", "place")
#: A claiming name never seen before, and one that could not be read.
SPECIAL_NAMES = ("new", "unknown")

_SHOWN = 20


class WordError(ValueError):
    """A word is not one of those allowed.

    Parameters
    ----------
    kind
        What the word is, for the message.
    word
        The word as given.
    allowed
        The words that would do.
    """

    def __init__(self, kind: str, word: str, allowed: Sequence[str]) -> None:
        self.kind = kind
        self.word = word
        self.nearest = nearest(word, allowed)
        hint = f" Did you mean {self.nearest!r}?" if self.nearest else ""
        super().__init__(
            f"{kind}: {word!r} is not known.{hint} Allowed: {listed(allowed, _SHOWN)}."
        )


@dataclass(frozen=True)
class Value:
    """A new value of a column, and a remark on it ("" if there is none)."""

    text: str
    remark: str = ""


def known_word(kind: str, word: str, allowed: Iterable[str]) -> str:
    """Make sure that a word is one of those allowed.

    Parameters
    ----------
    kind
        What the word is, for the message.
    word
        The word as given.
    allowed
        The words that would do.

    Returns
    -------
    str
        The word.

    Raises
    ------
    WordError
        If it is another word; the message names the nearest one and lists what is allowed.
    """
    choices = tuple(allowed)
    if word in choices:
        return word
    raise WordError(kind, word, choices)


def allowed_words(case: Case, column: str) -> tuple[str, ...]:
    """Find the words that a column of the incidents may hold.

    Parameters
    ----------
    case
        The case.
    column
        A column of text.

    Returns
    -------
    tuple of str
        The case's vocabulary, or the values that occur where it has none.
    """
    vocabulary = case.config.vocabularies.get(column)
    if vocabulary is not None:
        return tuple(vocabulary)
    return tuple(sorted({str(value) for value in case.incidents[column]} - {""}))


def changeable_columns(case: Case) -> tuple[str, ...]:
    """Return the columns of the incidents that some channel reads.

    Parameters
    ----------
    case
        The case.
    """
    read = (column for channel in case.config.channels for column in channel.columns)
    return tuple(dict.fromkeys(column for column in read if OTHER_TABLE not in column))


def new_value(case: Case, column: str, text: str) -> Value:
    """Check a new value of a column, other than a date.

    Parameters
    ----------
    case
        The case.
    column
        A column that some channel reads.
    text
        The value; "" makes the column unknown.

    Returns
    -------
    Value
        The value, with a remark if it is one that the case has not seen.

    Raises
    ------
    WordError
        If the column has a vocabulary without this word, or with one that was probably meant.
    """
    allowed = case.config.vocabularies.get(column)
    if not text or allowed is None or text in allowed:
        return Value(text)
    if column in OPEN_COLUMNS and nearest(text, allowed) is None:
        return Value(
            text, f"{column} {text!r} is not one of the case's; it is taken for a new one."
        )
    return Value(known_word(f"column {column}", text, allowed))


def written_day(text: str) -> date | None:
    """Read a day written as YYYY-MM-DD, and only so; None for any other text.

    Parameters
    ----------
    text
        The day.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # Python would also read 20210215 and 2021-W07-1, which a typing mistake can become.
    return day if day.isoformat() == text else None


def claimants(case: Case, names: Sequence[str]) -> list[str]:
    """Resolve the names that are supposed to claim an attack.

    Parameters
    ----------
    case
        The case.
    names
        Names in any spelling; "new" is one never seen before, "unknown" one that was unreadable.

    Returns
    -------
    list of str
        Identifiers of groups, and the special names.

    Raises
    ------
    UnknownNameError, AmbiguousNameError
        If a name is none of the case's, or several groups go by it.
    """
    from attribution.case.names import name_index  # noqa: PLC0415 - the index takes its time

    index = name_index(case)
    return [
        name.casefold() if name.casefold() in SPECIAL_NAMES else index.resolve(name)
        for name in names
    ]


def change_of(recorded: Mapping[str, str], supposed: Mapping[str, str]) -> dict[str, str]:
    """Return the columns whose supposed value differs from the recorded one.

    Parameters
    ----------
    recorded, supposed
        Values by column; a column that is not supposed stays.
    """
    return {name: text for name, text in supposed.items() if text != recorded.get(name, "")}
