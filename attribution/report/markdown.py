"""Reports as Markdown: the same blocks, for wikis, mail and version control."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attribution.report.blocks import Block, Bullets, Heading, Paragraph, Table
from attribution.report.plain import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What Markdown would read as more than text; addresses are set apart before.
_MEANS_MORE = re.compile(r"([\\`*_{}\[\]<>#|~$&])")
#: What begins a list, a quotation or a heading at the start of a line.
_OPENS = re.compile(r"^(\s*)([-+=]|\d+(?=[.)]))")
_ADDRESS = re.compile(r"https?://[^\s<>()\[\]\\`|\"]+")


def markdown(blocks: Sequence[Block], level: int = 1) -> str:
    """Write a report as Markdown.

    Parameters
    ----------
    blocks
        Content of the report; its first heading is the title.
    level
        Level of the title; further headings are one below it.

    Returns
    -------
    str
        CommonMark with the tables of GitHub. Text stays text: what would mean more is escaped, and
        only addresses of the web become links.
    """
    headings = 0
    parts = []
    for block in blocks:
        parts.append(_written(block, level + (headings > 0)))
        headings += isinstance(block, Heading)
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """Write a text so that Markdown reads it as text, with its addresses as links.

    Parameters
    ----------
    text
        One line, which may come from a file.

    Returns
    -------
    str
        Markdown.
    """
    line = printable(text)
    parts, end = [], 0
    for found in _ADDRESS.finditer(line):
        parts += [_MEANS_MORE.sub(r"\\\1", line[end : found.start()]), f"<{found.group()}>"]
        end = found.end()
    parts.append(_MEANS_MORE.sub(r"\\\1", line[end:]))
    return _OPENS.sub(r"\1\\\2", "".join(parts))


def _written(block: Block, level: int) -> str:
    match block:
        case Heading(text):
            return f"{'#' * level} {escaped(text)}"
        case Paragraph(text):
            return escaped(text)
        case Bullets(items):
            return "\n".join(f"* {escaped(item)}" for item in items)
        case Table():
            return _table(block)


def _table(table: Table) -> str:
    if not table.rows:
        return escaped(table.empty)
    titles = [escaped(column.title) for column in table.columns]
    lines = ["---:" if column.align == "right" else "---" for column in table.columns]
    rows = [[escaped(cell) for cell in row] for row in table.rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in (titles, lines, *rows))
