"""Our own model under the baselines' conditions: refitted on what another state knows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from attribution.channels.effects import families
from attribution.channels.evidence import case_evidence
from attribution.channels.stack import bind_stack
from attribution.model.assemble import INCIDENT_WEIGHT, model_data
from attribution.model.fit import NothingToLearnError
from attribution.model.labelled import LABEL, labelled_incidents
from attribution.model.sampler import (
    CompiledModel,
    SamplerSettings,
    compile_model,
    sample,
    table_draws,
)
from attribution.model.tables import stacked_tables
from attribution.posterior.kernel import probabilities, query_of, summarise
from attribution.posterior.tabulate import share_draws

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.channels.evidence import Evidence
    from attribution.channels.stack import Codes, Stack

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
    unlabelled
        Weight in the fit of an incident without a known label; 0 in the model as it is fitted
        (`attribution.model.fit`).
    silent
        Names of channels that say nothing, neither in the fit nor in an answer.
    """

    case: Case
    compiled: CompiledModel
    fitted: NDArray[np.int64]
    unlabelled: float = 0.0
    silent: tuple[str, ...] = ()

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
        refitted = self._refit(known, seed)
        asked = self._encode(refitted.stack, refitted.seen if evidence is None else evidence)
        return summarise(refitted.draws, query_of(asked, self._family)).mean

    def shares(self, known: Case, rows: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
        """Refit on what another state of the case knows and share some incidents out.

        Parameters
        ----------
        known
            As for ``predict``; its labels and statements of those incidents are seen.
        rows
            Positions of the incidents, at least one.
        seed
            Seed of the sampler and of the draws of who did each incident.

        Returns
        -------
        Share of the incidents that each actor is behind, (draws, actors): with what is uncertain of
        the parameters and of each incident given them (`tabulate.share_draws`).

        Raises
        ------
        NothingToLearnError
            If no incident carries a known label.
        """
        refitted = self._refit(known, seed)
        asked = self._encode(refitted.stack, refitted.seen.take(rows))
        return share_draws(probabilities(refitted.draws, query_of(asked, self._family)), seed)

    @property
    def _family(self) -> tuple[int, ...]:
        return families(self.case.config.actors).of

    def _encode(self, stack: Stack, evidence: Evidence, widths: Sequence[int] = ()) -> Codes:
        """Encode evidence, silent channels without weight."""
        codes = stack.encode(evidence, widths)
        silent = np.isin(codes.channel, [stack.position(name) for name in self.silent])
        return replace(codes, weight=np.where(silent, 0.0, codes.weight))

    def _refit(self, known: Case, seed: int) -> _Refitted:
        """Sample the compiled model with the data of another state of the case."""
        stack = self.compiled.stack.revised(known)
        seen = case_evidence(self.case, known)
        codes = self._encode(stack, seen.take(self.fitted), self.compiled.codes.widths)
        labelled = (codes.channel == stack.position(LABEL)).any(axis=1)
        if not labelled.any():
            raise NothingToLearnError("no incident carries a known label to learn from")
        data = model_data(stack, codes)
        happened = self.case.incidents["incident_id"].isin(known.incidents["incident_id"])
        weight = np.where(labelled, 1.0, self.unlabelled)
        data[INCIDENT_WEIGHT] = weight * happened.to_numpy()[self.fitted]
        trace = sample(self.compiled, SETTINGS, seed=seed, data=data)
        tables = table_draws(self.compiled, trace["posterior"].to_dataset(), data)
        flat = {name: values.reshape(-1, *values.shape[2:]) for name, values in tables.items()}
        width = families(self.case.config.actors).width
        return _Refitted(stack, seen, stacked_tables(stack, flat, width))


class _Refitted(NamedTuple):
    """Channels and evidence of a state of the case, and stacked tables of the draws given it."""

    stack: Stack
    seen: Evidence
    draws: NDArray[np.float64]


def compile_refitter(case: Case, *, unlabelled: float = 0.0) -> Refitter:
    """Compile the model of a case for refits.

    Parameters
    ----------
    case
        The case with all that is known; every refit knows the same or less.
    unlabelled
        Weight of incidents without a label, to try what they would do to the fit.

    Returns
    -------
    Refitter
        Of the case's labelled incidents, or of all if the others have a weight.

    Raises
    ------
    NothingToLearnError
        If no incident carries a label.
    """
    stack, evidence = bind_stack(case), case_evidence(case)
    fitted = labelled_incidents(stack, stack.encode(evidence))
    if len(fitted) == 0:
        raise NothingToLearnError("no incident of the case carries a label to learn from")
    if unlabelled:
        fitted = np.arange(len(evidence))
    compiled = compile_model(stack, stack.encode(evidence.take(fitted)))
    return Refitter(case, compiled, fitted, unlabelled)
