"""Blocks of a page that scripts write: each between two comments that name the script."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EVALUATION = ROOT / "docs" / "evaluation.md"

BEGIN = "<!-- begin: written by {} -->"
END = "<!-- end: written by {} -->"


def replace_block(text: str, block: str, command: str) -> str:
    """Put a block between the markers of a command.

    Parameters
    ----------
    text
        The page.
    block
        What to put there.
    command
        Script and options that the markers name.

    Returns
    -------
    str
        The page with the new block.

    Raises
    ------
    ValueError
        If the text does not hold each marker once, in order.
    """
    first, last = BEGIN.format(command), END.format(command)
    before, begin, rest = text.partition(first)
    inside, end, after = rest.partition(last)
    if not begin or not end or first in inside + after or last in before + after:
        raise ValueError(f"the text needs one line '{first}' and, below it, one '{last}'")
    return f"{before}{first}\n\n{block}\n\n{last}{after}"


def write_block(path: Path, block: str, command: str) -> None:
    """Replace the block of a command in a file; see ``replace_block``."""
    write_whole(path, replace_block(path.read_text(encoding="utf-8"), block, command))


def write_whole(path: Path, text: str) -> None:
    """Write a file completely or not at all."""
    partial_file = path.with_name(f".{path.name}.partial")
    partial_file.write_text(text, encoding="utf-8")
    partial_file.replace(path)


def require_block(path: Path, command: str) -> None:
    """Fail before minutes of work if the file has no place for the block.

    Parameters
    ----------
    path
        The page.
    command
        Script and options that the markers name.

    Raises
    ------
    OSError
        If the page cannot be read.
    ValueError
        If it does not hold each marker once, in order; the message names the page.
    """
    try:
        replace_block(path.read_text(encoding="utf-8"), "", command)
    except ValueError as fault:
        raise ValueError(f"{path}: {fault}") from fault


def markdown(rows: list[list[str]], head: list[str]) -> str:
    """Return a table, its first column left as it is."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
