"""Reports and notes as single HTML files that need nothing else and ask nothing of the net."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from attribution.case.addresses import web_address
from attribution.case.records import records, text_of
from attribution.case.writing import write_whole
from attribution.model.words import interval, percent, signed
from attribution.pictures.page import EMBED, script_json, vega_bundle
from attribution.report.methods import REFERENCES
from attribution.report.tables import decimal
from attribution.report.text import (
    DECIBANS_MEANING,
    INTERVAL_MEANING,
    POWER_SCALING_MEANING,
    confidence,
    evidence_title,
    kind,
    references,
    sentence,
    verdict,
)
from attribution.report.waterfall import waterfall

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from attribution.posterior.posterior import Posterior
    from attribution.report.contents import Contents
    from attribution.report.incident import IncidentView
    from attribution.report.note import Note
    from attribution.report.waterfall import Bar

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class EvidenceRow:
    """One piece of evidence with its bar, as the template shows it."""

    decibans: str
    interval: str
    kind: str
    text: str
    references: tuple[tuple[str, int], ...]
    bar: Bar


@dataclass(frozen=True)
class ShareRow:
    """An actor's share of all incidents."""

    name: str
    share: float
    lo: float
    hi: float
    expected_incidents: float


def render_report(posterior: Posterior, contents: Contents) -> str:
    """Render a report.

    Parameters
    ----------
    posterior
        The model.
    contents
        What is shown of it.

    Returns
    -------
    str
        A whole HTML document: readable without scripts; with its own, which are all that it allows
        to run, incidents can be searched, sorted and opened.
    """
    charts = [vega_bundle(), f"window.chartOptions = {script_json(EMBED)};"]
    own = (_TEMPLATES / "report.js").read_text(encoding="utf-8")
    scripts = [*(charts if contents.charts else []), own]
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            contents=contents,
            shares=_shares(contents.shares),
            names=posterior.actor_names,
            classes={actor: f"a{place}" for place, actor in enumerate(contents.colours)},
            data=script_json(contents.entries.data),
            scripts=scripts,
            policy=_policy(scripts),
            references=REFERENCES,
            interval_meaning=INTERVAL_MEANING,
            decibans_meaning=DECIBANS_MEANING,
            power_meaning=POWER_SCALING_MEANING,
        )
        .lstrip()
    )


def render_note(note: Note) -> str:
    """Render a note on one incident, for the printer.

    Parameters
    ----------
    note
        What it says.

    Returns
    -------
    str
        A whole HTML document without scripts, two pages of A4 when printed.
    """
    return (
        _environment()
        .get_template("note.html.j2")
        .render(
            note=note,
            view=note.view,
            policy=_policy(()),
            interval_meaning=INTERVAL_MEANING,
            decibans_meaning=DECIBANS_MEANING,
        )
        .lstrip()
    )


def write_report(document: str, path: Path) -> None:
    """Write a report whole or not at all.

    Parameters
    ----------
    document
        HTML or Markdown.
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
    environment.filters["web_address"] = web_address
    environment.filters["verdict"] = _verdict
    environment.filters["confidence"] = confidence
    environment.filters["evidence_title"] = evidence_title
    environment.filters["evidence"] = _evidence
    environment.globals["interval"] = interval
    return environment


def _policy(scripts: Sequence[str]) -> str:
    """Allow these scripts and nothing else: no other code, no form, nothing from anywhere."""
    hashes = " ".join(f"'sha256-{_sha256(script)}'" for script in scripts) or "'none'"
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _sha256(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")


def _shares(shares: pd.DataFrame) -> tuple[ShareRow, ...]:
    rows = (
        ShareRow(
            text_of(row["name"]),
            *(float(str(row[name])) for name in ("share", "lo", "hi", "expected_incidents")),
        )
        for row in records(shares)
    )
    return tuple(sorted(rows, key=lambda row: -row.share))


def _verdict(view: IncidentView) -> str:
    return verdict(view) if view.chances else f"Not attributed: {view.status}."


def _evidence(view: IncidentView) -> tuple[float, tuple[EvidenceRow, ...]]:
    """Return where zero lies, in per cent, and the pieces with their bars."""
    drawing = waterfall(view.pieces)
    numbers = {source: number for number, source in enumerate(view.sources, 1)}
    rows = tuple(
        EvidenceRow(
            decibans=signed(piece.decibans),
            interval=f"{signed(piece.lo)} to {signed(piece.hi)}",
            kind=kind(piece),
            text=sentence(piece),
            references=references(piece, numbers),
            bar=bar,
        )
        for piece, bar in zip(view.pieces, drawing.bars, strict=True)
    )
    return drawing.zero, rows
