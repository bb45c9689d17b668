"""Our own model under the baselines' conditions: refitted with the labels of a fold hidden."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.channels.effects import families
from attribution.channels.evidence import case_evidence
from attribution.channels.stack import bind_stack
from attribution.model.fit import LABEL, labelled_incidents
from attribution.model.sampler import (
    CompiledModel,
    SamplerSettings,
    compile_model,
    sample,
    table_draws,
)
from attribution.model.tables import stacked_tables
from attribution.posterior.kernel import Query, summarise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from attribution.case.case import Case

logger = logging.getLogger(__name__)

#: Enough draws for probabilities to the second digit.
SETTINGS = SamplerSettings(draws=300, tune=400)


@dataclass(frozen=True)
class Refitter:
    """The model of a case compiled once, to be refitted with some incidents' labels hidden.

    Parameters
    ----------
    compiled
        The compiled model over all labelled incidents.
    fitted
        Their positions among the case's incidents.
    blind
        Evidence about every incident with all labels hidden: what a prediction may look at.
    """

    compiled: CompiledModel
    fitted: NDArray[np.int64]
    blind: Query

    def predict(self, hidden: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
        """Refit without any label of the hidden incidents and predict every incident.

        Parameters
        ----------
        hidden
            Positions of incidents all of whose labels are hidden, of whatever scope and basis.
        seed
            Seed of the sampler.

        Returns
        -------
        Posterior means (N, K), from evidence other than labels.
        """
        codes = self.compiled.codes
        label = codes.channel == self.compiled.stack.position(LABEL)
        out = np.isin(self.fitted, hidden)
        trace = sample(
            self.compiled,
            SETTINGS,
            seed=seed,
            weight=np.where(label & out[:, None], 0.0, codes.weight),
            # An incident without labels is not part of a fit (attribution.model.fit).
            incident_weight=np.where(out, 0.0, 1.0),
        )
        tables = table_draws(self.compiled, trace["posterior"].to_dataset())
        flat = {name: values.reshape(-1, *values.shape[2:]) for name, values in tables.items()}
        groups = families(self.compiled.stack.channels[0].actors)
        stack = stacked_tables(self.compiled.stack, flat, groups.width)
        return summarise(stack, self.blind).mean


def compile_refitter(case: Case) -> Refitter:
    """Compile the model of a case for refits."""
    stack = bind_stack(case)
    evidence = case_evidence(case)
    fitted = labelled_incidents(stack, stack.encode(evidence))
    blind = stack.encode(evidence.without_labels())
    groups = families(case.config.actors)
    return Refitter(
        compile_model(stack, stack.encode(evidence.take(fitted))),
        fitted,
        Query(blind.code, blind.weight, blind.act_slots, np.asarray(groups.of)),
    )


def cross_validate(
    refitter: Refitter, folds: Sequence[NDArray[np.int64]], seed: int
) -> NDArray[np.float64]:
    """Predict each test fold from a refit that hid its labels.

    Returns
    -------
    (N, K): rows of test incidents come from their own fold's refit, the others are means over
    refits.
    """
    fits = []
    for number, fold in enumerate(folds):
        logger.info("fold %d of %d: %d incidents hidden", number + 1, len(folds), len(fold))
        fits.append(refitter.predict(fold, seed + number))
    p = np.mean(fits, axis=0)
    for fold, fit in zip(folds, fits, strict=True):
        p[fold] = fit[fold]
    return np.asarray(p)
