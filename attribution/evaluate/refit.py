"""Our own model under the baselines' conditions: refitted on what another state knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.channels.effects import families
from attribution.channels.evidence import case_evidence
from attribution.channels.stack import bind_stack
from attribution.model.assemble import INCIDENT_WEIGHT, model_data
from attribution.model.fit import LABEL, NothingToLearnError, labelled_incidents
from attribution.model.sampler import (
    CompiledModel,
    SamplerSettings,
    compile_model,
    sample,
    table_draws,
)
from attribution.model.tables import stacked_tables
from attribution.posterior.kernel import query_of, summarise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.channels.evidence import Evidence

#: Enough draws for probabilities to the second digit.
SETTINGS = SamplerSettings(draws=300, tune=300, chains=2)


@dataclass(frozen=True)
class Refitter:
    """The model of a case compiled once, to be refitted on what another state of it knows.

    Parameters
    ----------
    case
        The case with all that is known.
    compiled
        The compiled model over all its labelled incidents.
    fitted
        Their positions among the case's incidents.
    """

    case: Case
    compiled: CompiledModel
    fitted: NDArray[np.int64]

    def predict(
        self, known: Case, seed: int, *, evidence: Evidence | None = None
    ) -> NDArray[np.float64]:
        """Refit on what another state of the case knows and predict every incident.

        Parameters
        ----------
        known
            The case with some of its labels, statements, links or later incidents unknown.
        seed
            Seed of the sampler.
        evidence
            What a prediction may look at, one row an incident of the case; None for the case's
            incidents with the statements and labels that ``known`` has.

        Returns
        -------
        Posterior means, (incidents of the case, actors).

        Raises
        ------
        NothingToLearnError
            If no incident carries a known label.
        """
        stack = self.compiled.stack.revised(known)
        seen = case_evidence(self.case, known)
        codes = stack.encode(seen.take(self.fitted), self.compiled.codes.widths)
        labelled = (codes.channel == stack.position(LABEL)).any(axis=1)
        if not labelled.any():
            raise NothingToLearnError("no incident carries a known label to learn from")
        data = model_data(stack, codes)
        # An incident without labels is not part of a fit (attribution.model.fit).
        data[INCIDENT_WEIGHT] = labelled.astype(np.float64)
        trace = sample(self.compiled, SETTINGS, seed=seed, data=data)
        tables = table_draws(self.compiled, trace["posterior"].to_dataset(), data)
        flat = {name: values.reshape(-1, *values.shape[2:]) for name, values in tables.items()}
        groups = families(self.case.config.actors)
        asked = stack.encode(seen if evidence is None else evidence)
        draws = stacked_tables(stack, flat, groups.width)
        return summarise(draws, query_of(asked, groups.of)).mean


def compile_refitter(case: Case) -> Refitter:
    """Compile the model of a case for refits.

    Parameters
    ----------
    case
        The case with all that is known; every refit knows the same or less.

    Returns
    -------
    Refitter
        Of the case's labelled incidents.
    """
    stack, evidence = bind_stack(case), case_evidence(case)
    fitted = labelled_incidents(stack, stack.encode(evidence))
    return Refitter(case, compile_model(stack, stack.encode(evidence.take(fitted))), fitted)
