"""Calling what the sampler calls: log density, gradient and parameters at a point of one's own."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from nutpie.sample import CompiledModel


def log_density(
    sampler: CompiledModel, point: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Compute the log density and its gradient in the sampler's coordinates.

    Other threads run meanwhile.

    Parameters
    ----------
    sampler
        nutpie's compiled model.
    point
        (coordinates,).

    Returns
    -------
    The log density up to a constant, -inf with a gradient of zeros where either is not finite, and
    the gradient, (coordinates,).
    """
    # nutpie's annotations leave out what its compiled models are.
    model: Any = sampler
    given = np.ascontiguousarray(point, dtype=np.float64)
    gradient, value = np.zeros_like(given), ctypes.c_double(0.0)
    arrays = (
        given.ctypes.data,
        gradient.ctypes.data,
        ctypes.addressof(value),
        model.user_data.ctypes.data,
    )
    entry = model.compiled_logp_func.ctypes
    if entry(model.n_dim, *_cast(entry.argtypes[1:], arrays)) != 0:
        return -np.inf, np.zeros_like(given)
    return value.value, gradient


def parameters_at(
    sampler: CompiledModel, points: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Compute the model's parameters, on the scale of their priors, at points of the sampler.

    Parameters
    ----------
    sampler
        nutpie's compiled model.
    points
        (points, coordinates).

    Returns
    -------
    Arrays (points, ...) by the names that the sampler traces.

    Raises
    ------
    FloatingPointError
        If they cannot be computed at some point.
    """
    model: Any = sampler
    entry = model.compiled_expand_func.ctypes
    values = np.zeros((len(points), model.n_expanded))
    for point, row in zip(np.ascontiguousarray(points), values, strict=True):
        arrays = (point.ctypes.data, row.ctypes.data, model.user_data.ctypes.data)
        if entry(model.n_dim, model.n_expanded, *_cast(entry.argtypes[2:], arrays)) != 0:
            raise FloatingPointError("the parameters cannot be computed from the coordinates")
    return {
        name: values[:, place].reshape(len(points), *shape)
        for name, place, shape in zip(*model.shape_info, strict=True)
    }


def _cast(kinds: list[Any], addresses: tuple[int, ...]) -> list[Any]:
    return [ctypes.cast(address, kind) for address, kind in zip(addresses, kinds, strict=True)]
