"""Which incidents have the same evidence, compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit, types

from attribution.model.likelihood_kernel import compile_fully

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Multipliers of a 64-bit mixing function (splitmix64).
MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
SHIFT = (np.uint64(30), np.uint64(27))


@njit(nogil=True)
def mixed(
    key: np.uint64,
    value: np.int64,
) -> np.uint64:
    """Return the key with a value mixed into it."""
    key = (key ^ np.uint64(value)) * MIX[0]
    key = (key ^ (key >> SHIFT[0])) * MIX[1]
    return key ^ (key >> SHIFT[1])


@njit(nogil=True)
def key_of(
    code: NDArray[np.int64],
    weight: NDArray[np.float64],
    factor: NDArray[np.float64],
    zero: int,
) -> np.uint64:
    """Return a number that incidents of the same evidence share."""
    key = np.uint64(0)
    for slot in range(code.shape[0]):
        if weight[slot] != 0.0 and code[slot] != zero:
            key = mixed(key, code[slot] + (slot << 32))
            key = mixed(key, np.float64(weight[slot]).view(np.int64))
            if slot < factor.shape[0]:
                for column in range(factor.shape[1]):
                    key = mixed(key, np.float64(factor[slot, column]).view(np.int64))
    return key


@njit(nogil=True)
def same_evidence(  # noqa: PLR0917 - compiled, as above
    code: NDArray[np.int64],
    weight: NDArray[np.float64],
    factor: NDArray[np.float64],
    zero: int,
    one: int,
    other: int,
) -> bool:
    """Say whether two incidents have the same slots that count."""
    for slot in range(code.shape[1]):
        left = weight[one, slot] != 0.0 and code[one, slot] != zero
        right = weight[other, slot] != 0.0 and code[other, slot] != zero
        if left != right:
            return False
        if left:
            if code[one, slot] != code[other, slot] or weight[one, slot] != weight[other, slot]:
                return False
            if slot < factor.shape[1]:
                for column in range(factor.shape[2]):
                    if factor[one, slot, column] != factor[other, slot, column]:
                        return False
    return True


@njit(nogil=True, cache=True)
def distinct(
    code: NDArray[np.int64],
    weight: NDArray[np.float64],
    factor: NDArray[np.float64],
    zero: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first incident of each pattern of evidence, and the pattern of each incident.

    Slots of no weight or of the row of zeros do not count. A hash table with every match verified.
    """
    count = code.shape[0]
    size = 16
    while size < 2 * count:
        size *= 2
    slots = np.full(size, -1, np.int64)
    keys = np.empty(count, np.uint64)
    first, pattern = np.empty(count, np.int64), np.empty(count, np.int64)
    found = 0
    for row in range(count):
        key = key_of(code[row], weight[row], factor[row], zero)
        slot = np.int64(key & np.uint64(size - 1))
        while True:
            known = slots[slot]
            if known < 0:
                slots[slot], keys[found], first[found] = found, key, row
                known = found
                found += 1
                break
            if keys[known] == key and same_evidence(code, weight, factor, zero, first[known], row):
                break
            slot = (slot + 1) & (size - 1)
        pattern[row] = known
    return first[:found], pattern


def compile_kernel() -> None:
    """Compile the entry; see `attribution.posterior.summary_kernel.summarise_rows`."""
    arrays = ((types.int64, 2), (types.float64, 2), (types.float64, 3))
    evidence = [types.Array(kind, axes, "C", readonly=True) for kind, axes in arrays]
    compile_fully(distinct, (*evidence, types.int64))
    distinct.disable_compile()
