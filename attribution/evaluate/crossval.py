"""Predictions for incidents whose labels were hidden, fold by fold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from attribution.evaluate.targets import Floats, Ints, Targets


def out_of_fold(
    predict: Callable[[Targets], Floats], targets: Targets, folds: Sequence[Ints]
) -> Floats:
    """Predict each test fold from the labels of all other incidents.

    Parameters
    ----------
    predict
        Fits on the labels that it is given and returns (N, K) probabilities.
    targets
        All labels.
    folds
        Test incident positions of each fold (`splits.kfold`); disjoint.

    Returns
    -------
    numpy.ndarray
        (N, K): the row of a test incident comes from the fit that did not see its labels; the
        other rows are means over the fits.

    Raises
    ------
    ValueError
        If there are no folds, or an incident is in two of them.
    """
    if not folds:
        raise ValueError("there are no folds")
    tested = np.concatenate(list(folds))
    if len(np.unique(tested)) != len(tested):
        raise ValueError("an incident is in more than one fold")
    scored = targets.incidents
    fits = [predict(targets.subset(np.setdiff1d(scored, fold))) for fold in folds]
    p: Floats = np.mean(fits, axis=0)
    for fold, fit in zip(folds, fits, strict=True):
        p[fold] = fit[fold]
    return p
