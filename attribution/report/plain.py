"""Reports as plain text that does not depend on the width of anything."""

import textwrap
import unicodedata
from collections.abc import Sequence

from attribution.report.blocks import Block, Bullets, Heading, Paragraph, Table

WIDTH = 88

_GAP = "  "


def plain_text(blocks: Sequence[Block]) -> str:
    """Write a report as plain text.

    Parameters
    ----------
    blocks
        Content of the report.

    Returns
    -------
    str
        Lines without colours or box drawing, the same wherever they are printed.
    """
    return "\n\n".join(_plain(block) for block in blocks)


def printable(text: str) -> str:
    """Take away what would steer a terminal.

    Parameters
    ----------
    text
        Text that may come from a file.

    Returns
    -------
    str
        The text in one line, without control and direction-changing characters.
    """
    one_line = " ".join(text.split())
    return "".join(c for c in one_line if unicodedata.category(c) not in {"Cc", "Cf", "Cs"})


def _plain(block: Block) -> str:
    match block:
        case Heading(text):
            title = printable(text)
            return f"{title}\n{'-' * len(title)}"
        case Paragraph(text):
            return _filled(printable(text))
        case Bullets(items):
            return "\n".join(_bullet(printable(item)) for item in items)
        case Table():
            return _table(block)


def _bullet(text: str) -> str:
    return _filled(text, "* ", "  ")


def _filled(text: str, first: str = "", others: str = "") -> str:
    # A path or an address is never broken at its hyphens, so that it can be copied.
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _table(table: Table) -> str:
    if not table.rows:
        return table.empty
    cells = [
        [column.title for column in table.columns],
        *([printable(cell) for cell in row] for row in table.rows),
    ]
    widths = [max(len(row[i]) for row in cells) for i in range(len(table.columns))]
    lines = [
        _GAP.join(
            cell.rjust(width) if column.align == "right" else cell.ljust(width)
            for cell, width, column in zip(row, widths, table.columns, strict=True)
        ).rstrip()
        for row in cells
    ]
    return "\n".join(lines)
