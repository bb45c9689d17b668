"""What is evaluated: anything that can be refitted with part of a case hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from attribution.case.case import Case
    from attribution.channels.evidence import Evidence
    from attribution.evaluate.targets import Floats


class Predictor(Protocol):
    """A model of one case that can be refitted on what was left of it."""

    def predict(self, known: Case, seed: int, *, evidence: Evidence | None = None) -> Floats:
        """Refit and predict.

        Parameters
        ----------
        known
            The case or a reduction of it (`reductions`): some labels, statements, links or later
            incidents removed. Nothing else may be learned from.
        seed
            Seed of the sampler.
        evidence
            What a prediction may look at, one row an incident of the whole case. None: the whole
            case's incidents with the statements and labels that `known` holds of them.

        Returns
        -------
        numpy.ndarray
            (N, K) probability of each actor for each of the N incidents of the whole case.
        """
        ...
