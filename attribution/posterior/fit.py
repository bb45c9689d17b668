"""Fitting a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.model.fit import fit_draws
from attribution.posterior.manifest import manifest_of
from attribution.posterior.posterior import Posterior

if TYPE_CHECKING:
    from datetime import date

    from attribution.case.case import Case


def fit(
    case: Case,
    *,
    seed: int = 1,
    as_of: date | None = None,
    draws: int = 1000,
    force: bool = False,
    progress: bool | None = None,
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

    Raises
    ------
    attribution.model.fit.NothingToLearnError
        If no incident carries a label.
    attribution.model.verdict.DiagnosticsError
        If the fit fails its diagnostics and is not forced.
    """
    known = case.known_by(as_of)
    result = fit_draws(known, seed=seed, draws=draws, force=force, progress=progress)
    kept = next(iter(result.tables.values())).shape[0]
    return Posterior(
        known, result.stack, result.tables, result.reported, manifest_of(known, result, kept)
    )
