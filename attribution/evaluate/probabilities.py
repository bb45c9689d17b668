"""What counts as a prediction: a table of distributions, one row an incident."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from attribution.evaluate.targets import Floats, Targets

FLOOR = 1e-12
ROW_SUM_TOLERANCE = 1e-6


def check_probabilities(targets: Targets, p: npt.ArrayLike) -> Floats:
    """Check a prediction's shape and that each row is a distribution.

    Parameters
    ----------
    targets
        The labels to be scored; gives N and K.
    p
        (N, K) probability of each actor for each incident of the case.

    Returns
    -------
    numpy.ndarray
        (N, K) float64, as given.

    Raises
    ------
    ValueError
        If the shape is not (N, K), or a row is not finite, has a negative entry, or does not sum
        to 1 within 1e-6; the message names the first such row.
    """
    array: Floats = np.asarray(p, dtype=np.float64)
    expected = (targets.n_incidents, len(targets.actors))
    if array.shape != expected:
        raise ValueError(f"probabilities have shape {array.shape}, expected {expected}")
    for problem, bad in (
        ("is not finite", ~np.all(np.isfinite(array), axis=1)),
        ("has a negative probability", np.any(array < 0, axis=1)),
        ("does not sum to 1", ~(np.abs(array.sum(axis=1) - 1) <= ROW_SUM_TOLERANCE)),
    ):
        if np.any(bad):
            row = int(np.flatnonzero(bad)[0])
            raise ValueError(f"row {row} of the probabilities {problem}: {array[row]}")
    return array
