"""A posterior of random parameters: whatever holds of any posterior can be tried on it."""

from types import SimpleNamespace

import numpy as np
from random_tables import draw_tables

from attribution.case.case import Case
from attribution.channels.evidence import case_evidence
from attribution.channels.stack import bind_stack
from attribution.model.sampler import SamplerSettings
from attribution.model.tables import TABLE
from attribution.model.verdict import Verdict
from attribution.posterior.diagnosis import Densities
from attribution.posterior.manifest import manifest_of
from attribution.posterior.posterior import Posterior


def made_up(case: Case, draws: int) -> Posterior:
    """A posterior of random parameters: nothing was sampled."""
    stack = bind_stack(case)
    drawn = draw_tables(stack, stack.encode(case_evidence(case)), 1, draws, seed=11)
    every = {name: values[0].astype(np.float32) for name, values in drawn.tables.items()}
    result = SimpleNamespace(
        stack=stack,
        verdict=Verdict((), (), 0),
        seed=1,
        method="nuts",
        settings=SamplerSettings(),
        fitted=[0] * 5,
    )
    return Posterior(
        case,
        stack,
        {name: values for name, values in every.items() if name.startswith(TABLE)},
        {name: values for name, values in every.items() if not name.startswith(TABLE)},
        manifest_of(case, result, draws),  # type: ignore[arg-type] # all that it reads
        Densities({"weapon": np.zeros(draws)}, np.zeros(draws)),
    )
