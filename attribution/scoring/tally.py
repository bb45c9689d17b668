"""What became of rows: counts that can be added up and written down."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from attribution.scoring.batch import PARTIAL, REJECTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pyarrow as pa

#: Most different texts that are counted one by one; a feed can have as many as it has rows.
MOST_TEXTS = 1000
#: Under what the others are counted.
OTHERS = "other texts"


@dataclass(frozen=True)
class ScoreSummary:
    """What became of the rows of a file.

    Attributes
    ----------
    rows
        Number of rows, in and out.
    ok, partial, rejected
        Rows by status.
    reasons
        Number of rows by status text, for every text but "ok"; beyond `MOST_TEXTS` texts the rest
        stand together under `OTHERS`.
    unmapped
        For each column that a vocabulary translates, the words that it does not have, and how often
        they occur; bounded likewise.
    """

    rows: int = 0
    ok: int = 0
    partial: int = 0
    rejected: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    unmapped: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def __add__(self, other: ScoreSummary) -> ScoreSummary:
        columns = [*self.unmapped, *(name for name in other.unmapped if name not in self.unmapped)]
        return ScoreSummary(
            self.rows + other.rows,
            self.ok + other.ok,
            self.partial + other.partial,
            self.rejected + other.rejected,
            _added(self.reasons, other.reasons),
            {
                name: _added(self.unmapped.get(name, {}), other.unmapped.get(name, {}))
                for name in columns
            },
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as JSON writes them."""
        return {
            "rows": self.rows,
            "ok": self.ok,
            "partial": self.partial,
            "rejected": self.rejected,
            "reasons": dict(self.reasons),
            "unmapped": {name: dict(words) for name, words in self.unmapped.items()},
        }


def summary(
    status: pa.Array, unmapped: Mapping[str, Mapping[str, int]] | None = None
) -> ScoreSummary:
    """Count rows by status.

    Parameters
    ----------
    status
        Column ``status`` of a score output.
    unmapped
        Words that no vocabulary has, by column.

    Returns
    -------
    ScoreSummary
        The counts.
    """
    counts = {row["values"]: row["counts"] for row in pc.value_counts(status).to_pylist()}
    partial = sum(count for text, count in counts.items() if text.startswith(PARTIAL))
    rejected = sum(count for text, count in counts.items() if text.startswith(REJECTED))
    counts.pop("ok", None)
    return ScoreSummary(
        rows=len(status),
        ok=len(status) - partial - rejected,
        partial=partial,
        rejected=rejected,
        reasons=_bounded(Counter(counts)),
        unmapped={name: _bounded(Counter(words)) for name, words in (unmapped or {}).items()},
    )


def summary_from(content: Mapping[str, Any]) -> ScoreSummary:
    """Read counts that JSON has parsed.

    Parameters
    ----------
    content
        As `ScoreSummary.as_dict` wrote it.

    Returns
    -------
    ScoreSummary
        The counts.

    Raises
    ------
    KeyError, TypeError
        If a field is missing or of another kind.
    """
    return ScoreSummary(**{name: content[name] for name in ScoreSummary.__dataclass_fields__})


def most_common(counts: Mapping[str, int], most: int) -> Iterable[tuple[str, int]]:
    """Sort counts, the largest first and equal ones by name.

    Parameters
    ----------
    counts
        The counts.
    most
        How many are wanted.

    Returns
    -------
    iterable of (str, int)
        The first of them.
    """
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]


def _added(one: Mapping[str, int], other: Mapping[str, int]) -> Mapping[str, int]:
    return _bounded(Counter(one) + Counter(other))


def _bounded(counts: Counter[str]) -> Mapping[str, int]:
    if len(counts) <= MOST_TEXTS:
        return counts
    others = counts.pop(OTHERS, 0)
    kept = dict(most_common(counts, MOST_TEXTS - 1))
    return {**kept, OTHERS: others + counts.total() - sum(kept.values())}
