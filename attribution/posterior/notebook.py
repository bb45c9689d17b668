"""How a posterior and its answers look in a notebook. Everything that a case says is escaped."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import pandas as pd

from attribution.model.words import interval, percent

if TYPE_CHECKING:
    from attribution.posterior.posterior import Posterior
    from attribution.posterior.what_if import WhatIf


def posterior_html(posterior: Posterior) -> str:
    """Describe a posterior: where it comes from, its diagnostics, the shares of all incidents.

    Parameters
    ----------
    posterior
        A fitted case.

    Returns
    -------
    str
        A part of an HTML document.
    """
    shares = posterior.shares().sort_values("share", ascending=False, kind="stable")
    table = pd.DataFrame(
        {
            "actor": shares["name"],
            "share of all incidents": [percent(share) for share in shares["share"]],
            "90 % interval": _intervals(shares["lo"], shares["hi"]),
        }
    )
    return (
        f"<p>{html.escape(repr(posterior))}</p>{_table(table)}{_table(posterior.diagnose().table)}"
    )


def what_if_html(answer: WhatIf) -> str:
    """Describe a supposed change: the probabilities before and after, and the evidence after.

    Parameters
    ----------
    answer
        The answer.

    Returns
    -------
    str
        A part of an HTML document.
    """
    names = answer.explanation.actor_names
    columns: dict[str, list[str]] = {"actor": [names[actor] for actor in names]}
    for title, scores in (("before", answer.before), ("after", answer.after)):
        if scores is not None:
            columns[title] = [_chance(scores, actor) for actor in names]
    return (
        f"<p>{html.escape(answer.changes or 'nothing changed')}</p>{_table(pd.DataFrame(columns))}"
        f"{answer.explanation.plot().html()}"
    )


def _chance(scores: pd.DataFrame, actor: str) -> str:
    p, low, high = (float(scores[f"{part}_{actor}"].iloc[0]) for part in ("p", "lo", "hi"))
    return f"{percent(p)} ({interval(low, high)})"


def _intervals(low: pd.Series[float], high: pd.Series[float]) -> list[str]:
    return [interval(*ends) for ends in zip(low, high, strict=True)]


def _table(table: pd.DataFrame) -> str:
    return str(table.to_html(index=False, border=0))
