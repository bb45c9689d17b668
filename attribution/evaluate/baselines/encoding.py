"""Features as numbers: a design matrix, or category codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from attribution.evaluate.targets import Floats, Ints

QUANTILES = (0.2, 0.4, 0.6, 0.8)
#: For distances in time only; `features.features_from_case` gives year and quarter as features.
NO_FEATURE = "date"


def design_matrix(features: pd.DataFrame) -> Floats:
    """Encode features for a regression or a forest.

    Parameters
    ----------
    features
        (N rows) columns of categories, booleans or numbers; ``date`` is left out.

    Returns
    -------
    numpy.ndarray
        (N, P) float64: a 0/1 column per category, booleans as 0/1, numbers standardised over all
        rows (which looks at no label).

    Raises
    ------
    ValueError
        If a number is missing or not finite, or a category is missing.
    """
    blocks = []
    for name, column in features.drop(columns=NO_FEATURE, errors="ignore").items():
        if isinstance(column.dtype, pd.CategoricalDtype):
            codes = _codes(str(name), column)
            blocks.append(np.eye(len(column.cat.categories))[codes])
        elif pd.api.types.is_bool_dtype(column.dtype):
            blocks.append(column.to_numpy(dtype=np.float64)[:, None])
        else:
            numbers = _numbers(str(name), column)
            spread = numbers.std() or 1.0
            blocks.append(((numbers - numbers.mean()) / spread)[:, None])
    matrix: Floats = np.concatenate(blocks, axis=1)
    return matrix


def category_codes(features: pd.DataFrame) -> Ints:
    """Encode features for a model of categories.

    Parameters
    ----------
    features
        (N rows) columns of categories, booleans or numbers; ``date`` is left out.

    Returns
    -------
    numpy.ndarray
        (N, C) int64 codes from 0; numbers are cut at their quintiles over all rows.

    Raises
    ------
    ValueError
        If a value is missing.
    """
    columns = features.drop(columns=NO_FEATURE, errors="ignore")
    codes: Ints = np.empty(columns.shape, dtype=np.int64)
    for place, (name, column) in enumerate(columns.items()):
        if isinstance(column.dtype, pd.CategoricalDtype):
            codes[:, place] = _codes(str(name), column)
        elif pd.api.types.is_bool_dtype(column.dtype):
            codes[:, place] = column.to_numpy(dtype=np.int64)
        else:
            numbers = _numbers(str(name), column)
            edges = np.unique(np.quantile(numbers, QUANTILES))
            codes[:, place] = np.searchsorted(edges, numbers, side="right")
    return codes


def _codes(name: str, column: pd.Series[str]) -> Ints:
    codes = np.asarray(column.cat.codes, dtype=np.int64)
    if np.any(codes < 0):
        raise ValueError(f"feature {name} has a missing category")
    return codes


def _numbers(name: str, column: pd.Series[float]) -> Floats:
    numbers = np.asarray(column, dtype=np.float64)
    if not np.all(np.isfinite(numbers)):
        raise ValueError(f"feature {name} has a missing or infinite number")
    return numbers
