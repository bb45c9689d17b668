r"""The kernel's sum for many incidents, compiled: draws side by side.

For one incident the normalising constant of the prior over families cancels, and a family of one
member has no share to give out. With :math:`v` the sums of its act slots in the families' columns,
:math:`a` in those of the members of families of several, and :math:`S` the sum over what was said,

.. math:: p_k \propto \exp(S_k + v_{g(k)}) \cdot
          \begin{cases} 1 & \text{if } k \text{ is alone in its family} \\
          \operatorname{softmax}_{m \in g(k)}(a)_k & \text{otherwise} \end{cases}

so that only these columns are gathered. Tables are float32, in units of log 2 and laid out by
`attribution.posterior.batch.lay_out`: a row's columns of some draws lie side by side, four slots
are added in one pass, and every loop runs along draws and fills the processor's vectors. Incidents
take turns at the same draws, whose tables thus stay in the cache.

Numbers here are single precision: sums of scores below a hundred leave probabilities, and so their
means and quantiles, within 1e-5 of those of `attribution.posterior.kernel.probabilities`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Slots added in one pass.
AT_ONCE = 4

#: Sums may be contracted and reordered.
FAST = {"contract", "reassoc", "nsz", "arcp"}
#: Rounding to an integer by adding it needs every operation where it stands.
EXACT = {"contract"}

ZERO, ONE = np.float32(0.0), np.float32(1.0)
#: 1.5 * 2**23: added to a number below 2**22 it leaves the nearest integer in the last bits.
ROUNDER = np.float32(12582912.0)
#: Below this a power of two is no normal number; it counts as the smallest.
LOWEST = np.float32(-125.0)
#: The polynomial of degree 5 nearest to 2**r for |r| <= 1/2: relative error 7.5e-08.
POLYNOMIAL = tuple(
    np.float32(value)
    for value in (
        1.0000000716533277,
        0.693146967022416,
        0.2402211972823427,
        0.05550713342625876,
        0.00967554115796583,
        0.0013276449650370323,
    )
)


@njit(fastmath=EXACT, forceinline=True)
def power_of_two(
    x: np.float32,
) -> np.float32:
    r"""Return 2**x of a number no greater than 0, to two units in the last place.

    A polynomial on :math:`|r| \le \tfrac12` times a power of two added in the bits, which the
    compiler turns into vectors.
    """
    # Not max(): a number that is not one has to stay so.
    x = LOWEST if x < LOWEST else x  # noqa: FURB136
    shifted = np.float32(x + ROUNDER)
    r = x - (shifted - ROUNDER)
    p = POLYNOMIAL[5] * r + POLYNOMIAL[4]
    p = p * r + POLYNOMIAL[3]
    p = p * r + POLYNOMIAL[2]
    p = p * r + POLYNOMIAL[1]
    p = np.float32(p * r + POLYNOMIAL[0])
    exponent = np.int32(shifted.view(np.int32) << np.int32(23))
    return np.int32(p.view(np.int32) + exponent).view(np.float32)


@njit(fastmath=FAST)
def gather(  # noqa: PLR0917 - compiled code takes arrays by position
    table: NDArray[np.float32],
    begin: int,
    rows: NDArray[np.int64],
    weight: NDArray[np.float32],
    count: int,
    total: NDArray[np.float32],
) -> None:
    """Sum ``count`` weighted rows, a multiple of four, from an offset on into ``total``."""
    size = total.shape[0]
    for slot in range(0, count, AT_ONCE):
        a = table[rows[slot], begin : begin + size]
        b = table[rows[slot + 1], begin : begin + size]
        c = table[rows[slot + 2], begin : begin + size]
        d = table[rows[slot + 3], begin : begin + size]
        u, v, w, x = weight[slot], weight[slot + 1], weight[slot + 2], weight[slot + 3]
        if slot == 0:
            for i in range(size):
                total[i] = (u * a[i] + v * b[i]) + (w * c[i] + x * d[i])
        else:
            for i in range(size):
                total[i] += (u * a[i] + v * b[i]) + (w * c[i] + x * d[i])


@njit(fastmath=FAST)
def add(
    total: NDArray[np.float32],
    scale: np.float32,
    part: NDArray[np.float32],
) -> None:
    """Add a multiple of ``part`` to ``total``."""
    for i in range(total.shape[0]):
        total[i] += scale * part[i]


@njit(nogil=True)
def copy(
    target: NDArray[np.float32],
    source: NDArray[np.float32],
) -> None:
    """Copy numbers; an assignment to a slice takes three times as long."""
    for i in range(target.shape[0]):
        target[i] = source[i]


@njit(fastmath=FAST)
def maximum(
    result: NDArray[np.float32],
    left: NDArray[np.float32],
    right: NDArray[np.float32],
) -> None:
    """Leave the greater in ``result``, an array of its own.

    In place it becomes a store under a mask, which takes six times as long.
    """
    for i in range(result.shape[0]):
        value, other = left[i], right[i]
        result[i] = value if value > other else other  # noqa: FURB136 - keeps what is no number


@njit(fastmath=FAST)
def add_member(
    said: NDArray[np.float32],
    member: NDArray[np.float32],
    top: NDArray[np.float32],
    shares: NDArray[np.float32],
) -> None:
    """Add a member's score to what was said, and its exponential to its family's sum."""
    for i in range(said.shape[0]):
        score = member[i] - top[i]
        said[i] += score
        shares[i] += power_of_two(score)


@njit(fastmath=FAST)
def weigh(
    joint: NDArray[np.float32],
    top: NDArray[np.float32],
    scale: NDArray[np.float32],
    total: NDArray[np.float32],
) -> None:
    """Turn scores into shares but for their sum, which grows in ``total``."""
    for i in range(joint.shape[0]):
        share = power_of_two(joint[i] - top[i]) * scale[i]
        joint[i] = share
        total[i] += share


@njit(fastmath=FAST, error_model="numpy")
def invert(
    values: NDArray[np.float32],
) -> None:
    """Replace numbers by their inverse."""
    for i in range(values.shape[0]):
        values[i] = ONE / values[i]


@njit(fastmath=FAST)
def multiply(
    result: NDArray[np.float32],
    left: NDArray[np.float32],
    right: NDArray[np.float32],
) -> None:
    """Leave the product in ``result``."""
    for i in range(result.shape[0]):
        result[i] = left[i] * right[i]


@njit(nogil=True)
def normalise(
    joint: NDArray[np.float32],
    act: NDArray[np.float32],
    starts: NDArray[np.int64],
    room: NDArray[np.float32],
) -> None:
    """Turn what was said in ``joint`` (actors, lanes) and act sums into the posterior.

    All but for its sum, whose inverse is left in ``room[families]``. ``act`` has the members of
    families of several, then all families; ``room`` is (families + 4, lanes), where only families
    of several count.
    """
    actors, groups = joint.shape[0], starts.shape[0] - 1
    single = starts[0]
    several = actors - single
    total, ones, top, last = room[groups], room[groups + 1], room[groups + 2], room[groups + 3]
    ones[:] = ONE
    for actor in range(single):
        add(joint[actor], ONE, act[several + actor])
    for group in range(groups):
        start, end = starts[group], starts[group + 1]
        shares = room[group]
        shares[:] = ZERO
        copy(top, act[start - single])
        for actor in range(start + 1, end):
            top, last = last, top
            maximum(top, last, act[actor - single])
        for actor in range(start, end):
            add_member(joint[actor], act[actor - single], top, shares)
            add(joint[actor], ONE, act[several + single + group])
        invert(shares)
    copy(top, joint[0])
    total[:] = ZERO
    for actor in range(1, actors):
        top, last = last, top
        maximum(top, last, joint[actor])
    for actor in range(single):
        weigh(joint[actor], top, ones, total)
    for group in range(groups):
        for actor in range(starts[group], starts[group + 1]):
            weigh(joint[actor], top, room[group], total)
    invert(total)


@njit(nogil=True)
def used_slots(  # noqa: PLR0917 - compiled, as above
    code: NDArray[np.int64],
    weight: NDArray[np.float64],
    begin: int,
    end: int,
    zero: int,
    rows: NDArray[np.int64],
    weights: NDArray[np.float32],
) -> int:
    """Copy the slots that count, padded with the row of zeros to a multiple of four."""
    count = 0
    for slot in range(begin, end):
        if weight[slot] != 0.0 and code[slot] != zero:
            rows[count], weights[count] = code[slot], weight[slot]
            count += 1
    while count == 0 or count % AT_ONCE:
        rows[count], weights[count] = zero, ZERO
        count += 1
    return count


@njit(forceinline=True)
def gather_measured(  # noqa: PLR0917 - compiled, as above
    table: NDArray[np.float32],
    code: NDArray[np.int64],
    weight: NDArray[np.float64],
    factor: NDArray[np.float64],
    order: NDArray[np.int64],
    act: NDArray[np.float32],
) -> None:
    """Add an incident's measured rows, each column by its factor."""
    used, lanes = act.shape
    first = order.shape[0] - used
    for slot in range(factor.shape[0]):
        if weight[slot] != 0.0:
            for column in range(used):
                place = (first + column) * lanes
                scale = weight[slot] * factor[slot, order[first + column]]
                add(act[column], np.float32(scale), table[code[slot], place : place + lanes])


@njit(nogil=True)
def fill_probabilities(  # noqa: PLR0917 - compiled, as above
    tables: NDArray[np.float32],
    code: NDArray[np.int64],
    weight: NDArray[np.float64],
    factor: NDArray[np.float64],
    acts: int,
    order: NDArray[np.int64],
    starts: NDArray[np.int64],
    chosen: NDArray[np.int64],
    p: NDArray[np.float32],
) -> None:
    """Write the posterior of the chosen incidents into ``p`` (incidents, actors, padded draws).

    ``tables``, ``order`` and ``starts`` as in `attribution.posterior.batch.DrawTables`, actors in
    this order; the evidence as in `attribution.posterior.kernel.Query`.
    """
    actors, columns, first = p.shape[1], order.shape[0], factor.shape[1]
    blocks, zero, lanes = tables.shape[0], tables.shape[1] - 1, tables.shape[2] // columns
    single, slots, used = starts[0], code.shape[1], chosen.shape[0]
    joint = np.empty((actors, lanes), np.float32)
    act = np.empty((columns - single, lanes), np.float32)
    room = np.empty((starts.shape[0] + 3, lanes), np.float32)
    rows = np.empty((2, used, slots + AT_ONCE), np.int64)
    weights = np.empty((2, used, slots + AT_ONCE), np.float32)
    counts = np.empty((2, used), np.int64)
    for i, row in enumerate(chosen):
        for side, (start, end) in enumerate(((first, acts), (acts, slots))):
            counts[side, i] = used_slots(
                code[row], weight[row], start, end, zero, rows[side, i], weights[side, i]
            )
    for block in range(blocks):
        table, place = tables[block], block * lanes
        for i, row in enumerate(chosen):
            gather(table, single * lanes, rows[0, i], weights[0, i], counts[0, i], act.ravel())
            gather(table, 0, rows[1, i], weights[1, i], counts[1, i], joint.ravel())
            gather_measured(table, code[row], weight[row], factor[row], order, act)
            normalise(joint, act, starts, room)
            for actor in range(actors):
                inverse = room[starts.shape[0] - 1]
                multiply(p[i, actor, place : place + lanes], joint[actor], inverse)
