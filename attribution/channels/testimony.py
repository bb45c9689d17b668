r"""What a label is worth: the one formula of the label channel and of the label model on its own.

With probability :math:`h` a labeller knows the truth :math:`k` and names a set that holds it;
otherwise it falls back on a preference that gives the set the probability :math:`q_M`:

.. math:: P(M \mid k) = h\,[k \in M] + (1 - h)\,q_M

The functions use arithmetic only, so that one definition serves numbers, arrays, symbolic tensors
and compiled loops.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt

    #: A number, an array or a symbolic tensor: anything with arithmetic.
    type Quantity = Any


def label_likelihood(hit: Quantity, guess: Quantity, named: Quantity) -> Quantity:
    """Return the probability of a label given what is true.

    Parameters
    ----------
    hit
        Probability that the labeller knows, in [0, 1].
    guess
        Probability that a labeller who does not know names this set, in [0, 1].
    named
        Whether the set holds the truth: 1 or 0.

    Returns
    -------
    Whatever the arguments broadcast to; a probability in [0, 1].
    """
    return hit * named + (1.0 - hit) * guess


def dependence_weight(voices: npt.ArrayLike, rho: float) -> npt.NDArray[np.float64]:
    r"""Weigh each of several labels about one thing, which are not independent.

    ``n`` voices weigh :math:`n^{1-\rho}` together, :math:`n^{-\rho}` each: independent for
    :math:`\rho = 0`, one voice in all for :math:`\rho = 1`.

    Parameters
    ----------
    voices
        Number of voices; fewer than one, after other discounts, weigh no more than themselves.
    rho
        Power of the discount, 0 to 1.

    Returns
    -------
    numpy.ndarray
        Weight of each voice, in (0, 1], of the shape of ``voices``.
    """
    return np.asarray(np.maximum(np.asarray(voices, dtype=np.float64), 1.0) ** -rho)
