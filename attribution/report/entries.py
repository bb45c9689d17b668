"""Every incident of a report: a row of its table, and what opens below it.

Everything is laid out here, numbers as texts included, so that the page's script only puts it into
place and no figure is computed twice. Texts that recur stand once, in ``texts``; everything else
refers to them by number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from attribution.case.addresses import web_address
from attribution.case.records import number_of, records, text_of
from attribution.channels.base import spoken_word
from attribution.model.words import interval, percent, signed
from attribution.report.incident import TOTAL, incident_view
from attribution.report.text import confidence, evidence_title, kind, references, sentence, verdict
from attribution.report.waterfall import waterfall

if TYPE_CHECKING:
    from collections.abc import Collection

    from attribution.case.records import Record
    from attribution.posterior.posterior import Posterior
    from attribution.report.incident import IncidentView, Source


@dataclass(frozen=True)
class IncidentRow:
    """One row of the table of incidents; everything in words but ``p``.

    Attributes
    ----------
    incident_id, date, where, what
        Which incident.
    actor, name, p, chance, interval
        The most probable actor and its probability; "" and 0 for a rejected incident.
    words, evidence
        In words of ICD 203, and the confidence in the evidence base.
    """

    incident_id: str
    date: str
    where: str
    what: str
    actor: str
    name: str
    p: float
    chance: str
    interval: str
    words: str
    evidence: str


@dataclass(frozen=True)
class Entries:
    """All incidents of a report.

    Attributes
    ----------
    rows
        In the order of the case.
    data
        What the page's script reads, as JSON knows it.
    """

    rows: tuple[IncidentRow, ...]
    data: dict[str, object]


@dataclass(frozen=True)
class _Numbered[Thing]:
    """Things that are listed once and referred to by their number."""

    places: dict[Thing, int] = field(default_factory=dict)

    def number(self, thing: Thing) -> int:
        return self.places.setdefault(thing, len(self.places))


def entries(posterior: Posterior, explained: Collection[str] | None = None) -> Entries:
    """Lay out the incidents of a case.

    Parameters
    ----------
    posterior
        The model.
    explained
        Identifiers of the incidents whose evidence is shown; None for all.

    Returns
    -------
    Entries
        Rows and what opens below them.
    """
    texts: _Numbered[str] = _Numbered()
    sources: _Numbered[Source] = _Numbered()
    answers = records(posterior.attribute())
    facts = records(posterior.case.incidents)
    rows, opened = [], []
    for fact, answer in zip(facts, answers, strict=True):
        row = _row(posterior, fact, answer)
        rows.append(row)
        entry = _chances(posterior, answer)
        if row.actor and (explained is None or row.incident_id in explained):
            view = incident_view(
                posterior.case,
                posterior.actor_names,
                posterior.explain(row.incident_id),
                missing=posterior.missing(row.incident_id),
            )
            entry |= _explained(view, texts, sources)
        opened.append(entry)
    names = posterior.actor_names
    data: dict[str, object] = {
        "actors": [{"id": actor, "name": names[actor]} for actor in posterior.actors],
        "incidents": opened,
        "texts": list(texts.places),
        "sources": [_source(source) for source in sources.places],
    }
    return Entries(tuple(rows), data)


def _row(posterior: Posterior, fact: Record, answer: Record) -> IncidentRow:
    actor = text_of(answer["top_actor"])
    words = [spoken_word(text_of(fact.get(name))) for name in ("weapon_type", "target_type")]
    where = [text_of(fact.get(name)) for name in ("place", "province", "country")]
    lo, hi = (number_of(answer, f"{end}_{actor}") for end in ("lo", "hi"))
    p = number_of(answer, "top_p")
    return IncidentRow(
        incident_id=text_of(answer["incident_id"]),
        date=text_of(fact["date"]),
        where=", ".join(dict.fromkeys(part for part in where if part)),
        what=" on ".join(word for word in words if word),
        actor=actor,
        name=posterior.actor_names[actor] if actor else text_of(answer["status"]),
        p=p if actor else 0.0,
        chance=percent(p) if actor else "-",
        interval=interval(lo, hi) if actor else "-",
        words=text_of(answer["words"]),
        evidence=text_of(answer["evidence"]),
    )


def _chances(posterior: Posterior, answer: Record) -> dict[str, object]:
    """Return the numbers of `attribute` as they are, in the order of the actors."""
    numbers = {
        name: [answer[f"{name}_{actor}"] for actor in posterior.actors]
        for name in ("p", "lo", "hi")
    }
    return {"id": text_of(answer["incident_id"]), **numbers}


def _explained(
    view: IncidentView, texts: _Numbered[str], sources: _Numbered[Source]
) -> dict[str, object]:
    drawing = waterfall(view.pieces)
    numbers = {source: number for number, source in enumerate(view.sources, 1)}
    pieces = [
        [
            texts.number(kind(piece)),
            texts.number(sentence(piece)),
            signed(piece.decibans),
            f"{signed(piece.lo)} to {signed(piece.hi)}",
            2 if piece.piece == TOTAL else int(bar.rises),
            round(bar.left, 1),
            round(bar.width, 1),
            [list(each) for each in references(piece, numbers)],
        ]
        for piece, bar in zip(view.pieces, drawing.bars, strict=True)
    ]
    return {
        "facts": [[texts.number(name), texts.number(value)] for name, value in view.facts],
        "verdict": texts.number(verdict(view)),
        "confidence": texts.number(confidence(view)),
        "evidence": view.evidence,
        "status": "" if view.status == "ok" else view.status,
        "chances": [
            [texts.number(c.name), percent(c.p), interval(c.lo, c.hi), texts.number(c.words)]
            + [round(100 * number, 1) for number in (c.p, c.lo, c.hi - c.lo)]
            for c in view.chances
        ],
        "title": texts.number(evidence_title(view)),
        "zero": round(drawing.zero, 1),
        "pieces": pieces,
        "sources": [sources.number(source) for source in view.sources],
        "missing": [texts.number(f"{remark}.") for remark in view.missing],
    }


def _source(source: Source) -> list[str]:
    return [
        source.publisher or "Publisher unknown",
        source.title,
        source.date or "Undated",
        web_address(source.url),
        source.source_id,
    ]
