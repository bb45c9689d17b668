"""How far the sampler is: a bar on a terminal, plain log lines elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from typing import TYPE_CHECKING, Any, Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

if TYPE_CHECKING:
    from types import TracebackType

logger = logging.getLogger(__name__)

#: Seconds between two log lines.
LINE_EVERY = 5.0


class Progress(Protocol):
    """Called by the sampler, now and then, with the state of every chain."""

    def __call__(self, chains: list[Any]) -> None:
        """Show the state."""

    def __enter__(self) -> Self:
        """Start showing."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop showing."""


class TerminalProgress:
    """A bar over all chains."""

    def __init__(self) -> None:
        self._bar = RichProgress(
            TextColumn("sampling"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f} draws"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("sampling", total=1)

    def __call__(self, chains: list[Any]) -> None:
        """Move the bar."""
        done, total, _ = _state(chains)
        self._bar.update(self._task, completed=done, total=total)

    def __enter__(self) -> Self:
        """Draw the bar."""
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the bar."""
        self._bar.stop()


class LogProgress:
    """A log line every few seconds."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, chains: list[Any]) -> None:
        """Write a line if the last one is old enough."""
        now = time.monotonic()
        if now - self._last < LINE_EVERY:
            return
        self._last = now
        done, total, divergences = _state(chains)
        logger.info("sampling: %d of %d draws, %d divergences", done, total, divergences)

    def __enter__(self) -> Self:
        """Nothing to start."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to stop."""


def choose_progress(*, show: bool | None = None) -> Progress:
    """Return a bar if standard error is a terminal, log lines otherwise.

    Parameters
    ----------
    show
        True forces the bar, False the log lines, None decides by the terminal.
    """
    bar = sys.stderr.isatty() if show is None else show
    return TerminalProgress() if bar else LogProgress()


def _state(chains: list[Any]) -> tuple[int, int, int]:
    return (
        sum(chain.finished_draws for chain in chains),
        max(1, sum(chain.total_draws for chain in chains)),
        sum(chain.divergences for chain in chains),
    )
