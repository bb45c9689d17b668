"""Tables of a stack of channels at random parameters, without any sampler."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import xarray as xr
from small_case import CHANNELS, MEASURED, small_case

from attribution.channels.evidence import case_evidence
from attribution.channels.stack import Codes, Stack, bind_stack
from attribution.model.assemble import assemble
from attribution.model.sampler import CompiledModel, places_of, table_draws


@dataclass(frozen=True)
class Drawn:
    compiled: CompiledModel
    posterior: xr.Dataset
    tables: dict[str, np.ndarray]

    def table(self, channel: str) -> np.ndarray:
        """(draws, levels, columns)."""
        values = self.tables[f"table_{channel}"]
        return values.reshape(-1, *values.shape[2:])


def draw_tables(stack: Stack, codes: Codes, chains: int, draws: int, seed: int) -> Drawn:
    model = assemble(stack, codes)
    compiled = CompiledModel(stack, codes, model, None, None, places_of(model))
    rng = np.random.default_rng(seed)
    values = {}
    for variable in model.free_RVs:
        point = rng.normal(0.0, 1.0, (chains, draws, *variable.type.shape))
        positive = model.rvs_to_transforms[variable] is not None
        values[variable.name] = np.exp(0.3 * point) if positive else point
    posterior = xr.Dataset(
        {
            name: (("chain", "draw", *(f"{name}_{axis}" for axis in range(value.ndim - 2))), value)
            for name, value in values.items()
        }
    )
    return Drawn(compiled, posterior, table_draws(compiled, posterior))


@cache
def small_draws(*, measured: bool = False) -> Drawn:
    """Six draws for the small case, all its incidents; shared, so do not change it."""
    case = small_case(channels=(*CHANNELS, *MEASURED) if measured else CHANNELS)
    stack = bind_stack(case)
    return draw_tables(stack, stack.encode(case_evidence(case)), 2, 3, seed=11)


def values_at(drawn, chain, draw):
    """One point of the unconstrained space the sampler moves in."""
    point = {}
    for variable in drawn.compiled.model.free_RVs:
        value = drawn.posterior[variable.name].to_numpy()[chain, draw]
        inner = drawn.compiled.model.rvs_to_values[variable].name
        point[inner] = np.log(value) if inner.endswith("_log__") else value
    return point
