r"""Coordinates in which the sampler's steps are long: effects that trade against each other.

Many incidents tell the sum of a base rate, a weapon's effect and a target's and leave the parts
open, so the posterior is narrow in some directions and as wide as the prior in others. With
:math:`x_{ir}` how much of effect ``r`` incident ``i`` has and each incident telling about as much,
the precision of the effects in one contrast is near

.. math:: P = \operatorname{diag}(\text{prior precision}) + \sum_i x_i x_i^\top = C C^\top

and :math:`u = C^\top z` has about unit variance in every direction. The sampler walks in ``u``; the
model sees :math:`z = C^{-\top} u`, a linear map of constant determinant, so that the posterior is
the same whatever ``C`` is. Small entries of ``C`` are therefore left out, rare effects come first,
and a map costs a few multiplications an effect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from attribution.channels.base import LinearTerm
    from attribution.channels.stack import Codes, Stack

    type Words = NDArray[np.int64]
    type Numbers = NDArray[np.float64]
    type Coordinates = tuple[Words, Words, Words, Words, Numbers, Numbers]

#: Largest entry of the factor, in units of its row's length, that is left out.
SMALL = 0.02


@dataclass(frozen=True)
class Geometry:
    """The factor C of all groups of effects, column by column.

    Parameters
    ----------
    place
        Where among the sampler's coordinates an effect's contrasts start: (effects,).
    width
        Its number of contrasts: (effects,).
    start
        First of its entries below the diagonal, and behind them the end of all: (effects + 1,).
    below
        For each entry, where the other effect's contrasts start: (entries,).
    factor
        The entry in every contrast, 0 beyond its effect's: (entries, most contrasts).
    shrink
        One over the diagonal: (effects, most contrasts).
    """

    place: NDArray[np.int64]
    width: NDArray[np.int64]
    start: NDArray[np.int64]
    below: NDArray[np.int64]
    factor: NDArray[np.float64]
    shrink: NDArray[np.float64]


def to_model(u: NDArray[np.float64], coordinates: Coordinates) -> NDArray[np.float64]:
    """Turn the sampler's coordinates into the model's, by back substitution.

    Compiled into the sampler's entry points, hence plain arrays and loops.

    Parameters
    ----------
    u
        (parameters,).
    coordinates
        The arrays of ``Geometry``, in its order.

    Returns
    -------
    Array of shape (parameters,).
    """
    place, width, start, below, factor, shrink = coordinates
    z = u.copy()
    for effect in range(len(place) - 1, -1, -1):
        here, contrasts = place[effect], width[effect]
        for entry in range(start[effect], start[effect + 1]):
            there = below[entry]
            for contrast in range(contrasts):
                z[here + contrast] -= factor[entry, contrast] * z[there + contrast]
        for contrast in range(contrasts):
            z[here + contrast] *= shrink[effect, contrast]
    return z


def to_sampler(slopes: NDArray[np.float64], coordinates: Coordinates) -> None:
    """Turn a gradient in the model's coordinates into one in the sampler's, in place.

    Parameters
    ----------
    slopes
        (parameters,): the gradient, overwritten by :math:`C^{-1}` times it.
    coordinates
        The arrays of ``Geometry``, in its order.
    """
    place, width, start, below, factor, shrink = coordinates
    for effect in range(len(place)):
        here, contrasts = place[effect], width[effect]
        for contrast in range(contrasts):
            slopes[here + contrast] *= shrink[effect, contrast]
        for entry in range(start[effect], start[effect + 1]):
            there = below[entry]
            for contrast in range(contrasts):
                slopes[there + contrast] -= factor[entry, contrast] * slopes[here + contrast]


def geometry(stack: Stack, codes: Codes, places: Mapping[str, int]) -> Geometry:
    """Find the coordinates for the incidents of a fit.

    Parameters
    ----------
    stack
        The channels of the case.
    codes
        Evidence about the incidents of the fit.
    places
        Where each parameter starts among the sampler's coordinates.

    Returns
    -------
    Geometry
        Act channels as one group, since their effects add up, and each say channel as its own.
    """
    bound = [(position, channel) for position, channel in enumerate(stack.channels)]
    terms = {position: channel.linear_terms() for position, channel in bound}
    told = [position for position, channel in bound if channel.role == "say" and terms[position]]
    acts = [position for position, channel in bound if channel.role == "act" and terms[position]]
    found = []
    for members in ([acts] if acts else []) + [[position] for position in told]:
        own = [term for position in members for term in terms[position]]
        amounts = [
            _levels(stack, codes, position) @ sparse.csr_array(term.design)
            for position in members
            for term in terms[position]
        ]
        found.append(group_geometry([places[term.parameter] for term in own], own, amounts))
    return _joined(found)


def _levels(stack: Stack, codes: Codes, position: int) -> sparse.csr_array:
    """Return how much of each level of a channel an observation has: (observations, levels).

    An incident is one observation of act channels; of say channels every entry is one.
    """
    channel = stack.channels[position]
    row, slot = np.nonzero(codes.channel == position)
    observation = row if channel.role == "act" else np.arange(len(row))
    count = len(codes.code) if channel.role == "act" else len(row)
    level = codes.code[row, slot] - stack.offsets[position]
    return sparse.csr_array(
        (codes.weight[row, slot], (observation, level)), shape=(count, len(channel.levels))
    )


def group_geometry(
    places: Sequence[int], terms: Sequence[LinearTerm], amounts: Sequence[sparse.csr_array]
) -> Geometry:
    """Factor the precision of one group of effects, in every contrast.

    Parameters
    ----------
    places
        Where each term's parameter starts among the sampler's coordinates.
    terms
        Terms of as many contrasts as the first.
    amounts
        For each term, how much of its effects an observation has: (observations, effects).

    Returns
    -------
    Geometry
        Of the effects that some observation has, the rarest first.
    """
    width = len(terms[0].spread)
    sizes = [term.design.shape[1] for term in terms]
    amount = sparse.csr_array(sparse.hstack(amounts))
    together = (amount.T @ amount).toarray()
    seen = np.diag(together)
    order = np.argsort(seen, kind="stable")
    # Effects that no incident has keep their prior.
    order = order[seen[order] > 0]
    together = together[np.ix_(order, order)]
    place = np.concatenate(
        [first + width * np.arange(size) for first, size in zip(places, sizes, strict=True)]
    )[order]
    precision = np.repeat([term.precision for term in terms], sizes)[order]
    factors = []
    for contrast in range(width):
        spread = np.repeat([term.spread[contrast] for term in terms], sizes)[order]
        factors.append(np.linalg.cholesky(np.diag(precision) + np.outer(spread, spread) * together))
    return thinned(place.astype(np.int64), np.stack(factors, axis=-1), SMALL)


def thinned(place: NDArray[np.int64], factor: NDArray[np.float64], small: float) -> Geometry:
    """Leave out the small entries of a factor of the precision.

    Parameters
    ----------
    place
        Where each effect's contrasts start among the sampler's coordinates: (effects,).
    factor
        Lower factors, one a contrast: (effects, effects, contrasts).
    small
        Entries that are smaller, in units of their row's length, are left out.

    Returns
    -------
    Geometry
        With the diagonal and the entries that count in some contrast.
    """
    effects, width = factor.shape[1:]
    length = np.sqrt(np.einsum("ijk,ijk->ik", factor, factor))
    kept = np.zeros((effects, effects), dtype=bool)
    for contrast in range(width):
        kept |= np.abs(factor[..., contrast]) > small * length[:, contrast, None]
    effect, other = np.nonzero(np.tril(kept, -1).T)
    return Geometry(
        place,
        np.full(effects, width, dtype=np.int64),
        np.searchsorted(effect, np.arange(effects + 1)).astype(np.int64),
        place[other],
        factor[other, effect],
        1.0 / np.diagonal(factor).T,
    )


def _joined(groups: Sequence[Geometry]) -> Geometry:
    """Put groups of effects behind each other."""
    most = max((group.factor.shape[1] for group in groups), default=0)
    ends = np.cumsum([0, *(len(group.below) for group in groups)])
    starts = [group.start[:-1] + first for group, first in zip(groups, ends[:-1], strict=True)]
    none = np.zeros(0, dtype=np.int64)
    return Geometry(
        np.concatenate([none, *(group.place for group in groups)]),
        np.concatenate([none, *(group.width for group in groups)]),
        np.concatenate([none, *starts, ends[-1:]]),
        np.concatenate([none, *(group.below for group in groups)]),
        _padded([group.factor for group in groups], most),
        _padded([group.shrink for group in groups], most),
    )


def _padded(parts: Sequence[NDArray[np.float64]], width: int) -> NDArray[np.float64]:
    """Stack arrays of different widths, filled with zeros."""
    filled = [np.pad(part, ((0, 0), (0, width - part.shape[1]))) for part in parts]
    return np.concatenate([np.zeros((0, width)), *filled])


def from_model(coordinates: Geometry, size: int) -> sparse.csr_array:
    """Return the matrix that turns the model's coordinates into the sampler's.

    Parameters
    ----------
    coordinates
        The coordinates.
    size
        Number of parameters.

    Returns
    -------
    Array of shape (size, size), the inverse of ``to_model``.
    """
    contrast = np.arange(coordinates.factor.shape[1])
    own = contrast < coordinates.width[:, None]
    diagonal = np.ones(size)
    here = coordinates.place[:, None] + contrast
    diagonal[here[own]] = 1.0 / coordinates.shrink[own]
    effect = np.repeat(np.arange(len(coordinates.place)), np.diff(coordinates.start))
    kept = own[effect]
    row = here[effect][kept]
    column = (coordinates.below[:, None] + contrast)[kept]
    below = sparse.csr_array((coordinates.factor[kept], (row, column)), shape=(size, size))
    return sparse.csr_array(sparse.diags_array(diagonal) + below)
