"""How far an evaluation is: a bar on a terminal, log lines elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from typing import TYPE_CHECKING, Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from types import TracebackType

logger = logging.getLogger(__name__)

#: Seconds between two log lines.
LINE_EVERY = 5.0


class Steps(Protocol):
    """Told of every step before it is made; used as a context."""

    def begin(self, total: int) -> None:
        """Learn how many steps come next; a new stage counts from its own beginning."""

    def step(self, text: str) -> None:
        """Begin the next step."""

    def __enter__(self) -> Self:
        """Start showing."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop showing."""


class TerminalSteps:
    """A bar with the step that is being made."""

    def __init__(self) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("evaluating", total=1)
        self._begun = 0

    def begin(self, total: int) -> None:
        """Set the length of the bar and start over."""
        self._begun = 0
        self._bar.reset(self._task, total=max(total, 1))

    def step(self, text: str) -> None:
        """Move the bar."""
        self._bar.update(self._task, completed=self._begun, description=text)
        self._begun += 1

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


class LogSteps:
    """A log line for the first step and then every few seconds."""

    def __init__(self) -> None:
        self._total = 0
        self._begun = 0
        self._last = float("-inf")

    def begin(self, total: int) -> None:
        """Remember how many steps there are; the first is always told."""
        self._total, self._begun, self._last = total, 0, float("-inf")

    def step(self, text: str) -> None:
        """Write a line if the last one is old enough."""
        self._begun += 1
        now = time.monotonic()
        if now - self._last < LINE_EVERY:
            return
        self._last = now
        where = f"step {self._begun} of {self._total}, " if self._total > 1 else ""
        logger.info("evaluating: %s%s", where, text)

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


def choose_steps(*, show: bool | None = None) -> Steps:
    """Return a bar if standard error is a terminal, log lines otherwise.

    Parameters
    ----------
    show
        True forces the bar, False the log lines, None decides by the terminal.

    Returns
    -------
    Steps
        Not yet entered.
    """
    bar = sys.stderr.isatty() if show is None else show
    return TerminalSteps() if bar else LogSteps()
