"""Compile a PyMC model for nutpie so that a later process loads it instead of compiling it again.

``nutpie.compile_pymc_model`` wraps the model's graph, which PyTensor caches on disk, in an entry
point that it does not cache: its text names the data by random keys. Numba links what an entry
point calls into it, so every process optimises the whole model once more. Here the entry point is a
text that depends on the graph and the shapes alone; it takes the graph into itself, so that there is
one thing to optimise and one to load. The rest is nutpie's: the graph, its data and ``with_data``.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from nutpie.compile_pymc import (
    CompiledPyMCModel,
    _make_functions,
    _prepare_dims_and_coords,
    _wrap_with_lock,
    address_as_void_pointer,
    make_user_data,
)
from pymc.initial_point import make_initial_point_fn
from pytensor.link.numba.cache import CACHED_SRC_FUNCTIONS, compile_numba_function_src

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pymc as pm
    from numba.core.ccallback import CFunc
    from numpy.typing import NDArray

DOUBLES = numba.types.CPointer(numba.types.double)
WORDS = numba.types.CPointer(numba.types.int64)
#: Signatures that nutpie calls.
LOGP = numba.types.int64(numba.types.uint64, DOUBLES, DOUBLES, DOUBLES, WORDS)
EXPAND = numba.types.int64(numba.types.uint64, numba.types.uint64, DOUBLES, DOUBLES, WORDS)

#: Return codes are nutpie's: 1 an exception, 3 and 4 what is not finite.
LOGP_TEXT = """
def logp(dim, x, gradient, value, words):
    try:
        total, slopes = graph(carray(x, ({dimensions},)){data})
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
        expanded = graph(carray(x, ({dimensions},)){data})[0]
    except Exception:
        return -2
    for place in range({values}):
        values[place] = expanded[place]
    return 0
"""


def compile_sampler(model: pm.Model, parameters: Sequence[str]) -> CompiledPyMCModel:
    """Compile a model for nutpie's sampler.

    Parameters
    ----------
    model
        The model; what may differ between fits is ``pm.Data``.
    parameters
        Names of the variables to trace.

    Returns
    -------
    nutpie.compile_pymc.CompiledPyMCModel
        What ``nutpie.compile_pymc_model(model, var_names=parameters)`` returns, from another entry
        point.
    """
    start = _wrap_with_lock(
        make_initial_point_fn(
            model=model,
            overrides=None,
            default_strategy="support_point",
            jitter_rvs=set(model.free_RVs),
            return_transformed=True,
        )
    )
    dimensions, expanded, logp, expand, initial, shapes, reparameterized = _make_functions(
        model,
        mode="NUMBA",
        compute_grad=True,
        join_expanded=True,
        pymc_initial_point_fn=start,
        var_names=parameters,
    )
    variables = list(dict.fromkeys([*logp.get_shared(), *expand.get_shared()]))
    keys = {variable: f"data{place}" for place, variable in enumerate(variables)}
    values = {key: np.array(each.get_value(), order="C") for each, key in keys.items()}
    for value in values.values():
        value.flags.writeable = False
    user_data = make_user_data(keys, values)
    sizes = {"dimensions": dimensions, "values": expanded}
    entries = [
        _entry(function, text, signature, [keys[each] for each in function.get_shared()],
               values, user_data, sizes)
        for function, text, signature in ((logp, LOGP_TEXT, LOGP), (expand, EXPAND_TEXT, EXPAND))
    ]
    dims, coords = _prepare_dims_and_coords(model, shapes, reparameterized)
    return CompiledPyMCModel(
        _n_dim=dimensions,
        dims=dims,
        _coords=coords,
        _shapes={name: tuple(shape) for name, _, shape in zip(*shapes, strict=True)},
        compiled_logp_func=entries[0],
        compiled_expand_func=entries[1],
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


def _entry(
    function: Any,
    text: str,
    signature: Any,
    keys: Sequence[str],
    values: Mapping[str, NDArray[Any]],
    user_data: NDArray[Any],
    sizes: Mapping[str, int],
) -> CFunc:
    """Compile the entry point of a PyTensor function, or load it from PyTensor's numba cache."""
    data = "".join(f", {_array(key, values[key], user_data)}" for key in keys)
    source = text.format(data=data, **sizes)
    passed = function.vm.jit_fn.py_func
    graph_key = CACHED_SRC_FUNCTIONS.get(passed)
    graph = passed.__globals__["jitable_func"] if graph_key else function.vm.jit_fn
    known = (graph_key, source, int(numba.config.OPT))
    entry = compile_numba_function_src(
        source,
        source.split("(", 1)[0].removeprefix("\ndef "),
        global_env={
            "__name__": __name__,
            "np": np,
            "carray": numba.carray,
            "isfinite": np.isfinite,
            "pointer": address_as_void_pointer,
            # Taken into the entry point: one function to optimise instead of one within another.
            "graph": numba.njit(inline="always")(graph.py_func),
        },
        cache_key=graph_key and sha256(repr(known).encode()).hexdigest(),
    )
    return numba.cfunc(signature, cache=graph_key is not None)(entry)


def _array(key: str, value: NDArray[Any], user_data: NDArray[Any]) -> str:
    """Write how the entry point finds an array: user data are words, addresses and sizes."""
    shared, _ = user_data.dtype.fields["shared"]
    places = {}
    for part in ("data", "shape"):
        record, start = shared.fields[part]
        places[part] = (start + record.fields[key][1]) // 8
    lengths = "".join(f"words[{places['shape'] + axis}], " for axis in range(value.ndim))
    return f"carray(pointer(words[{places['data']}]), ({lengths}), np.{value.dtype.name})"
