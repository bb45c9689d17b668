"""Cases with something taken out: what a refit may know while the rest is asked of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from attribution.case.readonly import ReadOnly
from attribution.channels.evidence import case_evidence

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date

    import pandas as pd

    from attribution.case.case import Case
    from attribution.channels.evidence import Evidence
    from attribution.evaluate.targets import Ints


def hide_incidents(case: Case, incidents: Ints) -> Case:
    """Remove every label of some incidents, of whatever scope and basis.

    Parameters
    ----------
    case
        The case.
    incidents
        Positions of the incidents.

    Returns
    -------
    Case
        The same incidents, statements and links without those labels.
    """
    names = case.incidents["incident_id"].iloc[incidents]
    return _with_labels(case, ~case.labels["incident_id"].isin(names))


def hide_labellers(case: Case, labellers: Collection[str]) -> Case:
    """Remove every label of some labellers.

    Parameters
    ----------
    case
        The case.
    labellers
        Identifiers of the labellers.

    Returns
    -------
    Case
        The case without their labels. What they said of brands stays: it is no label.
    """
    return _with_labels(case, ~case.labels["labeller"].isin(list(labellers)))


def hide_labels(case: Case, hidden: pd.Series[bool]) -> Case:
    """Remove some labels.

    Parameters
    ----------
    case
        The case.
    hidden
        Which rows of its labels are removed.

    Returns
    -------
    Case
        The case without them.
    """
    return _with_labels(case, ~hidden)


def only_labeller(case: Case, labeller: str) -> Case:
    """Keep the labels of one labeller alone.

    Parameters
    ----------
    case
        The case.
    labeller
        Identifier of the labeller.

    Returns
    -------
    Case
        The case without anybody else's labels.
    """
    return _with_labels(case, case.labels["labeller"] == labeller)


def seen_during(case: Case, cutoff: date, end: date) -> Case:
    """Show what there is to go by while a period is asked about.

    Parameters
    ----------
    case
        The case.
    cutoff
        The day before the period: labels, brand links and the ends of groups are those known then.
    end
        The last day of the period: incidents, statements and triggers are those known then.

    Returns
    -------
    Case
        Incidents until the end of the period, the period's own without any label. A statement
        without a date, of its own or of its source, is not known on any day and left out.
    """
    before, after = case.known_by(cutoff), case.known_by(end)
    earlier = {name: before.tables[name] for name in ("labels", "brand_links", "groups")}
    return _with_tables(after, earlier)


def evidence_of(case: Case, view: Case) -> Evidence:
    """Collect what a prediction may look at while part of a case is out of sight.

    Parameters
    ----------
    case
        The whole case.
    view
        What is in sight (`seen_during`).

    Returns
    -------
    Evidence
        All incidents of the whole case, with the statements in sight and no label.
    """
    statements = {"statements": view.tables["statements"]}
    return case_evidence(_with_tables(case, statements)).without_labels()


def _with_labels(case: Case, keep: pd.Series[bool]) -> Case:
    return _with_tables(case, {"labels": case.labels[keep].reset_index(drop=True)})


def _with_tables(case: Case, tables: Mapping[str, pd.DataFrame]) -> Case:
    return replace(case, tables=ReadOnly({**case.tables, **tables}))
