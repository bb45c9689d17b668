"""One incident as its reader meets it: what happened, who probably did it, why, what is missing."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from attribution.case.readonly import ReadOnly
from attribution.case.records import Record, number_of, records, text_of
from attribution.channels.base import spoken_word
from attribution.channels.classes import MISSING as BLANKS
from attribution.model.words import icd203, percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from attribution.case.case import Case
    from attribution.posterior.explanation import Explanation, Weighed

TOTAL = "total"
#: Of so many incidents is kept what is shown whatever is asked.
KEPT = 2048


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
    """One piece of evidence and its weight in decibans, with its 90 % interval.

    Attributes
    ----------
    source
        Where it was said; None of what was done.
    sources
        Everywhere it was read: of what was done, all sources of the incident.
    """

    piece: str
    channel: str
    text: str
    date: str
    decibans: float
    lo: float
    hi: float
    source: Source | None
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class Lacking:
    """One missing piece of evidence, and how far knowing it could move the actor that comes first.

    Attributes
    ----------
    missing
        What is missing: weapon_type, target_type, place, position, claim, label or denial.
    actor, name
        The actor that comes first.
    now, lowest, highest
        Its probability as it is, and the range over what could become known.
    lowest_if, highest_if
        What would lead there.
    shift
        Expected absolute change of its probability.
    overturned
        Probability that another actor would come first.
    """

    missing: str
    actor: str
    name: str
    now: float
    lowest: float
    lowest_if: str
    highest: float
    highest_if: str
    shift: float
    overturned: float


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
        What is not known of the incident, in sentences, with how far it could move the answer where
        that was asked.
    lacking
        The figures of those sentences, the largest shift first.
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
    lacking: tuple[Lacking, ...] = ()

    @property
    def sources(self) -> tuple[Source, ...]:
        """Sources of the evidence, each once, in the order of the pieces."""
        return tuple(dict.fromkeys(source for p in self.pieces for source in p.sources))


def incident_view(
    case: Case,
    actor_names: Mapping[str, str],
    explanation: Explanation,
    changes: Mapping[str, str] | None = None,
    missing: pd.DataFrame | None = None,
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
    missing
        `Posterior.missing` of the incident; None if that was not asked.

    Returns
    -------
    IncidentView
        Plain values, ready to be laid out.
    """
    incident_id = explanation.incident_id or ""
    row = {**_incident_row(case, incident_id), **(changes or {})}
    attributed = explanation.score
    sources = _sources(case)
    lacking = () if missing is None else _lacking(missing, actor_names)
    return IncidentView(
        incident_id=incident_id,
        facts=_facts(row),
        chances=chances(attributed, actor_names),
        actor=actor_names.get(explanation.actor, explanation.actor),
        against=_against(explanation.against, actor_names),
        pieces=tuple(_piece(each, sources) for each in explanation.evidence),
        evidence=text_of(attributed["evidence"]),
        entropy_bits=number_of(attributed, "entropy_bits"),
        status=text_of(attributed["status"]),
        missing=_missing(case, incident_id, row, lacking),
        lacking=lacking,
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


# Whoever looks at an incident asks of it again and again.
@lru_cache(maxsize=KEPT)
def _incident_row(case: Case, incident_id: str) -> Mapping[str, str]:
    position, columns = _table(case)
    if incident_id not in position:
        return ReadOnly({})
    row = position[incident_id]
    return ReadOnly({name: text_of(cells[row]) for name, cells in columns.items()})


@lru_cache(maxsize=2)
def _table(case: Case) -> tuple[Mapping[str, int], Mapping[str, Sequence[object]]]:
    """Return the row of every incident, and the table's columns."""
    columns = {str(name): values.tolist() for name, values in case.incidents.items()}
    position = {name: row for row, name in enumerate(columns["incident_id"])}
    return ReadOnly(position), ReadOnly(columns)


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


@lru_cache(maxsize=2)
def _sources(case: Case) -> Mapping[str, Source]:
    found = {}
    for row in records(case.sources):
        source_id = text_of(row["source_id"])
        found[source_id] = Source(
            source_id,
            text_of(row.get("publisher")),
            text_of(row.get("title")),
            text_of(row["date"]),
            text_of(row.get("url")),
        )
    return ReadOnly(found)


def _piece(weighed: Weighed, sources: Mapping[str, Source]) -> Piece:
    named = _listed(weighed.source_id)
    return Piece(
        piece=weighed.piece,
        channel=weighed.channel,
        text=weighed.text,
        date=weighed.date,
        decibans=weighed.decibans,
        lo=weighed.lo,
        hi=weighed.hi,
        source=sources.get(weighed.source_id),
        sources=tuple(sources[name] for name in named if name in sources),
    )


def _listed(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def _lacking(missing: pd.DataFrame, actor_names: Mapping[str, str]) -> tuple[Lacking, ...]:
    return tuple(
        Lacking(
            missing=text_of(row["missing"]),
            actor=text_of(row["actor"]),
            name=actor_names.get(text_of(row["actor"]), text_of(row["actor"])),
            now=number_of(row, "now"),
            lowest=number_of(row, "lowest"),
            lowest_if=text_of(row["lowest_if"]),
            highest=number_of(row, "highest"),
            highest_if=text_of(row["highest_if"]),
            shift=number_of(row, "shift"),
            overturned=number_of(row, "overturned"),
        )
        for row in records(missing)
    )


def _missing(
    case: Case, incident_id: str, row: Mapping[str, str], lacking: Sequence[Lacking]
) -> tuple[str, ...]:
    effects = {each.missing: effect(each) for each in lacking}
    unknown = [
        (what, name) for what, name, column in _WORTH_KNOWING if row.get(column, "") in BLANKS
    ]
    if "place" in effects and "place" not in dict(unknown):
        unknown.append(("place", "the site"))
    unread = "" if not lacking else ", which the model does not read"
    remarks = [(what, f"{name} is not known{'' if what else unread}") for what, name in unknown]
    if incident_id:
        remarks += _silence(case, incident_id)
    if row.get("verified") == "no":
        remarks.append(("", "the incident's row was not checked against a page"))
    return tuple(
        f"{remark[0].upper()}{remark[1:]}{effects.get(what, '')}" for what, remark in remarks
    )


_WORTH_KNOWING = (
    ("weapon_type", "the weapon", "weapon_type"),
    ("target_type", "the target", "target_type"),
    ("place", "the province", "province"),
    ("", "the time of day", "time_local"),
    ("", "the number of munitions", "munition_count"),
    ("position", "the position on the map", "latitude"),
)
_KNOWING = {"claim": "A claim", "label": "One such view", "denial": "A denial"}


def effect(lacking: Lacking) -> str:
    """Say how far a missing piece of evidence could move the answer.

    Parameters
    ----------
    lacking
        The piece.

    Returns
    -------
    str
        Sentences that follow on one without its full stop, themselves without the last one.
    """
    what = _KNOWING.get(lacking.missing, "Knowing it")
    points = round(100 * lacking.shift)
    moved = f"{points} point{'' if points == 1 else 's'}" if points else "less than a point"
    other = (
        f"; with a chance of {percent(lacking.overturned)} another actor would come first"
        if lacking.overturned >= _WORTH_TELLING
        else ""
    )
    return (
        f". {what} would be expected to move {lacking.name}, now {percent(lacking.now)}, by "
        f"{moved}, to anything from {percent(lacking.lowest)} ({lacking.lowest_if}) to "
        f"{percent(lacking.highest)} ({lacking.highest_if}){other}"
    )


#: Least chance of another actor coming first that is told.
_WORTH_TELLING = 0.005


def _silence(case: Case, incident_id: str) -> tuple[tuple[str, str], ...]:
    said = _said(case).get(incident_id, frozenset())
    remarks = (
        ("claim", "no claim is recorded"),
        ("denial", "no denial is recorded"),
        ("label", "no official, analyst or medium is on record with a view of who did it"),
    )
    return tuple(remark for remark in remarks if remark[0] not in said)


@lru_cache(maxsize=2)
def _said(case: Case) -> Mapping[str, frozenset[str]]:
    """Return what was said of each incident: kinds of statements, and "label"."""
    statements = case.statements
    said = [
        *zip(statements["incident_id"].tolist(), statements["kind"].tolist(), strict=True),
        *((incident, "label") for incident in case.labels["incident_id"].tolist()),
    ]
    found: dict[str, set[str]] = {}
    for incident, kind in said:
        found.setdefault(incident, set()).add(kind)
    return ReadOnly({incident: frozenset(kinds) for incident, kinds in found.items()})


def _joined(parts: Sequence[str]) -> str:
    return ", ".join(part for part in parts if part)
