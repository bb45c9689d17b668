"""STIX 2.1: incidents, threat actors, who attributes which to whom, and how surely.

A bundle holds

* an ``extension-definition`` that says what this project adds, and an ``identity`` for the model;
* a ``threat-actor`` for every modelled actor; an ``identity`` of class "class" for every residual
  actor and every set of actors that a label names, an ``identity`` for every labeller;
* an ``incident`` for every incident, its sources as external references, the whole distribution
  over actors with intervals in the extension;
* a ``relationship`` "attributed-to" from the incident to every actor whose chance is more than
  "almost no chance" and to whatever a label names, with the probability in per cent as confidence;
* an ``opinion`` about such a relationship for every label.

Nothing depends on the clock or on chance: identifiers are UUIDv5 of what an object stands for, an
object is created on the day of what it is about and modified when the model was fitted, so that a
later fit's objects are new versions of the same ones.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

import pandas as pd

from attribution.case.addresses import web_address
from attribution.case.records import number_of, plain, records, text_of
from attribution.channels.base import spoken_day, spoken_word
from attribution.channels.links import day_or_later
from attribution.evaluate.targets import CONFIDENCE_WEIGHTS
from attribution.exports.chosen import IDENTIFIER, export_table
from attribution.model.words import ICD203_WORDS, icd203, interval, percent
from attribution.posterior.provenance import model_facts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from attribution.case.case import Case
    from attribution.case.records import Record
    from attribution.exports.chosen import Selection
    from attribution.posterior.posterior import Posterior

    type Object = dict[str, object]

#: Namespace of all identifiers made here.
NAMESPACE = UUID("57bf8b94-7538-40c8-a50d-fde978a29c2d")
#: Version of what the extension holds, and since when.
EXTENSION_VERSION = "1.0.0"
EXTENSION_SINCE = "2026-11-21T00:00:00.000Z"
ATTRIBUTED_TO = "attributed-to"
_IDENTITY = re.compile("identity--[0-9a-f-]{36}")
#: What a labeller's word makes of a relationship; "possible" is nearer to neither.
OPINIONS = {"certain": "strongly-agree", "likely": "agree", "possible": "neutral"}
#: Columns of the incident that the extension repeats, if the case has them.
FACTS = (
    IDENTIFIER,
    "date",
    "country",
    "province",
    "place",
    "latitude",
    "longitude",
    "weapon_type",
    "target_type",
)
ANSWERS = ("top_actor", "words", "entropy_bits", "evidence", "status")
SCHEMA = (
    "On an incident: incident_id, date, country, province, place, latitude, longitude, weapon_type "
    "and target_type as recorded; top_actor, words (ICD 203), entropy_bits, evidence (low, "
    "moderate or high) and status as computed; attribution, a list with actor, actor_ref, "
    "probability, lo and hi (ends of the 90 % interval) for every actor, the probabilities summing "
    "to 1. On an opinion: labeller_ref, confidence_word, contested, scope and basis of the label. "
    "On the identity of the model: which fit answered."
)


def stix(posterior: Posterior, selection: Selection) -> bytes:
    """Write incidents as a STIX 2.1 bundle.

    Parameters
    ----------
    posterior
        The model.
    selection
        Which of its case's incidents.

    Returns
    -------
    bytes
        UTF-8; the same model and selection give the same bytes.
    """
    objects = _Bundle(posterior).objects(export_table(posterior, selection))
    content = {"type": "bundle", "id": _identifier("bundle", _json(objects)), "objects": objects}
    return (json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode(
        "utf-8", errors="replace"
    )


def _json(content: object) -> str:
    return json.dumps(content, allow_nan=False, separators=(",", ":"))


def _identifier(kind: str, *parts: str) -> str:
    """Return the identifier of what the parts name, the same wherever it is made."""
    return f"{kind}--{uuid5(NAMESPACE, _json([kind, *parts]))}"


def _moment(day: object, otherwise: str) -> str:
    """Write the start of a day as STIX does."""
    text = text_of(day)
    return f"{text}T00:00:00.000Z" if text else otherwise


EXTENSION = _identifier("extension-definition", EXTENSION_VERSION)
PROGRAM = ("program",)


def _extended(content: Object) -> Object:
    """Return an object's extensions: this project's."""
    return {EXTENSION: {"extension_type": "property-extension"} | _filled(content)}


@dataclass(frozen=True)
class _Bundle:
    """Makes the objects of one model."""

    posterior: Posterior

    @property
    def case(self) -> Case:
        return self.posterior.case

    @cached_property
    def fitted(self) -> str:
        """Moment of the fit."""
        moment = datetime.fromisoformat(self.posterior.manifest.created).astimezone(UTC)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"

    @cached_property
    def began(self) -> str:
        """The case's first day, on which whatever has no day of its own was created."""
        return min(_moment(self.case.incidents["date"].min(), self.fitted), self.fitted)

    @cached_property
    def model(self) -> str:
        """Identifier of the model's identity, which created whatever is not its own."""
        return _identifier("identity", "model", self.case.config.name)

    @cached_property
    def sources(self) -> dict[str, Object]:
        """External references by the identifier of the source."""
        found: dict[str, Object] = {}
        for row in records(self.case.sources):
            source_id = text_of(row["source_id"])
            parts = (row.get("title"), row.get("date"))
            found[source_id] = _filled(
                {
                    "source_name": text_of(row.get("publisher")) or source_id,
                    "description": ", ".join(text for part in parts if (text := text_of(part))),
                    "url": web_address(text_of(row.get("url"))),
                    "external_id": source_id,
                }
            )
        return found

    @cached_property
    def groups(self) -> dict[str, Record]:
        return {text_of(row["group_id"]): row for row in records(self.case.groups)}

    @cached_property
    def labels(self) -> dict[str, list[Record]]:
        """Labels by incident, in the order of the table."""
        rows = sorted(records(self.case.labels), key=lambda row: text_of(row[IDENTIFIER]))
        by_incident = groupby(rows, key=lambda row: text_of(row[IDENTIFIER]))
        return {incident: list(own) for incident, own in by_incident}

    def objects(self, table: pd.DataFrame) -> list[Object]:
        """Return all objects, those that others refer to first."""
        rows = records(table)
        asked = {text_of(row[IDENTIFIER]) for row in rows}
        labels = [each for name in self.labels if name in asked for each in self.labels[name]]
        about = [each for row in rows for each in self._about(row)]
        used = set(_IDENTITY.findall(_json(about)))
        others = (*self._sets(labels), *self._labellers())
        return [*self._frame(), *self._actors(), *(o for o in others if o["id"] in used), *about]

    def _object(self, kind: str, parts: Sequence[str], created: str, content: Object) -> Object:
        """Return an object with what every object has."""
        shared: Object = {
            "type": kind,
            "spec_version": "2.1",
            "id": _identifier(kind, *parts),
            "created_by_ref": self.model,
            "created": created,
            "modified": max(created, self.fitted),
        }
        return shared | _filled(content)

    def _frame(self) -> Iterator[Object]:
        """Return what the extension means, and the identities of the program and of the model."""
        fixed = {"created": EXTENSION_SINCE, "modified": EXTENSION_SINCE}
        program = self._object("identity", PROGRAM, EXTENSION_SINCE, {"name": "attribution"})
        yield {**program, **fixed, "created_by_ref": program["id"], "identity_class": "system"}
        definition: Object = {
            "name": "Probabilistic attribution",
            "description": "What a model of attribution says of an incident, and what labels say.",
            "schema": SCHEMA,
            "version": EXTENSION_VERSION,
            "extension_types": ["property-extension"],
        }
        made = self._object("extension-definition", (EXTENSION_VERSION,), "", definition)
        yield {**made, **fixed, "created_by_ref": program["id"]}
        model: Object = {
            "name": f"attribution: model of the case {self.case.config.name}",
            "description": (
                "Estimates of a statistical model from public reports; no finding of "
                "responsibility."
            ),
            "identity_class": "system",
            "extensions": _extended({"model": _without_gaps(model_facts(self.posterior))}),
        }
        made = self._object("identity", ("model", self.case.config.name), self.began, model)
        yield {**made, "created_by_ref": program["id"]}

    def _actors(self) -> Iterator[Object]:
        for actor in self.case.config.actors:
            if actor.residual:
                content: Object = {
                    "name": actor.name,
                    "description": "Whoever of its kind is not modelled by name.",
                    "identity_class": "class",
                }
                yield self._object("identity", self._key(actor.id), self.began, content)
                continue
            group = next((self.groups[name] for name in actor.groups if name in self.groups), {})
            content = {
                "name": actor.name,
                "aliases": _listed(group.get("aliases")),
                "external_references": self._references(group.get("source_ids")),
            }
            yield self._object("threat-actor", self._key(actor.id), self.began, content)

    def _key(self, name: str, what: str = "actor") -> tuple[str, ...]:
        return (what, self.case.config.name, name)

    def _actor_id(self, name: str) -> str:
        residual = {actor.id: actor.residual for actor in self.case.config.actors}[name]
        return _identifier("identity" if residual else "threat-actor", *self._key(name))

    def _sets(self, labels: Sequence[Record]) -> Iterator[Object]:
        """Return an identity for every name in labels that may stand for several actors."""
        for group in sorted({text_of(label["group_id"]) for label in labels}):
            row = self.groups.get(group, {})
            content: Object = {
                "name": text_of(row.get("name")) or group,
                "description": "A name that stands for several actors; whom, depends on the day.",
                "identity_class": "class",
                "external_references": self._references(row.get("source_ids")),
            }
            yield self._object("identity", self._key(group, "set"), self.began, content)

    def _labellers(self) -> Iterator[Object]:
        for row in records(self.case.labellers):
            name, kind = text_of(row["labeller"]), text_of(row["type"])
            institution = kind.startswith("official") or kind == "media"
            content: Object = {
                "name": text_of(row["name"]) or name,
                "description": f"Labeller: {spoken_word(kind)}" if kind else "Labeller",
                "identity_class": "organization" if institution else "",
            }
            yield self._object("identity", self._key(name, "labeller"), self.began, content)

    def _about(self, row: Record) -> Iterator[Object]:
        """Return an incident with its relationships and the opinions about them."""
        incident_id = text_of(row[IDENTIFIER])
        created = _moment(row["date"], self.began)
        yield self._object("incident", self._key(incident_id, "incident"), created, self._act(row))
        p = {actor: number_of(row, f"p_{actor}") for actor in self.posterior.actors}
        named = [(label, self._members(label, row)) for label in self.labels.get(incident_id, ())]
        for actor, chance in p.items():
            if icd203(chance) != ICD203_WORDS[0] or any(who == {actor} for _, who in named):
                lo, hi = (number_of(row, f"{end}_{actor}") for end in ("lo", "hi"))
                told = f"{percent(chance)}, 90 % interval {interval(lo, hi)}: {icd203(chance)}"
                yield self._relationship(incident_id, created, self._actor_id(actor), chance, told)
        sets = {text_of(label["group_id"]): who for label, who in named if len(who) > 1}
        for group, members in sorted(sets.items()):
            chance = min(sum(p[actor] for actor in self.posterior.actors if actor in members), 1.0)
            told = (
                f"{percent(chance)} for all that the name stands for: {', '.join(sorted(members))}"
            )
            yield self._relationship(incident_id, created, self._set_id(group), chance, told)
        seen: dict[str, int] = {}
        for label, members in named:
            if members:
                yield self._opinion(incident_id, created, label, members, seen)

    def _members(self, label: Record, row: Record) -> frozenset[str]:
        """Return whom a label names, as the model reads it: on the day of the incident."""
        group = text_of(label["group_id"])
        if group not in self.groups:
            return frozenset()
        return self.case.members(group, day_or_later(pd.Timestamp(text_of(row["date"]) or "NaT")))

    def _set_id(self, group: str) -> str:
        return _identifier("identity", *self._key(group, "set"))

    def _act(self, row: Record) -> Object:
        top, chance = text_of(row["top_actor"]), number_of(row, "top_p")
        lo, hi = (number_of(row, f"{end}_{top}") for end in ("lo", "hi"))
        names = self.posterior.actor_names
        distribution = [
            {
                "actor": actor,
                "actor_ref": self._actor_id(actor),
                "probability": number_of(row, f"p_{actor}"),
                "lo": number_of(row, f"lo_{actor}"),
                "hi": number_of(row, f"hi_{actor}"),
            }
            for actor in self.posterior.actors
        ]
        facts = {name: row.get(name) for name in (*FACTS, *ANSWERS)}
        return {
            "name": _headline(row),
            "description": (
                f"Most probable actor: {names[top]}, {percent(chance)} (90 % interval "
                f"{interval(lo, hi)}, {icd203(chance)}). An estimate of a model from public "
                "reports; no finding of responsibility."
            ),
            "external_references": self._references(row.get("source_ids")),
            "extensions": _extended({**facts, "attribution": distribution}),
        }

    def _relationship(
        self, incident_id: str, created: str, target: str, chance: float, told: str
    ) -> Object:
        content: Object = {
            "relationship_type": ATTRIBUTED_TO,
            "description": told,
            "source_ref": _identifier("incident", *self._key(incident_id, "incident")),
            "target_ref": target,
            "confidence": round(100 * chance),
        }
        parts = (*self._key(incident_id, ATTRIBUTED_TO), target)
        return self._object("relationship", parts, created, content)

    def _opinion(
        self,
        incident_id: str,
        created: str,
        label: Record,
        members: frozenset[str],
        seen: dict[str, int],
    ) -> Object:
        """Return a label as an opinion about the relationship to what it names."""
        who, group = text_of(label["labeller"]), text_of(label["group_id"])
        target = self._actor_id(min(members)) if len(members) == 1 else self._set_id(group)
        word = text_of(label["confidence"])
        key = _json(plain(label))
        # Two equal rows are two opinions.
        seen[key] = seen.get(key, -1) + 1
        person = self.people.get(who, who)
        content: Object = {
            "explanation": self._told(label, person),
            "authors": [person],
            "opinion": OPINIONS.get(word, "neutral"),
            "object_refs": [
                _identifier("relationship", *self._key(incident_id, ATTRIBUTED_TO), target)
            ],
            "confidence": round(100 * CONFIDENCE_WEIGHTS[word])
            if word in CONFIDENCE_WEIGHTS
            else "",
            "external_references": self._references(label["source_id"]),
            "extensions": _extended(
                {
                    "labeller_ref": _identifier("identity", *self._key(who, "labeller")),
                    "confidence_word": word,
                    **{name: label[name] for name in ("contested", "scope", "basis")},
                }
            ),
        }
        said = _moment(label["date"], created)
        parts = (*self._key(incident_id, "label"), key, str(seen[key]))
        return self._object("opinion", parts, said, content) | {"modified": said}

    @cached_property
    def people(self) -> dict[str, str]:
        labellers = self.case.labellers
        return dict(zip(labellers["labeller"], labellers["name"], strict=True))

    def _told(self, label: Record, person: str) -> str:
        group = text_of(label["group_id"])
        named = text_of(self.groups[group].get("name")) or group
        day = spoken_day(pd.Timestamp(text_of(label["date"]) or "NaT"))
        details = ", ".join(
            text
            for text in (
                text_of(label["confidence"]),
                "contested" if label["contested"] == "yes" else "",
                "said of a series" if label["scope"] == "series" else "",
                day,
            )
            if text
        )
        return f"{person} named {named} ({details})"

    def _references(self, source_ids: object) -> list[Object]:
        return [self.sources[name] for name in _listed(source_ids) if name in self.sources]


def _headline(row: Record) -> str:
    """Name an incident by its day, weapon, target and place."""
    weapon = spoken_word(text_of(row.get("weapon_type")))
    target = spoken_word(text_of(row.get("target_type")))
    what = " on ".join(word for word in (weapon, target) if word and word != "unknown")
    where = text_of(row.get("place")) or text_of(row.get("province"))
    parts = (text_of(row.get("date")), what, where)
    return ", ".join(part for part in parts if part) or text_of(row[IDENTIFIER])


def _listed(cell: object) -> list[str]:
    """Read a ;-separated list, each entry once."""
    return list(dict.fromkeys(part.strip() for part in text_of(cell).split(";") if part.strip()))


def _filled(content: Object) -> Object:
    """Leave out what is missing: STIX has neither null nor empty lists nor empty texts."""
    return {name: value for name, value in content.items() if value not in (None, "", [], {})}


def _without_gaps(facts: object) -> object:
    """Leave out what is missing at any depth."""
    match facts:
        case dict():
            return _filled({name: _without_gaps(value) for name, value in facts.items()})
        case list():
            return [_without_gaps(value) for value in facts if value is not None]
        case _:
            return facts
