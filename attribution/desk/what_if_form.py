"""The what-if form: filled with what is recorded, read back as what differs from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attribution.case.records import text_of
from attribution.desk.asking import Question
from attribution.desk.search import LONGEST_TEXT
from attribution.desk.views import record_of
from attribution.posterior.questions import allowed_words, change_of, changeable_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from attribution.case.case import Case

CLAIM = "claim"
LABELS = "labels"
HIDDEN = "hidden"
#: Claims that can be supposed in the form, besides those recorded.
BLANKS = 1
MOST_CLAIMS = 20
#: Columns that are typed; the others are chosen from a list.
TYPED = ("date", "place", "latitude", "longitude")
#: Columns that follow others unless they are changed themselves.
FOLLOWING = ("latitude", "longitude")


@dataclass(frozen=True)
class Field:
    """One column in the form.

    Attributes
    ----------
    name, value, recorded
        The column, what the form holds, and what is recorded.
    choices
        Words to choose from; none if it is typed.
    hints
        Values that a typed one may be completed to.
    """

    name: str
    value: str
    recorded: str
    choices: tuple[str, ...]
    hints: tuple[str, ...]


@dataclass(frozen=True)
class WhatIfForm:
    """A filled form.

    Attributes
    ----------
    fields
        Columns of the incident.
    claims
        Names that claim it, and blanks.
    keep_labels
        Whether its labels stay.
    labels
        How many there are.
    brands
        Names that a claim may be completed to, with their identifiers.
    """

    fields: tuple[Field, ...]
    claims: tuple[str, ...]
    keep_labels: bool
    labels: int
    brands: tuple[tuple[str, str], ...]


def read_form(case: Case, incident_id: str | None, given: Mapping[str, Sequence[str]]) -> Question:
    """Read what a form supposes.

    Parameters
    ----------
    case
        The case.
    incident_id
        An incident of the case; None starts from nothing.
    given
        Values by field; a field that is missing leaves what is recorded.

    Returns
    -------
    Question
        With nothing but what differs from the record.
    """
    recorded = _recorded(case, incident_id)
    texts = {
        name: given[name][0].strip()[:LONGEST_TEXT]
        for name in changeable_columns(case)
        if given.get(name)
    }
    columns = change_of(recorded, texts)
    claims: list[str] | None = None
    if CLAIM in given:
        names = [text.strip()[:LONGEST_TEXT] for text in given[CLAIM][:MOST_CLAIMS]]
        claims = [name for name in names if name]
        if sorted(claims) == sorted(_claims(case, incident_id)):
            claims = None
    return Question(
        incident_id,
        columns,
        claims,
        keep_labels=HIDDEN not in given.get(LABELS, ()),
        actor=next(iter(given.get("actor", ())), "")[:LONGEST_TEXT] or None,
        against=next(iter(given.get("against", ())), "")[:LONGEST_TEXT] or None,
    )


def form_of(case: Case, question: Question) -> WhatIfForm:
    """Fill a form.

    Parameters
    ----------
    case
        The case.
    question
        What is supposed.
    """
    recorded = _recorded(case, question.incident_id)
    fields = []
    for name in changeable_columns(case):
        value = question.columns.get(name, recorded.get(name, ""))
        words = _words(case, name, value)
        typed = name in TYPED
        fields.append(
            Field(
                name, value, recorded.get(name, ""), () if typed else words, words if typed else ()
            )
        )
    own = _claims(case, question.incident_id)
    claims = own if question.claims is None else question.claims
    labels = case.labels["incident_id"] == question.incident_id
    return WhatIfForm(
        tuple(fields),
        (*claims, *("" for _ in range(BLANKS))),
        question.keep_labels,
        int(labels.sum()),
        tuple(zip(case.groups["group_id"], case.groups["name"], strict=True)),
    )


def _recorded(case: Case, incident_id: str | None) -> dict[str, str]:
    row = None if incident_id is None else record_of(case.incidents, "incident_id", incident_id)
    return {} if row is None else {name: text_of(value) for name, value in row.items()}


def _claims(case: Case, incident_id: str | None) -> list[str]:
    statements = case.statements
    own = (statements["incident_id"] == incident_id) & (statements["kind"] == "claim")
    return list(dict.fromkeys(str(speaker) for speaker in statements.loc[own, "speaker_id"]))


def _words(case: Case, name: str, value: str) -> tuple[str, ...]:
    if name not in case.incidents or name in ("date", *FOLLOWING):
        return ()
    words = allowed_words(case, name)
    return words if not value or value in words else (value, *words)
