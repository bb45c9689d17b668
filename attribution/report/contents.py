"""What a report shows, before anyone decides how it looks."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from attribution.pictures.colours import actor_colours
from attribution.pictures.page import chart_json
from attribution.pictures.picture import PictureError
from attribution.report.description import description, tables_of
from attribution.report.entries import Entries, entries
from attribution.report.headline import answers_headline, headline
from attribution.report.incident import incident_view
from attribution.report.methods import fit_facts, method_paragraphs
from attribution.report.tables import (
    any_table,
    brands_table,
    checks_table,
    labellers_table,
    power_scaling_table,
    preferences_table,
    shares_table,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import pandas as pd

    from attribution.pictures.picture import Picture
    from attribution.posterior.posterior import Posterior
    from attribution.report.blocks import Table
    from attribution.report.headline import Headline
    from attribution.report.incident import IncidentView

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Scope:
    """How much a report holds.

    Attributes
    ----------
    explained
        Incidents whose evidence is shown; None for all.
    featured
        An incident that is explained by itself as well; "" for none.
    charts
        Whether charts are drawn; they take most of the file.
    """

    explained: Collection[str] | None = None
    featured: str = ""
    charts: bool = True


@dataclass(frozen=True)
class Chart:
    """A chart of the page.

    Attributes
    ----------
    key
        Its place: time, map, brands, labellers or preferences.
    title, text
        What it shows, and what it says for readers who do not see it.
    specification
        Vega-Lite, as JSON that may stand inside a ``<script>`` element.
    """

    key: str
    title: str
    text: str
    specification: str


@dataclass(frozen=True)
class Contents:
    """Everything that a report shows.

    Attributes
    ----------
    title
        Of the case.
    head
        The headline; None for a case in which that question does not arise.
    featured
        An incident explained by itself.
    shares
        The shares of all incidents, one row an actor, as `Posterior.shares` has them.
    colours
        Colour of every actor.
    charts
        By their place.
    tables
        By their place: over_time, power, brands, labellers, preferences, checks, data.
    passed
        Whether the fit passed its diagnostics.
    entries
        All incidents.
    description, methods, facts
        Of the data, of the method, of the fit.
    """

    title: str
    head: Headline | None
    featured: IncidentView | None
    shares: pd.DataFrame
    colours: dict[str, str]
    charts: dict[str, Chart]
    tables: dict[str, Table]
    passed: bool
    entries: Entries
    description: str
    methods: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]


def report_contents(posterior: Posterior, scope: Scope | None = None) -> Contents:
    """Gather what a report shows.

    Parameters
    ----------
    posterior
        The model.
    scope
        How much; None for everything.

    Returns
    -------
    Contents
        Plain values, ready to be laid out.

    Raises
    ------
    UnknownIncidentError
        If the case has no such incident to feature.
    """
    scope = Scope() if scope is None else scope
    case, actors = posterior.case, posterior.case.config.actors
    if count := _count(posterior, scope):
        _LOGGER.info("explaining %d incident%s", count, "" if count == 1 else "s")
    return Contents(
        title=case.config.title,
        head=headline(posterior) if answers_headline(case) else None,
        featured=featured_view(posterior, scope.featured) if scope.featured else None,
        shares=posterior.shares(),
        colours=actor_colours([a.id for a in actors], [a.id for a in actors if a.residual]),
        charts=_charts(posterior) if scope.charts else {},
        tables=_tables(posterior),
        passed=posterior.diagnose().passed,
        entries=entries(posterior, scope.explained),
        description=description(case),
        methods=method_paragraphs(posterior),
        facts=fit_facts(posterior),
    )


def featured_view(posterior: Posterior, incident_id: str) -> IncidentView:
    """Explain one incident with what is missing.

    Parameters
    ----------
    posterior
        The model.
    incident_id
        An incident of its case.

    Returns
    -------
    IncidentView
        Plain values, ready to be laid out.

    Raises
    ------
    UnknownIncidentError
        If the case has no such incident.
    """
    explanation = posterior.explain(incident_id)
    missing = posterior.missing(incident_id)
    return incident_view(posterior.case, posterior.actor_names, explanation, missing=missing)


def _count(posterior: Posterior, scope: Scope) -> int:
    return len(posterior.case.incidents) if scope.explained is None else len(scope.explained)


def _tables(posterior: Posterior) -> dict[str, Table]:
    names, diagnosis = posterior.actor_names, posterior.diagnose()
    return {
        "over_time": shares_table(posterior.shares(by="year")),
        "power": power_scaling_table(diagnosis.sensitivity, names),
        "brands": brands_table(posterior.brands(), names),
        "labellers": labellers_table(posterior.labellers()),
        "preferences": preferences_table(posterior.preferences(), names),
        "checks": checks_table(diagnosis.table),
        "worst": any_table(diagnosis.worst),
        "data": tables_of(posterior.case),
    }


def _charts(posterior: Posterior) -> dict[str, Chart]:
    """Draw what can be drawn: a case without brands has no picture of them."""
    pictures = posterior.pictures
    drawn: dict[str, Callable[[], Picture]] = {
        "time": pictures.over_time,
        "map": pictures.map,
        "brands": pictures.brands,
        "labellers": pictures.labellers,
        "preferences": pictures.preferences,
    }
    charts = {}
    for key, draw in drawn.items():
        try:
            picture = draw()
        except PictureError as error:
            _LOGGER.info("no picture of %s: %s", key, error)
            continue
        charts[key] = Chart(key, picture.title, picture.text, chart_json(picture.chart()))
    return charts
