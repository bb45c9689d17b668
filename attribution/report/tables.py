"""The model's tables, laid out for people: shares, brands, labellers, preferences, checks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from attribution.case.records import Record, number_of, records, text_of
from attribution.channels.base import spoken_word
from attribution.model.words import interval, percent
from attribution.report.blocks import Column, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

_NO_INCIDENTS = "No incident of the case fits."


def shares_table(shares: pd.DataFrame) -> Table:
    """Lay out the shares of actors, the largest first within a period.

    Parameters
    ----------
    shares
        Output of ``Posterior.shares``.

    Returns
    -------
    Table
        One row an actor and period.
    """
    rows = records(shares)
    periods = list(dict.fromkeys(text_of(row["period"]) for row in rows))
    ordered = sorted(
        rows, key=lambda row: (periods.index(text_of(row["period"])), -_sortable(row, "share"))
    )
    columns = (
        Column("period"),
        Column("actor"),
        Column("share", "right"),
        Column("90 % interval", "right"),
        Column("expected incidents", "right"),
        Column("of", "right"),
    )
    cells = tuple(
        (
            text_of(row["period"]),
            text_of(row["name"]),
            *_chance(row, "share"),
            decimal(number_of(row, "expected_incidents")),
            count(number_of(row, "n_incidents")),
        )
        for row in ordered
    )
    if len(periods) > 1:
        return Table(columns, cells, empty=_NO_INCIDENTS)
    return Table(columns[1:], tuple(row[1:] for row in cells), empty=_NO_INCIDENTS)


def brands_table(
    brands: pd.DataFrame, actor_names: Mapping[str, str], most_actors: int = 3
) -> Table:
    """Lay out who stands behind the brands: the most probable actors of each.

    Parameters
    ----------
    brands
        Output of ``Posterior.brands``.
    actor_names
        Display names of the actors.
    most_actors
        How many actors are shown of a brand.

    Returns
    -------
    Table
        The brands with most claims first.
    """
    by_brand: dict[str, list[Record]] = {}
    for row in records(brands):
        by_brand.setdefault(text_of(row["brand_id"]), []).append(row)
    ranked = sorted(
        by_brand.values(),
        key=lambda rows: (-_sortable(rows[0], "claims"), text_of(rows[0]["name"])),
    )
    cells = []
    for rows in ranked:
        best = sorted(rows, key=lambda row: -_sortable(row, "share"))[:most_actors]
        for position, row in enumerate(best):
            first = position == 0
            cells.append(
                (
                    text_of(row["name"]) if first else "",
                    count(number_of(row, "claims")) if first else "",
                    _lifetime(row) if first else "",
                    _actor(row, actor_names),
                    *_chance(row, "share"),
                )
            )
    columns = (
        Column("brand"),
        Column("claims", "right"),
        Column("in use"),
        Column("actor behind a claim"),
        Column("probability", "right"),
        Column("90 % interval", "right"),
    )
    return Table(columns, tuple(cells), empty="The case has no brands.")


def labellers_table(labellers: pd.DataFrame) -> Table:
    """Lay out how often labellers are right.

    Parameters
    ----------
    labellers
        Output of ``Posterior.labellers``.

    Returns
    -------
    Table
        The labellers with most labels first.
    """
    rows = sorted(records(labellers), key=lambda row: -_sortable(row, "labels"))
    columns = (
        Column("labeller"),
        Column("type"),
        Column("labels", "right"),
        Column("hit rate", "right"),
        Column("90 % interval", "right"),
    )
    cells = tuple(
        (
            text_of(row["name"]),
            spoken_word(text_of(row["type"])),
            count(number_of(row, "labels")),
            *_chance(row, "hit"),
        )
        for row in rows
    )
    return Table(columns, cells, empty="The case has no labellers.")


def preferences_table(preferences: pd.DataFrame, actor_names: Mapping[str, str]) -> Table:
    """Lay out whom each type of labeller names when it does not know.

    Parameters
    ----------
    preferences
        Output of ``Posterior.preferences``.
    actor_names
        Display names of the actors.

    Returns
    -------
    Table
        One row a type and actor, the most named actor of a type first.
    """
    rows = records(preferences)
    types = list(dict.fromkeys(text_of(row["labeller_type"]) for row in rows))
    ordered = sorted(
        rows, key=lambda row: (types.index(text_of(row["labeller_type"])), -_sortable(row, "share"))
    )
    columns = (
        Column("type of labeller"),
        Column("names by default"),
        Column("share", "right"),
        Column("90 % interval", "right"),
    )
    cells = tuple(
        (
            spoken_word(text_of(row["labeller_type"])),
            _actor(row, actor_names),
            *_chance(row, "share"),
        )
        for row in ordered
    )
    return Table(columns, cells)


def checks_table(checks: pd.DataFrame) -> Table:
    """Lay out the checks of a model's sampling.

    Parameters
    ----------
    checks
        ``Diagnosis.table``.

    Returns
    -------
    Table
        One row a check.
    """
    columns = (
        Column("check"),
        Column("value", "right"),
        Column("limit", "right"),
        Column("passed"),
    )
    cells = tuple(
        (
            text_of(row["check"]),
            _figure(row["value"]),
            _figure(row["limit"]),
            "yes" if row["passed"] else "NO",
        )
        for row in records(checks)
    )
    return Table(columns, cells)


def any_table(frame: pd.DataFrame) -> Table:
    """Lay out a table as it is.

    Parameters
    ----------
    frame
        Any table.

    Returns
    -------
    Table
        Its columns and rows; numbers with four significant digits.
    """
    columns = tuple(
        Column(str(name).replace("_", " "), "right" if kind.kind in "fiu" else "left")
        for name, kind in zip(frame.columns, frame.dtypes, strict=True)
    )
    rows = tuple(tuple(_figure(value) for value in row.values()) for row in records(frame))
    return Table(columns, rows)


def power_scaling_table(sensitivity: pd.DataFrame, actor_names: Mapping[str, str]) -> Table:
    """Lay out how far the shares rest on the priors and on the data.

    Parameters
    ----------
    sensitivity
        ``Diagnosis.sensitivity``.
    actor_names
        Display names of the actors.

    Returns
    -------
    Table
        One row an actor: the prior that moves its share most, the likelihood, and what that means.
    """
    columns = (
        Column("share of"),
        Column("prior", "right"),
        Column("noise", "right"),
        Column("of channel"),
        Column("likelihood", "right"),
        Column("noise", "right"),
        Column("in words"),
    )
    rows = tuple(
        (
            actor_names.get(text_of(row["quantity"]), text_of(row["quantity"])),
            _distance(row, "prior"),
            _distance(row, "prior_noise"),
            spoken_word(text_of(row["prior_of"])),
            _distance(row, "likelihood"),
            _distance(row, "likelihood_noise"),
            text_of(row["diagnosis"]),
        )
        for row in records(sensitivity)
    )
    return Table(columns, rows)


def decimal(value: float) -> str:
    """Write a number with one digit after the point.

    Parameters
    ----------
    value
        A number.

    Returns
    -------
    str
        "" for one that is missing.
    """
    return "" if math.isnan(value) else f"{value:.1f}"


def count(value: float) -> str:
    """Write a whole number.

    Parameters
    ----------
    value
        A number without a fraction.

    Returns
    -------
    str
        "" for one that is missing.
    """
    return "" if math.isnan(value) else f"{value:.0f}"


def chance_cells(p: float, lo: float, hi: float) -> tuple[str, str]:
    """Write a probability and its interval, or two dashes if there is none.

    Parameters
    ----------
    p, lo, hi
        Probability and ends of its interval; not a number if missing.

    Returns
    -------
    tuple of str
        The two cells.
    """
    if math.isnan(p):
        return "-", "-"
    return percent(p), "-" if math.isnan(lo) or math.isnan(hi) else interval(lo, hi)


def _chance(row: Record, name: str) -> tuple[str, str]:
    return chance_cells(number_of(row, name), number_of(row, "lo"), number_of(row, "hi"))


def _actor(row: Record, actor_names: Mapping[str, str]) -> str:
    actor = text_of(row["actor"])
    return actor_names.get(actor, actor)


def _sortable(row: Record, name: str) -> float:
    value = number_of(row, name)
    return -math.inf if math.isnan(value) else value


def _lifetime(row: Record) -> str:
    start, end = text_of(row["active_from"]), text_of(row["active_to"])
    if start and end:
        return f"{start} to {end}"
    if start:
        return f"since {start}"
    return f"until {end}" if end else ""


def _distance(row: Record, name: str) -> str:
    value = number_of(row, name)
    return "-" if math.isnan(value) else f"{value:.2f}"


def _figure(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.4g}"
        case _:
            return str(value)
