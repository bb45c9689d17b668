"""Differences between predictions with intervals: whole blocks are drawn anew, in pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from attribution.evaluate.targets import Floats, Ints


class Difference(NamedTuple):
    """A mean paired difference with its bootstrap interval, in the units of the losses."""

    mean: float
    lo: float
    hi: float


def resample(block: npt.ArrayLike, seed: int, draws: int) -> Ints:
    """Draw whole blocks with replacement (cluster bootstrap).

    Parameters
    ----------
    block
        (M,) label of each incident's block; B of them differ.
    seed
        Seed of the resampling.
    draws
        Number of resamples.

    Returns
    -------
    numpy.ndarray
        (draws, B) how often each block was drawn, blocks in ascending order; rows sum to B.

    Raises
    ------
    ValueError
        If draws < 1 or there is no block.
    """
    blocks = len(np.unique(np.asarray(block)))
    if draws < 1 or not blocks:
        raise ValueError(f"draws is {draws} and there are {blocks} blocks; need one at least")
    rng = np.random.default_rng(seed)
    times: Ints = rng.multinomial(blocks, np.full(blocks, 1 / blocks), size=draws)
    return times


def block_totals(values: Floats, block: npt.ArrayLike) -> Floats:
    """Sum values within each block.

    Parameters
    ----------
    values
        (M,) or (M, C), one row an incident.
    block
        (M,) label of each incident's block; B of them differ.

    Returns
    -------
    numpy.ndarray
        (B,) or (B, C), blocks in ascending order.
    """
    each, code = np.unique(np.asarray(block), return_inverse=True)
    total: Floats = np.zeros((len(each), *values.shape[1:]))
    np.add.at(total, code, values)
    return total


def paired_bootstrap(
    loss_a: npt.ArrayLike,
    loss_b: npt.ArrayLike,
    block: npt.ArrayLike,
    seed: int,
    draws: int = 2000,
    *,
    level: float = 0.9,
) -> Difference:
    """Mean difference a - b of two predictions' losses on the same incidents, with an interval.

    Incidents of one week are often one campaign and share their fate under any model, so whole
    blocks are resampled with replacement (cluster bootstrap, percentile interval); each draw's
    mean is over the incidents that it happens to contain. Pairing removes the part of the
    variance that comes from some incidents being harder than others.

    Parameters
    ----------
    loss_a, loss_b
        (M,) losses of the same incidents. An incident that is NaN in both is left out.
    block
        (M,) label of the incident's block, for instance its week (`splits.weeks`).
    seed
        Seed of the resampling.
    draws
        Number of resamples.
    level
        Mass of the interval.

    Returns
    -------
    Difference
        (mean, lo, hi), negative where a is better. With a single block there is nothing to
        resample: the interval has no width and means nothing.

    Raises
    ------
    ValueError
        If lengths differ, a value is NaN in only one of the two, nothing is left, draws < 1 or
        level is outside (0, 1).
    """
    a, b = np.asarray(loss_a, dtype=np.float64), np.asarray(loss_b, dtype=np.float64)
    blocks = np.asarray(block)
    if not (a.shape == b.shape == blocks.shape and a.ndim == 1):
        raise ValueError(f"losses and blocks have shapes {a.shape}, {b.shape}, {blocks.shape}")
    if draws < 1 or not 0 < level < 1:
        raise ValueError(f"draws is {draws} and level {level}; need draws >= 1 and 0 < level < 1")
    if np.any(np.isnan(a) != np.isnan(b)):
        raise ValueError("an incident is scored under one prediction but not under the other")
    present = ~np.isnan(a)
    if not np.any(present):
        raise ValueError("no incident is scored under both predictions")
    difference = (a - b)[present]
    kept = blocks[present]
    times = resample(kept, seed, draws)
    size = block_totals(np.ones(len(kept)), kept)
    means = (times @ block_totals(difference, kept)) / (times @ size)
    lo, hi = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Difference(float(difference.mean()), float(lo), float(hi))
