"""One incident as its reader meets it: what happened, who probably did it, why, what is missing."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from attribution.case.records import Record, number_of, records, row_of, text_of
from attribution.channels.base import spoken_word
from attribution.model.words import icd203

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from attribution.case.case import Case
    from attribution.posterior.explanation import Explanation

TOTAL = "total"


@dataclass(frozen=True)
class Chance:
    """The probability of one actor, with its 90 % interval and its ICD 203 words."""

    actor: str
    name: str
    p: float
    lo: float
    hi: float
    words: str


@dataclass(frozen=True)
class Source:
    """Where a piece of evidence was read; a blank text is unknown."""

    source_id: str
    publisher: str
    title: str
    date: str
    url: str


@dataclass(frozen=True)
class Piece:
    """One piece of evidence and its weight in decibans, with its 90 % interval."""

    piece: str
    channel: str
    text: str
    date: str
    decibans: float
    lo: float
    hi: float
    source: Source | None


@dataclass(frozen=True)
class IncidentView:
    """Everything that is shown of one attributed incident.

    Attributes
    ----------
    incident_id
        Identifier; "" for an incident that was made up.
    facts
        Names and values of what is known of the act.
    chances
        Actors, the most probable first; empty if the row was rejected.
    actor, against
        Names of the two actors that the evidence is weighed between; `against` is "" when the
        evidence is weighed against all others.
    pieces
        Evidence, first the base rate and last the total.
    evidence
        Confidence in the evidence base: low, moderate or high.
    entropy_bits
        How spread out the probabilities are.
    status
        "ok", "partial: …" or "rejected: …".
    missing
        What is not known of the incident.
    """

    incident_id: str
    facts: tuple[tuple[str, str], ...]
    chances: tuple[Chance, ...]
    actor: str
    against: str
    pieces: tuple[Piece, ...]
    evidence: str
    entropy_bits: float
    status: str
    missing: tuple[str, ...]

    @property
    def sources(self) -> tuple[Source, ...]:
        """Sources of the evidence, each once, in the order of the pieces."""
        return tuple(dict.fromkeys(p.source for p in self.pieces if p.source is not None))


def incident_view(
    case: Case,
    actor_names: Mapping[str, str],
    explanation: Explanation,
    changes: Mapping[str, str] | None = None,
) -> IncidentView:
    """Gather what is shown of an incident.

    Parameters
    ----------
    case
        The case, for the facts and the sources.
    actor_names
        Display names of the actors, in the model's order.
    explanation
        The attribution and its evidence.
    changes
        Columns that a what-if question replaced.

    Returns
    -------
    IncidentView
        Plain values, ready to be laid out.
    """
    incident_id = explanation.incident_id or ""
    row = {**_incident_row(case, incident_id), **(changes or {})}
    attributed = row_of(explanation.attribution)
    sources = _sources(case.sources, explanation.table)
    return IncidentView(
        incident_id=incident_id,
        facts=_facts(row),
        chances=chances(attributed, actor_names),
        actor=actor_names.get(explanation.actor, explanation.actor),
        against=_against(explanation.against, actor_names),
        pieces=tuple(_piece(record, sources) for record in records(explanation.table)),
        evidence=text_of(attributed["evidence"]),
        entropy_bits=number_of(attributed, "entropy_bits"),
        status=text_of(attributed["status"]),
        missing=_missing(case, incident_id, row),
    )


def chances(attributed: Record, actor_names: Mapping[str, str]) -> tuple[Chance, ...]:
    """Sort the actors of one row of the score output by probability.

    Parameters
    ----------
    attributed
        The row.
    actor_names
        Display names of the actors.

    Returns
    -------
    tuple of Chance
        The most probable actor first; empty for a rejected row.
    """
    found = []
    for actor, name in actor_names.items():
        p = number_of(attributed, f"p_{actor}")
        if math.isnan(p):
            return ()
        lo, hi = number_of(attributed, f"lo_{actor}"), number_of(attributed, f"hi_{actor}")
        found.append(Chance(actor, name, p, lo, hi, icd203(p)))
    return tuple(sorted(found, key=lambda chance: -chance.p))


def _incident_row(case: Case, incident_id: str) -> dict[str, str]:
    incidents = case.incidents
    rows = incidents[incidents["incident_id"] == incident_id] if incident_id else incidents[:0]
    return {name: text_of(value) for name, value in row_of(rows).items()} if len(rows) else {}


def _facts(row: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    facts = {
        "Date": _date(row),
        "Place": _joined([row.get("place", ""), row.get("province", ""), row.get("country", "")]),
        "Weapon": _weapon(row),
        "Target": _joined([spoken_word(row.get("target_type", "")), row.get("target_name", "")]),
        "Casualties": _casualties(row),
    }
    return tuple((name, value) for name, value in facts.items() if value)


def _date(row: Mapping[str, str]) -> str:
    precision = row.get("date_precision", "day") or "day"
    exactness = "" if precision == "day" else f"precise to the {precision}"
    clock = f"{row['time_local']} local time" if row.get("time_local") else ""
    return _joined([row.get("date", ""), clock, exactness])


def _weapon(row: Mapping[str, str]) -> str:
    count = re.sub(r"\.0$", "", row.get("munition_count", ""))
    kind, detail = spoken_word(row.get("weapon_type", "")), row.get("weapon_detail", "")
    return _joined([kind, detail, f"{count} reported" if count else ""])


def _casualties(row: Mapping[str, str]) -> str:
    told = [(row.get(name, ""), name) for name in ("killed", "wounded")]
    figures = [f"{re.sub(r'[.]0$', '', count)} {name}" for count, name in told if count]
    return f"{_joined(figures)} (as reported)" if figures else ""


def _against(against: str | None, actor_names: Mapping[str, str]) -> str:
    return "" if against is None else actor_names.get(against, against)


def _sources(table: pd.DataFrame, pieces: pd.DataFrame) -> dict[str, Source]:
    found = {}
    for row in records(table[table["source_id"].isin(pieces["source_id"])]):
        source_id = text_of(row["source_id"])
        found[source_id] = Source(
            source_id,
            text_of(row["publisher"]),
            text_of(row["title"]),
            text_of(row["date"]),
            text_of(row["url"]),
        )
    return found


def _piece(record: Record, sources: Mapping[str, Source]) -> Piece:
    return Piece(
        piece=text_of(record["piece"]),
        channel=text_of(record["channel"]),
        text=text_of(record["text"]),
        date=text_of(record["date"]),
        decibans=number_of(record, "decibans"),
        lo=number_of(record, "lo"),
        hi=number_of(record, "hi"),
        source=sources.get(text_of(record["source_id"])),
    )


def _missing(case: Case, incident_id: str, row: Mapping[str, str]) -> tuple[str, ...]:
    remarks = [
        f"{name} is not known"
        for name, column in _WORTH_KNOWING
        if row.get(column, "") in {"", "unknown"}
    ]
    if incident_id:
        remarks += _silence(case, incident_id)
    if row.get("verified") == "no":
        remarks.append("the incident's row was not checked against a page")
    return tuple(remark[0].upper() + remark[1:] for remark in remarks)


_WORTH_KNOWING = (
    ("the weapon", "weapon_type"),
    ("the target", "target_type"),
    ("the province", "province"),
    ("the time of day", "time_local"),
    ("the number of munitions", "munition_count"),
    ("the position on the map", "latitude"),
)


def _silence(case: Case, incident_id: str) -> list[str]:
    statements = case.statements
    said = statements.loc[statements["incident_id"] == incident_id, "kind"]
    kinds = {str(kind) for kind in said}
    labels = case.labels
    remarks = []
    if "claim" not in kinds:
        remarks.append("no claim is recorded")
    if "denial" not in kinds:
        remarks.append("no denial is recorded")
    if not (labels["incident_id"] == incident_id).any():
        remarks.append("no official, analyst or medium is on record with a view of who did it")
    return remarks


def _joined(parts: Sequence[str]) -> str:
    return ", ".join(part for part in parts if part)
