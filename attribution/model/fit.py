"""From a case to draws of its tables: bind, compile, sample, diagnose."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from attribution.case.readonly import ReadOnly
from attribution.channels.evidence import case_evidence
from attribution.channels.stack import bind_stack
from attribution.model import near_normal
from attribution.model.density import log_prior_draws
from attribution.model.diagnostics import diagnose
from attribution.model.labelled import labelled_incidents
from attribution.model.laplace import ApproximationError, approximate, find_normal
from attribution.model.progress import choose_progress
from attribution.model.sampler import (
    SamplerSettings,
    compile_model,
    one_chain,
    sample,
    table_draws,
)
from attribution.model.tables import TABLE, axis_names, evenly_spaced
from attribution.model.verdict import DiagnosticsError, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.channels.stack import Stack
    from attribution.model.laplace import Normal
    from attribution.model.sampler import CompiledModel

logger = logging.getLogger(__name__)


#: Ways to a posterior; "auto" chooses by the number of labelled incidents.
type Method = Literal["auto", "nuts", "laplace"]

#: Most labelled incidents that "auto" leaves to NUTS.
LARGEST_NUTS = 100_000
#: Most labelled incidents whose chains walk in coordinates guessed from how often words occur. What
#: the labels tell counts beyond: of 40,000 simulated incidents a draw took 25 steps in those and 17
#: in the coordinates of a normal approximation, and the smallest ESS was .06 and .44 of the draws.
LARGEST_GUESSED = 10_000


class NothingToLearnError(ValueError):
    """The case has no label that the model could learn from."""


@dataclass(frozen=True)
class FitResult:
    """Draws of a fit.

    Parameters
    ----------
    stack
        The channels bound to the case.
    tables, reported
        Arrays (kept draws, ...) by name: the channels' tables and the parameters they report.
    log_prior
        Log prior density of each channel's parameters, (kept draws,) by channel.
    fitted
        Positions of the incidents that carried a label and so were part of the fit.
    verdict
        The diagnostics, measured on all draws before thinning.
    seed
        Seed of the sampler.
    method
        "nuts" or "laplace".
    settings
        How it was sampled; None of an approximation.
    """

    stack: Stack
    tables: Mapping[str, NDArray[np.float32]]
    reported: Mapping[str, NDArray[np.float32]]
    log_prior: Mapping[str, NDArray[np.float64]]
    fitted: NDArray[np.int64]
    verdict: Verdict
    seed: int
    method: str
    settings: SamplerSettings | None


class _Found(NamedTuple):
    """Draws of the parameters and of all that is reported, and whether they may be relied on."""

    posterior: xr.Dataset
    variables: Mapping[str, NDArray[np.float64]]
    verdict: Verdict
    settings: SamplerSettings | None


def fit_draws(
    case: Case,
    *,
    seed: int = 1,
    draws: int = 1000,
    force: bool = False,
    progress: bool | None = None,
    method: Method = "auto",
) -> FitResult:
    """Fit the model of a case, all of whose tables are used as they stand.

    Parameters
    ----------
    case
        The case, already reduced to what was known on its as-of date.
    seed
        Seed of the sampler, an integer from 0 to 2**32 - 1.
    draws
        Draws kept, evenly spaced over the chains.
    force
        Return a fit that failed its diagnostics instead of raising.
    progress
        See `attribution.model.progress.choose_progress`.
    method
        "nuts" samples; "laplace" approximates and checks its own error; "auto" samples up to
        ``LARGEST_NUTS`` labelled incidents and approximates beyond.

    Returns
    -------
    FitResult
        The kept draws and the verdict.

    Raises
    ------
    NothingToLearnError
        If no incident carries a label.
    DiagnosticsError
        If the fit fails its diagnostics and is not forced.
    """
    stack, evidence = bind_stack(case), case_evidence(case)
    fitted = labelled_incidents(stack, stack.encode(evidence))
    if len(fitted) == 0:
        raise NothingToLearnError("no incident of the case carries a label to learn from")
    chosen = method_for(method, len(fitted))
    compiled = compile_model(stack, stack.encode(evidence.take(fitted)))
    if chosen == "laplace":
        found = _approximated(compiled, seed=seed, draws=draws, progress=progress)
    else:
        found = _sampled(compiled, seed=seed, draws=draws, progress=progress)
    if not found.verdict.passed and not force:
        raise DiagnosticsError(found.verdict)
    logger.info("%s", found.verdict.text)
    kept = _kept(compiled, found, draws)
    return FitResult(stack, *kept, fitted, found.verdict, seed, chosen, found.settings)


def _kept(
    compiled: CompiledModel, found: _Found, draws: int
) -> tuple[
    Mapping[str, NDArray[np.float32]],
    Mapping[str, NDArray[np.float32]],
    Mapping[str, NDArray[np.float64]],
]:
    """Return tables, reported parameters and log prior densities of the draws to keep."""
    kept = {
        name: thin(values, draws).astype(np.float32) for name, values in found.variables.items()
    }
    tables, reported = (
        ReadOnly({name: kept[name] for name in kept if name.startswith(TABLE) == table})
        for table in (True, False)
    )
    priors = log_prior_draws(compiled, found.posterior)
    return tables, reported, ReadOnly({name: thin(each, draws) for name, each in priors.items()})


def method_for(method: Method, incidents: int) -> Literal["nuts", "laplace"]:
    """Choose how to find the posterior, and say so in the log.

    Parameters
    ----------
    method
        What was asked for.
    incidents
        Number of labelled incidents.

    Returns
    -------
    str
        "nuts" or "laplace".

    Raises
    ------
    ValueError
        If the method is none of those known.
    """
    if method not in {"auto", "nuts", "laplace"}:
        raise ValueError(f"method {method!r} is not known; there are: auto, nuts, laplace")
    if method != "auto":
        return method
    chosen: Literal["nuts", "laplace"] = "nuts" if incidents <= LARGEST_NUTS else "laplace"
    logger.info(
        "method auto: %s, for %s labelled incidents (nuts up to %s)",
        chosen,
        f"{incidents:,}",
        f"{LARGEST_NUTS:,}",
    )
    return chosen


def _sampled(compiled: CompiledModel, *, seed: int, draws: int, progress: bool | None) -> _Found:
    """Sample with NUTS."""
    if len(compiled.codes.code) > LARGEST_GUESSED:
        try:
            normal = find_normal(compiled, np.random.default_rng(seed))
        except ApproximationError:
            # Coordinates are a matter of speed: chains can do without these.
            logger.info("no normal distribution is near the posterior to take coordinates from")
        else:
            return _sampled_near(compiled, normal, seed=seed, draws=draws, progress=progress)
    settings = _enough(SamplerSettings(), draws)
    logger.info("sampling %d chains of %d draws", settings.chains, settings.tune + settings.draws)
    with choose_progress(show=progress) as shown:
        trace = sample(compiled, settings, seed=seed, progress=shown)
    return _judged(compiled, trace, settings)


def _sampled_near(
    compiled: CompiledModel, normal: Normal, *, seed: int, draws: int, progress: bool | None
) -> _Found:
    """Sample with NUTS in the coordinates of a normal approximation."""
    settings = _enough(near_normal.SETTINGS, draws)
    logger.info(
        "sampling %d chains of %d draws from the approximation",
        *(settings.chains, settings.tune + settings.draws),
    )
    with choose_progress(show=progress) as shown:
        trace = near_normal.sample_near(compiled, normal, settings, seed=seed, progress=shown)
    return _judged(compiled, trace, settings)


def _enough(settings: SamplerSettings, draws: int) -> SamplerSettings:
    """Draw at least as many as are to be kept."""
    return replace(settings, draws=max(settings.draws, -(-draws // settings.chains)))


def _judged(compiled: CompiledModel, trace: xr.DataTree, settings: SamplerSettings) -> _Found:
    """Compute what is reported of chains, and their diagnostics."""
    posterior = trace["posterior"].to_dataset()
    variables = table_draws(compiled, posterior)
    verdict = diagnose(variables, axis_names(compiled.stack), trace["sample_stats"].to_dataset())
    return _Found(posterior, variables, verdict, settings)


def _approximated(
    compiled: CompiledModel, *, seed: int, draws: int, progress: bool | None
) -> _Found:
    """Approximate, as one chain of draws; where that is too rough, sample from there."""
    found = approximate(compiled, draws=draws, seed=seed)
    if not found.verdict.passed:
        khat = found.verdict.checks[0]
        logger.info(
            "the approximation is too rough to stand for the posterior (k-hat %.2f, limit %.2f)",
            *(khat.value, khat.limit),
        )
        return _sampled_near(compiled, found.normal, seed=seed, draws=draws, progress=progress)
    posterior = one_chain(found.parameters)
    return _Found(posterior, table_draws(compiled, posterior), found.verdict, None)


def thin(values: NDArray[np.float64], keep: int) -> NDArray[np.float64]:
    """Keep evenly spaced draws, chain after chain.

    Parameters
    ----------
    values
        (chains, draws, ...).
    keep
        How many to keep, at most chains times draws.

    Returns
    -------
    Array of shape (keep, ...).
    """
    flat = values.reshape(-1, *values.shape[2:])
    return flat[evenly_spaced(len(flat), keep)]
