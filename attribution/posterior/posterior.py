"""The posterior: draws of a case's tables, and every question that can be asked of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.case.faults import nearest
from attribution.channels.base_rate import BaseRateChannel
from attribution.channels.claim import ClaimChannel
from attribution.channels.effects import families
from attribution.channels.evidence import Evidence, case_evidence
from attribution.channels.label import LabelChannel
from attribution.model.tables import TABLE, stacked_tables
from attribution.posterior import tabulate
from attribution.posterior.answers import SingleAnswers
from attribution.posterior.batch import lay_out, summarise_many
from attribution.posterior.diagnosis import Diagnosis, power_scaling
from attribution.posterior.intake import read_frame
from attribution.posterior.kernel import (
    Query,
    mean_probabilities,
    probabilities,
    query_of,
    summarise,
)
from attribution.posterior.missing import Known, missing_evidence
from attribution.posterior.notebook import posterior_html
from attribution.posterior.pictures import Pictures
from attribution.posterior.selection import periods, selected
from attribution.posterior.single import SingleReader
from attribution.posterior.what_if import Change, WhatIfQuestion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from numpy.typing import NDArray

    from attribution.case.additions import Rows
    from attribution.case.case import Case
    from attribution.channels.base import Channel
    from attribution.channels.stack import Codes, Stack
    from attribution.posterior.batch import DrawTables
    from attribution.posterior.diagnosis import Densities
    from attribution.posterior.explanation import Explanation
    from attribution.posterior.manifest import Manifest
    from attribution.posterior.share_sensitivity import ShareSensitivity
    from attribution.posterior.update import Update
    from attribution.posterior.what_if import WhatIf

#: Up to so many of a case's own incidents are answered before the compiled sum would be ready.
FEW = 1000


class UnknownIncidentError(LookupError):
    """The case has no such incident.

    Parameters
    ----------
    incident_id
        What was asked for.
    nearest
        Identifiers that may have been meant.
    """

    def __init__(self, incident_id: str, nearest: tuple[str, ...]) -> None:
        self.incident_id = incident_id
        self.nearest = nearest
        hint = f"; nearest: {', '.join(nearest)}" if nearest else ""
        super().__init__(f"the case has no incident '{incident_id}'{hint}")

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, eq=False, repr=False)
class Posterior:
    """A fitted case.

    Parameters
    ----------
    case
        The case as known on the as-of date.
    stack
        Its channels.
    tables, reported
        Draws of the channels' tables and of the parameters they report, (draws, ...) by name.
    manifest
        Where the posterior comes from.
    densities
        Log densities of the draws; None in models saved without them.
    share_sensitivity
        How a share of the case's incidents depends on what the model is told; None if not measured.
    fitted
        The fit whose draws were reweighed for new rows, if this is such an update; None of a fit.
    """

    case: Case
    stack: Stack
    tables: Mapping[str, NDArray[np.float32]]
    reported: Mapping[str, NDArray[np.float32]]
    manifest: Manifest
    densities: Densities | None = None
    share_sensitivity: ShareSensitivity | None = None
    fitted: Posterior | None = None

    @property
    def actors(self) -> tuple[str, ...]:
        """Actor identifiers, in the order of every array."""
        return self.case.config.actor_ids

    @property
    def actor_names(self) -> Mapping[str, str]:
        """Printed names of the actors."""
        return MappingProxyType({actor.id: actor.name for actor in self.case.config.actors})

    def attribute(self, incidents: pd.DataFrame | Sequence[str] | None = None) -> pd.DataFrame:
        """Say who is probably behind incidents.

        Parameters
        ----------
        incidents
            None for all of the case's; identifiers of some of them; or a table of other incidents
            with the columns of ``incidents.csv`` and optionally ``claims`` (;-separated names).

        Returns
        -------
        One row an incident, in order: incident_id, p_, lo_ and hi_ of every actor (posterior mean
        and 90 % interval), top_actor, top_p, words (ICD 203), entropy_bits, evidence (low, moderate
        or high) and status (ok, ``partial: ...`` or ``rejected: ...``, whose numbers are NaN).

        Raises
        ------
        UnknownIncidentError
            If an identifier is not one of the case's.
        """
        if isinstance(incidents, pd.DataFrame):
            intake = read_frame(self.case, incidents)
            # Always compiled: a row's numbers must not depend on how many come with it.
            return self._score(intake.evidence, intake.rejected, intake.notes, compiled=True)
        if incidents is None:
            return self._score(self._evidence)
        rows = np.array([self._row(incident) for incident in incidents], dtype=np.int64)
        return self._score(self._evidence.take(rows))

    def explain(
        self, incident_id: str, actor: str | None = None, against: str | None = None
    ) -> Explanation:
        """Take the answer for one incident apart into pieces of evidence.

        Parameters
        ----------
        incident_id
            An incident of the case.
        actor
            The actor to explain; None for the most probable.
        against
            A rival; None weighs the actor against all others together.

        Raises
        ------
        UnknownIncidentError, ValueError
            If the incident or an actor is unknown, or the rival is the actor itself.
        """
        return self._singles.explain(self._row(incident_id), actor, against)

    def what_if(
        self,
        incident_id: str | None = None,
        *,
        weapon_type: str | None = None,
        target_type: str | None = None,
        country: str | None = None,
        province: str | None = None,
        place: str | None = None,
        date: str | None = None,
        claims: Sequence[str] | None = None,
        keep_labels: bool = True,
    ) -> WhatIf:
        """Change an incident, or make one up, and ask who would be behind it.

        Parameters
        ----------
        incident_id
            An incident of the case; None starts from one of which nothing is known.
        weapon_type, target_type, country, province, place, date
            New values; None leaves them, "" makes them unknown.
        claims
            Names that claim the attack, instead of those that did; [] for nobody.
        keep_labels
            Whether its labels stay.

        Raises
        ------
        UnknownIncidentError, ValueError
            If the incident, a word or a name cannot be read.
        """
        given = {
            "weapon_type": weapon_type,
            "target_type": target_type,
            "country": country,
            "province": province,
            "place": place,
            "date": date,
        }
        columns = {name: value for name, value in given.items() if value is not None}
        return self.what_if_columns(
            incident_id, columns=columns, claims=claims, keep_labels=keep_labels
        )

    def what_if_columns(
        self,
        incident_id: str | None,
        *,
        columns: Mapping[str, str],
        claims: Sequence[str] | None = None,
        keep_labels: bool = True,
        actor: str | None = None,
        against: str | None = None,
    ) -> WhatIf:
        """Do as `what_if` does, for whatever columns the case has, and actors as in `explain`."""
        change = Change(columns, claims, keep_labels)
        (answer,) = self.what_if_many([WhatIfQuestion(incident_id, change, actor, against)])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def what_if_many(self, questions: Sequence[WhatIfQuestion]) -> list[WhatIf | Exception]:
        """Answer several questions at once, each as if it had been the only one.

        Parameters
        ----------
        questions
            The questions.

        Returns
        -------
        list of WhatIf or Exception
            The answer to each, or what is wrong with it; see `what_if`.
        """
        return self._singles.what_if(self.case, self._row, questions)

    def read_ahead(self) -> None:
        """Read the case's own incidents at once, so that no question has to wait for that."""
        self._singles.reader.read_ahead()

    def missing(self, incident_id: str) -> pd.DataFrame:
        """Say what is not known of an incident and how far knowing it could move the answer.

        See `attribution.posterior.missing` for columns and formulas, ``explain`` for errors.
        """
        row = self._row(incident_id)
        about = (self._evidence, row, self._query.take(np.array([row])))
        return missing_evidence(Known(self.case, self.stack, self._draws, self.reported, *about))

    def shares(
        self,
        start: date | str | None = None,
        end: date | str | None = None,
        by: str | None = None,
        where: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> pd.DataFrame:
        """Share of the case's incidents that each actor is behind.

        Parameters
        ----------
        start, end
            First and last day; None leaves the period open.
        by
            "month", "quarter" or "year"; None takes the whole period at once.
        where
            Words allowed by column (weapon_type, target_type, country, province).

        Returns
        -------
        One row a period and actor: period, actor, name, share, lo, hi, expected_incidents,
        n_incidents. The interval is that of the share among *these* incidents.

        Raises
        ------
        ValueError
            If ``by``, a column or a word is unknown.
        """
        chosen = selected(self.case, start, end, where)
        period_of = periods(self.case, by)
        rows: list[dict[str, object]] = []
        for period in sorted(set(period_of[chosen])):
            members = np.flatnonzero(chosen & (period_of == period))
            p = probabilities(self._draws, self._query.take(members))
            rows += tabulate.share_rows(self.case, period, p, self.manifest.seed)
        return pd.DataFrame(rows, columns=tabulate.SHARE_COLUMNS)

    def brands(
        self, on: date | str | None = None, only: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Say who is behind each claiming name, on a day or on the last day it was in use.

        Parameters
        ----------
        on
            The day; None takes for each name the last day on which it was in use.
        only
            Identifiers of some names; None takes all that were used for claims.

        Raises
        ------
        ValueError
            If there is no such name.
        """
        channel = self._channel(ClaimChannel)
        return tabulate.brand_table(
            self.case,
            channel=channel,
            table=self.tables[f"{TABLE}{channel.name}"],
            base=self.tables[f"{TABLE}{self._channel(BaseRateChannel).name}"][:, 0],
            family=self._query.family,
            on=None if on is None else pd.Timestamp(on),
            only=only,
        )

    def labellers(self) -> pd.DataFrame:
        """Say how often each labeller is right when it says "likely"."""
        return tabulate.labeller_table(self.case, self._channel(LabelChannel), self.reported["hit"])

    def preferences(self) -> pd.DataFrame:
        """Say whom each kind of labeller names when it does not know."""
        return tabulate.preference_table(
            self.case, self._channel(LabelChannel), self.reported["preference"]
        )

    def diagnose(self) -> Diagnosis:
        """Say whether the fit passed its diagnostics."""
        verdict = self.manifest.verdict
        table = pd.DataFrame(
            [(c.name, c.value, c.limit, c.passed) for c in verdict.checks],
            columns=["check", "value", "limit", "passed"],
        )
        worst = pd.DataFrame(
            [(entry.name, entry.rhat, entry.ess_bulk) for entry in verdict.worst],
            columns=["entry", "rhat", "ess_bulk"],
        )
        return Diagnosis(verdict.passed, table, worst, verdict.text, self.power_scaling)

    def power_scaling(
        self,
        start: date | str | None = None,
        end: date | str | None = None,
        where: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> pd.DataFrame:
        """Say how far the shares of actors rest on the priors and on the data.

        Parameters
        ----------
        start, end, where
            As for ``shares``.

        Returns
        -------
        One row an actor, the quantity being its share of the chosen incidents: see
        `attribution.posterior.diagnosis.power_scaling`.
        """
        chosen = np.flatnonzero(selected(self.case, start, end, where))
        shares = mean_probabilities(self._draws, self._query.take(chosen))
        named = {name: shares[:, k] for k, name in enumerate(self.actors)}
        return power_scaling(named, self.densities, self.manifest.seed)

    def as_known(self, day: date) -> Posterior:
        """Return the posterior with nothing but the evidence of a day, its parameters unchanged.

        Parameters
        ----------
        day
            The last day whose evidence is known.
        """
        known = self.case.known_by(day)
        return replace(self, case=known, stack=self.stack.revised(known))

    def update(
        self,
        incidents: Rows | None = None,
        statements: Rows | None = None,
        labels: Rows | None = None,
        sources: Rows | None = None,
    ) -> Update:
        """Take up new rows without a refit, if the draws can bear it.

        Parameters
        ----------
        incidents, statements, labels, sources
            New rows as the case's tables have them, or a CSV file; see `attribution.case.additions`
            for errors in them and `attribution.posterior.update` for what is done and refused.
        """
        from attribution.posterior.update import update  # noqa: PLC0415 - needs this class

        return update(self, incidents, statements, labels, sources)

    @property
    def pictures(self) -> Pictures:
        """Pictures of what it says, each with its table, a text and ``save``."""
        return Pictures(self)

    def save(self, path: str | Path) -> None:
        """Write the model folder; see `attribution.posterior.store.save`."""
        from attribution.posterior.store import save  # noqa: PLC0415 - store needs this class

        save(self, path)

    def __repr__(self) -> str:
        known = "" if self.manifest.as_of is None else f", as of {self.manifest.as_of}"
        verdict = "passed" if self.manifest.verdict.passed else "FAILED"
        return (
            f"Posterior({self.case.config.name!r}{known}: {self.manifest.draws} draws of "
            f"{self.stack.zero_row} table rows, diagnostics {verdict})"
        )

    def _repr_html_(self) -> str:
        return posterior_html(self)

    @cached_property
    def _draws(self) -> NDArray[np.float64]:
        """Stacked tables, (draws, rows + 1, actors + families)."""
        return stacked_tables(self.stack, self.tables, families(self.case.config.actors).width)

    @cached_property
    def _laid_out(self) -> DrawTables:
        """The same in single precision, for many incidents."""
        return lay_out(self._draws, families(self.case.config.actors).of)

    @cached_property
    def _evidence(self) -> Evidence:
        return case_evidence(self.case)

    @cached_property
    def _query(self) -> Query:
        """Codes of all of the case's incidents."""
        return self._as_query(self.stack.encode(self._evidence))

    @cached_property
    def _rows(self) -> Mapping[str, int]:
        return {name: row for row, name in enumerate(self.case.incidents["incident_id"])}

    def _as_query(self, codes: Codes) -> Query:
        return query_of(codes, families(self.case.config.actors).of)

    def _row(self, incident_id: str) -> int:
        if incident_id not in self._rows:
            close = nearest(incident_id, tuple(self._rows))
            raise UnknownIncidentError(incident_id, (close,) if close else ())
        return self._rows[incident_id]

    def _score(
        self,
        evidence: Evidence,
        rejected: Sequence[str] | None = None,
        notes: Sequence[Sequence[str]] | None = None,
        *,
        compiled: bool = False,
    ) -> pd.DataFrame:
        codes = self.stack.encode(evidence)
        query = self._as_query(codes)
        if compiled or len(evidence) > FEW:
            summary = summarise_many(self._laid_out, query)
        else:
            summary = summarise(self._draws, query)
        return tabulate.answers(
            self.stack,
            evidence.incidents["incident_id"],
            codes,
            summary,
            rejected=rejected,
            notes=notes,
        )

    @cached_property
    def _singles(self) -> SingleAnswers:
        reader = SingleReader(self.case, self.stack, self._evidence)
        return SingleAnswers(reader, self.stack, self._draws)

    def _channel[Kind: Channel](self, kind: type[Kind]) -> Kind:
        for channel in self.stack.channels:
            if isinstance(channel, kind):
                return channel
        raise LookupError(f"the case has no {kind.__name__}")
