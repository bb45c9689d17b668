"""How far the work is: a bar on a terminal, plain log lines elsewhere.

The frame of both, and what the sampler shows in it.
"""

from __future__ import annotations

import logging
import sys
import time
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

if TYPE_CHECKING:
    from types import TracebackType

logger = logging.getLogger(__name__)

#: Seconds between two log lines.
LINE_EVERY = 5.0


class Bar:
    """A bar on standard error while the context lasts.

    Parameters
    ----------
    doing
        What stands before the bar.
    unit
        What stands behind the count.
    """

    def __init__(self, doing: str, unit: str = "") -> None:
        self._bar = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f}" + unit),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task(doing, total=1)

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


class Lines:
    """Log lines, a few seconds apart.

    Parameters
    ----------
    last
        When the last line was written, on the monotonic clock.
    every
        Seconds between two lines.
    """

    def __init__(self, last: float, every: float = LINE_EVERY) -> None:
        self._last = last
        self._every = every

    def due(self) -> bool:
        """Return whether the last line is old enough for another, which is then the last."""
        now = time.monotonic()
        if now - self._last < self._every:
            return False
        self._last = now
        return True

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


def wants_bar(*, show: bool | None) -> bool:
    """Return whether to draw a bar.

    Parameters
    ----------
    show
        True forces the bar, False the log lines, None decides by whether standard error is a
        terminal.
    """
    return sys.stderr.isatty() if show is None else show


class Progress(AbstractContextManager["Progress", None], Protocol):
    """Called by the sampler, now and then, with the state of every chain."""

    def __call__(self, chains: list[Any]) -> None:
        """Show the state."""


class TerminalProgress(Bar):
    """A bar over all chains."""

    def __init__(self) -> None:
        super().__init__("sampling", " draws")

    def __call__(self, chains: list[Any]) -> None:
        """Move the bar."""
        done, total, _ = _state(chains)
        self._bar.update(self._task, completed=done, total=total)


class LogProgress(Lines):
    """A log line every few seconds."""

    def __init__(self) -> None:
        super().__init__(time.monotonic())

    def __call__(self, chains: list[Any]) -> None:
        """Write a line if the last one is old enough."""
        if self.due():
            done, total, divergences = _state(chains)
            logger.info("sampling: %d of %d draws, %d divergences", done, total, divergences)


def choose_progress(*, show: bool | None = None) -> Progress:
    """Return a bar if standard error is a terminal, log lines otherwise.

    Parameters
    ----------
    show
        See ``wants_bar``.
    """
    return TerminalProgress() if wants_bar(show=show) else LogProgress()


def _state(chains: list[Any]) -> tuple[int, int, int]:
    return (
        sum(chain.finished_draws for chain in chains),
        max(1, sum(chain.total_draws for chain in chains)),
        sum(chain.divergences for chain in chains),
    )
