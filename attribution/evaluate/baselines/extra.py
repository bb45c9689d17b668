"""The optional dependency of the baselines."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from types import ModuleType


class MissingExtraError(ImportError):
    """A baseline needs a library of the optional extra ``evaluate``."""


def one_thread() -> AbstractContextManager[object]:
    """Keep linear algebra on one thread while many small models are fitted.

    On matrices of a few hundred rows threads only wait for each other: on a busy machine with two
    cores a fit took seconds instead of milliseconds.

    Returns
    -------
    context manager
        Restores the former number of threads on leaving.

    Raises
    ------
    MissingExtraError
        If threadpoolctl, which scikit-learn brings along, is not installed.
    """
    limits: AbstractContextManager[object] = _load("threadpoolctl").threadpool_limits(limits=1)
    return limits


def sklearn(module: str) -> ModuleType:
    """Import a module of scikit-learn when a baseline first needs it.

    Parameters
    ----------
    module
        Name below ``sklearn``, for instance "ensemble".

    Returns
    -------
    module
        The module.

    Raises
    ------
    MissingExtraError
        If scikit-learn is not installed; the message says how to get it.
    """
    return _load(f"sklearn.{module}")


def xgboost() -> ModuleType:
    """Import XGBoost when the baseline first needs it.

    Returns
    -------
    module
        The module.

    Raises
    ------
    MissingExtraError
        If XGBoost is not installed; the message says how to get it.
    """
    return _load("xgboost", "XGBoost")


def _load(name: str, library: str = "scikit-learn") -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as fault:
        raise MissingExtraError(
            f"this baseline needs {library}: pip install 'claim-attribution[evaluate]'"
        ) from fault
