"""How far an evaluation is: a bar on a terminal, log lines elsewhere."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from typing import Protocol

from attribution.model.progress import Bar, Lines, wants_bar

logger = logging.getLogger(__name__)

#: No line was written yet, so that the next is due.
NEVER = float("-inf")


class Steps(AbstractContextManager["Steps", None], Protocol):
    """Told of every step before it is made; used as a context."""

    def begin(self, total: int) -> None:
        """Learn how many steps come next; a new stage counts from its own beginning."""

    def step(self, text: str) -> None:
        """Begin the next step."""


class TerminalSteps(Bar):
    """A bar with the step that is being made."""

    def __init__(self) -> None:
        super().__init__("evaluating")
        self._begun = 0

    def begin(self, total: int) -> None:
        """Set the length of the bar and start over."""
        self._begun = 0
        self._bar.reset(self._task, total=max(total, 1))

    def step(self, text: str) -> None:
        """Move the bar."""
        self._bar.update(self._task, completed=self._begun, description=text)
        self._begun += 1


class LogSteps(Lines):
    """A log line for the first step and then every few seconds."""

    def __init__(self) -> None:
        super().__init__(NEVER)
        self._total = 0
        self._begun = 0

    def begin(self, total: int) -> None:
        """Remember how many steps there are; the first is always told."""
        self._total, self._begun, self._last = total, 0, NEVER

    def step(self, text: str) -> None:
        """Write a line if the last one is old enough."""
        self._begun += 1
        if self.due():
            where = f"step {self._begun} of {self._total}, " if self._total > 1 else ""
            logger.info("evaluating: %s%s", where, text)


def choose_steps(*, show: bool | None = None) -> Steps:
    """Return a bar if standard error is a terminal, log lines otherwise.

    Parameters
    ----------
    show
        See `attribution.model.progress.wants_bar`.

    Returns
    -------
    Steps
        Not yet entered.
    """
    return TerminalSteps() if wants_bar(show=show) else LogSteps()
