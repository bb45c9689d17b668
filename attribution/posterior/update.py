r"""Taking up new rows without a refit: the fit's draws, reweighed.

The likelihood of a fit is the product over labelled incidents of their marginal likelihoods
(`attribution.posterior.kernel`). New rows change what is known of some incidents and add others, so
that draw :math:`s` is to be weighed by

.. math:: \log w_s = \sum_{i \text{ labelled now}} \log p(\text{new evidence}_i \mid s)
                   - \sum_{i \text{ labelled before}} \log p(\text{old evidence}_i \mid s)

over the incidents whose codes differ: those with new rows, and others that share a series statement
with a new label or, where a channel reads the record, see it. All evidence of such an incident is
coded anew, since labels of one incident share its weight. Incidents without any label are no part
of the likelihood, before or after, and add nothing; what is said of them counts in their answer.

The weights are Pareto-smoothed (`attribution.model.importance`) and the draws chosen as often
as they weigh: every view of a posterior, quantiles and simulations among them, then works as it
stands, where weights would have to be carried through each. Every update starts from the draws of
the fit and takes up all rows since, so that a chain of updates loses nothing and its k-hat means
what it says.

What an update leaves as it was fitted: how often each name claims, and how long it was in use
(counts behind the claim channel's table); labellers that have never spoken; places, weapons and
quarters without a level. Where that loses a row, a note says so.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from attribution.case.additions import GROWING, with_rows
from attribution.case.readonly import ReadOnly
from attribution.channels.claim import ClaimChannel
from attribution.channels.effects import families
from attribution.channels.evidence import case_evidence
from attribution.channels.stack import Stack
from attribution.model.importance import Weights, khat_limit, resampled, smoothed
from attribution.model.labelled import labelled_incidents
from attribution.model.tables import stacked_tables
from attribution.model.verdict import DiagnosticsError, Verdict
from attribution.posterior.diagnosis import Densities
from attribution.posterior.kernel import query_of, total_log_marginal
from attribution.posterior.manifest import UPDATED_SCHEMA_VERSION
from attribution.posterior.new_labels import with_new_labels
from attribution.posterior.posterior import Posterior

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from attribution.case.additions import Rows
    from attribution.case.case import Case
    from attribution.channels.base import Channel
    from attribution.channels.stack import Codes
    from attribution.posterior.manifest import Manifest

#: End of a channel's note about evidence for which the fit has no level.
UNUSED = "is not used"
#: Names of the checks of an update.
KHAT = "Pareto k-hat of the update"
EFFECTIVE = "effective draws after the update"


class RefitNeededError(DiagnosticsError):
    """The fit's draws cannot be reweighed for the new rows.

    Parameters
    ----------
    weights
        The weights that cannot be relied on.
    case
        The case with the new rows, for a refit.
    """

    def __init__(self, weights: Weights, case: Case) -> None:
        checks = weights.checks(KHAT, EFFECTIVE)
        super().__init__(Verdict(checks, (), 0))
        self.case = case
        least = checks[1].limit
        message = (
            f"the new rows move the model further than its draws reach: {_figures(weights)}, of "
            f"which {least:.0f} are needed. Nothing was updated, since the answer could not be "
            "trusted; refit the case with these rows"
        )
        self.args = (message,)


@dataclass(frozen=True, eq=False)
class Update:
    """A posterior that has taken up new rows without a refit.

    Parameters
    ----------
    posterior
        The posterior of the case with the new rows.
    weights
        Weights of the fit's draws.
    rows
        Number of rows taken up since the fit, by table.
    incidents
        Incidents that they are about, in the order of the case.
    notes
        What could not be used, and why.
    """

    posterior: Posterior
    weights: Weights
    rows: Mapping[str, int]
    incidents: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def khat(self) -> float:
        """Shape of the tail of the weights; see `attribution.model.importance.Weights`."""
        return self.weights.khat

    @property
    def draws(self) -> int:
        """Number of draws."""
        return self.weights.draws

    @property
    def effective_draws(self) -> float:
        """Number of equally weighted draws that would say as much."""
        return self.weights.effective

    @property
    def trusted(self) -> bool:
        """Whether k-hat and effective draws are within their limits."""
        return all(check.passed for check in self.weights.checks(KHAT, EFFECTIVE))

    @property
    def text(self) -> str:
        """What was taken up, how far it can be trusted, and what was passed over."""
        where = f"{len(self.incidents)} incident{'' if len(self.incidents) == 1 else 's'}"
        lines = [
            f"{_counted(self.rows)} taken up without a refit, on {where}.",
            f"{_figures(self.weights)}.",
            *(f"Note: {note}." for note in self.notes),
        ]
        return "\n".join(lines)


@dataclass(frozen=True, eq=False)
class Reweighed:
    """What new rows make of a fit.

    Parameters
    ----------
    stack, tables
        Its channels as the larger case has them, and its draws with rows for new labels.
    log_ratio
        Log of how much more likely each draw makes the new evidence, (draws,).
    labelled
        Number of labelled incidents.
    incidents
        Incidents that the new rows are about.
    notes
        What of their evidence could not be used.
    """

    stack: Stack
    tables: Mapping[str, NDArray[np.float32]]
    log_ratio: NDArray[np.float64]
    labelled: int
    incidents: tuple[str, ...]
    notes: tuple[str, ...]


def update(
    posterior: Posterior,
    incidents: Rows | None = None,
    statements: Rows | None = None,
    labels: Rows | None = None,
    sources: Rows | None = None,
) -> Update:
    """Take up new rows without a refit.

    Parameters
    ----------
    posterior
        A fit, or an update of one.
    incidents, statements, labels, sources
        New rows with the columns of the case's tables, or the path of a CSV file.

    Returns
    -------
    Update
        The new posterior and how far it can be trusted.

    Raises
    ------
    attribution.case.additions.NewRowsError
        If rows are at fault; all faults are listed.
    RefitNeededError
        If the draws do not reach as far as the new rows move the model.
    """
    given = {"incidents": incidents, "statements": statements, "labels": labels, "sources": sources}
    fitted = posterior if posterior.fitted is None else posterior.fitted
    former = () if posterior.manifest.update is None else posterior.manifest.update["notes"]
    added = with_rows(
        posterior.case, {name: rows for name, rows in given.items() if rows is not None}
    )
    reweighed = reweigh(fitted, added.case)
    weights = smoothed(reweighed.log_ratio)
    if not all(check.passed for check in weights.checks(KHAT, EFFECTIVE)):
        raise RefitNeededError(weights, added.case)
    rows = {name: len(added.case.tables[name]) - len(fitted.case.tables[name]) for name in GROWING}
    notes = tuple(dict.fromkeys([*former, *added.notes, *reweighed.notes]))
    record = {
        "fitted": fitted.manifest.created,
        "fitted_case_fingerprint": fitted.manifest.case_fingerprint,
        "rows": rows,
        "incidents": len(reweighed.incidents),
        "khat": weights.khat,
        "khat_limit": khat_limit(weights.draws),
        "effective_draws": weights.effective,
        "notes": list(notes),
    }
    manifest = _manifest(fitted, added.case, reweighed, weights, record)
    result = _posterior(fitted, added.case, reweighed, weights, manifest)
    return Update(result, weights, ReadOnly(rows), reweighed.incidents, notes)


def restored(fitted: Posterior, case: Case, manifest: Manifest) -> Posterior:
    """Return an updated posterior from what was saved of it.

    Parameters
    ----------
    fitted
        The fit.
    case
        Its case with the new rows behind its own.
    manifest
        The manifest of the update.

    Returns
    -------
    Posterior
        The same as when it was updated, to rounding.
    """
    reweighed = reweigh(fitted, case)
    return _posterior(fitted, case, reweighed, smoothed(reweighed.log_ratio), manifest)


def reweigh(fitted: Posterior, case: Case) -> Reweighed:
    """Compare what the draws of a fit make of its case with what they make of a larger one.

    Parameters
    ----------
    fitted
        The fit.
    case
        Its case with new rows behind its own.

    Returns
    -------
    Reweighed
        See there.
    """
    bound, tables = with_new_labels(fitted.stack, fitted.tables, fitted.reported, case)
    stack = Stack(tuple(_revised(channel, case) for channel in bound.channels))
    before, after = case_evidence(fitted.case), case_evidence(case)
    new = stack.encode(after)
    old = bound.encode(before, new.widths)
    if old.widths != new.widths:
        new = stack.encode(after, old.widths)
    gone, come = _differing(stack, old, new)
    groups = families(case.config.actors)
    stacked = stacked_tables(stack, tables, groups.width)
    log_ratio = total_log_marginal(stacked, query_of(new, groups.of).take(come))
    log_ratio -= total_log_marginal(stacked, query_of(old, groups.of).take(gone))
    touched = _touched(fitted.case, case)
    names = after.incidents["incident_id"].tolist()
    notes = [
        f"{names[row]}: {text}{'; refit to use it' if text.endswith(UNUSED) else ''}"
        for row in touched
        for text in new.notes[row]
        if row >= len(before) or text not in old.notes[row]
    ]
    labelled = len(labelled_incidents(stack, new))
    incidents = tuple(names[row] for row in touched)
    return Reweighed(stack, tables, log_ratio, labelled, incidents, tuple(dict.fromkeys(notes)))


def _revised(channel: Channel, case: Case) -> Channel:
    """Return a channel as the larger case has it, as far as its table is the fit's."""
    # All that a claim channel reads from the case beyond what is asked lies behind its table.
    return channel if isinstance(channel, ClaimChannel) else channel.revised(case)


def _differing(stack: Stack, old: Codes, new: Codes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the positions of labelled incidents that differ: as they were, and as they are."""
    count = len(old.code)
    was, now = np.zeros((2, len(new.code)), dtype=bool)
    was[labelled_incidents(stack, old)] = True
    now[labelled_incidents(stack, new)] = True
    differs = np.ones(len(new.code), dtype=bool)
    differs[:count] = was[:count] != now[:count]
    for before, after in (
        (old.code, new.code),
        (old.weight, new.weight),
        (old.factor.reshape(count, -1), new.factor.reshape(len(new.code), -1)),
    ):
        differs[:count] |= (before != after[:count]).any(axis=1)
    return np.flatnonzero(was & differs), np.flatnonzero(now & differs)


def _touched(fitted: Case, case: Case) -> list[int]:
    """Return the positions of incidents that rows behind the fit's are about."""
    tables = ("incidents", "statements", "labels")
    new = [case.tables[name].iloc[len(fitted.tables[name]) :]["incident_id"] for name in tables]
    names = {name for column in new for name in column}
    return [row for row, name in enumerate(case.incidents["incident_id"]) if name in names]


def _posterior(
    fitted: Posterior, case: Case, reweighed: Reweighed, weights: Weights, manifest: Manifest
) -> Posterior:
    """Choose the draws of the fit as often as they weigh."""
    chosen = resampled(weights.values)
    densities = fitted.densities
    if densities is not None:
        densities = Densities(
            ReadOnly({name: values[chosen] for name, values in densities.log_prior.items()}),
            (densities.log_likelihood + reweighed.log_ratio)[chosen],
        )
    # How a share depends on what the model is told was measured by refits of the smaller case.
    return Posterior(
        case,
        reweighed.stack,
        ReadOnly({name: values[chosen] for name, values in reweighed.tables.items()}),
        ReadOnly({name: values[chosen] for name, values in fitted.reported.items()}),
        manifest,
        densities,
        share_sensitivity=None,
        fitted=fitted,
    )


def _manifest(
    fitted: Posterior,
    case: Case,
    reweighed: Reweighed,
    weights: Weights,
    record: Mapping[str, object],
) -> Manifest:
    """Describe an update that has just been made."""
    manifest = fitted.manifest
    added = [asdict(check) for check in weights.checks(KHAT, EFFECTIVE)]
    checks = [*manifest.diagnostics["checks"], *added]
    return replace(
        manifest,
        schema_version=UPDATED_SCHEMA_VERSION,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        case_fingerprint=case.fingerprint(),
        fitted_incidents=reweighed.labelled,
        levels=ReadOnly({c.name: c.levels for c in reweighed.stack.channels}),
        diagnostics=ReadOnly({**manifest.diagnostics, "checks": checks}),
        update=ReadOnly(record),
    )


def _figures(weights: Weights) -> str:
    return (
        f"Pareto k-hat {weights.khat:.2f} (limit {khat_limit(weights.draws):.2f}), "
        f"{weights.effective:.0f} effective draws of {weights.draws}"
    )


def _counted(rows: Mapping[str, int]) -> str:
    """Count rows by table in words, "nothing" if there are none."""
    parts = [
        f"{count} {name if count != 1 else name.removesuffix('s')}"
        for name, count in rows.items()
        if count
    ]
    return ", ".join(parts) or "nothing"
