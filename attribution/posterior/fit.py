"""Fitting a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attribution.channels.effects import families
from attribution.channels.evidence import case_evidence
from attribution.model.fit import fit_draws
from attribution.model.tables import stacked_tables
from attribution.posterior.diagnosis import Densities
from attribution.posterior.kernel import log_marginal, query_of
from attribution.posterior.manifest import manifest_of
from attribution.posterior.posterior import Posterior

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.model.fit import FitResult, Method


def fit(
    case: Case,
    *,
    seed: int = 1,
    as_of: date | None = None,
    draws: int = 1000,
    force: bool = False,
    progress: bool | None = None,
    method: Method = "auto",
) -> Posterior:
    """Fit the model of a case.

    Parameters
    ----------
    case
        The case.
    seed
        Seed of the sampler. Draws also depend on the state of the compiler's cache: compare fits by
        tolerances, never by bits.
    as_of
        Use only what was dated on or before this day.
    draws
        Draws kept.
    force
        Return a fit even if it failed its diagnostics; the manifest records the verdict.
    progress
        True shows a bar, False log lines; None decides by the terminal.
    method
        "nuts" samples; "laplace" takes the posterior of many incidents for a normal distribution
        and checks how far that holds; "auto" samples up to 100,000 labelled incidents and
        approximates beyond.

    Raises
    ------
    attribution.model.fit.NothingToLearnError
        If no incident carries a label.
    attribution.model.verdict.DiagnosticsError
        If the fit fails its diagnostics and is not forced.
    """
    known = case.known_by(as_of)
    result = fit_draws(known, seed=seed, draws=draws, force=force, progress=progress, method=method)
    kept = next(iter(result.tables.values())).shape[0]
    densities = Densities(result.log_prior, _log_likelihood(known, result))
    return Posterior(
        known,
        result.stack,
        result.tables,
        result.reported,
        manifest_of(known, result, kept),
        densities,
    )


def _log_likelihood(case: Case, result: FitResult) -> NDArray[np.float64]:
    """Return the log-likelihood of the incidents of the fit for every kept draw."""
    groups = families(case.config.actors)
    query = query_of(result.stack.encode(case_evidence(case).take(result.fitted)), groups.of)
    stacked = stacked_tables(result.stack, result.tables, groups.width)
    return np.asarray(log_marginal(stacked, query).sum(axis=1))
