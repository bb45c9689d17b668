"""What single pages show, gathered from the case and the posterior's answers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from attribution.case.records import records, row_of
from attribution.channels.base import spoken_word
from attribution.desk.drawings import drawing
from attribution.desk.search import COLUMNS
from attribution.posterior.evidence_base import GRADES
from attribution.report.text import (
    DECIBANS_MEANING,
    INTERVAL_MEANING,
    confidence,
    evidence_title,
    verdict,
)

if TYPE_CHECKING:
    import pandas as pd

    from attribution.case.records import Record
    from attribution.desk.search import Filters
    from attribution.desk.state import Desk
    from attribution.report.incident import IncidentView


@dataclass(frozen=True)
class Choice:
    """A word that a filter may hold, with the number of incidents that have it."""

    word: str
    name: str
    count: int
    chosen: bool


@dataclass(frozen=True)
class FilterGroup:
    """A filter and its words."""

    name: str
    title: str
    choices: tuple[Choice, ...]

    @property
    def chosen(self) -> int:
        """Number of words chosen."""
        return sum(choice.chosen for choice in self.choices)


_TITLES = {
    "weapon_type": "Weapon",
    "target_type": "Target",
    "country": "Country",
    "province": "Province",
    "actor": "Most probable actor",
    "evidence": "Evidence base",
    "brand": "Claimed by",
    "labelled": "Has a label",
}


def filter_groups(desk: Desk, filters: Filters) -> tuple[FilterGroup, ...]:
    """List the words by which incidents can be filtered, with what is chosen.

    Parameters
    ----------
    desk
        The desk.
    filters
        What is chosen.
    """
    rows = desk.catalogue.rows
    counts = {name: Counter(getattr(row, name) for row in rows) for name in COLUMNS}
    counts["actor"] = Counter(row.best.actor for row in rows)
    counts["evidence"] = Counter(row.evidence for row in rows)
    counts["brand"] = Counter(brand for row in rows for brand in row.claimed_by)
    counts["labelled"] = Counter("yes" if row.labels else "no" for row in rows)
    order = {
        **{name: desk.words[name] for name in COLUMNS},
        "actor": desk.posterior.actors,
        "evidence": GRADES,
        "brand": tuple(name for name, _ in counts["brand"].most_common()),
        "labelled": ("yes", "no"),
    }
    names = dict(desk.posterior.actor_names) | desk.group_names
    groups = []
    for name, words in order.items():
        chosen = getattr(filters, name)
        choices = tuple(
            Choice(
                word,
                names.get(word, spoken_word(word)) if name in ("actor", "brand") else _said(word),
                counts[name][word],
                word in (chosen if isinstance(chosen, tuple) else (chosen,)),
            )
            for word in words
            if counts[name][word] or word in chosen
        )
        groups.append(FilterGroup(name, _TITLES[name], choices))
    return tuple(groups)


def _said(word: str) -> str:
    return spoken_word(word) if "_" in word else word


def answer_content(view: IncidentView) -> dict[str, object]:
    """Return what is shown of an answer, recorded or supposed.

    Parameters
    ----------
    view
        The incident.
    """
    return {
        "view": view,
        "verdict": verdict(view) if view.chances else f"Not attributed: {view.status}.",
        "confidence": confidence(view),
        "evidence_title": evidence_title(view),
        "drawing": drawing(view) if view.chances else None,
        "decibans_meaning": DECIBANS_MEANING,
        "interval_meaning": INTERVAL_MEANING,
    }


def incident_content(desk: Desk, incident_id: str, view: IncidentView) -> dict[str, object]:
    """Return what the page of an incident shows, besides its form.

    Parameters
    ----------
    desk
        The desk.
    incident_id
        The incident.
    view
        Its answer.
    """
    case = desk.posterior.case
    statements, labels = case.statements, case.labels
    return answer_content(view) | {
        "incident_id": incident_id,
        "record": record_of(case.incidents, "incident_id", incident_id),
        "statements": records(statements[statements["incident_id"] == incident_id]),
        "labels": records(labels[labels["incident_id"] == incident_id]),
        "groups": desk.group_names,
        "people": desk.people,
        "sources": desk.sources,
    }


def record_of(table: pd.DataFrame, column: str, value: str) -> Record | None:
    """Return the row of a table with a value in a column, None if there is none.

    Parameters
    ----------
    table
        Any table.
    column, value
        What identifies the row.
    """
    rows = table[table[column] == value]
    return row_of(rows) if len(rows) else None
