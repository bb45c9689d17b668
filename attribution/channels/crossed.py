r"""Crossed: what two columns say together that neither says alone.

A militia may turn to a weapon in the years in which it was supplied with it, or to a kind of target
in one province. Each crossing gives every combination that the case has seen one shrunken effect,
beside the effects of the columns themselves. One that was never seen takes an effect drawn from the
population, so that not knowing it widens the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from attribution.case.readonly import ReadOnly
from attribution.channels.base import Channel, Entries, column_entries, joined, spoken_word
from attribution.channels.classes import MISSING, class_of_words
from attribution.channels.distinct import FEW, Distinct, column_of, distinct, together
from attribution.channels.effects import act_factor, effects_term, families, normal_effects
from attribution.channels.evidence import case_evidence
from attribution.channels.nested import NEW
from attribution.channels.options import check_known, items_of, positive

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.case.config import ChannelSpec
    from attribution.channels.base import LinearTerm, Tensor
    from attribution.channels.evidence import Evidence

#: Scale of a combination's effect, in log-odds.
SCALE = 0.5
#: Fewest columns of a crossing.
LEAST = 2
#: Sign between the parts of a combination, as people write it.
CROSS = " × "  # noqa: RUF001 - the multiplication sign

Crossing = tuple[str, ...]


@dataclass(frozen=True)
class CrossedChannel(Channel):
    """Act evidence from combinations of columns.

    Parameters
    ----------
    crossings
        Columns that are crossed.
    classes
        Class of a word, by column, from the channel that reads the column by itself; without, a
        column is read as it stands, a date as its year.
    scale
        Scale of a combination's effect.
    """

    crossings: tuple[Crossing, ...]
    classes: Mapping[str, Mapping[str, str]]
    scale: float

    @property
    def role(self) -> Literal["act"]:
        """What was done."""
        return "act"

    @property
    def reads(self) -> frozenset[str]:
        """All columns that are crossed."""
        return frozenset(column for crossing in self.crossings for column in crossing)

    def table(self) -> Tensor:
        """Draw one shrunken effect a combination: (levels, actors + families)."""
        factor = act_factor(families(self.actors))
        table: Tensor = self.scale * normal_effects(self.name, len(self.levels), factor)
        return table

    def linear_terms(self) -> tuple[LinearTerm, ...]:
        """Return the effects: each combination has its own."""
        design = self.scale * np.eye(len(self.levels))
        return (effects_term(self.name, design, act_factor(families(self.actors))),)

    def encode(self, evidence: Evidence) -> Entries:
        """Return one entry a crossing of which no part is missing."""
        position, parts = self._position, []
        for crossing in self.crossings:
            number, named = combinations(evidence, crossing, self.classes)
            new = position[unseen(crossing)]
            codes = [position.get(level, new) if level else -1 for level in named]
            parts.append(column_entries(np.array(codes, dtype=np.int64)[number]))
        return joined(*parts)

    @cached_property
    def _position(self) -> Mapping[str, int]:
        return {level: code for code, level in enumerate(self.levels)}

    def describe(self, evidence: Evidence, row: int, piece: int) -> str:
        """Name the combinations."""
        del piece
        found = [
            _combination((evidence.cell(name, row) for name in each), each, self.classes)
            for each in self.crossings
        ]
        shown = [
            spoken_word(one) + ("" if one in self._position else " (not seen before)")
            for one in found
            if one
        ]
        return f"Together: {'; '.join(shown) or 'unknown'}"


def unseen(crossing: Crossing) -> str:
    """Return the level of a crossing's combinations that the case has not seen."""
    return f"{CROSS.join(crossing)} {NEW}"


def combinations(
    evidence: Evidence, crossing: Crossing, classes: Mapping[str, Mapping[str, str]]
) -> tuple[NDArray[np.int64], list[str]]:
    """Name the combinations of some columns.

    Parameters
    ----------
    evidence
        The incidents.
    crossing
        Columns that are crossed.
    classes
        See ``CrossedChannel``.

    Returns
    -------
    Which combination every incident is, (incidents,), and their names, "" where a part is missing.
    Several combinations may have the same name.
    """
    columns = [column_of(evidence.incidents, column) for column in crossing]
    if len(evidence) <= FEW:
        cells = zip(*(column.tolist() for column in columns), strict=True)
        named = [_combination(row, crossing, classes) for row in cells]
        return np.arange(len(evidence)), named
    alike = together(*(_counted_alike(evidence, column) for column in crossing))
    return alike.number, [_combination(row, crossing, classes) for row in alike.cells(*columns)]


def _counted_alike(evidence: Evidence, column: str) -> Distinct:
    """Find the incidents that are alike in what counts of a column."""
    alike, values = evidence.alike(column), column_of(evidence.incidents, column)
    if not pd.api.types.is_datetime64_any_dtype(values):
        return alike
    # Of a day its year counts, and a file has few years and thousands of days.
    years = distinct(values.iloc[alike.first].dt.year)
    return Distinct(years.number[alike.number], alike.first[years.first])


def _combination(
    cells: Iterable[object], crossing: Crossing, classes: Mapping[str, Mapping[str, str]]
) -> str:
    """Name the combination of the cells of one incident, "" where a part is missing."""
    named = zip(cells, crossing, strict=True)
    words = [_counted(cell, classes.get(name)) for cell, name in named]
    return CROSS.join(words) if all(words) else ""


def _counted(value: object, classes: Mapping[str, str] | None) -> str:
    """Return the word that counts: the cell's own, or that of its class."""
    word = _word(value)
    return word if classes is None else classes.get(word, "")


def _word(value: object) -> str:
    if value is pd.NaT or value in MISSING:
        return ""
    return str(value.year if isinstance(value, pd.Timestamp) else value)


def bind(spec: ChannelSpec, case: Case) -> Channel:
    """Bind the channel to the combinations that the case has seen.

    ``options.crossings`` lists the columns that are crossed, ``options.scale`` is the scale of an
    effect.

    Parameters
    ----------
    spec
        Entry of ``case.toml``.
    case
        The case.

    Returns
    -------
    Channel
        The bound channel.

    Raises
    ------
    ValueError
        If there is no crossing of two columns or more, or one names a column that is not listed.
    """
    crossings = tuple(items_of(each) for each in items_of(spec.options.get("crossings")))
    if not crossings or any(len(each) < LEAST for each in crossings):
        raise ValueError(
            f"channel {spec.name}: options.crossings must be a list of lists of columns, such as "
            '[["weapon_type", "date"]]'
        )
    for each in crossings:
        check_known(f"channel {spec.name}: options.crossings names unknown", each, spec.columns)
    classes = _classes(case)
    incidents = case_evidence(case)
    seen = {
        level
        for crossing in crossings
        for level in combinations(incidents, crossing, classes)[1]
        if level
    }
    scale = positive(f"channel {spec.name}: options.scale", spec.options.get("scale", SCALE))
    levels = (*sorted(seen), *(unseen(crossing) for crossing in crossings))
    return CrossedChannel(spec.name, case.config.actors, levels, crossings, classes, scale)


def _classes(case: Case) -> Mapping[str, Mapping[str, str]]:
    """Return the classes that other channels of the case declare, by the column they read."""
    declared = {
        spec.columns[0]: ReadOnly(class_of_words(spec, case, spec.columns[0]))
        for spec in case.config.channels
        if "classes" in spec.options
    }
    return ReadOnly(declared)
