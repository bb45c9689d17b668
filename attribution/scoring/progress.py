"""How far the scoring is: rows done, rows a second, time left, rejected so far."""

from __future__ import annotations

import logging
import time
from contextlib import AbstractContextManager
from typing import Protocol

from attribution.model.progress import Bar, Lines, wants_bar

_log = logging.getLogger(__name__)

#: Seconds between two log lines.
LINE_EVERY = 10.0


class Progress(AbstractContextManager["Progress", None], Protocol):
    """Called after each part."""

    def __call__(self, rows: int, rejected: int, share: float | None, *, fresh: bool) -> None:
        """Show how far the scoring is.

        Parameters
        ----------
        rows, rejected
            Rows done so far, and how many of them are rejected.
        share
            How much of the input they are, 0 to 1; None if unknown.
        fresh
            Whether this part has been scored now, not by an earlier run.
        """


class Pace:
    """Rows a second and seconds left, of the rows that this run has scored itself.

    Parameters
    ----------
    start
        When the run began, on the monotonic clock.
    """

    def __init__(self, start: float) -> None:
        self._start = start
        self._found: tuple[int, float] = (0, 0.0)
        self.rate = 0.0
        self.left: float | None = None

    def move(self, rows: int, share: float | None, *, fresh: bool, now: float) -> None:
        """Take up that a part is done."""
        if not fresh:
            self._start, self._found = now, (rows, share or 0.0)
            return
        seconds = max(now - self._start, 1e-9)
        self.rate = (rows - self._found[0]) / seconds
        done = (share or 0.0) - self._found[1]
        self.left = None if share is None or done <= 0 else seconds * (1 - share) / done


class TerminalProgress(Bar):
    """A bar over all rows."""

    def __init__(self) -> None:
        super().__init__("scoring", " rows")
        self._pace = Pace(time.monotonic())

    def __call__(self, rows: int, rejected: int, share: float | None, *, fresh: bool) -> None:
        """Move the bar."""
        self._pace.move(rows, share, fresh=fresh, now=time.monotonic())
        # Of a stream one never knows how much will come.
        total = rows if not share else max(rows, round(rows / share))
        doing = f"scoring, {self._pace.rate:,.0f} rows/s, {rejected:,} rejected"
        self._bar.update(self._task, completed=rows, total=total, description=doing)


class LogProgress(Lines):
    """A log line every ten seconds."""

    def __init__(self) -> None:
        super().__init__(time.monotonic(), LINE_EVERY)
        self._pace = Pace(time.monotonic())

    def __call__(self, rows: int, rejected: int, share: float | None, *, fresh: bool) -> None:
        """Write a line if the last one is old enough."""
        self._pace.move(rows, share, fresh=fresh, now=time.monotonic())
        if self.due():
            _log.info("%s", line(rows, rejected, self._pace))


class Silence(AbstractContextManager["Silence", None]):
    """Shows nothing."""

    def __exit__(self, *_: object) -> None:
        """Nothing to stop."""

    def __call__(self, rows: int, rejected: int, share: float | None, *, fresh: bool) -> None:
        """Show nothing."""


def line(rows: int, rejected: int, pace: Pace) -> str:
    """Say how far the scoring is.

    Parameters
    ----------
    rows, rejected
        Rows done so far, and how many of them are rejected.
    pace
        How fast it goes.

    Returns
    -------
    str
        One line.
    """
    left = "" if pace.left is None else f", {_spoken(pace.left)} left"
    return f"{rows:,} rows done, {pace.rate:,.0f} rows/s{left}, {rejected:,} rejected"


def choose_progress(*, quiet: bool = False, show: bool | None = None) -> Progress:
    """Return a bar if standard error is a terminal, log lines otherwise.

    Parameters
    ----------
    quiet
        Show nothing.
    show
        See `attribution.model.progress.wants_bar`.

    Returns
    -------
    Progress
        To be entered before the work.
    """
    if quiet:
        return Silence()
    return TerminalProgress() if wants_bar(show=show) else LogProgress()


def _spoken(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
