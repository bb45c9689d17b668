"""A report as one HTML file that needs nothing else: no scripts, fonts, pictures or network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from attribution.case.records import plain, text_of
from attribution.case.writing import write_whole
from attribution.model.words import interval, percent, signed
from attribution.report.tables import brands_table, checks_table, decimal
from attribution.report.text import (
    DECIBANS_MEANING,
    INTERVAL_MEANING,
    confidence,
    evidence_title,
    kind,
    sentence,
    verdict,
)
from attribution.report.waterfall import waterfall

if TYPE_CHECKING:
    from collections.abc import Mapping

    from attribution.case.records import Plain
    from attribution.posterior.posterior import Posterior
    from attribution.report.blocks import Table
    from attribution.report.headline import Headline
    from attribution.report.incident import IncidentView
    from attribution.report.waterfall import Bar

MOST_BRANDS = 12

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class EvidenceRow:
    """One piece of evidence with its bar, as the template shows it."""

    decibans: str
    interval: str
    kind: str
    text: str
    source: int | None
    bar: Bar


def render_report(posterior: Posterior, head: Headline, view: IncidentView) -> str:
    """Render the demonstration's report.

    Parameters
    ----------
    posterior
        The model.
    head
        The headline.
    view
        The incident to explain.

    Returns
    -------
    str
        A whole HTML document.
    """
    template = _environment().get_template("report.html.j2")
    drawing = waterfall(view.pieces)
    manifest = plain(posterior.manifest.as_dict())
    diagnosis = posterior.diagnose()
    return template.render(
        case=posterior.case.config.title,
        head=head,
        view=view,
        verdict=verdict(view) if view.chances else f"Not attributed: {view.status}.",
        confidence=confidence(view),
        evidence_title=evidence_title(view),
        evidence=_evidence(view, drawing.bars),
        zero=drawing.zero,
        decibans_meaning=DECIBANS_MEANING,
        interval_meaning=INTERVAL_MEANING,
        brands=_most_claimed(brands_table(posterior.brands(), posterior.actor_names)),
        most_brands=MOST_BRANDS,
        passed=diagnosis.passed,
        checks=checks_table(diagnosis.table),
        fit=_fit_facts(manifest),
    )


def write_report(document: str, path: Path) -> None:
    """Write a report whole or not at all.

    Parameters
    ----------
    document
        HTML.
    path
        The file, replaced if it exists.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    write_whole(document.encode("utf-8", errors="replace"), path)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    environment.filters["decimal"] = decimal
    environment.filters["web_address"] = _web_address
    environment.globals["interval"] = interval
    return environment


def _evidence(view: IncidentView, bars: tuple[Bar, ...]) -> tuple[EvidenceRow, ...]:
    numbers = {source: number for number, source in enumerate(view.sources, 1)}
    return tuple(
        EvidenceRow(
            decibans=signed(piece.decibans),
            interval=f"{signed(piece.lo)} to {signed(piece.hi)}",
            kind=kind(piece),
            text=sentence(piece),
            source=numbers.get(piece.source) if piece.source else None,
            bar=bar,
        )
        for piece, bar in zip(view.pieces, bars, strict=True)
    )


def _most_claimed(table: Table) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """Return the rows of the brands with most claims, one group of rows a brand."""
    groups: list[list[tuple[str, ...]]] = []
    for row in table.rows:
        if row[0]:
            groups.append([])
        groups[-1].append(row)
    return tuple(tuple(group) for group in groups[:MOST_BRANDS])


def _fit_facts(manifest: Plain) -> tuple[tuple[str, str], ...]:
    """Return what identifies the fit: versions, seed, days, fingerprint."""
    content = manifest if isinstance(manifest, dict) else {}
    libraries = content.get("libraries")
    versions = ", ".join(_pairs(libraries)) if isinstance(libraries, dict) else ""
    facts = {
        "attribution": text_of(content.get("package_version")),
        "libraries": versions,
        "fitted": text_of(content.get("created")),
        "seed": text_of(content.get("seed")),
        "draws": text_of(content.get("draws")),
        "evidence as of": text_of(content.get("as_of")) or "everything in the case",
        "case": text_of(content.get("case_name")),
        "case fingerprint": text_of(content.get("case_fingerprint")),
    }
    return tuple((name, value) for name, value in facts.items() if value)


def _pairs(versions: Mapping[str, Plain]) -> list[str]:
    return [f"{name} {version}" for name, version in sorted(versions.items())]


def _web_address(url: str) -> str:
    """Return an address that may be linked to, "" for any other text."""
    return url if url.startswith(("https://", "http://")) else ""
