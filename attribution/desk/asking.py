"""Questions put to the posterior, and their answers as pages and API both show them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from attribution.case.names import NameResolutionError
from attribution.case.records import number_of, records, scalar, text_of
from attribution.desk.errors import RequestError, RequestFault
from attribution.posterior.questions import (
    WordError,
    changeable_columns,
    claimants,
    known_word,
    new_value,
    written_day,
)
from attribution.posterior.what_if import Change, WhatIfQuestion
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


def supposed_many(
    posterior: Posterior, questions: Sequence[Question]
) -> list[Supposed | Exception]:
    """Answer several what-if questions at once, each as if it had been the only one.

    Parameters
    ----------
    posterior
        The model.
    questions
        What is supposed.

    Returns
    -------
    list of Supposed or Exception
        The answer to each; or what is wrong with it, which spoils no other: a `RequestError` that
        names everything, with the nearest word, or an `UnknownIncidentError`.
    """
    found: dict[int, Supposed | Exception] = {}
    checked: dict[int, _Checked] = {}
    for number, question in enumerate(questions):
        try:
            check_sides(posterior, question.actor, question.against)
            checked[number] = _checked(posterior.case, question)
        except RequestError as error:
            found[number] = error
    answers = posterior.what_if_many([each.question for each in checked.values()])
    names = posterior.actor_names
    for (number, each), answer in zip(checked.items(), answers, strict=True):
        if isinstance(answer, Exception):
            found[number] = _refused(answer)
            continue
        changes = shown_changes(each.question.change.columns)
        view = incident_view(posterior.case, names, answer.explanation, changes)
        before = what_if_chances(answer.score_before, names)
        found[number] = Supposed(answer.changes, each.remarks, before, view)
    return [found[number] for number in range(len(questions))]


def _refused(error: Exception) -> Exception:
    """Return what is told of an error: what the model refuses is the caller's fault."""
    if not isinstance(error, ValueError):
        return error
    refusal = RequestError((RequestFault("what-if", f"{error}."),))
    refusal.__cause__ = error
    return refusal


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


class _Checked(NamedTuple):
    """A question whose words are known, and what is to be said of them."""

    question: WhatIfQuestion
    remarks: tuple[str, ...]


def _checked(case: Case, question: Question) -> _Checked:
    """Check columns and claims."""
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
    change = Change(columns, claims, question.keep_labels)
    asked = WhatIfQuestion(question.incident_id, change, question.actor, question.against)
    return _Checked(asked, tuple(remarks))


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
