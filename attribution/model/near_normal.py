r"""Chains for very many incidents: NUTS in the coordinates of a normal approximation.

With :math:`N(m, (L L^\top)^{-1})` the approximation, the sampler walks in
:math:`z = L^\top (\theta - m)`, where the posterior is nearly a standard normal distribution: its
steps are long, a draw needs few of them, and every chain starts with a draw of the approximation.
What the approximation has wrong only makes chains longer; their own diagnostics judge them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from nutpie.compiled_pyfunc import from_pyfunc
from scipy.linalg import solve_triangular

from attribution.model.entry import log_density, parameters_at
from attribution.model.sampler import SamplerSettings, draw_chains

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr
    from numpy.typing import NDArray

    from attribution.model.laplace import Normal
    from attribution.model.progress import Progress
    from attribution.model.sampler import CompiledModel

    type Vector = NDArray[np.float64]

#: Half the draws of other chains: these are nearly independent, and each takes seconds.
SETTINGS = SamplerSettings(draws=1000, tune=150, target_accept=0.8)


def sample_near(
    compiled: CompiledModel,
    normal: Normal,
    settings: SamplerSettings = SETTINGS,
    *,
    seed: int,
    progress: Progress | None = None,
) -> xr.DataTree:
    """Sample the posterior in the coordinates of its approximation.

    Parameters
    ----------
    compiled
        The compiled model.
    normal
        The approximation.
    settings
        How to sample.
    seed
        Seed of the sampler.
    progress
        Shows how far the chains are.

    Returns
    -------
    DataTree
        As of `attribution.model.sampler.sample`.
    """
    model: Any = compiled.sampler
    names, _, shapes = model.shape_info
    walker = from_pyfunc(
        len(normal.centre),
        lambda: _density(compiled, normal),
        lambda *_: _parameters(compiled, normal),
        [np.dtype(np.float64)] * len(names),
        [tuple(shape) for shape in shapes],
        list(names),
        dims=dict(model.dims),
        coords=dict(model.coords),
        make_initial_point_fn=lambda chain: np.random.default_rng(chain).standard_normal(
            len(normal.centre)
        ),
    )
    return draw_chains(walker, settings, seed=seed, progress=progress)


def _density(compiled: CompiledModel, normal: Normal) -> Callable[[Vector], tuple[float, Vector]]:
    """Return the log density and its gradient as functions of the new coordinates."""

    def density(standard: Vector) -> tuple[float, Vector]:
        value, slopes = log_density(compiled.sampler, _point(normal, standard))
        turned = solve_triangular(
            normal.factor, normal.forward.T @ slopes, lower=True, check_finite=False
        )
        return value, np.asarray(turned)

    return density


def _parameters(
    compiled: CompiledModel, normal: Normal
) -> Callable[[Vector], dict[str, NDArray[np.float64]]]:
    def parameters(standard: Vector) -> dict[str, NDArray[np.float64]]:
        found = parameters_at(compiled.sampler, _point(normal, standard)[None])
        return {name: np.asarray(values[0]) for name, values in found.items()}

    return parameters


def _point(normal: Normal, standard: Vector) -> Vector:
    """Turn the new coordinates into those that the compiled model takes."""
    return np.asarray(normal.forward @ (normal.centre + normal.away(standard[None])[0]))
