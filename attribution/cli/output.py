"""What commands print: reports and JSON on standard output, everything else on standard error."""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from attribution.report.blocks import Block

_PACKAGE = "attribution"


def show(blocks: Sequence[Block]) -> None:
    """Print a report: rich on a terminal, plain and stable elsewhere.

    Parameters
    ----------
    blocks
        Content of the report.
    """
    if sys.stdout.isatty():
        from rich.console import Console  # noqa: PLC0415

        from attribution.report.terminal import print_blocks  # noqa: PLC0415

        print_blocks(blocks, Console())
        return
    from attribution.report.plain import plain_text  # noqa: PLC0415

    typer.echo(plain_text(blocks))


def show_json(content: object) -> None:
    """Print JSON that any reader and any encoding can take.

    Parameters
    ----------
    content
        Plain values; a number that is not finite is an error.
    """
    typer.echo(json.dumps(content, indent=2, allow_nan=False))


def note(text: str) -> None:
    """Tell the user something on standard error.

    Parameters
    ----------
    text
        One or more lines.
    """
    typer.echo(text, err=True)


def start_logging(verbose: bool) -> Callable[[], None]:
    """Send the package's log to standard error: rich on a terminal, plain lines elsewhere.

    Parameters
    ----------
    verbose
        Whether details are logged, too.

    Returns
    -------
    callable
        Undoes it.
    """
    logger = logging.getLogger(_PACKAGE)
    handler = _handler()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG if verbose else logging.INFO)

    def stop() -> None:
        logger.removeHandler(handler)
        logger.setLevel(level)

    return stop


def make_streams_safe() -> None:
    """Let no character that a terminal or file cannot hold end a command."""
    # A process may be started without the one or the other.
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def _handler() -> logging.Handler:
    if sys.stderr.isatty():
        from rich.console import Console  # noqa: PLC0415
        from rich.logging import RichHandler  # noqa: PLC0415

        return RichHandler(console=Console(stderr=True), show_path=False, markup=False)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    return handler
