"""The share of some incidents, refitted without what it may lean on too much."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

from attribution import __version__
from attribution.case.readonly import ReadOnly
from attribution.evaluate.reductions import hide_labels
from attribution.posterior.kernel import INTERVAL
from attribution.posterior.share_sensitivity import (
    AS_FITTED,
    NO_DEFAULT,
    NO_OFFICIALS,
    NO_SERIES,
    ActorShare,
    ShareSensitivity,
    VariantShares,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from attribution.case.case import Case

#: Beginning of the kinds of labeller that are officials.
OFFICIAL = "official_"
LABEL = "label"


class Sharer(Protocol):
    """A model of one case that can be refitted on another state of it (`refit.Refitter`)."""

    def shares(self, known: Case, rows: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
        """Refit and share some incidents out.

        Parameters
        ----------
        known
            A state of the case.
        rows
            Positions of the incidents.
        seed
            Seed of the sampler.

        Returns
        -------
        (draws, actors)
        """
        ...


def share_sensitivity(
    case: Case,
    refitter: Sharer,
    *,
    start: str,
    end: str,
    where: Mapping[str, Sequence[str]],
    seed: int = 1,
) -> ShareSensitivity:
    """Measure how the share of some incidents depends on what the model is told.

    Each refit sees its own labels of those incidents, as the reported share does.

    Parameters
    ----------
    case
        The case.
    refitter
        Its compiled model.
    start, end
        First and last day of the incidents, ISO 8601.
    where
        Words allowed by column of the incidents.
    seed
        Seed of every refit.

    Returns
    -------
    ShareSensitivity
        As fitted, then without each of what `variants` leaves out.

    Raises
    ------
    ValueError
        If no incident is chosen.
    """
    rows = _chosen(case, start, end, where)
    if len(rows) == 0:
        raise ValueError(f"no incident of the case from {start} to {end} fits {dict(where)}")
    found: list[VariantShares] = []
    draws = 0
    for name, known in variants(case):
        shares = refitter.shares(known, rows, seed)
        draws = len(shares)
        found.append(VariantShares(name, len(known.labels), _summaries(case, shares)))
    return ShareSensitivity(
        start=start,
        end=end,
        where=ReadOnly({column: tuple(words) for column, words in where.items()}),
        n_incidents=len(rows),
        seed=seed,
        draws=draws,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        package_version=__version__,
        case_fingerprint=case.fingerprint(),
        variants=tuple(found),
    )


def variants(case: Case) -> Iterator[tuple[str, Case]]:
    """Yield the case as it is, and without each of what a share may lean on too much.

    Parameters
    ----------
    case
        The case.

    Yields
    ------
    Key and case: all that is known, no labels of officials, no labels of a whole series, no default
    preference of labellers.
    """
    labels = case.labels
    yield AS_FITTED, case
    yield NO_OFFICIALS, hide_labels(case, labels["labeller_type"].str.startswith(OFFICIAL))
    yield NO_SERIES, hide_labels(case, labels["scope"] == "series")
    yield NO_DEFAULT, without_default_preference(case)


def without_default_preference(case: Case) -> Case:
    """Let labellers who do not know name every actor equally readily, as far as the prior goes.

    Parameters
    ----------
    case
        The case.

    Returns
    -------
    Case
        The same case with ``options.default_blame`` of the label channel empty.
    """
    channels = tuple(
        replace(spec, options=ReadOnly({**spec.options, "default_blame": ReadOnly({})}))
        if spec.name == LABEL
        else spec
        for spec in case.config.channels
    )
    return replace(case, config=replace(case.config, channels=channels))


def _chosen(
    case: Case, start: str, end: str, where: Mapping[str, Sequence[str]]
) -> NDArray[np.int64]:
    incidents = case.incidents
    days = incidents["date"]
    chosen = ((days >= pd.Timestamp(start)) & (days <= pd.Timestamp(end))).to_numpy()
    for column, words in where.items():
        chosen = chosen & incidents[column].isin(list(words)).to_numpy()
    return np.flatnonzero(chosen)


def _summaries(case: Case, shares: NDArray[np.float64]) -> tuple[ActorShare, ...]:
    low, high = np.quantile(shares, INTERVAL, axis=0)
    mean = shares.mean(axis=0)
    return tuple(
        ActorShare(actor, float(mean[k]), float(low[k]), float(high[k]))
        for k, actor in enumerate(case.config.actor_ids)
    )
