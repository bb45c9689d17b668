"""How far the approximation's answers are from the sampler's on one simulated case.

python experiments/approximation.py --size 40000

Compiles the case's model once, approximates the posterior, whatever its weights say, and samples it
with NUTS. Prints k-hat, seconds, and how far the posterior mean probabilities of incidents and
actors lie apart; next to it how far those of the sampler's two chains do, each half of its draws:
what lies no further apart than these may be chance.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from typing import TYPE_CHECKING, Any

import arviz_stats
import numpy as np
from simulated_case import simulated_case

from attribution.case.load import bundled_case_folder, load_case
from attribution.channels.effects import families
from attribution.channels.evidence import case_evidence
from attribution.channels.stack import bind_stack
from attribution.model.laplace import approximate
from attribution.model.sampler import (
    SamplerSettings,
    compile_model,
    one_chain,
    sample,
    table_draws,
)
from attribution.model.tables import stacked_tables
from attribution.posterior.kernel import query_of, summarise

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from attribution.model.sampler import CompiledModel

SEED = 1
DRAWS, TUNE, CHAINS = 1000, 300, 2
#: Draws that probabilities are averaged over.
KEPT = 500


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=40_000, help="labelled incidents")
    parser.add_argument("--draws", type=int, default=DRAWS, help="draws of each chain")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    case = simulated_case(load_case(bundled_case_folder()), options.size, SEED)
    stack = bind_stack(case)
    compiled = compile_model(stack, stack.encode(case_evidence(case)))
    start = time.perf_counter()
    rough = approximate(compiled, draws=KEPT, seed=SEED)
    found = time.perf_counter()
    settings = SamplerSettings(draws=options.draws, tune=TUNE, chains=CHAINS, cores=CHAINS)
    trace = sample(compiled, settings, seed=SEED)
    done = time.perf_counter()
    drawn = trace["posterior"].to_dataset()
    approximated = means(compiled, one_chain(rough.parameters))
    one, other = (means(compiled, drawn.isel(chain=[chain])) for chain in range(CHAINS))
    figures = {
        "size": options.size,
        "khat": rough.weights.khat,
        "effective": rough.weights.effective,
        "approximation_s": found - start,
        "nuts_s": done - found,
        "leapfrogs_per_draw": float(trace["sample_stats"]["n_steps"].mean()),
        "divergences": int(trace["sample_stats"]["diverging"].sum()),
        "min_ess_bulk": min(
            float(each.min()) for each in arviz_stats.ess(drawn).data_vars.values() if each.size
        ),
        "approximation_and_nuts": apart(approximated, (one + other) / 2),
        "chain_and_chain": apart(one, other),
    }
    print(json.dumps(figures, indent=2))
    return 0


def means(compiled: CompiledModel, drawn: xr.Dataset) -> NDArray[np.float64]:
    """Return the posterior mean probabilities, (incidents, actors), of evenly spaced draws."""
    step = max(1, drawn.sizes["draw"] // KEPT)
    tables = table_draws(compiled, drawn.isel(draw=slice(None, None, step)))
    groups = families(compiled.stack.channels[0].actors)
    flat = {name: each.reshape(-1, *each.shape[2:]) for name, each in tables.items()}
    stacked = stacked_tables(compiled.stack, flat, groups.width)
    return summarise(stacked, query_of(compiled.codes, groups.of)).mean


def apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> dict[str, Any]:
    """Describe the differences of probabilities."""
    difference = np.abs(one - other)
    return {
        "largest": float(difference.max()),
        "quantile_99_9": float(np.quantile(difference, 0.999)),
        "mean": float(difference.mean()),
    }


if __name__ == "__main__":
    sys.exit(main())
