"""Compile a PyMC model for nutpie so that a later process loads it instead of compiling it again.

``nutpie.compile_pymc_model`` wraps the model's graph, which PyTensor caches on disk, in an entry
point that it does not cache: its text names the data by random keys. Numba links what an entry
point calls into it, so every process optimises the whole model once more. Here the entry point is
a text that depends on the graph and the shapes alone, and it takes the graph into itself, so that
there is one thing to optimise and one to load. The rest is nutpie's: graph, data, ``with_data``.
"""

from __future__ import annotations

from dataclasses import fields, replace
from hashlib import sha256
from inspect import getsource
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
import nutpie
from numba.core import config
from nutpie.compile_pymc import (
    CompiledPyMCModel,
    _make_functions,
    _prepare_dims_and_coords,
    _wrap_with_lock,
    address_as_void_pointer,
    make_user_data,
)
from pymc.initial_point import make_initial_point_fn
from pytensor.compile.sharedvalue import shared
from pytensor.link.numba.cache import CACHED_SRC_FUNCTIONS, compile_numba_function_src

from attribution.model.geometry import to_model, to_sampler

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pymc as pm
    from numba.core.ccallback import CFunc
    from numba.core.typing.templates import Signature
    from numpy.typing import NDArray
    from pytensor.compile.executor import Function
    from pytensor.compile.sharedvalue import SharedVariable

    from attribution.model.geometry import Geometry

DOUBLES = numba.types.CPointer(numba.types.double)  # type: ignore[no-untyped-call] # numba's
WORDS = numba.types.CPointer(numba.types.int64)  # type: ignore[no-untyped-call] # numba's
#: Signatures that nutpie calls.
LOGP = numba.types.int64(numba.types.uint64, DOUBLES, DOUBLES, DOUBLES, WORDS)
EXPAND = numba.types.int64(numba.types.uint64, numba.types.uint64, DOUBLES, DOUBLES, WORDS)

#: Return codes are nutpie's: 1 an exception, 3 and 4 what is not finite.
LOGP_TEXT = """
def logp(dim, x, gradient, value, words):
    try:
        point = to_model(carray(x, ({dimensions},)), {coordinates})
        total, slopes = graph(point{data})
        to_sampler(slopes, {coordinates})
    except Exception:
        return 1
    value[0] = total[()]
    finite = 0.0
    for place in range({dimensions}):
        gradient[place] = slopes[place]
        finite += 0.0 * slopes[place]
    if finite != 0.0:
        return 3
    if not isfinite(value[0]):
        return 4
    return 0
"""

EXPAND_TEXT = """
def expand(dim, size, x, values, words):
    try:
        expanded = graph(to_model(carray(x, ({dimensions},)), {coordinates}){data})[0]
    except Exception:
        return -2
    for place in range({values}):
        values[place] = expanded[place]
    return 0
"""


def compile_sampler(
    model: pm.Model, parameters: Sequence[str], coordinates: Geometry
) -> CompiledPyMCModel:
    """Compile a model for nutpie's sampler.

    Parameters
    ----------
    model
        The model; what may differ between fits is ``pm.Data``.
    parameters
        Names of the variables to trace.
    coordinates
        In which coordinates the sampler walks; what it traces is the model's.

    Returns
    -------
    nutpie.compile_pymc.CompiledPyMCModel
        What ``nutpie.compile_pymc_model(model, var_names=parameters)`` returns, from another entry
        point and in other coordinates.
    """
    dimensions, expanded, logp, expand, initial, shapes, reparameterized = _make_functions(
        model,
        mode="NUMBA",
        compute_grad=True,
        join_expanded=True,
        pymc_initial_point_fn=_start(model),
        var_names=parameters,
    )
    steps = _shared(coordinates)
    variables = list(dict.fromkeys([*logp.get_shared(), *expand.get_shared(), *steps]))
    keys = {variable: f"data{place}" for place, variable in enumerate(variables)}
    values = {key: _unchanging(each) for each, key in keys.items()}
    user_data = make_user_data(keys, values)
    arrays = {each: _array(key, values[key], user_data) for each, key in keys.items()}
    walked = f"({', '.join(arrays[each] for each in steps)})"

    def entry(function: Any, text: str, signature: Signature) -> CFunc:  # noqa: ANN401  (PyTensor's)
        data = "".join(f", {arrays[each]}" for each in function.get_shared())
        source = text.format(dimensions=dimensions, values=expanded, coordinates=walked, data=data)
        return _entry(function, source, signature)

    dims, coords = _prepare_dims_and_coords(model, shapes, reparameterized)
    return CompiledPyMCModel(
        _n_dim=dimensions,
        dims=dims,
        _coords=coords,
        _shapes={name: tuple(shape) for name, _, shape in zip(*shapes, strict=True)},
        compiled_logp_func=entry(logp, LOGP_TEXT, LOGP),
        compiled_expand_func=entry(expand, EXPAND_TEXT, EXPAND),
        initial_point_func=initial,
        shared_data=values,
        shared_var_keys=keys,
        user_data=user_data,
        n_expanded=expanded,
        shape_info=shapes,
        logp_func=logp,
        expand_func=expand,
        reparameterized_names=reparameterized,
    )


def in_coordinates(
    sampler: CompiledPyMCModel,
    coordinates: Geometry,
    start: Callable[[int | None], NDArray[np.float64]],
) -> CompiledPyMCModel:
    """Let a compiled model's sampler walk in other coordinates; nothing is compiled anew.

    Parameters
    ----------
    sampler
        What ``compile_sampler`` returned.
    coordinates
        The coordinates.
    start
        Turns a chain's seed into its first point there, (parameters,).

    Returns
    -------
    nutpie.compile_pymc.CompiledPyMCModel
        The same model.
    """
    return replace(sampler.with_data(**_named(coordinates)), initial_point_func=start)


def _shared(coordinates: Geometry) -> list[SharedVariable]:
    """Return the arrays of a map as data of the sampler."""
    # PyTensor's annotations do not know what is made of an array.
    make: Any = shared
    return [make(array, name) for name, array in _named(coordinates).items()]


def _named(coordinates: Geometry) -> dict[str, NDArray[Any]]:
    """Return the arrays of a map under names that no data of a model have."""
    return {
        f"coordinates_{each.name}": getattr(coordinates, each.name) for each in fields(coordinates)
    }


def _unchanging(variable: SharedVariable) -> NDArray[Any]:
    """Return a copy of a variable's value, as nutpie hands it to its functions."""
    # Nor do they know what a variable holds.
    held: Any = variable
    value = np.array(held.get_value(), order="C")
    value.flags.writeable = False
    return value


def _start(model: pm.Model) -> Callable[[int | None], dict[str, NDArray[np.float64]]]:
    """Return nutpie's way to a chain's first point: near the middle of every prior."""
    start: Callable[[int | None], dict[str, NDArray[np.float64]]] = _wrap_with_lock(
        make_initial_point_fn(
            model=model,
            overrides=None,
            default_strategy="support_point",
            jitter_rvs=set(model.free_RVs),
            return_transformed=True,
        )
    )
    return start


def _entry(function: Function, source: str, signature: Signature) -> CFunc:
    """Compile the entry point of a PyTensor function, or load it from PyTensor's numba cache."""
    # Neither library's annotations know what is read here.
    vm: Any = function.vm
    settings: Any = config
    passed = vm.jit_fn.py_func
    graph_key = CACHED_SRC_FUNCTIONS.get(passed)
    # What PyTensor can cache it wraps in a function that only passes its arguments on.
    graph = passed.__globals__["jitable_func"] if graph_key else vm.jit_fn
    maps = (getsource(to_model), getsource(to_sampler))
    known = (graph_key, source, maps, int(settings.OPT), nutpie.__version__)
    entry = compile_numba_function_src(
        source,
        source.split("(", 1)[0].removeprefix("\ndef "),
        global_env={
            # By this name numba finds the module of what it loads.
            "__name__": __name__,
            "np": np,
            "carray": numba.carray,  # type: ignore[attr-defined] # exported all the same
            "isfinite": np.isfinite,
            "pointer": address_as_void_pointer,
            # Taken into the entry point: one function to optimise instead of one within another.
            "graph": numba.njit(inline="always")(graph.py_func),
            "to_model": numba.njit(to_model),
            "to_sampler": numba.njit(to_sampler),
        },
        cache_key=graph_key and sha256(repr(known).encode()).hexdigest(),
    )
    return numba.cfunc(signature, cache=graph_key is not None)(entry)


def _array(key: str, value: NDArray[Any], user_data: NDArray[Any]) -> str:
    """Write how the entry point finds an array: user data are words, addresses and sizes."""
    # Numpy's annotations do not know a field's record.
    fields: Any = user_data.dtype.fields
    shared = fields["shared"][0]
    places = {}
    for part in ("data", "shape"):
        record, start = shared.fields[part]
        places[part] = (start + record.fields[key][1]) // 8
    lengths = "".join(f"words[{places['shape'] + axis}], " for axis in range(value.ndim))
    return f"carray(pointer(words[{places['data']}]), ({lengths}), np.{value.dtype.name})"
