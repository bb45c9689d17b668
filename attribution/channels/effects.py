r"""Shrunken effects over actors: the one prior that the act channels share.

The prior of an incident is a nested logit. Actors that a broad label ("Iran-backed militia") cannot
tell apart form a *family*; every other actor is a family of its own. An act channel gives each
level a vector :math:`u` over the :math:`K` actors and a vector :math:`v` over the :math:`G`
families, and with their sums over channels

.. math:: \log \pi_{ik} = \log \operatorname{softmax}_g(v_i)_{g(k)}
          + \log \operatorname{softmax}_{m \in g(k)}(u_i)_k

A label that names a whole family then teaches which family it was and nothing about its members. In
a plain softmax the same label also raises the family's most common member, which is the cheapest
way to raise the sum, and the usual suspect grows with every broad label (held out on the Iraq case:
docs/model.md).

Effects enter softmaxes, so only differences count; they are drawn orthogonal to the constant, in
:math:`K - 1` dimensions in all: :math:`s\,(F^\top z)` with :math:`z \sim N(0, I_{K-1})`, where
``s`` is the scale of a family's effect and members of one family differ by ``WITHIN_RATIO`` of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from attribution.channels.base import LinearTerm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from attribution.case.config import Actor
    from attribution.channels.base import Tensor

#: Scale of the difference between members of a family, relative to that between families. Labels
#: that name a member are few, and few, strongly shrunken effects are what they can carry.
WITHIN_RATIO = 0.28

#: What one labelled incident tells of a contrast between families, as Fisher information: about .05
#: to .08 on simulated cases. It shapes what the sampler's steps look like and not the posterior.
INFORMATION = 0.06
#: The same of a contrast between members of one family: few labels name a member.
INFORMATION_WITHIN = 0.012


@dataclass(frozen=True)
class Families:
    """Which actors belong together.

    Parameters
    ----------
    of
        Number of the family of every actor: K integers from 0 to G - 1.
    """

    of: tuple[int, ...]

    @property
    def actors(self) -> int:
        """Number of actors, K."""
        return len(self.of)

    @property
    def count(self) -> int:
        """Number of families, G."""
        return max(self.of) + 1

    @property
    def width(self) -> int:
        """Columns of an act channel's table: K for members, then G for families."""
        return self.actors + self.count

    @cached_property
    def members(self) -> NDArray[np.float64]:
        """Indicator of the members of every family, (G, K)."""
        return np.array([[float(family == own) for own in self.of] for family in range(self.count)])

    def named(self, members: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the columns that naming a set of actors speaks of.

        Parameters
        ----------
        members
            Indicator of the set, (actors,).

        Returns
        -------
        (width,) indicator of the one actor and its family, or of the family alone for several of
        one family; zeros for a set that crosses families.
        """
        columns = np.zeros(self.width)
        named = np.flatnonzero(members)
        touched = {self.of[actor] for actor in named}
        if len(touched) == 1:
            columns[self.actors + touched.pop()] = 1.0
            columns[named] = float(len(named) == 1)
        return columns


def families(actors: Sequence[Actor]) -> Families:
    """Put the Iran-backed militias into one family and every other actor into its own.

    Parameters
    ----------
    actors
        The actors of a case.

    Returns
    -------
    Families
        Families numbered by their first member.
    """
    numbers: dict[str, int] = {}
    of = []
    for actor in actors:
        key = "iran-backed militias" if actor.militia and actor.iran_backed else actor.id
        of.append(numbers.setdefault(key, len(numbers)))
    return Families(tuple(of))


def contrasts(count: int) -> NDArray[np.float64]:
    """Return an orthonormal basis of the vectors that sum to zero.

    The rows of Helmert's matrix behind its first: unlike eigenvectors of a repeated eigenvalue they
    are the same on every machine, and so is what a seed draws.

    Parameters
    ----------
    count
        Dimension of the vectors, at least 1.

    Returns
    -------
    Array of shape (count - 1, count).
    """
    steps = np.arange(1.0, count)[:, None]
    below = np.tri(count - 1, count)
    below[np.arange(count - 1), np.arange(1, count)] = -steps[:, 0]
    return np.asarray(below / np.sqrt(steps * (steps + 1.0)))


def act_factor(groups: Families, within_ratio: float = WITHIN_RATIO) -> NDArray[np.float64]:
    """Return the factor F of the module's formula.

    Parameters
    ----------
    groups
        The families.
    within_ratio
        Scale of the difference between members of a family, relative to that between families.

    Returns
    -------
    Array of shape (K - 1, K + G): rows of each family's members, then rows of the families.
    """
    blocks = []
    for family in range(groups.count):
        members = np.flatnonzero(groups.members[family])
        block = np.zeros((len(members) - 1, groups.width))
        block[:, members] = within_ratio * contrasts(len(members))
        blocks.append(block)
    between = np.zeros((groups.count - 1, groups.width))
    between[:, groups.actors :] = contrasts(groups.count)
    return np.concatenate([*blocks, between])


def normal_effects(name: str, count: int, factor: NDArray[np.float64]) -> Tensor:
    """Declare ``count`` independent effects of unit scale in the current model.

    Parameters
    ----------
    name
        Prefix of the innovations' name.
    count
        Number of effects.
    factor
        See ``act_factor`` and ``contrasts``.

    Returns
    -------
    Tensor of shape (count, columns of the factor); multiply by the scale wanted.
    """
    import pymc as pm  # noqa: PLC0415 - heavy, needed only while a model is built

    innovations = pm.Normal(f"{name}_z", 0.0, 1.0, shape=(count, factor.shape[0]))
    effects: Tensor = innovations @ factor
    return effects


def effects_term(name: str, design: NDArray[np.float64], factor: NDArray[np.float64]) -> LinearTerm:
    """Tell the sampler of effects that ``normal_effects`` declared.

    Parameters
    ----------
    name
        Prefix of the innovations' name.
    design
        How much of each effect a level has: (levels, effects).
    factor
        See ``act_factor``.

    Returns
    -------
    LinearTerm
        A contrast a row of the factor.
    """
    actors = len(factor) + 1
    between = factor[:, actors:].any(axis=1)
    information = np.where(between, INFORMATION, INFORMATION_WITHIN)
    return LinearTerm(f"{name}_z", design, np.sqrt(information) * np.linalg.norm(factor, axis=1))


def concatenated(parts: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Join tensors along an axis.

    Parameters
    ----------
    parts
        At least one tensor.
    axis
        The axis along which they are joined.

    Returns
    -------
    Tensor
        The parts, one behind the other.
    """
    import pytensor.tensor as pt  # noqa: PLC0415 - heavy, needed only while a model is built

    joined: Tensor = pt.concatenate(parts, axis=axis)  # type: ignore[no-untyped-call] # PyTensor's
    return joined


def log_sum_exp(eta: Tensor) -> Tensor:
    """Return the log of the sum of exponentials along the last axis.

    Parameters
    ----------
    eta
        (..., terms).

    Returns
    -------
    Tensor of shape (...).
    """
    from pytensor.tensor.special import logsumexp  # noqa: PLC0415 - heavy, as above

    total: Tensor = logsumexp(eta, axis=-1)  # type: ignore[no-untyped-call] # PyTensor's
    return total
