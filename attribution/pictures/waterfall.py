"""The waterfall of an explanation: from base rate to posterior, one bar a piece of evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.model.words import icd203, interval, percent, signed
from attribution.pictures.colours import FIRST, INK, MUTED, SECOND
from attribution.pictures.page import inline_data
from attribution.pictures.picture import Picture
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
    import altair as alt
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Kinds of bars, and their colours; bars against the actor are hatched for readers without colours.
BASE, FOR, AGAINST, TOTAL = "base rate", "for", "against", "total"
COLOURS = {BASE: "#B0B0B0", FOR: FIRST, AGAINST: SECOND, TOTAL: "#777777"}
HATCHES = {AGAINST: "////"}
#: Probabilities that are marked along the decibans.
MARKED = (0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999)

_LINE = SMALL * 1.25 / 72
_MOST_LINES = 3
_AXIS = "log-odds in decibans: 10 multiply the odds by ten, 3 double them"


@dataclass(frozen=True)
class Question:
    """What an explanation answers.

    Parameters
    ----------
    incident
        Identifier; "" for an incident that was made up.
    actor, against
        Names of the actor and of its rival; "" for all others together.
    probability, lo, hi
        Of the actor, with its 90 % interval.
    """

    incident: str
    actor: str
    against: str
    probability: float
    lo: float
    hi: float

    @property
    def title(self) -> str:
        """What is weighed."""
        where = f"{self.incident}: " if self.incident else ""
        return f"{where}evidence for {self.actor} against {self.against or 'all other actors'}"

    @property
    def answer(self) -> str:
        """The probability in words and figures."""
        return (
            f"{self.actor}: {percent(self.probability)} "
            f"(90 % interval {interval(self.lo, self.hi)}), {icd203(self.probability)}"
        )


def waterfall(table: pd.DataFrame, question: Question) -> Picture:
    """Draw an explanation.

    Parameters
    ----------
    table
        ``Explanation.table``: one row a piece, the base rate first and the total last.
    question
        What it explains.

    Returns
    -------
    Picture
        Its table is ``table`` with where every bar starts and ends (``start``, ``end``), its
        interval as it is drawn (``from``, ``to``), all in decibans, and its ``kind``.
    """
    placed = placed_bars(table)
    return Picture(
        question.title,
        _text(placed, question),
        placed,
        lambda width: _figure(placed, question, width),
        lambda: _chart(placed, question),
    )


def placed_bars(table: pd.DataFrame) -> pd.DataFrame:
    """Say where every bar of a waterfall starts and ends.

    Parameters
    ----------
    table
        ``Explanation.table``.

    Returns
    -------
    pandas.DataFrame
        The table with the columns that ``waterfall`` names. A piece starts where the one before it
        ended, the total at zero; intervals are drawn from the start of their bar.
    """
    weight = table["decibans"].to_numpy(dtype=float)
    end = weight.cumsum()
    end[-1] = weight[-1]
    start = end - weight
    kind = np.where(weight >= 0, FOR, AGAINST).astype(object)
    kind[0], kind[-1] = BASE, TOTAL
    return table.assign(
        start=start,
        end=end,
        **{"from": start + table["lo"].to_numpy(), "to": start + table["hi"].to_numpy()},
        kind=kind,
    )


def _text(placed: pd.DataFrame, question: Question) -> str:
    first, last = placed.iloc[0], placed.iloc[-1]
    pieces = placed.iloc[1:-1]
    order = pieces["decibans"].abs().sort_values(ascending=False, kind="stable").index
    strongest = [
        f"{row['text']} ({signed(row['decibans'])})" for _, row in pieces.loc[order[:3]].iterrows()
    ]
    most = f"The heaviest pieces: {'; '.join(strongest)}. " if strongest else ""
    return (
        f"{question.answer}. From a base rate of {signed(first['decibans'])} decibans, "
        f"{len(pieces)} pieces of evidence lead to {signed(last['decibans'])} "
        f"(90 % interval {signed(last['lo'])} to {signed(last['hi'])}). {most}"
        "Ten decibans multiply the odds by ten."
    )


def _figure(placed: pd.DataFrame, question: Question, width: float) -> Figure:
    narrow = width < NARROW
    room = width - 0.4 if narrow else 0.44 * width
    labels = [lines_of(_label(row), room, SMALL, _MOST_LINES) for _, row in placed.iterrows()]
    if narrow:
        heights = np.array([(len(lines) + 1.35) * _LINE for lines in labels])
    else:
        heights = np.array([max(len(lines), 1) * _LINE + 0.09 for lines in labels])
    figure = new_figure(width, float(heights.sum()) + (1.25 if narrow else 1.1), question.title)
    drawn = "Hatched: against. Lines: 90 % intervals over posterior draws."
    note_below(figure, width, f"{question.answer}. {drawn}")
    panel = figure.subplots()
    bottom = heights.cumsum()
    # Where labels stand above the bars, bars lie in the lower part of their rows.
    depth = 0.62 * _LINE if narrow else 0.1
    middle = bottom - (1.1 * depth if narrow else heights / 2)
    for place, (_, row) in zip(middle, placed.iterrows(), strict=True):
        _bar(panel, row, float(place), depth)
    _steps(panel, placed, middle)
    panel.axvline(0, color=INK, linewidth=0.8, zorder=1)
    panel.set_ylim(float(bottom[-1]) + 0.04, -0.04)
    _labels(panel, placed, labels, middle, bottom - heights, narrow=narrow)
    plain_axes(panel, grid="x")
    panel.spines["left"].set_visible(False)
    panel.tick_params(axis="y", length=0)
    panel.set_xlabel(
        "\n".join(lines_of(_AXIS, width - (0.5 if narrow else room + 0.9), SMALL)), fontsize=SMALL
    )
    if not question.against:
        _probabilities(panel, narrow=narrow)
    return figure


def _label(row: pd.Series) -> str:
    if row["kind"] == TOTAL:
        return "Total: log-odds of the reported probability"
    return str(row["text"])


def _bar(panel: Axes, row: pd.Series, place: float, depth: float) -> None:
    kind = row["kind"]
    panel.barh(
        place,
        row["end"] - row["start"],
        left=row["start"],
        height=depth if kind in (FOR, AGAINST) else 1.25 * depth,
        color=COLOURS[kind],
        edgecolor="white" if kind in HATCHES else COLOURS[kind],
        linewidth=0.0,
        hatch=HATCHES.get(kind),
        zorder=2,
    )
    # Not an error bar: the weight is of the mean over draws and may lie outside of what they say.
    panel.plot([row["from"], row["to"]], [place, place], color=INK, linewidth=1.1, zorder=3)
    panel.plot(
        [row["from"], row["to"]],
        [place, place],
        linestyle="none",
        marker="|",
        markersize=5,
        markeredgewidth=1.1,
        color=INK,
        zorder=3,
    )


def _steps(panel: Axes, placed: pd.DataFrame, middle: np.ndarray) -> None:
    """Join the end of every bar to the start of the next."""
    ends = placed["end"].to_numpy(dtype=float)
    for level, above, below in zip(ends[:-1], middle[:-1], middle[1:], strict=True):
        panel.plot([level, level], [above, below], color=MUTED, linewidth=0.6, zorder=1)


def _labels(
    panel: Axes,
    placed: pd.DataFrame,
    labels: list[list[str]],
    middle: np.ndarray,
    top: np.ndarray,
    *,
    narrow: bool,
) -> None:
    texts = [literal("\n".join(lines)) for lines in labels]
    weights = [signed(value) for value in placed["decibans"]]
    if not narrow:
        weights = [f"{w}  ({i})" for w, i in zip(weights, _intervals(placed), strict=True)]
    if narrow:
        panel.set_yticks([])
        for text, place in zip(texts, top, strict=True):
            panel.text(
                0,
                place + 0.02,
                text,
                transform=panel.get_yaxis_transform(),
                va="top",
                fontsize=SMALL,
                color=INK,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.85},
                zorder=4,
            )
    else:
        panel.set_yticks(middle, texts)
    right = panel.secondary_yaxis("right")
    right.set_yticks(middle, weights)
    right.tick_params(labelsize=SMALL, length=0, labelcolor=INK)
    right.spines["right"].set_visible(False)


def _probabilities(panel: Axes, *, narrow: bool) -> None:
    """Mark probabilities along the upper edge; decibans are log-odds against all others."""
    low, high = panel.get_xlim()
    places = [10 * np.log10(p / (1 - p)) for p in MARKED]
    inside = [(x, p) for x, p in zip(places, MARKED, strict=True) if low <= x <= high]
    top = panel.secondary_xaxis("top")
    top.set_xticks([x for x, _ in inside], [f"{100 * p:g} %" for _, p in inside])
    top.tick_params(labelsize=SMALL, length=3, color=MUTED, labelcolor=MUTED)
    top.spines["top"].set_color(MUTED)
    if not narrow:
        top.set_xlabel("probability", fontsize=SMALL, color=MUTED)


def _chart(placed: pd.DataFrame, question: Question) -> alt.TopLevelMixin:
    import altair as alt  # noqa: PLC0415 - a second to import

    rows = placed.assign(
        place=range(len(placed)),
        label=apart([_label(row) for _, row in placed.iterrows()]),
        weight=[signed(value) for value in placed["decibans"]],
        interval=_intervals(placed),
    )
    base = alt.Chart(inline_data(rows)).encode(
        y=alt.Y("label:N", sort=alt.EncodingSortField("place", order="ascending"))
        .title(None)
        .axis(labelLimit=340, ticks=False, domain=False, labelPadding=6),
        tooltip=[
            alt.Tooltip("text:N", title="evidence"),
            alt.Tooltip("weight:N", title="decibans"),
            alt.Tooltip("interval:N", title="90 % interval"),
            alt.Tooltip("date:N"),
            alt.Tooltip("source_id:N", title="source"),
        ],
    )
    kinds = [BASE, FOR, AGAINST, TOTAL]
    colour = alt.Color("kind:N", title="piece").scale(
        domain=kinds, range=[COLOURS[kind] for kind in kinds]
    )
    bars = base.mark_bar(height={"band": 0.62}).encode(
        x=alt.X("start:Q").title(_AXIS), x2="end:Q", color=colour.legend(orient="bottom")
    )
    lines = base.mark_rule(color=INK, strokeWidth=1.4).encode(x="from:Q", x2="to:Q")
    ends = [
        base.mark_tick(color=INK, thickness=1.4, size=8).encode(x=alt.X(f"{end}:Q"))
        for end in ("from", "to")
    ]
    zero = alt.Chart(alt.InlineData(values=[{"zero": 0}])).mark_rule(color=INK).encode(x="zero:Q")
    weights = base.mark_text(align="left", color=INK, fontSize=11).encode(
        x=alt.value(CHART_WIDTH - 250), text="weight:N"
    )
    chart = alt.layer(zero, bars, lines, *ends, weights).properties(
        width=CHART_WIDTH - 260, height=alt.Step(24)
    )
    return styled(chart, question.title, _text(placed, question))


def _intervals(placed: pd.DataFrame) -> list[str]:
    return [
        f"{signed(low)} to {signed(high)}"
        for low, high in zip(placed["lo"], placed["hi"], strict=True)
    ]
