"""A what-if answer: the probabilities before and after, and the evidence after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.model.words import interval, percent
from attribution.posterior.what_if import NARROWER
from attribution.report.blocks import Block, Column, Heading, Paragraph, Table
from attribution.report.incident import chances
from attribution.report.text import incident_blocks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from attribution.case.records import Record
    from attribution.report.incident import Chance, IncidentView

_DETAILS = {
    "weapon_type": ("weapon_detail", "munition_count"),
    "target_type": ("target_name",),
    "date": ("date_precision", "time_local"),
    "place": ("latitude", "longitude"),
}


def what_if_chances(before: Record | None, actor_names: Mapping[str, str]) -> tuple[Chance, ...]:
    """Read the probabilities before the change.

    Parameters
    ----------
    before
        One row of score output, None for an incident that was made up.
    actor_names
        Display names of the actors.

    Returns
    -------
    tuple of Chance
        Empty if there was nothing before.
    """
    return () if before is None else chances(before, actor_names)


def shown_changes(columns: Mapping[str, str]) -> dict[str, str]:
    """Add to changed columns those that say nothing any more.

    Parameters
    ----------
    columns
        Changed columns: a drone is not of the calibre of the rocket that it replaces.

    Returns
    -------
    dict
        The columns, and blanks for those whose meaning hangs on them.
    """
    blanks = {
        dependent: ""
        for column in columns
        for dependent in (*NARROWER.get(column, ()), *_DETAILS.get(column, ()))
    }
    return blanks | dict(columns)


def what_if_blocks(
    changes: str, before: Sequence[Chance], after: IncidentView
) -> tuple[Block, ...]:
    """Lay out a what-if answer.

    Parameters
    ----------
    changes
        What was supposed, in words.
    before
        Probabilities before the change; empty if there was nothing before.
    after
        The incident as supposed.

    Returns
    -------
    tuple of Block
        The supposition, the shift of every actor, and the incident as supposed.
    """
    start: list[Block] = [Heading("What if"), Paragraph(changes)]
    if before and after.chances:
        start.append(_shifts(before, after.chances))
    return (*start, *incident_blocks(after))


def _shifts(before: Sequence[Chance], after: Sequence[Chance]) -> Table:
    earlier = {chance.actor: chance for chance in before}
    columns = (
        Column("actor"),
        Column("as it is", "right"),
        Column("as supposed", "right"),
        Column("90 % interval", "right"),
        Column("shift in points", "right"),
    )
    rows = tuple(
        (
            now.name,
            percent(earlier[now.actor].p),
            percent(now.p),
            interval(now.lo, now.hi),
            _points(now.p - earlier[now.actor].p),
        )
        for now in after
    )
    return Table(columns, rows)


def _points(shift: float) -> str:
    points = round(100 * shift)
    return f"{points:+d}" if points else "0"
