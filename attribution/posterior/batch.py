"""Summaries of many incidents at once: the sum of `attribution.posterior.kernel`, compiled.

Incidents of the same evidence are computed once, the others on all cores, a handful at a time, so
that memory does not grow with the number of draws times that of incidents. An incident's numbers
depend on its own evidence alone, not on what else is in the batch.

Importing and setting up the compiler takes longer than a few hundred incidents in NumPy; what asks
for fewer uses `attribution.posterior.kernel.summarise`.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from attribution.posterior.kernel import INTERVAL, Summary, entropy_bits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from attribution.posterior.kernel import Query

#: Most draws side by side: their buffers stay in the cache, and loops along them are long.
LANES = 512
#: Draws that one turn of a compiled loop takes.
TURN = 32
#: Patterns of evidence that take turns at the same draws.
HANDFUL = 32
#: Most patterns that a thread takes at a time, between two of its waits for Python's lock.
TASK = 1024
#: One sum at a time: it takes all cores. Of two files' parts that begin together, one is then read
#: while the other is summed; without it they would go on in step, waiting for Python's lock both.
_TURN = Lock()


@dataclass(frozen=True, eq=False)
class DrawTables:
    """Stacked tables as the compiled sum reads them.

    Parameters
    ----------
    values
        In units of log 2, (blocks of draws, rows + 1, columns x draws of a block), zeros behind the
        last draw.
    draws
        Number of draws.
    order
        Columns of the stacked tables, as they lie here: actors alone in their family, the members
        of each other family, the families of the former, the other families.
    starts
        Where each family of several members starts; behind them the number of actors.
    """

    values: NDArray[np.float32]
    draws: int
    order: NDArray[np.int64]
    starts: NDArray[np.int64]

    @property
    def lanes(self) -> int:
        """Draws of a block."""
        return int(self.values.shape[2]) // len(self.order)


def lay_out(stack: NDArray[np.floating], family: Sequence[int]) -> DrawTables:
    """Copy stacked tables into the layout of the compiled sum.

    Parameters
    ----------
    stack
        Tables of all channels with a row of zeros behind them: (draws, rows + 1, actors +
        families).
    family
        Number of the family of every actor.

    Returns
    -------
    DrawTables
        In single precision, half as large as the tables.
    """
    order, starts = _by_family(np.asarray(family, dtype=np.int64))
    draws, rows, columns = stack.shape
    share = -(-draws // -(-draws // LANES))
    lanes = -(-share // TURN) * TURN
    values = np.zeros((-(-draws // lanes), rows, columns, lanes), dtype=np.float32)
    for block, start in enumerate(range(0, draws, lanes)):
        part = np.moveaxis(stack[start : start + lanes], 0, -1)[:, order]
        values[block, :, :, : part.shape[-1]] = part * math.log2(math.e)
    return DrawTables(values.reshape(len(values), rows, -1), draws, order, starts)


def summarise_many(tables: DrawTables, query: Query) -> Summary:
    """Summarise the posterior of every incident over draws, as `kernel.summarise` does.

    Parameters
    ----------
    tables
        See ``lay_out``.
    query
        Evidence about incidents, their families those of the tables.

    Returns
    -------
    Summary
        One row an incident, in the order of the query; numbers within 1e-5.
    """
    summarise_chosen, distinct = _kernels()
    code = np.ascontiguousarray(query.code, dtype=np.int64)
    weight, factor = (
        np.ascontiguousarray(values, dtype=np.float64) for values in (query.weight, query.factor)
    )
    evidence, zero_row = (code, weight, factor), tables.values.shape[1] - 1
    first, pattern = distinct(*evidence, zero_row)
    mean, low, high = (np.empty((len(first), len(query.family))) for _ in range(3))
    levels = np.array(INTERVAL)
    threads = _threads()
    task = max(1, min(TASK, -(-len(first) // threads)))

    def compute(start: int) -> None:
        lines = slice(start, start + task)
        summarise_chosen(
            tables.values,
            *evidence,
            query.act_slots,
            tables.order,
            tables.starts,
            first[lines],
            HANDFUL,
            tables.draws,
            levels,
            *(values[lines] for values in (mean, low, high)),
        )

    with _TURN, ThreadPoolExecutor(threads) as pool:
        # An interruption cancels what has not begun.
        for _ in pool.map(compute, range(0, len(first), task)):
            pass
    mean /= mean.sum(axis=1, keepdims=True)
    entropy = entropy_bits(mean)
    if len(first) == len(code):
        return Summary(mean, low, high, entropy)
    return Summary(mean[pattern], low[pattern], high[pattern], entropy[pattern])


def _by_family(family: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return ``order`` and ``starts`` of `DrawTables`."""
    sizes = np.bincount(family)
    alone = np.flatnonzero(sizes[family] == 1)
    several = np.flatnonzero(sizes > 1)
    members = [np.flatnonzero(family == number) for number in several]
    order = np.concatenate(
        [alone, *members, len(family) + family[alone], len(family) + several]
    ).astype(np.int64)
    starts = len(alone) + np.cumsum([0, *(len(own) for own in members)])
    return order, starts.astype(np.int64)


def _threads() -> int:
    """Return how many threads numba would use: by default one a core, by ``NUMBA_NUM_THREADS``."""
    from numba.core import config  # noqa: PLC0415 - heavy, as below

    settings: Any = config
    return int(settings.NUMBA_NUM_THREADS)


@cache
def _kernels() -> tuple[Callable[..., None], Callable[..., tuple[NDArray[np.int64], ...]]]:
    """Return the compiled functions, from numba's cache but for the first time on a machine."""
    # Heavy: the compiler.
    from attribution.posterior import pattern_kernel, summary_kernel  # noqa: PLC0415

    pattern_kernel.compile_kernel()
    return summary_kernel.summarise_rows(), pattern_kernel.distinct
