"""The case's incidents as the desk lists them: facts, answer and what can be searched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.case.records import number_of, records, text_of
from attribution.channels.base import spoken_word
from attribution.channels.measured import days_of, degrees
from attribution.report.incident import chances

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from attribution.case.records import Record
    from attribution.posterior.posterior import Posterior
    from attribution.report.incident import Chance

#: Columns of the incidents in which a text is searched.
_SEARCHED = (
    "incident_id",
    "country",
    "province",
    "place",
    "weapon_type",
    "weapon_detail",
    "target_type",
    "target_name",
)
_CLAIM = "claim"


@dataclass(frozen=True)
class Listed:
    """One incident of the case, with its answer.

    Attributes
    ----------
    incident_id, date, country, province, place, weapon_type, target_type, target_name
        As recorded; "" if it is not.
    latitude, longitude
        Position; None if it is not known.
    claimed_by
        Groups that claimed it.
    labels
        Number of labels.
    best
        The most probable actor.
    entropy_bits, evidence, status
        As `Posterior.attribute` gives them.
    searched
        Folded text in which words are looked up.
    """

    incident_id: str
    date: str
    country: str
    province: str
    place: str
    weapon_type: str
    target_type: str
    target_name: str
    latitude: float | None
    longitude: float | None
    claimed_by: tuple[str, ...]
    labels: int
    best: Chance
    entropy_bits: float
    evidence: str
    status: str
    searched: str


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All incidents of a case.

    Attributes
    ----------
    rows
        The incidents, in the order of the case.
    position
        Row of each identifier.
    day
        Days since 1970, NaN if unknown: (incidents,).
    latitude, longitude
        Degrees, NaN if unknown: (incidents,).
    """

    rows: tuple[Listed, ...]
    position: Mapping[str, int]
    day: NDArray[np.float64]
    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]


def catalogue(posterior: Posterior) -> Catalogue:
    """List the incidents of a posterior's case.

    Parameters
    ----------
    posterior
        The model.
    """
    case = posterior.case
    statements, labels = case.statements, case.labels
    claims = statements[statements["kind"] == _CLAIM]
    claimed = _grouped(claims, "speaker_id")
    labelled = labels["incident_id"].value_counts().to_dict()
    names = dict(zip(case.groups["group_id"], case.groups["name"], strict=True))
    rows = []
    answers = records(posterior.attribute())
    for record, answer in zip(records(case.incidents), answers, strict=True):
        incident_id = text_of(record["incident_id"])
        by = tuple(dict.fromkeys(claimed.get(incident_id, ())))
        spoken = " ".join(str(names.get(group, "")) for group in by)
        rows.append(
            Listed(
                **{name: text_of(record.get(name)) for name in _FACTS},
                latitude=_degrees(record, "latitude"),
                longitude=_degrees(record, "longitude"),
                claimed_by=by,
                labels=int(labelled.get(incident_id, 0)),
                best=chances(answer, posterior.actor_names)[0],
                entropy_bits=number_of(answer, "entropy_bits"),
                evidence=text_of(answer["evidence"]),
                status=text_of(answer["status"]),
                searched=f"{_folded(record)} {' '.join(by)} {spoken}".casefold(),
            )
        )
    return Catalogue(
        tuple(rows),
        {row.incident_id: number for number, row in enumerate(rows)},
        days_of(case.incidents),
        degrees(case.incidents, "latitude"),
        degrees(case.incidents, "longitude"),
    )


_FACTS = (
    "incident_id",
    "date",
    "country",
    "province",
    "place",
    "weapon_type",
    "target_type",
    "target_name",
)


def _grouped(table: pd.DataFrame, column: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for incident, value in zip(table["incident_id"], table[column], strict=True):
        if value:
            found.setdefault(str(incident), []).append(str(value))
    return found


def _folded(record: Record) -> str:
    words = [text_of(record.get(name)) for name in _SEARCHED]
    return " ".join([*words, *(spoken_word(word) for word in words)])


def _degrees(record: Record, name: str) -> float | None:
    value = number_of(record, name)
    return None if np.isnan(value) else value
