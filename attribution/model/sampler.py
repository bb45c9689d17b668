"""Compile a model once, sample it as often as wanted, and turn draws into tables."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import nutpie
import xarray as xr
from pytensor.compile.maker import function
from pytensor.compile.mode import Mode
from pytensor.graph.replace import graph_replace, vectorize_graph
from pytensor.tensor import constant, tensor

from attribution.case.readonly import ReadOnly
from attribution.model.assemble import assemble, model_data
from attribution.model.compiled import compile_sampler
from attribution.model.geometry import geometry
from attribution.model.tables import TABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pymc as pm
    from numpy.typing import NDArray

    from attribution.channels.stack import Codes, Stack
    from attribution.model.geometry import Geometry
    from attribution.model.progress import Progress

logger = logging.getLogger(__name__)

#: Draws whose tables are computed at once; bounds memory.
BLOCK = 250


@dataclass(frozen=True)
class SamplerSettings:
    """How to sample.

    Parameters
    ----------
    draws
        Draws of each chain after tuning. The largest R-hat of some 7,000 entries that have all
        converged is about 1.008 with 1,000 draws a chain, too near the limit of 1.01.
    tune
        Tuning draws of each chain.
    chains, cores
        Number of chains, and how many run at once.
    target_accept
        Mean acceptance probability that the step size is tuned to. In coordinates as even as these
        .7 makes a draw of 15 steps, where .85 makes one of 31 that is hardly better.
    """

    draws: int = 2000
    tune: int = 300
    chains: int = 4
    cores: int = 2
    target_accept: float = 0.7


@dataclass(frozen=True)
class CompiledModel:
    """A model with its sampler compiled; refits of other labels of the same shape reuse it.

    Parameters
    ----------
    stack, codes
        The channels and the coded evidence of the incidents of the fit.
    model
        The PyMC model.
    sampler
        What nutpie made of it.
    coordinates
        Those in which the sampler walks.
    places
        Where each parameter starts among the coordinates, by name.
    """

    stack: Stack
    codes: Codes
    model: pm.Model
    sampler: nutpie.sample.CompiledModel
    coordinates: Geometry
    places: Mapping[str, int]


def compile_model(stack: Stack, codes: Codes, *, fused: bool = True) -> CompiledModel:
    """Assemble and compile the model of some incidents' evidence.

    Only the parameters are traced by the sampler; tables are computed from them afterwards, which
    halves what there is to compile.

    Parameters
    ----------
    stack
        The channels of the case.
    codes
        Evidence about the incidents of the fit.
    fused
        See `attribution.model.assemble.assemble`.

    Returns
    -------
    CompiledModel
        Ready for ``sample``, as often as wanted.
    """
    model = assemble(stack, codes, fused=fused)
    parameters = [variable.name for variable in model.free_RVs]
    logger.info(
        "compiling the model: %d incidents, %d parameters", len(codes.code), len(parameters)
    )
    places = places_of(model)
    coordinates = geometry(stack, codes, places)
    sampler = compile_sampler(model, parameters, coordinates)
    return CompiledModel(stack, codes, model, sampler, coordinates, places)


def places_of(model: pm.Model) -> Mapping[str, int]:
    """Return where each parameter starts among the coordinates, as nutpie lays them out.

    Parameters
    ----------
    model
        The PyMC model.

    Returns
    -------
    Place by name.
    """
    point = model.initial_point()
    sizes = [point[model.rvs_to_values[each].name].size for each in model.free_RVs]
    starts = np.cumsum([0, *sizes[:-1]])
    found = {each.name: int(start) for each, start in zip(model.free_RVs, starts, strict=True)}
    return ReadOnly(found)


def sample(
    compiled: CompiledModel,
    settings: SamplerSettings,
    *,
    seed: int,
    data: Mapping[str, NDArray[Any]] | None = None,
    progress: Progress | None = None,
) -> xr.DataTree:
    """Sample the posterior.

    Parameters
    ----------
    compiled
        The compiled model.
    settings
        How to sample.
    seed
        Seed of the sampler.
    data
        Other values of some of the model's data (`attribution.model.assemble.model_data`), to hide
        labels, to leave incidents out or to go back in time.
    progress
        Shows how far the chains are.

    Returns
    -------
    DataTree with groups ``posterior`` (parameters only) and ``sample_stats``.

    Raises
    ------
    ValueError
        If the data have other names or shapes than the compiled model's.
    """
    sampler = compiled.sampler
    if data:
        _check_data(compiled, data)
        sampler = sampler.with_data(**data)
    return draw_chains(sampler, settings, seed=seed, progress=progress)


def draw_chains(
    sampler: nutpie.sample.CompiledModel,
    settings: SamplerSettings,
    *,
    seed: int,
    progress: Progress | None = None,
) -> xr.DataTree:
    """Let nutpie's sampler walk.

    Parameters
    ----------
    sampler
        What it walks on.
    settings
        How to sample.
    seed
        Seed of the sampler.
    progress
        Shows how far the chains are.

    Returns
    -------
    DataTree with groups ``posterior`` and ``sample_stats``.
    """
    trace: xr.DataTree = nutpie.sample(
        sampler,
        draws=settings.draws,
        tune=settings.tune,
        chains=settings.chains,
        cores=settings.cores,
        target_accept=settings.target_accept,
        seed=seed,
        save_warmup=False,
        progress_bar=False,
        progress_callback=progress,
        progress_rate=500,
    )
    return trace


def one_chain(parameters: Mapping[str, NDArray[np.float64]]) -> xr.Dataset:
    """Take draws for those of a single chain.

    Parameters
    ----------
    parameters
        (draws, ...) by name.

    Returns
    -------
    Dataset
        Of the shape of a trace's ``posterior``.
    """
    return xr.Dataset(
        {
            name: (("chain", "draw", *(f"{name}_{axis}" for axis in range(each.ndim - 1))), [each])
            for name, each in parameters.items()
        }
    )


def table_draws(
    compiled: CompiledModel,
    posterior: xr.Dataset,
    data: Mapping[str, NDArray[Any]] | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Compute the channels' tables and reported parameters for every draw.

    Parameters
    ----------
    compiled
        The compiled model.
    posterior
        Draws of its parameters.
    data
        The data that they were sampled with; see ``sample``.

    Returns
    -------
    Arrays (chains, draws, ...) by variable: ``table_<channel>`` and each channel's reported ones.
    """
    model = compiled.model
    names = [f"{TABLE}{channel.name}" for channel in compiled.stack.channels]
    names += [name for channel in compiled.stack.channels for name in channel.reported()]
    parameters = [variable.name for variable in model.free_RVs]
    batched = {
        variable: tensor(name, dtype="float64", shape=(None, *variable.type.shape))
        for name, variable in zip(parameters, model.free_RVs, strict=True)
    }
    fixed = {model[name]: constant(values) for name, values in (data or {}).items()}
    tables_of = [model[name] for name in names]
    outputs = vectorize_graph(graph_replace(tables_of, fixed, strict=False), replace=batched)
    # Interpreted, not compiled: one pass over all draws costs less than compiling would.
    tables = function(list(batched.values()), outputs, mode=Mode("py", "fast_compile"))
    flat = {name: _flatten(posterior[name].to_numpy()) for name in parameters}
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    blocks = [
        tables(*(flat[name][start : start + BLOCK] for name in parameters))
        for start in range(0, chains * draws, BLOCK)
    ]
    return {
        name: np.concatenate(parts).reshape(chains, draws, *parts[0].shape[1:])
        for name, parts in zip(names, zip(*blocks, strict=True), strict=True)
    }


def _flatten(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Join chains and draws, of entries that may be none."""
    chains, draws, *shape = values.shape
    return values.reshape(chains * draws, *shape)


def _check_data(compiled: CompiledModel, data: Mapping[str, NDArray[Any]]) -> None:
    known = model_data(compiled.stack, compiled.codes)
    faults = [
        f"{name} of shape {values.shape}"
        for name, values in data.items()
        if name not in known or values.shape != known[name].shape
    ]
    if faults:
        shapes = ", ".join(f"{name} {values.shape}" for name, values in known.items())
        raise ValueError(f"{', '.join(faults)} does not fit the compiled model's data: {shapes}")
