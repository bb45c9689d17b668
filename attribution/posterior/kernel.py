r"""The one sum behind every number: gathered table rows, over draws.

For draw ``s``, incident ``i`` and actor ``k``

.. math:: \text{act}_{si} = \sum_{j \text{ act}} w_{ij}\, f_{ij} \odot T_s[c_{ij}], \qquad
          p_{sik} \propto \exp\Big(\log \pi_k(\text{act}_{si})
                             + \sum_{j \text{ said}} w_{ij}\, T_s[c_{ij}, k]\Big)

with :math:`\pi` the nested logit of `attribution.channels.effects` and :math:`f` what a channel
measured, 1 for slots that are only coded.

Fit, query, batch, what-if and explanation differ only in which slots ``j`` they include. Arrays in,
arrays out; nothing here knows of names or frames. `attribution.posterior.batch` has the same sum
compiled, for whole files of incidents.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from attribution.channels.stack import Codes

#: Lower and upper quantile of the reported 90 % interval.
INTERVAL = (0.05, 0.95)

#: Most floats that one block of patterns may hold (draws x patterns x actors).
BLOCK = 4_000_000


@dataclass(frozen=True)
class Summary:
    """Posterior summaries of incidents.

    Parameters
    ----------
    mean, low, high
        Mean over draws and the ends of the 90 % interval: each (incidents, actors).
    entropy
        Of the mean, in bits: (incidents,).
    """

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    entropy: NDArray[np.float64]


@dataclass(frozen=True)
class Query:
    """Evidence about incidents as codes into the stacked tables.

    Parameters
    ----------
    code, weight
        (incidents, slots); see `attribution.channels.stack.Codes`.
    act_slots
        The first slots form the prior, the others are likelihoods.
    family
        Number of the family of every actor, (actors,).
    factor
        What was measured, (incidents, measured slots, columns): the first slots' rows are
        multiplied by it.
    """

    code: NDArray[np.int64]
    weight: NDArray[np.float64]
    act_slots: int
    family: NDArray[np.int64]
    factor: NDArray[np.float64]

    @property
    def measured(self) -> int:
        """Number of measured slots; they come first."""
        return int(self.factor.shape[1])

    def take(self, rows: NDArray[np.int64]) -> Query:
        """Return the query about some of the incidents.

        Parameters
        ----------
        rows
            Positions of incidents.

        Returns
        -------
        Query
            In the order of ``rows``.
        """
        return replace(
            self, code=self.code[rows], weight=self.weight[rows], factor=self.factor[rows]
        )

    def keep(self, slots: NDArray[np.bool_]) -> Query:
        """Return the query with the other slots' evidence ignored.

        Parameters
        ----------
        slots
            Which slots count: (slots,) or (incidents, slots).

        Returns
        -------
        Query
            The same query, the weights of the others 0.
        """
        return replace(self, weight=np.where(slots, self.weight, 0.0))


def query_of(codes: Codes, family: Sequence[int]) -> Query:
    """Return coded evidence as a query.

    Parameters
    ----------
    codes
        Evidence about incidents.
    family
        Number of the family of every actor.

    Returns
    -------
    Query
        One row an incident of the codes.
    """
    numbers = np.asarray(family, dtype=np.int64)
    return Query(codes.code, codes.weight, codes.act_slots, numbers, codes.factor)


def gather(
    stack: NDArray[np.floating], code: NDArray[np.int64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sum the weighted rows of the stacked tables.

    Parameters
    ----------
    stack
        Tables of all channels with a row of zeros behind them: (draws, rows + 1, columns).
    code, weight
        (incidents, slots).

    Returns
    -------
    Array of shape (draws, incidents, columns).
    """
    total = np.zeros((stack.shape[0], code.shape[0], stack.shape[2]))
    for slot in range(code.shape[1]):
        if weight[:, slot].any():
            total += weight[None, :, slot, None] * stack[:, code[:, slot], :]
    return total


def log_prior(act: NDArray[np.float64], family: NDArray[np.int64]) -> NDArray[np.float64]:
    """Turn sums over act channels into the log prior of a nested logit.

    Parameters
    ----------
    act
        (..., actors + families): scores of members, then of families.
    family
        Number of the family of every actor.

    Returns
    -------
    Array of shape (..., actors), whose exponentials sum to 1.
    """
    actors = len(family)
    member, group = act[..., :actors], act[..., actors:]
    log_group = group - log_sum_exp(group)[..., None]
    result = np.empty_like(member)
    for number in range(group.shape[-1]):
        own = np.flatnonzero(family == number)
        if len(own) == 1:
            # Alone in its family, an actor has all of its family's share.
            result[..., own] = log_group[..., [number]]
            continue
        within = member[..., own] - log_sum_exp(member[..., own])[..., None]
        result[..., own] = log_group[..., [number]] + within
    return result


def log_joint(stack: NDArray[np.floating], query: Query) -> NDArray[np.float64]:
    """Return log prior plus log-likelihood of what was said.

    Parameters
    ----------
    stack
        Tables of all channels with a row of zeros behind them: (draws, rows + 1, actors +
        families).
    query
        Evidence about incidents.

    Returns
    -------
    Array of shape (draws, incidents, actors).
    """
    first, acts, actors = query.measured, query.act_slots, len(query.family)
    act = gather(stack, query.code[:, first:acts], query.weight[:, first:acts])
    for slot in range(first):
        measured = query.weight[:, slot, None] * query.factor[:, slot]
        act += measured * stack[:, query.code[:, slot], :]
    said = gather(stack[:, :, :actors], query.code[:, acts:], query.weight[:, acts:])
    return np.asarray(log_prior(act, query.family) + said)


def log_sum_exp(eta: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log of the sum of exponentials along the last axis.

    Parameters
    ----------
    eta
        (..., terms), finite.

    Returns
    -------
    Array of shape (...).
    """
    top = eta.max(axis=-1)
    return np.asarray(top + np.log(np.exp(eta - top[..., None]).sum(axis=-1)))


def probabilities(stack: NDArray[np.floating], query: Query) -> NDArray[np.float64]:
    """Return the posterior over actors of every incident and draw.

    Parameters
    ----------
    stack, query
        See ``log_joint``.

    Returns
    -------
    Array of shape (draws, incidents, actors) that sums to 1 along the last axis.
    """
    eta = log_joint(stack, query)
    shifted = np.exp(eta - eta.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def mean_probabilities(stack: NDArray[np.floating], query: Query) -> NDArray[np.float64]:
    """Return each draw's mean over incidents of the posterior over actors, in bounded memory.

    Parameters
    ----------
    stack, query
        See ``log_joint``; at least one incident.

    Returns
    -------
    Array of shape (draws, actors) that sums to 1 along the last axis.
    """
    count = query.code.shape[0]
    step = max(1, BLOCK // (stack.shape[0] * stack.shape[2]))
    total = np.zeros((stack.shape[0], len(query.family)))
    for start in range(0, count, step):
        rows = np.arange(start, min(start + step, count))
        total += probabilities(stack, query.take(rows)).sum(axis=1)
    return np.asarray(total / count)


def log_marginal(stack: NDArray[np.floating], query: Query) -> NDArray[np.float64]:
    """Return each incident's log-likelihood, its actor summed out.

    Parameters
    ----------
    stack, query
        See ``log_joint``.

    Returns
    -------
    Array of shape (draws, incidents).
    """
    return log_sum_exp(log_joint(stack, query))


def total_log_marginal(stack: NDArray[np.floating], query: Query) -> NDArray[np.float64]:
    """Return the log-likelihood of several incidents together, in bounded memory.

    Parameters
    ----------
    stack, query
        See ``log_joint``; any number of incidents.

    Returns
    -------
    Array of shape (draws,), 0 without incidents.
    """
    step = max(1, BLOCK // (stack.shape[0] * stack.shape[2]))
    total = np.zeros(stack.shape[0])
    for start in range(0, query.code.shape[0], step):
        rows = np.arange(start, min(start + step, query.code.shape[0]))
        total += log_marginal(stack, query.take(rows)).sum(axis=1)
    return total


def summarise(stack: NDArray[np.floating], query: Query) -> Summary:
    """Summarise the posterior of every incident over draws.

    Incidents that share their evidence are computed once, and patterns in blocks, so that memory
    does not grow with the number of incidents.

    Parameters
    ----------
    stack, query
        See ``log_joint``.

    Returns
    -------
    Summary
        One row an incident, in the order of the query.
    """
    count, actors = query.code.shape[0], len(query.family)
    if count == 0:
        empty = np.empty((0, actors))
        return Summary(empty, empty, empty, np.empty(0))
    first, inverse = _patterns(query)
    step = max(1, BLOCK // (stack.shape[0] * stack.shape[2]))
    results = []
    for start in range(0, len(first), step):
        p = probabilities(stack, query.take(first[start : start + step]))
        low, high = interval_ends(p.transpose(1, 2, 0))
        results.append((p.mean(axis=0), low, high))
    mean, low, high = (np.concatenate(parts) for parts in zip(*results, strict=True))
    rows = inverse.reshape(-1)
    return Summary(mean[rows], low[rows], high[rows], entropy_bits(mean)[rows])


def _patterns(query: Query) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first incident of each pattern of evidence, and which pattern each incident is."""
    count = query.code.shape[0]
    if count == 1:
        return np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    factor = query.factor.reshape(count, -1)
    pattern = np.concatenate([query.code.astype(np.float64), query.weight, factor], axis=1)
    _, first, inverse = np.unique(pattern, axis=0, return_index=True, return_inverse=True)
    return first, inverse


def interval_ends(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ends of the reported interval over draws.

    Parameters
    ----------
    values
        (..., draws), at least one draw.

    Returns
    -------
    The lower and the upper end, each (...): as `numpy.quantile` finds them, at a fifth of its time.
    """
    last = values.shape[-1] - 1
    places = [level * last for level in INTERVAL]
    ranks = [(math.floor(place), min(math.floor(place) + 1, last)) for place in places]
    parted = np.partition(values, sorted({rank for pair in ranks for rank in pair}), axis=-1)
    low, high = (
        _between(parted[..., below], parted[..., above], place - below)
        for place, (below, above) in zip(places, ranks, strict=True)
    )
    return low, high


def _between(
    below: NDArray[np.float64], above: NDArray[np.float64], part: float
) -> NDArray[np.float64]:
    """Interpolate from the nearer end, so that both ends come out exactly."""
    step = above - below
    return below + step * part if part < 0.5 else above - step * (1 - part)


def entropy_bits(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the entropy in bits of probabilities along the last axis.

    Parameters
    ----------
    p
        (..., actors), each row summing to 1.

    Returns
    -------
    Array of shape (...).
    """
    terms = np.where(p > 0, p * np.log2(np.where(p > 0, p, 1.0)), 0.0)
    return np.asarray(-terms.sum(axis=-1))
