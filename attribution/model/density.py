"""Log prior density of every draw, by which a share's sensitivity to the priors is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pymc.logprob.basic import conditional_logp
from pytensor.compile.maker import function
from pytensor.compile.mode import Mode
from pytensor.graph.replace import vectorize_graph
from pytensor.tensor import tensor

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from attribution.channels.stack import Stack
    from attribution.model.sampler import CompiledModel


def log_prior_draws(
    compiled: CompiledModel, posterior: xr.Dataset
) -> dict[str, NDArray[np.float64]]:
    """Compute the log prior density of each channel's parameters for every draw.

    Parameters
    ----------
    compiled
        The compiled model.
    posterior
        Draws of its parameters, on the scale on which their priors are declared.

    Returns
    -------
    Arrays (chains, draws) by channel, in nats.
    """
    parameters = list(compiled.model.free_RVs)
    values = {variable: variable.type() for variable in parameters}
    terms = conditional_logp(values)
    sums = [terms[values[variable]].sum() for variable in parameters]
    batched = {
        value: tensor(f"{variable.name}_draws", dtype="float64", shape=(None, *value.type.shape))
        for variable, value in values.items()
    }
    outputs = vectorize_graph(sums, replace=batched)
    # Interpreted, not compiled: one pass over all draws costs less than compiling would.
    density = function(list(batched.values()), outputs, mode=Mode("py", "fast_compile"))
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    flat = [
        posterior[variable.name].to_numpy().reshape(chains * draws, *variable.type.shape)
        for variable in parameters
    ]
    totals: dict[str, NDArray[np.float64]] = {}
    for variable, found in zip(parameters, density(*flat), strict=True):
        channel = channel_of(str(variable.name), compiled.stack)
        # A parameter without entries has the density 1 whatever the draw.
        total = np.broadcast_to(found, (chains * draws,)).reshape(chains, draws)
        totals[channel] = totals.get(channel, 0.0) + total
    return totals


def channel_of(parameter: str, stack: Stack) -> str:
    """Return the channel whose name a parameter's name begins with.

    Parameters
    ----------
    parameter
        Name of a parameter of the model.
    stack
        The channels of the case.

    Returns
    -------
    str
        Name of the channel, the longest that fits.

    Raises
    ------
    LookupError
        If there is no such channel.
    """
    owners = [one.name for one in stack.channels if parameter.startswith(f"{one.name}_")]
    if not owners:
        raise LookupError(f"parameter {parameter} bears the name of no channel")
    return max(owners, key=len)
