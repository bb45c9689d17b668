"""How a label that names several actors is divided over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attribution.evaluate.probabilities import FLOOR

if TYPE_CHECKING:
    from attribution.evaluate.targets import Floats, Targets


def divide(targets: Targets, p: Floats) -> Floats:
    """Divide the labels of each incident over the actors that they name.

    A label l of incident i that names the set S goes to the actors as r_lk = P(z = k | z ∈ S) =
    p_k 1[k ∈ S] / Σ_{j∈S} p_j: all of it to a single name, in proportion to p within a set. This
    is the E-step of learning from sets, and the credit of a prediction in a reliability diagram.

    Parameters
    ----------
    targets
        The labels; M incidents carry one.
    p
        (M, K) probability of each actor for those incidents, in ascending position.

    Returns
    -------
    numpy.ndarray
        (M, K) soft target of each incident, Σ_l share_l r_lk; rows sum to 1.
    """
    row = np.searchsorted(targets.incidents, targets.incident)
    named = p[row] * targets.sets
    # A prediction that rules all members out says nothing of who among them it was.
    possible = named.sum(axis=1, keepdims=True) > FLOOR
    part = np.where(possible, named, targets.sets)
    part = part / part.sum(axis=1, keepdims=True) * targets.share[:, None]
    soft: Floats = np.zeros((len(targets.incidents), len(targets.actors)))
    np.add.at(soft, row, part)
    return soft
