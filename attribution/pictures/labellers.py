"""How reliable labellers are, and whom they name when they do not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attribution.channels.base import spoken_word
from attribution.model.words import interval, percent
from attribution.pictures.colours import FIRST, INK, MUTED
from attribution.pictures.matrix import Matrix, matrix_chart, matrix_figure
from attribution.pictures.page import inline_data
from attribution.pictures.picture import Picture, PictureError
from attribution.pictures.style import (
    CHART_WIDTH,
    NARROW,
    SMALL,
    apart,
    lines_of,
    literal,
    new_figure,
    note_below,
    plain_axes,
    styled,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import altair as alt
    import pandas as pd
    from matplotlib.figure import Figure

RELIABILITY = 'How often a labeller is right when it says "likely"'
PREFERENCE = "Whom each kind of labeller names when it does not know"

_LINE = SMALL * 1.22 / 72


def reliability_of_labellers(labellers: pd.DataFrame, most: int) -> Picture:
    """Draw the hit rates of labellers.

    Parameters
    ----------
    labellers
        ``Posterior.labellers``, those with most labels first.
    most
        How many are drawn.

    Returns
    -------
    Picture
        Its table holds the rows that are drawn.

    Raises
    ------
    PictureError
        If there is no labeller.
    """
    if labellers.empty or most < 1:
        raise PictureError("the case has no labeller to draw")
    table = labellers.head(most).reset_index(drop=True)
    left = len(labellers) - len(table)
    rest = f" {left} more, with fewer labels, are not drawn." if left else ""
    note = f"Points: mean over posterior draws; lines: 90 % intervals. In brackets: labels.{rest}"
    text = _text(table) + rest
    return Picture(
        RELIABILITY,
        text,
        table,
        lambda width: _figure(table, note, width),
        lambda: styled(_chart(table), RELIABILITY, text),
    )


def default_preferences(
    preferences: pd.DataFrame, names: Mapping[str, str], colours: Mapping[str, str]
) -> Picture:
    """Draw whom each kind of labeller names when it does not know.

    Parameters
    ----------
    preferences
        ``Posterior.preferences``: one row a kind and actor.
    names, colours
        Printed name and colour of every actor, in the case's order.

    Returns
    -------
    Picture
        Its table is ``preferences``.
    """
    kinds = list(dict.fromkeys(preferences["labeller_type"]))
    matrix = Matrix(
        PREFERENCE,
        "Bars: share of a kind's uninformed labels that name the actor; lines: 90 % intervals. A "
        "label that the preference alone would produce is weak evidence.",
        preferences.rename(columns={"labeller_type": "key", "share": "p"}),
        {kind: spoken_word(kind) for kind in kinds},
        names,
        colours,
    )
    text = _preferred(preferences, names)
    return Picture(
        PREFERENCE,
        text,
        preferences,
        lambda width: matrix_figure(matrix, width),
        lambda: styled(matrix_chart(matrix), PREFERENCE, text),
    )


def _text(table: pd.DataFrame) -> str:
    best, worst = table.iloc[table["hit"].argmax()], table.iloc[table["hit"].argmin()]
    low, high = table["lo"].min(), table["hi"].max()
    return (
        f"{len(table)} labellers with most labels. Highest hit rate: {best['name']} "
        f"{percent(best['hit'])} (90 % interval {interval(best['lo'], best['hi'])}); lowest: "
        f"{worst['name']} {percent(worst['hit'])} ({interval(worst['lo'], worst['hi'])}). All "
        f"intervals lie within {interval(low, high)}: where they overlap, the model does not tell "
        "labellers apart."
    )


def _preferred(preferences: pd.DataFrame, names: Mapping[str, str]) -> str:
    parts = []
    for kind, own in preferences.groupby("labeller_type", sort=False):
        top = own.iloc[own["share"].argmax()]
        parts.append(
            f"{spoken_word(str(kind))}: {names[top['actor']]} {percent(top['share'])} (90 % "
            f"interval {interval(top['lo'], top['hi'])})"
        )
    return f"Most named when a labeller does not know. {'; '.join(parts)}."


def _labels(table: pd.DataFrame) -> list[str]:
    return [
        f"{row['name']}, {spoken_word(row['type'])} ({row['labels']})"
        for _, row in table.iterrows()
    ]


def _figure(table: pd.DataFrame, note: str, width: float) -> Figure:
    room = (0.55 if width < NARROW else 0.5) * width
    labels = [lines_of(label, room, SMALL, 3) for label in _labels(table)]
    heights = np.array([len(lines) * _LINE + 0.07 for lines in labels])
    figure = new_figure(width, float(heights.sum()) + 1.1, RELIABILITY)
    note_below(figure, width, note)
    panel = figure.subplots()
    middle = heights.cumsum() - heights / 2
    panel.hlines(middle, table["lo"], table["hi"], color=MUTED, linewidth=1.6)
    panel.scatter(table["hit"], middle, s=22, color=FIRST, edgecolors=INK, linewidths=0.5, zorder=3)
    panel.set_yticks(middle, [literal("\n".join(lines)) for lines in labels])
    panel.set_ylim(float(heights.sum()), 0)
    panel.set_xlim(0, 1)
    ticks = (0, 0.5, 1) if width < NARROW else (0, 0.25, 0.5, 0.75, 1)
    panel.set_xticks(ticks, [f"{100 * tick:g} %" for tick in ticks])
    plain_axes(panel, grid="x")
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)
    return figure


def _chart(table: pd.DataFrame) -> alt.TopLevelMixin:
    import altair as alt  # noqa: PLC0415 - a second to import

    rows = table.assign(
        label=apart(_labels(table)),
        chance=[
            f"{percent(p)} ({interval(low, high)})"
            for p, low, high in table[["hit", "lo", "hi"]].to_numpy(dtype=float)
        ],
    )
    base = alt.Chart(inline_data(rows)).encode(
        y=alt.Y("label:N", sort=rows["label"].tolist(), title=None).axis(
            labelLimit=330, ticks=False, domain=False
        ),
        tooltip=[
            alt.Tooltip("name:N", title="labeller"),
            alt.Tooltip("type:N"),
            alt.Tooltip("labels:Q"),
            alt.Tooltip("chance:N", title="hit rate (90 % interval)"),
        ],
    )
    x = alt.X("hit:Q", title=None).scale(domain=[0, 1]).axis(format=".0%")
    lines = base.mark_rule(color=MUTED, strokeWidth=2).encode(x="lo:Q", x2="hi:Q")
    points = base.mark_circle(color=FIRST, size=60, opacity=1, stroke=INK).encode(x=x)
    return alt.layer(lines, points).properties(width=CHART_WIDTH - 320, height=alt.Step(20))
