"""What the label model assumes, and how long it samples."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LabelModelSettings:
    """Settings of the label model; the defaults are those of every reported figure.

    Parameters
    ----------
    difficulty
        Whether tasks differ in how likely anyone is to know (log-odds, shared by a task's labels).
    decoy
        Whether tasks differ in what those who do not know fall back on (shared likewise).
    leaning
        Whether labellers differ in what they fall back on.
    confusion
        Whether what a labeller falls back on also depends, in a way of its own, on the truth.
    rho
        Power of the label channel's weight for dependent labels, n^-rho; 0 where the task's
        difficulty and decoy carry the dependence.
    scale
        Scale of the half-normal prior of every standard deviation, in log-odds. 2 lets a hit rate
        range from .02 to .98 within one standard deviation.
    hit
        Prior mean and standard deviation of the log-odds that an average labeller knows.
    chains, warmup, draws
        Markov chains, and sweeps of each before and while draws are kept.
    """

    difficulty: bool = True
    decoy: bool = True
    leaning: bool = True
    confusion: bool = False
    rho: float = 0.0
    scale: float = 2.0
    hit: tuple[float, float] = (1.0, 1.5)
    chains: int = 2
    warmup: int = 400
    draws: int = 600

    def __post_init__(self) -> None:
        if min(self.chains, self.warmup, self.draws) < 1:
            raise ValueError("chains, warmup and draws must be at least 1")
        if not 0.0 <= self.rho <= 1.0:
            raise ValueError(f"rho must lie in 0 to 1, not {self.rho}")
        if min(self.scale, self.hit[1]) <= 0.0:
            raise ValueError("standard deviations must be positive")
