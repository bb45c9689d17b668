"""What a report consists of, before anyone decides how it looks."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Heading:
    """A line that names what follows."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """Short remarks, one a line."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Column:
    """A column of a table; figures are right-aligned."""

    title: str
    align: Literal["left", "right"] = "left"


@dataclass(frozen=True)
class Table:
    """Rows of texts, as many in a row as there are columns."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str = field(default="Nothing to show.", kw_only=True)


type Block = Heading | Paragraph | Bullets | Table
