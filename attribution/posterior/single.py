"""Single incidents, recorded or supposed: coded once, and only as far as something is new.

Whoever asks *what if* changes one thing and keeps the rest. What a channel makes of an incident
depends on a few columns, on what was said, or on neither
(`attribution.channels.base.Channel.reads`), so it is kept and used again while these stay the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from attribution.case.readonly import ReadOnly
from attribution.channels.base import CLAIMS, COLUMN_PIECE, LABELS
from attribution.channels.evidence import Evidence
from attribution.channels.stack import Reading, read, side_by_side, split
from attribution.posterior.explanation import LABEL, pieces_of, told
from attribution.posterior.kept import Kept
from attribution.posterior.supposed import Collection, Supposition, made_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.channels.stack import Codes, Stack
    from attribution.posterior.explanation import Piece, Told
    from attribution.posterior.supposed import Gathered

#: So many findings of channels are kept, each of a few kilobytes at most.
KEPT = 20_000
#: So many incidents are kept as they are recorded.
KEPT_INCIDENTS = 1024


@dataclass(frozen=True, eq=False)
class SingleIncident:
    """One incident as the tables of the posterior read it.

    Parameters
    ----------
    incident_id
        Identifier; "" for an incident that was made up.
    codes
        All its evidence.
    pieces
        The same by piece, in the order of an explanation.
    """

    incident_id: str
    codes: Codes
    pieces: tuple[Piece, ...]


class _Finding(NamedTuple):
    """What a channel makes of an incident, and what it tells of it."""

    reading: Reading
    telling: tuple[Told, ...]


#: A channel's position, and what it reads of an incident.
type _Place = tuple[int, Supposition]


class SingleReader:
    """Reads single incidents of a case.

    Parameters
    ----------
    case
        The case.
    stack
        Its channels.
    evidence
        All that the case knows of its own incidents.
    """

    def __init__(self, case: Case, stack: Stack, evidence: Evidence) -> None:
        self._case = case
        self._stack = stack
        self._all = evidence
        # Several threads may find the same thing at the same time; it is the same thing.
        self._cells = lru_cache(KEPT_INCIDENTS)(self._cells_of)
        self._kept: Kept[_Place, _Finding] = Kept(KEPT)

    def cells(self, row: int | None) -> Mapping[str, object]:
        """Return the columns of an incident by name; None stands for one that is made up."""
        return self._cells(row)

    def labels(self, row: int | None) -> int:
        """Return the number of labels of an incident."""
        return self._collection.labels(row)

    def read_ahead(self) -> None:
        """Read the case's own incidents, as many as can be kept, before they are asked about."""
        room = KEPT // (2 * len(self._stack.channels))
        count = len(self._all)
        self.read_many([Supposition(row) for row in range(max(0, count - room), count)])

    def read(self, asked: Supposition) -> SingleIncident:
        """Read an incident; see `read_many`."""
        return self.read_many([asked])[0][0]

    def read_many(self, asked: Sequence[Supposition]) -> tuple[list[SingleIncident], Codes]:
        """Read incidents.

        What a channel takes to look at an incident hardly grows with the number of incidents, so
        each looks once at all of which it has to find something new.

        Parameters
        ----------
        asked
            The incidents, at least one.

        Returns
        -------
        The incidents, each the same as if all of it had been read anew, and the codes of all.
        """
        parts = [[_part(each, channel.reads) for channel in self._stack.channels] for each in asked]
        found: dict[_Place, _Finding] = {}
        lacking: dict[_Place, int] = {}
        for number, own in enumerate(parts):
            for place in enumerate(own):
                if place not in found and place not in lacking:
                    kept = self._kept.get(place)
                    if kept is None:
                        lacking[place] = number
                    else:
                        found[place] = kept
        found |= self._find(asked, lacking)
        findings = [[found[place] for place in enumerate(own)] for own in parts]
        columns = zip(*([each.reading for each in own] for own in findings), strict=True)
        codes = self._stack.lay_out([side_by_side(each) for each in columns], len(asked))
        incidents = []
        for number, (each, found_of) in enumerate(zip(asked, findings, strict=True)):
            mine = codes.one(number)
            pieces = pieces_of(self._stack, mine, [finding.telling for finding in found_of])
            name = str(self.cells(each.row)["incident_id"])
            incidents.append(SingleIncident(name, mine, tuple(pieces)))
        return incidents, codes

    def evidence(self, asked: Supposition) -> Evidence:
        """Return the evidence about an incident.

        Parameters
        ----------
        asked
            The incident.
        """
        supposed = self._collection.gathered([asked])
        evidence = supposed.evidence
        return Evidence(
            evidence.incidents,
            evidence.statements.set_axis(supposed.statements),
            evidence.labels.set_axis(supposed.labels),
        )

    @cached_property
    def _collection(self) -> Collection:
        return Collection(self._all)

    def _cells_of(self, row: int | None) -> Mapping[str, object]:
        if row is None:
            return ReadOnly(made_up(self._case.incidents))
        return ReadOnly({name: cells[row] for name, cells in self._columns.items()})

    @cached_property
    def _columns(self) -> Mapping[str, Sequence[object]]:
        incidents = self._all.incidents
        return {str(name): values.tolist() for name, values in incidents.items()}

    def _find(
        self, asked: Sequence[Supposition], lacking: Mapping[_Place, int]
    ) -> dict[_Place, _Finding]:
        """Let channels read what they have not read yet, of the incidents with these numbers."""
        found: dict[_Place, _Finding] = {}
        # Of an incident that is made up fewer columns are known.
        for is_made_up in (False, True):
            places = {
                place: number
                for place, number in lacking.items()
                if (place[1].row is None) == is_made_up
            }
            if places:
                numbers = sorted(set(places.values()))
                supposed = self._collection.gathered(
                    [asked[number] for number in numbers], self._reads(places)
                )
                at = {place: numbers.index(number) for place, number in places.items()}
                found |= self._found(supposed, at)
        for place, finding in found.items():
            self._kept.put(place, finding)
        return found

    def _reads(self, places: Iterable[_Place]) -> frozenset[str] | None:
        """Return what the channels at some places read, None for everything."""
        read: set[str] = set()
        for position in {position for position, _ in places}:
            reads = self._stack.channels[position].reads
            if reads is None:
                return None
            read |= reads
        return frozenset(read)

    def _found(self, supposed: Gathered, places: Mapping[_Place, int]) -> dict[_Place, _Finding]:
        """Let channels read gathered incidents, and take from it what they lack."""
        found: dict[_Place, _Finding] = {}
        evidence = supposed.evidence
        for position in sorted({position for position, _ in places}):
            channel = self._stack.channels[position]
            readings = split(read(channel, evidence), len(evidence))
            numbers = supposed.labels if channel.name == LABEL else supposed.statements
            for place, row in places.items():
                if place[0] == position:
                    telling = told(channel, evidence, readings[row].entries, row)
                    found[place] = _numbered(_Finding(readings[row], telling), numbers)
        return found


def _part(asked: Supposition, reads: frozenset[str] | None) -> Supposition:
    """Return the part of a supposition that a channel reads."""
    if reads is None:
        return asked
    return Supposition(
        asked.row,
        tuple(cell for cell in asked.cells if cell.column in reads),
        asked.claims if CLAIMS in reads else None,
        asked.keep_labels or LABELS not in reads,
    )


def _numbered(finding: _Finding, numbers: NDArray[np.int64]) -> _Finding:
    """Give pieces their numbers among those of their own incident, whatever stood beside it."""
    (entries, factor), telling = finding
    if not (entries.piece >= 0).any():
        return finding
    # The number behind the last stands for what is no piece.
    own = np.append(numbers, COLUMN_PIECE)
    return _Finding(
        Reading(replace(entries, piece=own[entries.piece]), factor),
        tuple(replace(each, number=int(own[each.number])) for each in telling),
    )
