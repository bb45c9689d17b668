"""Reports on a terminal: the same blocks, with weight, colour and folding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from attribution.report.blocks import Block, Bullets, Heading, Paragraph, Table
from attribution.report.plain import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, RenderableType


def print_blocks(blocks: Sequence[Block], console: Console) -> None:
    """Show a report on a terminal.

    Parameters
    ----------
    blocks
        Content of the report.
    console
        The terminal.
    """
    for position, block in enumerate(blocks):
        if position:
            console.print()
        console.print(_renderable(block))


def _renderable(block: Block) -> RenderableType:
    # Text, not markup: a title in a source may hold square brackets.
    match block:
        case Heading(text):
            return Text(printable(text), style="bold")
        case Paragraph(text):
            return Text(printable(text))
        case Bullets(items):
            return Text("\n").join(Text(f"• {printable(item)}") for item in items)
        case Table():
            return _table(block) if block.rows else Text(block.empty, style="dim")


def _table(table: Table) -> RenderableType:
    shown = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in table.columns:
        shown.add_column(
            Text(column.title),
            justify=column.align,
            no_wrap=column.align == "right",
            overflow="fold",
        )
    for row in table.rows:
        shown.add_row(*(Text(printable(cell)) for cell in row))
    return Padding(shown, (0, 0, 0, 0))
