"""What the label model assumes, and how long it samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from attribution.evaluate.annotators.table import LabelTable

#: Part of the sweeps named in the settings that the largest tables get.
SHORTEST = 0.4


class Plan(NamedTuple):
    """How a table is sampled.

    Attributes
    ----------
    chains
        Number of Markov chains.
    warmup, draws
        Sweeps of each chain before and while draws are kept.
    """

    chains: int
    warmup: int
    draws: int


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
        Whether what a labeller falls back on also depends, in a way of its own, on the truth. With
        two classes skill and leaning already give both error rates, and it is left out.
    rho
        Power of the label channel's weight for dependent labels, n^-rho; 0 where the task's
        difficulty and decoy carry the dependence.
    similarity
        Whether some classes are taken for each other more readily than others, both ways alike;
        with two classes the hit rates say the same.
    scale
        Scale of the half-normal prior of every standard deviation, in log-odds; half of it for the
        interaction ``confusion``, which shrinks harder than what it departs from.
    hit
        Prior mean and standard deviation of the log-odds that an average labeller knows.
    chains, warmup, draws
        Markov chains, and sweeps of each before and while draws are kept.
    work
        Labels times classes, and cells of labellers' tables, that a chain should visit. Small
        tables get twice as many chains or up to twice as many sweeps, large ones down to
        four tenths of the sweeps.
    """

    difficulty: bool = True
    decoy: bool = True
    leaning: bool = True
    confusion: bool = True
    similarity: bool = True
    rho: float = 0.0
    scale: float = 1.0
    hit: tuple[float, float] = (1.0, 1.5)
    chains: int = 2
    warmup: int = 300
    draws: int = 500
    work: float = 5e7

    def __post_init__(self) -> None:
        if min(self.chains, self.warmup, self.draws) < 1:
            raise ValueError("chains, warmup and draws must be at least 1")
        if not 0.0 <= self.rho <= 1.0:
            raise ValueError(f"rho must lie in 0 to 1, not {self.rho}")
        if min(self.scale, self.hit[1]) <= 0.0:
            raise ValueError("standard deviations must be positive")

    def plan(self, table: LabelTable) -> Plan:
        """Say how a table is sampled.

        Parameters
        ----------
        table
            The labels.

        Returns
        -------
        Plan
            Chains and their sweeps.
        """
        classes = table.n_classes
        visited = len(table) * (classes + 2) + table.n_workers * classes**2
        factor = self.work / max(visited * (self.warmup + self.draws), 1)
        if factor >= 2.0:
            return Plan(2 * self.chains, self.warmup, self.draws)
        factor = max(factor, SHORTEST)
        warmup, draws = int(self.warmup * factor), int(self.draws * factor)
        return Plan(self.chains, max(warmup, 1), max(draws, 1))
