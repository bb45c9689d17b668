r"""The arithmetic of the likelihood's second derivatives, compiled.

With :math:`\eta_{ik}` an incident's scores and :math:`p`, :math:`q`, :math:`r` as in
`attribution.model.likelihood_kernel`, and everything derived by the incident's contrasts of act
evidence and by what was said of each actor,

.. math:: \nabla^2 L_i = u_i \Bigl( \sum_k p_k \nabla\eta_k \nabla\eta_k^\top
              - \nabla L_i \nabla L_i^\top
              - \sum_k P_{g(k)} q_k\, m_k m_k^\top - \sum_g r_g\, v_g v_g^\top \Bigr)

where :math:`m_k` and :math:`v_g` are the derivatives of :math:`\log q_k` and :math:`\log r_g`, and
:math:`\nabla\eta_k` is their sum in the contrasts and one for actor ``k`` in what was said. An
incident touches a dozen rows of the stacked tables, so that its part of the sum is small; contrasts
of two act rows meet in a square block, which is kept in one piece.

What the kernels return is half of the matrix in this sense: it and its transpose add up to the
whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from attribution.model.likelihood_kernel import FAST, gather

if TYPE_CHECKING:
    from numpy.typing import NDArray


@njit(fastmath=FAST, nogil=True)
def shares(  # noqa: PLR0917 - compiled code takes arrays by position
    act: NDArray[np.float64],
    said: NDArray[np.float64],
    family: NDArray[np.integer],
    within: NDArray[np.float64],
    between: NDArray[np.float64],
    joint: NDArray[np.float64],
) -> None:
    """Leave the two softmaxes of the prior and the posterior over actors in the last three."""
    actors, groups = family.shape[0], between.shape[0]
    most, total = np.full(groups, -np.inf), np.zeros(groups)
    for actor in range(actors):
        most[family[actor]] = max(most[family[actor]], act[actor])
    for actor in range(actors):
        within[actor] = np.exp(act[actor] - most[family[actor]])
        total[family[actor]] += within[actor]
    between[:] = np.exp(act[actors:] - act[actors:].max())
    between /= between.sum()
    top = said.max()
    for actor in range(actors):
        within[actor] /= total[family[actor]]
        joint[actor] = within[actor] * between[family[actor]] * np.exp(said[actor] - top)
    joint /= joint.sum()


@njit(fastmath=FAST, nogil=True)
def directions(  # noqa: PLR0917 - compiled, as above
    family: NDArray[np.integer],
    basis: NDArray[np.float64],
    within: NDArray[np.float64],
    between: NDArray[np.float64],
    member: NDArray[np.float64],
    group: NDArray[np.float64],
) -> None:
    """Leave the derivatives of log q (actors, contrasts) and log r (families, contrasts)."""
    contrasts, actors, groups = basis.shape[0], family.shape[0], group.shape[0]
    for c in range(contrasts):
        mean = np.zeros(groups)
        centre = 0.0
        for actor in range(actors):
            mean[family[actor]] += within[actor] * basis[c, actor]
        for g in range(groups):
            centre += between[g] * basis[c, actors + g]
        for actor in range(actors):
            member[actor, c] = basis[c, actor] - mean[family[actor]]
        for g in range(groups):
            group[g, c] = basis[c, actors + g] - centre


@njit(fastmath=FAST, nogil=True)
def add_outer(out: NDArray[np.float64], factor: float, line: NDArray[np.float64]) -> None:
    """Add a multiple of a vector times itself to the upper left of a matrix."""
    for c in range(line.shape[0]):
        for d in range(line.shape[0]):
            out[c, d] += factor * line[c] * line[d]


@njit(fastmath=FAST, nogil=True)
def curve(  # noqa: PLR0917 - compiled, as above
    act: NDArray[np.float64],
    said: NDArray[np.float64],
    family: NDArray[np.integer],
    basis: NDArray[np.float64],
    share: float,
    second: NDArray[np.float64],
) -> None:
    """Leave an incident's second derivatives in ``second``, (contrasts + actors) squared.

    ``basis`` holds the contrasts, (contrasts, actors + families); ``share`` is the weight.
    """
    contrasts, actors = basis.shape[0], family.shape[0]
    groups = act.shape[0] - actors
    within, between, joint = np.empty(actors), np.empty(groups), np.empty(actors)
    member, group = np.empty((actors, contrasts)), np.empty((groups, contrasts))
    shares(act, said, family, within, between, joint)
    directions(family, basis, within, between, member, group)
    mass, slope = np.zeros(groups), np.zeros(contrasts)
    for actor in range(actors):
        mass[family[actor]] += joint[actor]
        slope += joint[actor] * (member[actor] + group[family[actor]])
    second[:] = 0.0
    for actor in range(actors):
        g = family[actor]
        here = member[actor] + group[g]
        add_outer(second, share * joint[actor], here)
        add_outer(second, -share * mass[g] * within[actor], member[actor])
        for c in range(contrasts):
            cross = share * joint[actor] * (here[c] - slope[c])
            second[c, contrasts + actor] = cross
            second[contrasts + actor, c] = cross
        for other in range(actors):
            second[contrasts + actor, contrasts + other] = -share * joint[actor] * joint[other]
        second[contrasts + actor, contrasts + actor] += share * joint[actor]
    add_outer(second, -share, slope)
    for g in range(groups):
        add_outer(second, -share * between[g], group[g])


@njit(fastmath=FAST, nogil=True, cache=True)
def act_pairs(  # noqa: PLR0917 - compiled, as above
    stacked: NDArray[np.float64],
    code: NDArray[np.integer],
    weight: NDArray[np.float64],
    factor: NDArray[np.float64],
    incident_weight: NDArray[np.float64],
    measured: NDArray[np.integer],
    family: NDArray[np.integer],
    acts: int,
    basis: NDArray[np.float64],
    block: NDArray[np.integer],
    blocks: int,
) -> NDArray[np.float64]:
    """Return half the second derivatives by act rows, (blocks, blocks, contrasts, contrasts).

    ``block`` is the number of every row of the stacked tables among the blocks.
    """
    contrasts, width, actors = basis.shape[0], basis.shape[1], family.shape[0]
    first = measured.shape[0]
    half = np.zeros((blocks, blocks, contrasts, contrasts))
    act, said = np.empty(width), np.empty(actors)
    second = np.empty((contrasts + actors, contrasts + actors))
    for incident in range(code.shape[0]):
        share = incident_weight[incident]
        if share == 0.0:
            continue
        gather(stacked, code, weight, factor, measured, acts, incident, act, said)
        curve(act, said, family, basis, share, second)
        for slot in range(acts):
            w = weight[incident, first + slot]
            if w == 0.0:
                continue
            here = block[code[incident, slot]]
            for other in range(slot + 1):
                both = w * weight[incident, first + other]
                if both == 0.0:
                    continue
                if other == slot:
                    both *= 0.5
                there = block[code[incident, other]]
                low, high = min(here, there), max(here, there)
                for c in range(contrasts):
                    for d in range(contrasts):
                        half[high, low, c, d] += both * second[c, d]
    return half


@njit(fastmath=FAST, nogil=True)
def move_measured(
    amount: float,
    factor: NDArray[np.float64],
    slope: NDArray[np.float64],
    basis: NDArray[np.float64],
    move: NDArray[np.float64],
) -> None:
    """Leave how the contrasts and sums of an incident move with a feature of a measured row."""
    move[:] = 0.0
    for column in range(basis.shape[1]):
        moved = amount * factor[column] * slope[column]
        for c in range(basis.shape[0]):
            move[c] += moved * basis[c, column]


@njit(fastmath=FAST, nogil=True)
def move_said(
    amount: float, slope: NDArray[np.float64], contrasts: int, move: NDArray[np.float64]
) -> None:
    """Leave the same for a feature of a say row."""
    move[:contrasts] = 0.0
    for actor in range(move.shape[0] - contrasts):
        move[contrasts + actor] = amount * slope[actor]


@njit(fastmath=FAST, nogil=True)
def collect(  # noqa: PLR0917 - compiled, as above
    code: NDArray[np.integer],
    weight: NDArray[np.float64],
    factor: NDArray[np.float64],
    measured: NDArray[np.integer],
    acts: int,
    incident: int,
    basis: NDArray[np.float64],
    start: NDArray[np.integer],
    feature: NDArray[np.integer],
    slope: NDArray[np.float64],
    which: NDArray[np.integer],
    move: NDArray[np.float64],
) -> int:
    """Leave an incident's features and how it moves with them; return their number."""
    first, contrasts, used = measured.shape[0], basis.shape[0], 0
    for slot in range(first):
        w = weight[incident, slot]
        for entry in range(start[measured[slot]], start[measured[slot] + 1]):
            if w != 0.0:
                move_measured(w, factor[incident, slot], slope[entry], basis, move[used])
                which[used] = feature[entry]
                used += 1
    for slot in range(acts, code.shape[1]):
        w = weight[incident, first + slot]
        row = code[incident, slot]
        for entry in range(start[row], start[row + 1]):
            if w != 0.0:
                move_said(w, slope[entry], contrasts, move[used])
                which[used] = feature[entry]
                used += 1
    return used


@njit(fastmath=FAST, nogil=True)
def add_features(
    second: NDArray[np.float64],
    which: NDArray[np.integer],
    move: NDArray[np.float64],
    pull: NDArray[np.float64],
    half: NDArray[np.float64],
) -> None:
    """Add half of an incident's second derivatives by its features; leave their products."""
    used, size = move.shape
    for one in range(used):
        for place in range(size):
            total = 0.0
            for other in range(size):
                total += second[place, other] * move[one, other]
            pull[one, place] = total
        for other in range(one + 1):
            total = 0.0
            for place in range(size):
                total += pull[one, place] * move[other, place]
            if other == one:
                total *= 0.5
            half[max(which[one], which[other]), min(which[one], which[other])] += total


@njit(fastmath=FAST, nogil=True, cache=True)
def other_pairs(  # noqa: PLR0917 - compiled, as above
    stacked: NDArray[np.float64],
    code: NDArray[np.integer],
    weight: NDArray[np.float64],
    factor: NDArray[np.float64],
    incident_weight: NDArray[np.float64],
    measured: NDArray[np.integer],
    family: NDArray[np.integer],
    acts: int,
    basis: NDArray[np.float64],
    block: NDArray[np.integer],
    blocks: int,
    start: NDArray[np.integer],
    feature: NDArray[np.integer],
    slope: NDArray[np.float64],
    features: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the second derivatives by what is no act row: with act rows, and half of the rest.

    Row ``r`` of the stacked tables moves by ``slope[e]`` (columns,) with ``feature[e]`` for ``e``
    from ``start[r]`` to ``start[r + 1]``. Shapes of the result: (features, blocks, contrasts) and
    (features, features).
    """
    contrasts, width, actors = basis.shape[0], basis.shape[1], family.shape[0]
    first, size = measured.shape[0], basis.shape[0] + family.shape[0]
    cross, half = np.zeros((features, blocks, contrasts)), np.zeros((features, features))
    act, said = np.empty(width), np.empty(actors)
    second = np.empty((size, size))
    # No incident has more features than all its slots' widest rows together.
    room = np.diff(start).max() * (first + code.shape[1] - acts)
    which, move, pull = np.empty(room, np.int64), np.zeros((room, size)), np.zeros((room, size))
    for incident in range(code.shape[0]):
        share = incident_weight[incident]
        if share == 0.0:
            continue
        gather(stacked, code, weight, factor, measured, acts, incident, act, said)
        curve(act, said, family, basis, share, second)
        used = collect(
            code,
            weight,
            factor,
            measured,
            acts,
            incident,
            basis,
            start,
            feature,
            slope,
            which,
            move,
        )
        add_features(second, which[:used], move[:used], pull, half)
        for slot in range(acts):
            w = weight[incident, first + slot]
            if w != 0.0:
                there = block[code[incident, slot]]
                for one in range(used):
                    for c in range(contrasts):
                        cross[which[one], there, c] += w * pull[one, c]
    return cross, half
