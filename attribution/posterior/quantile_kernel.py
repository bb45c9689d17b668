"""Mean and quantiles of one probability over draws, compiled.

The quantiles are exact, by counting: draws stay where they are, and a cut is moved by the number of
draws below it until it parts the two neighbours that `numpy.quantile` interpolates between. A pass
over a thousand draws takes the processor's vectors some 50 nanoseconds; four or five are needed,
where sorting or partitioning moves numbers one at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Sums may be contracted and reordered.
FAST = {"contract", "reassoc", "nsz", "arcp"}

ZERO = np.float32(0.0)
NONE_BELOW, NONE_ABOVE = np.int32(-1), np.int32(0x7FFFFFFF)
SIGN = np.int32(31)
#: 95 % quantile of the standard normal distribution and its density there, for first guesses.
TAIL = 1.6448536269514722
TAIL_DENSITY = 0.10313564037537139
#: The search for a quantile halves its bracket each so many steps, lest it creep.
HALVE_EACH = 6
TINY = 1e-30
#: So many ranks from its place the search looks at neighbours and not only at how many are below.
NEAR = 2


@njit(fastmath=FAST)
def moments(
    p: NDArray[np.float32],
    bits: NDArray[np.int32],
) -> tuple[np.float64, np.float64, np.int64, np.int64]:
    """Return the sums of numbers and of their squares, and the least and the greatest's bits."""
    total, squares = ZERO, ZERO
    low, high = NONE_ABOVE, NONE_BELOW
    for i in range(p.shape[0]):
        total += p[i]
        squares += p[i] * p[i]
        value = bits[i]
        low = value if value < low else low  # noqa: FURB136 - min() is wider than 32 bits
        high = value if value > high else high  # noqa: FURB136
    return np.float64(total), np.float64(squares), np.int64(low), np.int64(high)


@njit(nogil=True)
def count_below(
    bits: NDArray[np.int32],
    cut: np.int64,
) -> np.int64:
    """Return how many numbers are below a cut."""
    least, count = np.int32(cut), np.int32(0)
    for i in range(bits.shape[0]):
        count = np.int32(count - np.int32(np.int32(bits[i] - least) >> SIGN))
    return np.int64(count)


@njit(nogil=True)
def around(
    bits: NDArray[np.int32],
    cut: np.int64,
) -> tuple[np.int64, np.int64, np.int64]:
    """Return how many numbers are below a cut, the greatest of them, and the least of the others.

    Written in signs and masks: with comparisons the compiler takes one number at a time.
    """
    least = np.int32(cut)
    below, above, count = NONE_BELOW, NONE_ABOVE, np.int32(0)
    for i in range(bits.shape[0]):
        value = bits[i]
        under = np.int32(np.int32(value - least) >> SIGN)
        count = np.int32(count - under)
        left = np.int32(value | ~under)
        below = left if left > below else below  # noqa: FURB136 - as above
        right = np.int32(np.int32(value | under) & NONE_ABOVE)
        above = right if right < above else above  # noqa: FURB136
    return np.int64(count), np.int64(below), np.int64(above)


@njit(nogil=True)
def number(
    bits: np.int64,
) -> float:
    """Return the number that has these bits."""
    return float(np.float64(np.int32(bits).view(np.float32)))


@njit(nogil=True)
def bits_of(
    value: float,
) -> np.int64:
    """Return the bits of a number from 0 to 1, one outside taken for the nearest."""
    return np.int64(np.float32(min(max(value, 0.0), 1.0)).view(np.int32))


@njit(nogil=True)
def quantile(  # noqa: PLR0917 - compiled code takes arguments by position
    bits: NDArray[np.int32],
    level: float,
    guess: float,
    step: float,
    low: np.int64,
    high: np.int64,
) -> float:
    """Return a quantile as `numpy.quantile` does, interpolating between neighbours.

    Numbers no less than 0 are in the order of their bits. The two neighbours are found by cutting
    where they should be by the ranks of the numbers known, starting with a guess and then a guess
    of the ``step`` from one rank to the next; ``low`` and ``high`` are the least and the greatest.
    """
    last = bits.shape[0] - 1
    place = level * last
    rank = int(place)
    low_rank, high_rank, tries, near = np.int64(0), np.int64(last), 0, False
    count = np.int64(0)
    cut = bits_of(guess)
    while low < high:
        cut = min(max(cut, low + 1), high)
        below, above = cut - 1, cut
        if not near:
            count = count_below(bits, cut)
            near = bool(abs(count - rank - 1) <= NEAR)
        if near:
            count, below, above = around(bits, cut)
            if count == rank + 1:
                start = number(below)
                return float(start + (place - rank) * (number(above) - start))
        if count > rank + 1:
            high, high_rank = below, count - 1
        else:
            low, low_rank = above, count
        tries += 1
        if high_rank == rank + 1:
            cut = high
        elif low_rank == rank:
            cut = low + 1
        elif tries == 1:
            cut = bits_of(guess + (rank + 1 - count) * step)
        elif tries % HALVE_EACH == 0:
            cut = (low + high) // 2
        else:
            part = (rank + 0.5 - low_rank) / (high_rank - low_rank)
            cut = low + np.int64((high - low) * part)
    return number(low)


@njit(nogil=True)
def guesses(
    mean: float,
    variance: float,
) -> tuple[float, float, float, float]:
    """Guess both ends of the interval, and at each the inverse of the density.

    Those of a lognormal with these moments, for the distance to 0 or to 1, whichever is nearer.
    """
    near = max(min(mean, 1.0 - mean), TINY)
    squared = np.log1p(max(variance, TINY) / (near * near))
    middle, spread = np.log(near) - 0.5 * squared, TAIL * np.sqrt(squared)
    low, high = np.exp(middle - spread), min(np.exp(middle + spread), 1.0)
    spread = np.sqrt(squared) / TAIL_DENSITY
    if mean < 0.5:
        return low, high, low * spread, high * spread
    return 1.0 - high, 1.0 - low, high * spread, low * spread


@njit(nogil=True)
def summarise_actor(
    p: NDArray[np.float32],
    low_level: float,
    high_level: float,
) -> tuple[float, float, float]:
    """Return the mean over draws and the two quantiles."""
    draws = p.shape[0]
    bits = p.view(np.int32)
    total, squares, low, high = moments(p, bits)
    mean = total / draws
    first, second, left, right = guesses(mean, squares / draws - mean * mean)
    return (
        mean,
        quantile(bits, low_level, first, left / draws, low, high),
        quantile(bits, high_level, second, right / draws, low, high),
    )


@njit(nogil=True)
def summarise_draws(  # noqa: PLR0917 - compiled, as above
    p: NDArray[np.float32],
    draws: int,
    levels: NDArray[np.float64],
    order: NDArray[np.int64],
    mean: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> None:
    """Write mean and two quantiles of ``p`` (incidents, actors, padded draws).

    Actor ``k`` of ``p`` is number ``order[k]`` in the results, (incidents, actors).
    """
    for i in range(mean.shape[0]):
        for k in range(mean.shape[1]):
            values = summarise_actor(p[i, k, :draws], levels[0], levels[1])
            mean[i, order[k]], low[i, order[k]], high[i, order[k]] = values
