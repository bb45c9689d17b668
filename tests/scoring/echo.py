"""A posterior without a model for tests of files: numbers that depend on the row alone."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

ACTORS = ("a", "b")


@dataclass
class Echo:
    """Attributes nothing: returns each identifier with a status that depends on its date.

    Shared memory of what was asked, so that tests can look at it.
    """

    seed: int = 1
    actors: tuple[str, ...] = ACTORS
    seen: list[pd.DataFrame] = field(default_factory=list)

    @property
    def case(self) -> Any:
        vocabularies = {"weapon_type": ("rocket", "drone"), "target_type": ("airport",)}
        return SimpleNamespace(config=SimpleNamespace(vocabularies=vocabularies))

    @property
    def manifest(self) -> Any:
        return SimpleNamespace(as_dict=lambda: {"seed": self.seed})

    def attribute(self, incidents: pd.DataFrame) -> pd.DataFrame:
        self.seen.append(incidents)
        count = len(incidents)
        names = incidents.get("incident_id", pd.Series([""] * count, dtype="str"))
        p = np.array([(zlib.crc32(str(n).encode()) % 1000 + 0.5) / 1001 for n in names])
        weapons = incidents.get("weapon_type", pd.Series(["rocket"] * count))
        status = np.array(
            [
                f"rejected: date {day!r} is no date"
                if not day.startswith("20")
                else "partial: weapon unknown" if weapon == "?" else "ok"
                for day, weapon in zip(incidents["date"], weapons, strict=True)
            ],
            dtype=object,
        )  # fmt: skip
        bad = np.array([text.startswith("rejected") for text in status], dtype=bool)
        figures = {}
        for prefix, shift in (("p", 0.0), ("lo", -0.0001), ("hi", 0.0001)):
            figures[f"{prefix}_a"] = np.where(bad, np.nan, p + shift)
            figures[f"{prefix}_b"] = np.where(bad, np.nan, 1 - p + shift)
        return pd.DataFrame(
            {
                "incident_id": names.to_numpy(),
                **figures,
                "top_actor": np.where(bad, "", np.where(p > 0.5, "a", "b")),
                "top_p": np.where(bad, np.nan, np.maximum(p, 1 - p)),
                "words": np.where(bad, "", "likely"),
                "entropy_bits": np.where(bad, np.nan, 0.5),
                "evidence": np.where(bad, "", "low"),
                "status": status,
            }
        )
