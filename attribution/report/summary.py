"""A report in blocks, for every form that is no web page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.report.blocks import Block, Bullets, Column, Heading, Paragraph, Table
from attribution.report.methods import REFERENCES
from attribution.report.tables import shares_table
from attribution.report.text import (
    INTERVAL_MEANING,
    POWER_SCALING_MEANING,
    headline_blocks,
    incident_blocks,
)

if TYPE_CHECKING:
    from attribution.report.contents import Contents
    from attribution.report.note import Note


def report_blocks(contents: Contents) -> tuple[Block, ...]:
    """Lay out a report.

    Parameters
    ----------
    contents
        What it shows.

    Returns
    -------
    tuple of Block
        The title first. Every incident has a row; its evidence is left to the note on it.
    """
    tables = contents.tables
    passed = "passed" if contents.passed else "FAILED"
    head: tuple[Block, ...] = () if contents.head is None else headline_blocks(contents.head)
    told: list[Block] = [Paragraph(chart.text) for chart in contents.charts.values()]
    pictures = [Heading("What the pictures say"), *told] if told else []
    return (
        Heading(contents.title),
        Paragraph(INTERVAL_MEANING),
        *head,
        Heading(f"Shares of all {len(contents.entries.rows)} incidents"),
        shares_table(contents.shares),
        Paragraph(POWER_SCALING_MEANING),
        tables["power"],
        Heading("Shares by year"),
        tables["over_time"],
        *pictures,
        Heading("Every incident"),
        _incidents(contents),
        Heading("Who stands behind the brands"),
        tables["brands"],
        Heading('How often a labeller is right when it says "likely"'),
        tables["labellers"],
        Heading("Whom each type of labeller names when it does not know"),
        tables["preferences"],
        Heading("Can the computation be trusted?"),
        Paragraph(f"The fit {passed} its own diagnostics."),
        tables["checks"],
        Heading("Data"),
        Paragraph(contents.description),
        tables["data"],
        Heading("Method"),
        *(Paragraph(text) for text in contents.methods),
        Bullets(REFERENCES),
        Heading("This fit"),
        Bullets(tuple(f"{name}: {value}" for name, value in contents.facts)),
    )


def note_blocks(note: Note) -> tuple[Block, ...]:
    """Lay out a note on one incident.

    Parameters
    ----------
    note
        What it says.

    Returns
    -------
    tuple of Block
        The incident first.
    """
    told: list[Block] = [Paragraph(drawing.text) for drawing in note.drawings]
    histories = [Heading("What would have been said"), *told] if told else []
    return (
        *incident_blocks(note.view),
        *histories,
        Heading("This fit"),
        Bullets(tuple(f"{name}: {value}" for name, value in note.facts)),
    )


def _incidents(contents: Contents) -> Table:
    columns = (
        Column("date"),
        Column("incident"),
        Column("where"),
        Column("weapon on target"),
        Column("most probable actor"),
        Column("probability", "right"),
        Column("90 % interval", "right"),
        Column("in words"),
        Column("evidence"),
    )
    rows = tuple(
        (
            row.date,
            row.incident_id,
            row.where,
            row.what,
            row.name,
            row.chance,
            row.interval,
            row.words,
            row.evidence,
        )
        for row in contents.entries.rows
    )
    return Table(columns, rows, empty="The case has no incident.")
