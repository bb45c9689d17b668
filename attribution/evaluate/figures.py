"""Figures of an evaluation, drawn from its tables; no window and no global state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from attribution.evaluate.baselines import AlwaysFirst
from attribution.evaluate.heldout import MODEL
from attribution.evaluate.summary import hardest, shown
from attribution.evaluate.tables import REFERENCE, TOP
from attribution.pictures.colours import FIRST, MUTED, SECOND
from attribution.pictures.reliability import draw_curve, reliability_diagram

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from attribution.evaluate.heldout import HeldOut
    from attribution.pictures.picture import Picture

COLUMNS = 3
CERTAIN = AlwaysFirst().name
LOSSES = (("label_loss", "label loss", FIRST), ("parent_loss", "parent loss", SECOND))


def overview(
    held: HeldOut, table: pd.DataFrame, differences: pd.DataFrame, reliability: pd.DataFrame
) -> Figure:
    """Draw differences of the losses, and the reliability of the likeliest actor.

    Parameters
    ----------
    held
        The predictions.
    table, differences, reliability
        As the module `tables` makes them.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels.
    """
    figure = Figure(figsize=(11, 4.8), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    _forest(left, held, differences)
    subject = subject_of(table)
    _curve(right, reliability, subject, TOP)
    _rival(right, table, reliability, subject)
    right.set_title("Is the likeliest actor as likely as stated?", fontsize=10)
    right.legend(fontsize=8, loc="upper left", frameon=False)
    figure.suptitle(
        f"Hidden labels of the case {held.plan.case.config.name} ({held.plan.scheme})", fontsize=12
    )
    return figure


def actors(held: HeldOut, table: pd.DataFrame, reliability: pd.DataFrame) -> Figure:
    """Draw the reliability of each actor's probability, one against the rest.

    Parameters
    ----------
    held
        The predictions.
    table, reliability
        As the module `tables` makes them.

    Returns
    -------
    matplotlib.figure.Figure
        A panel an actor.
    """
    names, subject = held.targets.actors, subject_of(table)
    rows = -(-len(names) // COLUMNS)
    figure = Figure(figsize=(3.2 * COLUMNS, 3.1 * rows + 0.4), layout="constrained")
    panels = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for panel, name in zip(panels, names, strict=False):
        _curve(panel, reliability, subject, name)
        panel.set_title(shown(name), fontsize=9)
    for panel in panels[len(names) :]:
        panel.set_axis_off()
    figure.suptitle(f"Reliability of {shown(subject)}, each actor against the rest", fontsize=11)
    return figure


def subject_of(table: pd.DataFrame) -> str:
    """Choose whose reliability is drawn.

    Parameters
    ----------
    table
        The scores.

    Returns
    -------
    str
        The model, or without it the baseline with the lowest label loss.
    """
    return MODEL if MODEL in table.index else hardest(table) or str(table.index[0])


def _forest(panel: Axes, held: HeldOut, differences: pd.DataFrame) -> None:
    """Draw intervals of two losses, one line a comparison."""
    side, who = ("minus", MODEL) if held.has_model else ("predictor", None)
    rows = differences if who is None else differences[differences["predictor"] == who]
    # Certainty in one actor loses so much that nothing else could be seen beside it.
    names = [name for name in rows[side].unique() if name != CERTAIN]
    rows = rows[rows[side] != CERTAIN]
    for place, (key, title, colour) in enumerate(LOSSES):
        own = rows[rows["score"] == key].set_index(side)
        heights = np.array([names.index(name) for name in own.index]) + 0.3 * place - 0.15
        panel.errorbar(
            own["mean"],
            heights,
            xerr=[own["mean"] - own["lo"], own["hi"] - own["mean"]],
            fmt="o",
            color=colour,
            markersize=5,
            capsize=2,
            label=title,
        )
    panel.axvline(0, color=MUTED, linewidth=1)
    panel.set_yticks(range(len(names)), [shown(name) for name in names], fontsize=9)
    panel.set_ylim(max(len(names), 1) - 0.5, -0.5)
    minus = "this model minus each baseline" if who else f"each baseline minus {shown(REFERENCE)}"
    panel.set_xlabel(f"{minus}, nats (90 % intervals); left of 0 is better", fontsize=9)
    panel.set_title("Who predicts hidden labels better?", fontsize=10)
    if names:
        panel.legend(fontsize=8, frameon=False)


def _curve(panel: Axes, reliability: pd.DataFrame, predictor: str, actor: str) -> None:
    draw_curve(panel, curve_rows(reliability, predictor, actor), shown(predictor))


def _rival(panel: Axes, table: pd.DataFrame, reliability: pd.DataFrame, subject: str) -> None:
    best = hardest(table)
    if best is not None and best != subject:
        own = curve_rows(reliability, best, TOP)
        panel.plot(own["predicted"], own["observed"], color=SECOND, linewidth=1, label=shown(best))


def curve_rows(reliability: pd.DataFrame, predictor: str, actor: str) -> pd.DataFrame:
    """Return one curve of a reliability table.

    Parameters
    ----------
    reliability
        As the module `tables` makes it.
    predictor, actor
        Whose predictions of whom.

    Returns
    -------
    pandas.DataFrame
        Its rows.
    """
    mine = (reliability["predictor"] == predictor) & (reliability["actor"] == actor)
    return reliability[mine]


def diagram(held: HeldOut, table: pd.DataFrame, reliability: pd.DataFrame) -> Picture:
    """Draw the reliability of the likeliest actor, with the best baseline's beside it.

    Parameters
    ----------
    held
        The predictions.
    table, reliability
        As the module `tables` makes them.

    Returns
    -------
    attribution.pictures.picture.Picture
        Its table holds the curves that are drawn.
    """
    subject, best = subject_of(table), hardest(table)
    drawn = dict.fromkeys([subject, *([best] if best is not None else [])])
    curves = [curve_rows(reliability, name, TOP) for name in drawn]
    plan = held.plan
    return reliability_diagram(
        pd.concat(curves, ignore_index=True),
        {name: shown(name) for name in drawn},
        "Is the likeliest actor as likely as stated? "
        f"Hidden labels of the case {plan.case.config.name} ({plan.scheme})",
    )
