"""What the gate measured, and whether the fit passed."""

from __future__ import annotations

from dataclasses import dataclass


class DiagnosticsError(Exception):
    """A fit failed its diagnostics.

    Parameters
    ----------
    verdict
        What was measured.
    """

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        super().__init__(verdict.text)


@dataclass(frozen=True)
class Check:
    """One measured value against its limit."""

    name: str
    value: float
    limit: float
    passed: bool


@dataclass(frozen=True)
class Entry:
    """Convergence of one entry of a table or of one reported parameter."""

    name: str
    rhat: float
    ess_bulk: float


@dataclass(frozen=True)
class Verdict:
    """All checks of a fit and its worst entries."""

    checks: tuple[Check, ...]
    worst: tuple[Entry, ...]
    entries: int

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    @property
    def text(self) -> str:
        """The verdict in words."""
        lines = [
            f"{check.name}: {check.value:.4g} (limit {check.limit:g})"
            f"{'' if check.passed else '  <- failed'}"
            for check in self.checks
        ]
        head = "the fit passed its diagnostics" if self.passed else "the fit failed its diagnostics"
        # An approximation is checked as a whole and not entry by entry.
        looked_at = f" ({self.entries} table entries checked)" if self.entries else ""
        return "\n".join([f"{head}{looked_at}", *lines])
