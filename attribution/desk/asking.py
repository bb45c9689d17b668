"""Questions put to the posterior, and their answers as pages and API both show them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from attribution.case.names import NameResolutionError
from attribution.case.records import number_of, records, scalar, text_of
from attribution.desk.errors import RequestError, RequestFault
from attribution.posterior.posterior import UnknownIncidentError
from attribution.posterior.questions import (
    WordError,
    changeable_columns,
    claimants,
    known_word,
    new_value,
    written_day,
)
from attribution.report.incident import chances, incident_view
from attribution.report.what_if import shown_changes, what_if_chances

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from attribution.case.case import Case
    from attribution.desk.schemas import IncidentRow
    from attribution.posterior.posterior import Posterior
    from attribution.report.incident import Chance, IncidentView


@dataclass(frozen=True)
class Question:
    """What is supposed of an incident.

    Attributes
    ----------
    incident_id
        An incident of the case; None starts from one of which nothing is known.
    columns
        New values by column, "" for unknown.
    claims
        Names that claim it instead; None leaves the claims.
    keep_labels
        Whether its labels stay.
    actor, against
        Whom the evidence is weighed for and against; None for the most probable and all others.
    """

    incident_id: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    claims: Sequence[str] | None = None
    keep_labels: bool = True
    actor: str | None = None
    against: str | None = None


@dataclass(frozen=True)
class Supposed:
    """The answer to a question.

    Attributes
    ----------
    changes
        What was supposed, in words.
    remarks
        What is to be said of it.
    before
        Probabilities before the change; empty for an incident made up from nothing.
    view
        The incident as supposed.
    """

    changes: str
    remarks: tuple[str, ...]
    before: tuple[Chance, ...]
    view: IncidentView


def explained(
    posterior: Posterior, incident_id: str, actor: str | None = None, against: str | None = None
) -> IncidentView:
    """Explain an incident of the case.

    Parameters
    ----------
    posterior
        The model.
    incident_id
        The incident.
    actor, against
        See `Question`.

    Raises
    ------
    RequestError
        If the incident or an actor is unknown, or both actors are the same.
    """
    check_sides(posterior, actor, against)
    try:
        explanation = posterior.explain(incident_id, actor=actor, against=against)
    except ValueError as error:
        raise RequestError((RequestFault("against", f"{error}."),)) from error
    missing = posterior.missing(incident_id)
    return incident_view(posterior.case, posterior.actor_names, explanation, missing=missing)


def supposed(posterior: Posterior, question: Question) -> Supposed:
    """Answer a what-if question.

    Parameters
    ----------
    posterior
        The model.
    question
        What is supposed.

    Raises
    ------
    RequestError
        Naming everything that is wrong with it, with the nearest word.
    UnknownIncidentError
        If the incident is none of the case's.
    """
    check_sides(posterior, question.actor, question.against)
    columns, claims, remarks = _checked(posterior.case, question)
    try:
        answer = posterior.what_if_columns(
            question.incident_id,
            columns=columns,
            claims=claims,
            keep_labels=question.keep_labels,
            actor=question.actor,
            against=question.against,
        )
    except UnknownIncidentError:
        raise
    except ValueError as error:
        raise RequestError((RequestFault("what-if", f"{error}."),)) from error
    names = posterior.actor_names
    view = incident_view(posterior.case, names, answer.explanation, shown_changes(columns))
    return Supposed(answer.changes, remarks, what_if_chances(answer.before, names), view)


def check_sides(posterior: Posterior, actor: str | None, against: str | None) -> None:
    """Make sure that two actors can be weighed against each other.

    Parameters
    ----------
    posterior
        The model.
    actor, against
        See `Question`.

    Raises
    ------
    RequestError
        If an actor is unknown, or both are the same.
    """
    faults = []
    for where, word in (("actor", actor), ("against", against)):
        if word is not None:
            try:
                known_word(where, word, posterior.actors)
            except WordError as error:
                faults.append(RequestFault(where, str(error), error.nearest))
    if actor is not None and actor == against:
        faults.append(RequestFault("against", "An actor cannot be weighed against itself."))
    if faults:
        raise RequestError(faults)


def _checked(
    case: Case, question: Question
) -> tuple[dict[str, str], list[str] | None, tuple[str, ...]]:
    """Check columns and claims; return them and remarks."""
    faults: list[RequestFault] = []
    columns: dict[str, str] = {}
    remarks: list[str] = []
    for name, text in question.columns.items():
        try:
            known_word("column", name, changeable_columns(case))
            if name == "date" and text and written_day(text) is None:
                message = f"date: {text!r} is no date; write a day as 2021-02-15."
                faults.append(RequestFault("date", message))
                continue
            value = new_value(case, name, text)
        except WordError as error:
            faults.append(RequestFault(name, str(error), error.nearest))
            continue
        columns[name] = value.text
        remarks += [value.remark] if value.remark else []
    claims: list[str] | None = None if question.claims is None else []
    for name in question.claims or ():
        try:
            claims = [*(claims or ()), *claimants(case, [name])]
        except NameResolutionError as error:
            close = error.candidates[0] if error.candidates else None
            message = f"{error}; 'new' is a name never seen before, 'unknown' an unreadable one."
            faults.append(RequestFault("claims", message, close))
    if faults:
        raise RequestError(faults)
    return columns, claims, tuple(remarks)


@dataclass(frozen=True)
class Then:
    """What the evidence of a day says of an incident.

    Attributes
    ----------
    day
        The day.
    view
        The answer; None if the incident was not known yet.
    """

    day: date
    view: IncidentView | None


def then(posterior: Posterior, incident_id: str, day: date) -> Then:
    """Explain an incident by the evidence dated on or before a day, under the fit's parameters.

    Parameters
    ----------
    posterior
        The model.
    incident_id
        An incident of the case.
    day
        The last day whose evidence is known.
    """
    known = posterior.as_known(day)
    if incident_id not in set(known.case.incidents["incident_id"]):
        return Then(day, None)
    return Then(day, incident_view(known.case, known.actor_names, known.explain(incident_id)))


def attributed(posterior: Posterior, rows: Sequence[IncidentRow]) -> list[dict[str, Any]]:
    """Attribute incidents from elsewhere.

    Parameters
    ----------
    posterior
        The model.
    rows
        The incidents.

    Returns
    -------
    list of dict
        Score output by row; the actors' figures as chances, the most probable first.
    """
    if not rows:
        return []
    frame = pd.DataFrame([_cells(row) for row in rows], dtype="str")
    found = []
    for record in records(posterior.attribute(frame)):
        entropy = number_of(record, "entropy_bits")
        found.append(
            {
                "incident_id": text_of(record["incident_id"]),
                "chances": chances(record, posterior.actor_names),
                "top_actor": text_of(record["top_actor"]),
                "top_p": scalar(record["top_p"]),
                "words": text_of(record["words"]),
                "entropy_bits": scalar(entropy),
                "evidence": text_of(record["evidence"]),
                "status": text_of(record["status"]),
            }
        )
    return found


def _cells(row: IncidentRow) -> dict[str, str]:
    cells = row.model_dump(exclude={"claims", "latitude", "longitude"})
    for name in ("latitude", "longitude"):
        value = getattr(row, name)
        cells[name] = "" if value is None else repr(value)
    cells["claims"] = ";".join(row.claims)
    return cells
