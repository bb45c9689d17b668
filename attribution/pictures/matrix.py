"""Probabilities of every actor, row by row, as small bars with intervals: one drawing for many."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.model.words import interval, percent
from attribution.pictures.colours import FAINT, INK, MUTED
from attribution.pictures.page import inline_data
from attribution.pictures.style import (
    CHART_WIDTH,
    NARROW,
    SMALL,
    apart,
    lines_of,
    literal,
    new_figure,
    note_below,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import altair as alt
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: How much of a cell a bar of probability 1 takes.
_FULL = 0.9
_LINE = SMALL * 1.22 / 72
#: Where in its column an actor's name begins.
_HEAD = 0.3
#: Widest label of a row in pixels of a chart.
_LABELS = 300


@dataclass(frozen=True, eq=False)
class Matrix:
    """What is drawn.

    Parameters
    ----------
    title, note
        Above and below the picture.
    table
        One row a key and actor: ``key``, ``actor``, ``p``, ``lo`` and ``hi``.
    labels
        What is written at every row, by key, in order.
    names
        Printed names of the actors.
    colours
        Colour of every actor, in the order of the columns.
    """

    title: str
    note: str
    table: pd.DataFrame
    labels: Mapping[object, str]
    names: Mapping[str, str]
    colours: Mapping[str, str]


def matrix_figure(matrix: Matrix, width: float) -> Figure:
    """Draw a matrix for paper.

    Parameters
    ----------
    matrix
        What is drawn.
    width
        In inches.

    Returns
    -------
    matplotlib.figure.Figure
        A row a key, a column an actor; bars as long as the probability, lines for the intervals.
    """
    narrow = width < NARROW
    room = (0.38 if narrow else 0.4) * width
    most = 6 if narrow else 4
    labels = [lines_of(label, room, SMALL, most) for label in matrix.labels.values()]
    heights = np.array([max(len(lines) * _LINE + 0.06, 0.2) for lines in labels])
    heads = [lines_of(matrix.names[actor], 1.25, SMALL, 2) for actor in matrix.colours]
    above = 0.1 + 0.06 * SMALL * 0.17 * max(len(line) for lines in heads for line in lines)
    figure = new_figure(width, float(heights.sum()) + above + 0.75, matrix.title)
    note_below(figure, width, matrix.note)
    panel = figure.subplots()
    middle = heights.cumsum() - heights / 2
    places = dict(zip(matrix.labels, middle, strict=True))
    for column, (actor, colour) in enumerate(matrix.colours.items()):
        own = matrix.table[matrix.table["actor"] == actor]
        _column(panel, own, column, colour, own["key"].map(places).to_numpy(dtype=float))
    _frame(panel, [literal("\n".join(lines)) for lines in heads], heights.cumsum())
    panel.set_yticks(middle, [literal("\n".join(lines)) for lines in labels])
    panel.tick_params(labelsize=SMALL, length=0, labelcolor=INK)
    return figure


def _column(panel: Axes, own: pd.DataFrame, column: int, colour: str, place: np.ndarray) -> None:
    panel.barh(place, _FULL * own["p"], 0.11, column, color=colour, edgecolor=INK, linewidth=0.3)
    low, high = column + _FULL * own["lo"], column + _FULL * own["hi"]
    panel.hlines(place, low, high, color=INK, linewidth=1.0, zorder=3)


def _frame(panel: Axes, heads: list[str], bottoms: np.ndarray) -> None:
    """Write the actors above their columns and draw what parts cells."""
    panel.set_xlim(-0.02, len(heads))
    panel.set_ylim(float(bottoms[-1]), 0.0)
    panel.xaxis.tick_top()
    panel.set_xticks(np.arange(len(heads)) + _HEAD, heads, rotation=90, fontsize=SMALL)
    for head in panel.get_xticklabels():
        head.set_multialignment("left")
    for column in range(len(heads) + 1):
        panel.axvline(column - 0.02, color=MUTED if column == 0 else FAINT, linewidth=0.8, zorder=0)
    for bottom in bottoms[:-1]:
        panel.axhline(bottom, color=FAINT, linewidth=0.5, zorder=0)
    for spine in panel.spines.values():
        spine.set_visible(False)


def matrix_chart(matrix: Matrix) -> alt.TopLevelMixin:
    """Describe a matrix for a web page.

    Parameters
    ----------
    matrix
        What is drawn.

    Returns
    -------
    altair.TopLevelMixin
        The same as ``matrix_figure``.
    """
    import altair as alt  # noqa: PLC0415 - a second to import

    labels = dict(zip(matrix.labels, apart(list(matrix.labels.values())), strict=True))
    shown = [matrix.names[actor] for actor in matrix.colours]
    rows = _cells(matrix, labels, shown)
    base = alt.Chart(inline_data(rows)).encode(
        y=alt.Y("key:N", sort=list(labels.values()), title=None).axis(
            labelLimit=_LABELS, ticks=False, domain=False, labelPadding=8, grid=True
        ),
        tooltip=[
            alt.Tooltip("key:N", title="row"),
            alt.Tooltip("name:N", title="actor"),
            alt.Tooltip("chance:N", title="probability (90 % interval)"),
        ],
    )
    heads = json.dumps(shown)
    x = (
        alt.X("left:Q", title=None)
        .scale(domain=[0, len(shown)], nice=False)
        .axis(
            orient="top",
            values=[column + _HEAD for column in range(len(shown))],
            labelExpr=f"{heads}[floor(datum.value)]",
            labelAngle=-90,
            labelAlign="left",
            labelBaseline="middle",
            labelLimit=200,
            grid=False,
            ticks=False,
            domain=False,
        )
    )
    colour = alt.Color("name:N", legend=None).scale(
        domain=shown, range=list(matrix.colours.values())
    )
    edges = (
        alt.Chart(alt.InlineData(values=[{"edge": column} for column in range(len(shown) + 1)]))
        .mark_rule(color=FAINT)
        .encode(x="edge:Q")
    )
    bars = base.mark_bar(height={"band": 0.55}, stroke=INK, strokeWidth=0.3).encode(
        x=x, x2="right:Q", color=colour
    )
    lines = base.mark_rule(color=INK, strokeWidth=1.3).encode(x="from:Q", x2="to:Q")
    return alt.layer(edges, bars, lines).properties(
        width=CHART_WIDTH - _LABELS, height=alt.Step(20)
    )


def _cells(matrix: Matrix, labels: Mapping[object, str], shown: list[str]) -> pd.DataFrame:
    """Place every bar and its interval in its column."""
    table = matrix.table[matrix.table["actor"].isin(list(matrix.colours))]
    names = table["actor"].map(dict(matrix.names))
    column = names.map({name: place for place, name in enumerate(shown)})
    return table.assign(
        key=table["key"].map(dict(labels)),
        name=names,
        left=column,
        right=column + _FULL * table["p"],
        chance=[
            f"{percent(p)} ({interval(low, high)})"
            for p, low, high in table[["p", "lo", "hi"]].to_numpy(dtype=float)
        ],
        **{"from": column + _FULL * table["lo"], "to": column + _FULL * table["hi"]},
    )[["key", "name", "left", "right", "from", "to", "chance"]]
