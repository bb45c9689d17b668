"""The headline and an explained incident in words and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from attribution.channels.base import spoken_day, spoken_word
from attribution.model.words import interval, percent, signed
from attribution.report.blocks import Block, Bullets, Column, Heading, Paragraph, Table
from attribution.report.headline import headline
from attribution.report.incident import TOTAL, incident_view
from attribution.report.plain import plain_text
from attribution.report.tables import chance_cells, decimal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from attribution.posterior.explanation import Explanation
    from attribution.posterior.posterior import Posterior
    from attribution.report.headline import Headline
    from attribution.report.incident import IncidentView, Piece, Source

CONFIDENCE_MEANING = {
    "low": "little was said of this incident by experts or under known names",
    "moderate": "some independent labels or claims speak of this incident",
    "high": "several independent labels or claims speak of this incident",
}

DECIBANS_MEANING = (
    "Weight of evidence in decibans: 10 multiply the odds by ten, 3 double them, negative ones "
    "lower them. The base rate and the pieces add up to the total."
)

INTERVAL_MEANING = (
    "Intervals hold 90 % of the posterior draws. All figures are estimates of a model from public "
    "reports: they are no finding of responsibility."
)

POWER_SCALING_MEANING = (
    "How far a share moves if one channel's prior, or the likelihood, is raised to a power: 0.05 "
    "goes with a third of a standard deviation for each doubling, and a figure that does not "
    "exceed its noise says nothing (Kallioinen and others, 2024)."
)

_PHRASES = {
    "likely": "is likely to be",
    "very likely": "is very likely to be",
    "almost certain": "is almost certainly",
}


def render_headline(posterior: Posterior) -> str:
    """Write the headline as plain text.

    Parameters
    ----------
    posterior
        A model fitted to the Iraq case.

    Returns
    -------
    str
        Question, scope and shares.
    """
    return plain_text(headline_blocks(headline(posterior)))


def render_incident(posterior: Posterior, explanation: Explanation) -> str:
    """Write an explained incident as plain text.

    Parameters
    ----------
    posterior
        The model that explained it.
    explanation
        The explanation.

    Returns
    -------
    str
        What happened, who probably did it, on what evidence, and what is missing.
    """
    missing = posterior.missing(explanation.incident_id)
    view = incident_view(posterior.case, posterior.actor_names, explanation, missing=missing)
    return plain_text(incident_blocks(view))


def headline_blocks(head: Headline) -> tuple[Block, ...]:
    """Lay out the headline.

    Parameters
    ----------
    head
        The headline.

    Returns
    -------
    tuple of Block
        Question, scope, shares and how far they lean on single kinds of evidence.
    """
    columns = (
        Column("actor"),
        Column("share", "right"),
        Column("90 % interval", "right"),
        Column("expected incidents", "right"),
    )
    rows = tuple(
        (
            share.name,
            *chance_cells(share.share, share.lo, share.hi),
            decimal(share.expected_incidents),
        )
        for share in head.shares
    )
    return (
        Heading(head.title),
        Paragraph(head.question),
        Paragraph(head.scope),
        Table(columns, rows),
        *((Paragraph(head.sensitivity),) if head.sensitivity else ()),
    )


def incident_blocks(view: IncidentView) -> tuple[Block, ...]:
    """Lay out an explained incident.

    Parameters
    ----------
    view
        The incident.

    Returns
    -------
    tuple of Block
        What happened, who probably did it, on what evidence, and what is missing.
    """
    title = view.incident_id or "An incident as described"
    facts = tuple(f"{name}: {value}" for name, value in view.facts)
    blocks: list[Block] = [Heading(title), Bullets(facts or ("Nothing is known of the act.",))]
    if not view.chances:
        return (*blocks, Paragraph(f"Not attributed: {view.status}."))
    blocks += [Heading("Who probably did it"), Paragraph(verdict(view)), chances_table(view)]
    if view.status != "ok":
        blocks.append(Paragraph(f"Not all of the input could be used: {view.status}."))
    blocks += [
        Heading("Confidence in the evidence base"),
        Paragraph(confidence(view)),
        Heading(evidence_title(view)),
        Paragraph(DECIBANS_MEANING),
        evidence_table(view),
    ]
    if view.sources:
        blocks += [Heading("Sources"), Bullets(source_lines(view))]
    if view.missing:
        blocks += [Heading("What is missing"), Bullets(view.missing)]
    return (*blocks, Paragraph(INTERVAL_MEANING))


def verdict(view: IncidentView) -> str:
    """Say in a sentence or two who probably did it.

    Parameters
    ----------
    view
        An attributed incident.

    Returns
    -------
    str
        The most probable actor with its interval and words, and the runner-up.
    """
    best, *rest = view.chances
    range_text = f"90 % interval {interval(best.lo, best.hi)}"
    following = f" Next comes {rest[0].name} at {percent(rest[0].p)}." if rest else ""
    phrase = _PHRASES.get(best.words)
    if phrase is None:
        first = f"{best.name} comes first at {percent(best.p)} ({range_text})"
        return f"No actor stands out: {first}.{following}"
    return f"{best.name} {phrase} behind it: {percent(best.p)} ({range_text}).{following}"


def confidence(view: IncidentView) -> str:
    """Say how much evidence there is, apart from what it points to.

    Parameters
    ----------
    view
        An attributed incident.

    Returns
    -------
    str
        Low, moderate or high, and what that means.
    """
    meaning = CONFIDENCE_MEANING.get(view.evidence, "the evidence was not graded")
    return (
        f"{view.evidence.capitalize()}: {meaning}. This is apart from what the evidence points to. "
        f"The probabilities are spread over {view.entropy_bits:.1f} bits (0 if one actor were "
        "certain)."
    )


def chances_table(view: IncidentView) -> Table:
    """Lay out the probabilities of the actors.

    Parameters
    ----------
    view
        An attributed incident.

    Returns
    -------
    Table
        The most probable actor first.
    """
    columns = (
        Column("actor"),
        Column("probability", "right"),
        Column("90 % interval", "right"),
        Column("in words"),
    )
    rows = tuple((c.name, *chance_cells(c.p, c.lo, c.hi), c.words) for c in view.chances)
    return Table(columns, rows)


def evidence_title(view: IncidentView) -> str:
    """Name the two sides that the evidence is weighed between.

    Parameters
    ----------
    view
        An attributed incident.

    Returns
    -------
    str
        A heading.
    """
    return f"Evidence for {view.actor} against {view.against or 'all other actors'}"


def evidence_table(view: IncidentView) -> Table:
    """Lay out the evidence, base rate first and total last.

    Parameters
    ----------
    view
        An attributed incident.

    Returns
    -------
    Table
        One row a piece; sources by the numbers of `source_lines`.
    """
    columns = (
        Column("decibans", "right"),
        Column("90 % interval", "right"),
        Column("kind"),
        Column("what"),
    )
    numbers = {source: number for number, source in enumerate(view.sources, 1)}
    rows = tuple(
        (
            signed(piece.decibans),
            f"{signed(piece.lo)} to {signed(piece.hi)}",
            kind(piece),
            " ".join([sentence(piece), *_references(piece, numbers)]),
        )
        for piece in view.pieces
    )
    return Table(columns, rows)


def _references(piece: Piece, numbers: Mapping[Source, int]) -> tuple[str, ...]:
    """Name the sources of a piece by their numbers, several in a row as a range."""
    found = sorted(numbers[source] for source in piece.sources)
    if len(found) > 2 and found[-1] - found[0] == len(found) - 1:
        return (f"[{found[0]}-{found[-1]}]",)
    return (f"[{', '.join(map(str, found))}]",) if found else ()


def kind(piece: Piece) -> str:
    """Name the kind of a piece of evidence.

    Parameters
    ----------
    piece
        A row of the explanation.

    Returns
    -------
    str
        The channel, or "total".
    """
    return TOTAL if piece.piece == TOTAL else spoken_word(piece.channel)


def sentence(piece: Piece) -> str:
    """Say what a piece of evidence is and when it became known.

    Parameters
    ----------
    piece
        A row of the explanation.

    Returns
    -------
    str
        The model's own text, and the date if that is known and not told already.
    """
    told = not piece.date or piece.date in piece.text
    if told or spoken_day(pd.Timestamp(piece.date)) in piece.text:
        return piece.text
    return f"{piece.text} ({piece.date})"


def source_lines(view: IncidentView) -> tuple[str, ...]:
    """List the sources of the evidence with their numbers.

    Parameters
    ----------
    view
        An attributed incident.

    Returns
    -------
    tuple of str
        One line a source.
    """
    return tuple(f"[{n}] {citation(source)}" for n, source in enumerate(view.sources, 1))


def citation(source: Source) -> str:
    """Cite a source.

    Parameters
    ----------
    source
        A row of the sources table.

    Returns
    -------
    str
        Publisher, title, date, address, and the identifier in the case.
    """
    parts = (
        source.publisher or "publisher unknown",
        source.title,
        source.date or "Undated",
        source.url or "No address on record",
    )
    return f"{'. '.join(part for part in parts if part)} ({source.source_id})"
