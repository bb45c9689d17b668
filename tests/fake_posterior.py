"""A posterior without a model: the interface that reports and commands rely on, made-up numbers.

The numbers depend on nothing but the names, so that what is printed can be compared.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from attribution.case.faults import nearest
from attribution.model.words import icd203
from attribution.pictures.picture import PictureError
from attribution.posterior.diagnosis import SENSITIVITY_COLUMNS
from attribution.posterior.explanation import Weighed
from attribution.posterior.missing import COLUMNS as MISSING_COLUMNS
from attribution.posterior.posterior import UnknownIncidentError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from attribution.case.case import Case
    from attribution.posterior.share_sensitivity import ShareSensitivity
    from attribution.posterior.what_if import WhatIfQuestion

SHARES = ["period", "actor", "name", "share", "lo", "hi", "expected_incidents", "n_incidents"]


@dataclass(frozen=True)
class FakeManifest:
    schema_version: int = 1
    package_version: str = "0.1.0"
    libraries: Mapping[str, str] = field(default_factory=lambda: {"pymc": "6.4.0"})
    created: str = "2026-01-01T00:00:00+00:00"
    seed: int = 1
    as_of: str | None = None
    draws: int = 1000
    case_name: str = "iraq"
    case_fingerprint: str = "0" * 64
    diagnostics: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class FakeExplanation:
    incident_id: str
    actor: str
    against: str | None
    probability: float
    lo: float
    hi: float
    evidence: tuple[Weighed, ...]
    text: str
    score: Mapping[str, Any]

    @property
    def table(self) -> pd.DataFrame:
        return pd.DataFrame(list(self.evidence))

    @property
    def attribution(self) -> pd.DataFrame:
        return pd.DataFrame([self.score])


@dataclass(frozen=True)
class FakeWhatIf:
    score_before: Mapping[str, Any] | None
    explanation: FakeExplanation
    changes: str


@dataclass(frozen=True)
class FakeDiagnosis:
    passed: bool
    table: pd.DataFrame
    worst: pd.DataFrame
    text: str
    sensitivity: pd.DataFrame


class FakePictures:
    """Nothing of a made-up posterior can be drawn."""

    def __getattr__(self, name: str) -> Any:
        def refuse(*_: object) -> None:
            raise PictureError(f"no picture of {name}")

        return refuse


@dataclass(frozen=True, eq=False)
class FakePosterior:
    case: Case
    passed: bool = True
    share_sensitivity: ShareSensitivity | None = None

    @property
    def actors(self) -> tuple[str, ...]:
        return self.case.config.actor_ids

    @property
    def actor_names(self) -> dict[str, str]:
        return {actor.id: actor.name for actor in self.case.config.actors}

    @property
    def pictures(self) -> FakePictures:
        return FakePictures()

    @property
    def manifest(self) -> FakeManifest:
        return FakeManifest(case_fingerprint=self.case.fingerprint())

    def save(self, path: Any) -> None:
        path.mkdir()
        (path / "manifest.json").write_text("{}", encoding="utf-8")

    def attribute(self, incidents: pd.DataFrame | Sequence[str] | None = None) -> pd.DataFrame:
        if incidents is None:
            incidents = self.case.incidents
        if not isinstance(incidents, pd.DataFrame):
            return pd.DataFrame([self._row(self._known(i), "ok") for i in incidents])
        ids = incidents.get("incident_id", pd.Series([""] * len(incidents)))
        return pd.DataFrame(
            [
                self._row(str(i), self._status(str(day)))
                for i, day in zip(ids, incidents["date"], strict=True)
            ]
        )

    def explain(
        self, incident_id: str, actor: str | None = None, against: str | None = None
    ) -> FakeExplanation:
        return self._explanation(self._known(incident_id), actor, against)

    def missing(self, incident_id: str) -> pd.DataFrame:
        row = self._row(self._known(incident_id), "ok")
        p, actor = row["top_p"], row["top_actor"]
        numbers = (p, 3, p / 2, "a mouse", (1 + p) / 2, "a cat", p / 4, 0.25)
        return pd.DataFrame([("label", actor, *numbers)], columns=MISSING_COLUMNS)

    def as_known(self, day: Any) -> FakePosterior:
        return FakePosterior(self.case.known_by(day))

    def what_if_columns(
        self,
        incident_id: str | None,
        *,
        columns: Mapping[str, str],
        claims: Sequence[str] | None = None,
        keep_labels: bool = True,
        actor: str | None = None,
        against: str | None = None,
    ) -> FakeWhatIf:
        before = None if incident_id is None else self._row(self._known(incident_id), "ok")
        seed = f"{incident_id} {sorted(columns.items())} {claims} {keep_labels}"
        explanation = self._explanation(incident_id or "", actor, against, seed)
        return FakeWhatIf(before, explanation, f"supposed: {seed}")

    def what_if_many(self, questions: Sequence[WhatIfQuestion]) -> list[FakeWhatIf | Exception]:
        found: list[FakeWhatIf | Exception] = []
        for each in questions:
            change = each.change
            try:
                answer = self.what_if_columns(
                    each.incident_id,
                    columns=change.columns,
                    claims=change.claims,
                    keep_labels=change.keep_labels,
                    actor=each.actor,
                    against=each.against,
                )
            except (LookupError, ValueError) as error:
                found.append(error)
            else:
                found.append(answer)
        return found

    def read_ahead(self) -> None:
        """Do nothing: made-up numbers need no reading."""

    def shares(
        self,
        start: Any = None,
        end: Any = None,
        by: str | None = None,
        where: Mapping[str, Sequence[str]] | None = None,
    ) -> pd.DataFrame:
        incidents = self.case.incidents
        dates = incidents["date"]
        chosen = (dates >= pd.Timestamp(start or "1900-01-01")) & (
            dates <= pd.Timestamp(end or "2100-01-01")
        )
        for column, words in (where or {}).items():
            chosen &= incidents[column].isin(list(words))
        dates = dates[chosen]
        periods = (
            dates.dt.to_period({"month": "M", "quarter": "Q", "year": "Y"}[by]).astype("str")
            if by
            else dates.map(lambda _: "all")
        )
        rows = []
        for period, count in periods.value_counts(sort=False).items():
            row = self._row(str(period), "ok")
            rows += [
                {
                    "period": period,
                    "actor": actor,
                    "name": name,
                    "share": row[f"p_{actor}"],
                    "lo": row[f"lo_{actor}"],
                    "hi": row[f"hi_{actor}"],
                    "expected_incidents": count * row[f"p_{actor}"],
                    "n_incidents": count,
                }
                for actor, name in self.actor_names.items()
            ]
        return pd.DataFrame(rows, columns=SHARES)

    def brands(self, on: Any = None, only: Sequence[str] | None = None) -> pd.DataFrame:
        del on, only
        groups = self.case.groups
        rows = []
        for brand in groups[groups["kind"] == "brand"].itertuples():
            row = self._row(brand.group_id, "ok")
            rows += [
                {
                    "brand_id": brand.group_id,
                    "name": brand.name,
                    "actor": actor,
                    "share": row[f"p_{actor}"],
                    "lo": row[f"lo_{actor}"],
                    "hi": row[f"hi_{actor}"],
                    "claims": int((self.case.statements["speaker_id"] == brand.group_id).sum()),
                    "active_from": brand.active_from,
                    "active_to": brand.active_to,
                }
                for actor in self.actors
            ]
        return pd.DataFrame(rows)

    def labellers(self) -> pd.DataFrame:
        table = self.case.labellers[["labeller", "name", "type"]]
        return table.assign(labels=1, hit=0.5, lo=0.3, hi=0.7)

    def preferences(self) -> pd.DataFrame:
        types = sorted(set(self.case.labellers["type"]))
        return pd.DataFrame(
            [
                {"labeller_type": kind, "actor": actor, "share": 0.1, "lo": 0.05, "hi": 0.2}
                for kind in types
                for actor in self.actors
            ]
        )

    def diagnose(self) -> FakeDiagnosis:
        value = 1.004 if self.passed else 1.2
        table = pd.DataFrame(
            {
                "check": ["largest R-hat", "divergences"],
                "value": [value, 0.0],
                "limit": [1.01, 0.0],
                "passed": [self.passed, True],
            }
        )
        worst = pd.DataFrame({"entry": ["weapon[rocket, isis]"], "r_hat": [value]})
        sensitivity = pd.DataFrame(
            [(actor, 0.2, 0.05, "label", 0.3, 0.02, "moves with both") for actor in self.actors],
            columns=SENSITIVITY_COLUMNS,
        )
        text = "Passed." if self.passed else "Failed: R-hat."
        return FakeDiagnosis(self.passed, table, worst, text, sensitivity)

    def _known(self, incident_id: str) -> str:
        ids = tuple(self.case.incidents["incident_id"])
        if incident_id not in ids:
            close = nearest(incident_id, ids)
            raise UnknownIncidentError(incident_id, (close,) if close else ())
        return incident_id

    def _status(self, day: str) -> str:
        if pd.isna(pd.to_datetime(day, format="ISO8601", errors="coerce")):
            return f"rejected: date {day!r} is no date"
        return "ok"

    def _row(self, seed: str, status: str) -> dict[str, Any]:
        rejected = status.startswith("rejected")
        random = np.random.default_rng(zlib.crc32(seed.encode()))
        p = random.dirichlet(np.full(len(self.actors), 0.5))
        best = int(p.argmax())
        numbers: dict[str, Any] = {"incident_id": seed}
        for prefix, values in (("p", p), ("lo", 0.5 * p), ("hi", 1 - (1 - p) * 0.8)):
            for actor, value in zip(self.actors, values, strict=True):
                numbers[f"{prefix}_{actor}"] = math.nan if rejected else float(value)
        return numbers | {
            "top_actor": "" if rejected else self.actors[best],
            "top_p": math.nan if rejected else float(p[best]),
            "words": "" if rejected else icd203(p[best]),
            "entropy_bits": math.nan if rejected else float(-(p * np.log2(p)).sum()),
            "evidence": "" if rejected else "moderate",
            "status": status,
        }

    def _explanation(
        self, incident_id: str, actor: str | None, against: str | None, seed: str | None = None
    ) -> FakeExplanation:
        row = self._row(seed or incident_id, "ok") | {"incident_id": incident_id}
        actor = actor or str(row["top_actor"])
        pieces = self._pieces(incident_id)
        pieces.append(
            {
                "piece": "total",
                "channel": "",
                "text": "Sum of the pieces.",
                "source_id": "",
                "date": "",
                "decibans": sum(piece["decibans"] for piece in pieces),
            }
        )
        evidence = tuple(
            Weighed(**piece, lo=piece["decibans"] - 2, hi=piece["decibans"] + 2) for piece in pieces
        )
        return FakeExplanation(
            incident_id=incident_id,
            actor=actor,
            against=against,
            probability=row[f"p_{actor}"],
            lo=row[f"lo_{actor}"],
            hi=row[f"hi_{actor}"],
            evidence=evidence,
            text="Explained.",
            score=row,
        )

    def _pieces(self, incident_id: str) -> list[dict[str, Any]]:
        labels = self.case.labels
        first = [
            self._piece("base rate", "base rate", "Base rate.", -3.1),
            self._piece("weapon", "weapon", "The weapon.", 1.2),
        ]
        return first + [
            self._piece(
                f"label {label.labeller}",
                "label",
                f"{label.labeller} says it was {label.group_id} ({label.confidence}).",
                2.5 - (zlib.crc32(label.labeller.encode()) % 50) / 10,
                (label.source_id, "" if pd.isna(label.date) else f"{label.date:%Y-%m-%d}"),
            )
            for label in labels[labels["incident_id"] == incident_id].itertuples()
        ]

    @staticmethod
    def _piece(
        piece: str, channel: str, text: str, decibans: float, told: tuple[str, str] = ("", "")
    ) -> dict[str, Any]:
        return {
            "piece": piece,
            "channel": channel,
            "text": text,
            "source_id": told[0],
            "date": told[1],
            "decibans": decibans,
        }
