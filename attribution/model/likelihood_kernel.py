r"""The arithmetic of the fused likelihood, compiled: value and gradient in one pass.

For incident ``i`` of weight :math:`u_i`, with :math:`a_{ik}` and :math:`v_{ig}` the sums over its
act slots (members, then families) and :math:`S_{ik}` the sum over what was said,

.. math:: \eta_{ik} = \log \operatorname{softmax}_{m \in g(k)}(a_i)_k
              + \log \operatorname{softmax}_g(v_i)_{g(k)} + S_{ik}, \qquad
          L = \sum_i u_i \operatorname{logsumexp}_k \eta_{ik}

and, with :math:`p_i = \operatorname{softmax}_k(\eta_i)` the posterior over actors, :math:`P_i` its
sums over families and :math:`q_i`, :math:`r_i` the two softmaxes of the prior,

.. math:: \frac{\partial L}{\partial S_{ik}} = u_i\, p_{ik}, \qquad
          \frac{\partial L}{\partial a_{ik}} = u_i\, (p_{ik} - P_{i g(k)}\, q_{ik}), \qquad
          \frac{\partial L}{\partial v_{ig}} = u_i\, (P_{ig} - r_{ig}).

Rows are gathered incident by incident, along the columns; the softmaxes run over blocks of
incidents side by side, so that exponentials fill the processor's vectors. Empty slots, and
incidents of no weight, cost one comparison.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit, types
from numba.core import config

if TYPE_CHECKING:
    from numba.core.dispatcher import Dispatcher
    from numpy.typing import NDArray

#: Incidents side by side: buffers of this many stay in the first-level cache.
LANES = 32

#: Sums may be contracted and reordered; what is not finite stays so, and the sampler sees it.
FAST = {"contract", "reassoc", "nsz", "arcp"}
#: Rounding to an integer by adding it needs every operation where it stands.
EXACT = {"contract"}

LOG2_E = 1.4426950408889634
#: log 2 in two parts, the first with zeros behind it (fdlibm).
LOG_2 = (0.693147180369123816490, 1.90821492927058770002e-10)
#: 1.5 * 2**52: added to a number below 2**51 it leaves the nearest integer in the last bits.
ROUNDER = 6755399441055744.0
#: Below this an exponential is no normal number; it counts as the smallest.
LOWEST = -708.0


@njit(fastmath=EXACT, forceinline=True)
def exponential(
    x: float,
) -> float:
    r"""Return exp(x) of a number no greater than 0, to two units in the last place.

    The library's function takes one number at a time; this one, a Taylor polynomial on
    :math:`|r| \le \tfrac12 \log 2` times a power of two set in the bits, the compiler turns into
    vectors.
    """
    # Not max(): a number that is not one has to stay so.
    x = LOWEST if x < LOWEST else x  # noqa: FURB136
    shifted = x * LOG2_E + ROUNDER
    whole = shifted - ROUNDER
    r = (x - whole * LOG_2[0]) - whole * LOG_2[1]
    p = 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
    power = (np.float64(shifted).view(np.int64) + 1023) << 52
    return p * np.int64(power).view(np.float64)


@njit(fastmath=FAST, forceinline=True)
def gather(  # noqa: PLR0917 - compiled code takes arrays by position
    stacked: NDArray[np.float64],
    code: NDArray[np.integer],
    weight: NDArray[np.float64],
    factor: NDArray[np.float64],
    measured: NDArray[np.integer],
    acts: int,
    incident: int,
    act: NDArray[np.float64],
    said: NDArray[np.float64],
) -> None:
    """Sum an incident's weighted rows into ``act`` (columns,) and ``said`` (actors,)."""
    first, width, actors = measured.shape[0], act.shape[0], said.shape[0]
    for column in range(width):
        act[column] = 0.0
    for actor in range(actors):
        said[actor] = 0.0
    for slot in range(first):
        w = weight[incident, slot]
        if w != 0.0:
            row = measured[slot]
            for column in range(width):
                act[column] += w * factor[incident, slot, column] * stacked[row, column]
    for slot in range(acts):
        w = weight[incident, first + slot]
        if w != 0.0:
            row = code[incident, slot]
            for column in range(width):
                act[column] += w * stacked[row, column]
    for slot in range(acts, code.shape[1]):
        w = weight[incident, first + slot]
        if w != 0.0:
            row = code[incident, slot]
            for actor in range(actors):
                said[actor] += w * stacked[row, actor]


@njit(fastmath=FAST, forceinline=True)
def scatter(  # noqa: PLR0917 - compiled, as below
    gradient: NDArray[np.float64],
    code: NDArray[np.integer],
    weight: NDArray[np.float64],
    factor: NDArray[np.float64],
    measured: NDArray[np.integer],
    acts: int,
    incident: int,
    act: NDArray[np.float64],
    said: NDArray[np.float64],
) -> None:
    """Add an incident's derivatives by its sums to those of its rows."""
    first, width, actors = measured.shape[0], act.shape[0], said.shape[0]
    for slot in range(first):
        w = weight[incident, slot]
        if w != 0.0:
            row = measured[slot]
            for column in range(width):
                gradient[row, column] += w * factor[incident, slot, column] * act[column]
    for slot in range(acts):
        w = weight[incident, first + slot]
        if w != 0.0:
            row = code[incident, slot]
            for column in range(width):
                gradient[row, column] += w * act[column]
    for slot in range(acts, code.shape[1]):
        w = weight[incident, first + slot]
        if w != 0.0:
            row = code[incident, slot]
            for actor in range(actors):
                gradient[row, actor] += w * said[actor]


@njit(fastmath=FAST, forceinline=True)
def softmax(
    scores: NDArray[np.float64],
    log_sum: NDArray[np.float64],
    room: NDArray[np.float64],
) -> None:
    """Turn scores (terms, lanes) into shares and leave the logs of their sums in ``log_sum``."""
    terms, lanes = scores.shape
    for lane in range(lanes):
        log_sum[lane] = scores[0, lane]
        room[lane] = 0.0
    if terms == 1:
        for lane in range(lanes):
            scores[0, lane] = 1.0
        return
    for term in range(1, terms):
        for lane in range(lanes):
            score, top = scores[term, lane], log_sum[lane]
            log_sum[lane] = score if score > top else top  # noqa: FURB136
    for term in range(terms):
        for lane in range(lanes):
            share = exponential(scores[term, lane] - log_sum[lane])
            scores[term, lane] = share
            room[lane] += share
    for lane in range(lanes):
        log_sum[lane] += np.log(room[lane])
        room[lane] = 1.0 / room[lane]
    for term in range(terms):
        for lane in range(lanes):
            scores[term, lane] *= room[lane]


@njit(fastmath=FAST, forceinline=True)
def marginal(
    score: NDArray[np.float64],
    joint: NDArray[np.float64],
    starts: NDArray[np.integer],
    log_sum: NDArray[np.float64],
    room: NDArray[np.float64],
) -> None:
    """Turn scores into the prior's shares, likelihoods into the posterior; leave log-likelihoods.

    ``score`` (actors + families, lanes) and ``joint`` (actors, lanes) have the members of a family
    side by side, from ``starts[family]`` on; the log-likelihoods are left in ``log_sum[0]``.
    """
    actors, lanes = joint.shape
    groups = starts.shape[0] - 1
    for group in range(groups):
        start, end = starts[group], starts[group + 1]
        for actor in range(start, end):
            for lane in range(lanes):
                joint[actor, lane] += score[actor, lane] + score[actors + group, lane]
        softmax(score[start:end], log_sum[0], room)
        for actor in range(start, end):
            for lane in range(lanes):
                joint[actor, lane] -= log_sum[0, lane]
    softmax(score[actors:], log_sum[1], room)
    softmax(joint, log_sum[0], room)
    for lane in range(lanes):
        log_sum[0, lane] -= log_sum[1, lane]


@njit(fastmath=FAST, forceinline=True)
def derive(
    score: NDArray[np.float64],
    joint: NDArray[np.float64],
    starts: NDArray[np.integer],
    room: NDArray[np.float64],
) -> None:
    """Turn the prior's shares in ``score`` into derivatives, given the posterior in ``joint``."""
    actors, lanes = joint.shape
    groups = starts.shape[0] - 1
    for group in range(groups):
        start, end = starts[group], starts[group + 1]
        for lane in range(lanes):
            room[lane] = 0.0
        for actor in range(start, end):
            for lane in range(lanes):
                room[lane] += joint[actor, lane]
        for actor in range(start, end):
            for lane in range(lanes):
                score[actor, lane] = joint[actor, lane] - room[lane] * score[actor, lane]
        for lane in range(lanes):
            score[actors + group, lane] = room[lane] - score[actors + group, lane]


@njit(forceinline=True)
def by_family(
    family: NDArray[np.integer],
    width: int,
) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Return the columns with a family's members side by side, and where each family starts."""
    actors = family.shape[0]
    order, starts = np.arange(width), np.zeros(width - actors + 1, np.int64)
    position = 0
    for group in range(width - actors):
        for actor in range(actors):
            if family[actor] == group:
                order[position] = actor
                position += 1
        starts[group + 1] = position
    return order, starts


@njit(fastmath=FAST, nogil=True, cache=True)
def value_and_gradient(  # noqa: PLR0917 - compiled, as below
    stacked: NDArray[np.float64],
    code: NDArray[np.integer],
    weight: NDArray[np.float64],
    factor: NDArray[np.float64],
    incident_weight: NDArray[np.float64],
    measured: NDArray[np.integer],
    family: NDArray[np.integer],
    acts: int,
) -> tuple[float, NDArray[np.float64]]:
    """Return the weighted log-likelihood and its gradient by the stacked tables.

    Arguments as for `attribution.model.likelihood.MarginalLikelihood`, its properties as arrays.
    """
    width, actors, incidents = stacked.shape[1], family.shape[0], code.shape[0]
    order, starts = by_family(family, width)
    gradient = np.zeros(stacked.shape)
    act, said = np.empty((LANES, width)), np.empty((LANES, actors))
    score, joint = np.zeros((width, LANES)), np.zeros((actors, LANES))
    log_sum, room = np.empty((2, LANES)), np.empty(LANES)
    lanes = np.empty(LANES, np.int64)
    total, incident = 0.0, 0
    while incident < incidents:
        used = 0
        while incident < incidents and used < LANES:
            if incident_weight[incident] != 0.0:
                gather(
                    stacked, code, weight, factor, measured, acts, incident, act[used], said[used]
                )
                lanes[used] = incident
                used += 1
            incident += 1
        if used == 0:
            break
        for column in range(width):
            for lane in range(used):
                score[column, lane] = act[lane, order[column]]
        for actor in range(actors):
            for lane in range(used):
                joint[actor, lane] = said[lane, order[actor]]
        marginal(score, joint, starts, log_sum, room)
        derive(score, joint, starts, room)
        for lane in range(used):
            u = incident_weight[lanes[lane]]
            total += u * log_sum[0, lane]
            for column in range(width):
                act[lane, order[column]] = u * score[column, lane]
            for actor in range(actors):
                said[lane, order[actor]] = u * joint[actor, lane]
            scatter(
                gradient, code, weight, factor, measured, acts, lanes[lane], act[lane], said[lane]
            )
    return total, gradient


def compile_kernel(code: str) -> None:
    """Compile the kernel for codes of a type; see ``compile_fully``."""
    fixed = types.Array(types.int64, 1, "C", readonly=True)
    table = types.float64[:, ::1]
    arguments = (
        table,
        getattr(types, code)[:, ::1],
        table,
        types.float64[:, :, ::1],
        types.float64[::1],
        fixed,
        fixed,
        types.int64,
    )
    compile_fully(value_and_gradient, arguments)


def compile_fully(function: Dispatcher, arguments: tuple[types.Type, ...]) -> None:
    """Compile a function at full optimisation, whatever level the rest is compiled at.

    A command may ask numba for less optimisation (``NUMBA_OPT``), because the glue around such a
    loop costs more to optimise than it ever returns. Later processes load it from numba's cache.

    Parameters
    ----------
    function
        A function that numba compiles, with its cache.
    arguments
        numba's types of its arguments.
    """
    settings: Any = config
    level = settings.OPT
    settings.OPT = 3
    try:
        function.compile(arguments)
    finally:
        settings.OPT = level
