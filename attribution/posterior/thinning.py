"""Fewer draws of a posterior: coarser intervals, for less memory and time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from attribution.case.readonly import ReadOnly
from attribution.model.tables import evenly_spaced

if TYPE_CHECKING:
    from attribution.posterior.posterior import Posterior


def thinned(posterior: Posterior, draws: int) -> Posterior:
    """Keep evenly spaced draws.

    Parameters
    ----------
    posterior
        A fitted model.
    draws
        How many to keep.

    Returns
    -------
    Posterior
        The same model with these draws; what was measured with all of them is left out.

    Raises
    ------
    ValueError
        If there are not as many, or none is wanted.
    """
    there = posterior.manifest.draws
    if not 1 <= draws <= there:
        raise ValueError(f"{draws} draws cannot be kept: the model has {there}")
    kept = evenly_spaced(there, draws)
    return replace(
        posterior,
        tables=ReadOnly({name: each[kept] for name, each in posterior.tables.items()}),
        reported=ReadOnly({name: each[kept] for name, each in posterior.reported.items()}),
        manifest=replace(posterior.manifest, draws=draws),
        densities=None,
        share_sensitivity=None,
        fitted=None,
    )
