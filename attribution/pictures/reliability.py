"""The reliability diagram: whether what is called 70 % is right seven times in ten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attribution.model.words import percent
from attribution.pictures.colours import FIRST, INK, MUTED, SECOND
from attribution.pictures.page import inline_data
from attribution.pictures.picture import Picture, PictureError
from attribution.pictures.style import (
    NARROW,
    SMALL,
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
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Bins of the predictions shown below the curve.
BINS = 20
#: Height of the highest of them.
_HIGHEST = 0.15
_NOTE = (
    "Line: isotonic regression of the labels on the stated probability, with a 90 % band; dashed: "
    "perfect reliability. Bars: how many predictions rest there."
)


def reliability_diagram(curves: pd.DataFrame, names: Mapping[str, str], title: str) -> Picture:
    """Draw reliability curves of one or two predictors.

    Parameters
    ----------
    curves
        Rows of ``EvaluationReport.reliability``: predictor, predicted, observed, lo, hi, weight.
    names
        Printed names of the predictors to draw, at most two: the first with its band.
    title
        What is predicted.

    Returns
    -------
    Picture
        Its table is ``curves``.

    Raises
    ------
    PictureError
        If there is nothing to draw.
    """
    own = curves[curves["predictor"] == next(iter(names), "")]
    if own.empty:
        raise PictureError(f"{title}: no prediction to draw")
    text = _text(own, names)
    return Picture(
        title,
        text,
        curves,
        lambda width: _figure(curves, names, title, width),
        lambda: styled(_chart(curves, names), title, text),
    )


def draw_curve(panel: Axes, own: pd.DataFrame, label: str, size: float = SMALL) -> None:
    """Draw one reliability curve with its band, over the diagonal and what it rests on.

    Parameters
    ----------
    panel
        The axes.
    own
        The curve: predicted, observed, lo, hi, weight.
    label
        For a legend.
    size
        Of the letters, in points.
    """
    panel.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle="--")
    panel.fill_between(own["predicted"], own["lo"], own["hi"], color=FIRST, alpha=0.18, linewidth=0)
    panel.plot(own["predicted"], own["observed"], color=FIRST, label=literal(label))
    edges, heights = _histogram(own)
    panel.bar(
        edges[:-1], heights, np.diff(edges), align="edge", color=MUTED, alpha=0.35, linewidth=0
    )
    panel.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    panel.tick_params(labelsize=size)
    panel.set_xlabel("stated probability", fontsize=size)
    panel.set_ylabel("share of labels", fontsize=size)


def _histogram(own: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    counts, edges = np.histogram(
        own["predicted"], np.linspace(0, 1, BINS + 1), weights=own["weight"]
    )
    return edges, _HIGHEST * counts / max(counts.max(), 1e-9)


def _text(own: pd.DataFrame, names: Mapping[str, str]) -> str:
    name = next(iter(names.values()))
    order = own.sort_values("predicted", kind="stable")
    parts = []
    for stated in (0.3, 0.5, 0.7, 0.9):
        if not order["predicted"].iloc[0] <= stated <= order["predicted"].iloc[-1]:
            continue
        seen, low, high = (
            float(np.interp(stated, order["predicted"], order[column]))
            for column in ("observed", "lo", "hi")
        )
        parts.append(
            f"what is stated as {percent(stated)} holds in {percent(seen)} (90 % band "
            f"{percent(low)} to {percent(high)})"
        )
    spoken = "; ".join(parts) or "too few predictions for a curve"
    return f"{name}: {spoken}."


def _figure(curves: pd.DataFrame, names: Mapping[str, str], title: str, width: float) -> Figure:
    side = min(width, 4.5 if width < NARROW else 5.0)
    figure = new_figure(width, side + 0.5, title)
    note_below(figure, width, _NOTE)
    panel = figure.subplots()
    for place, (predictor, name) in enumerate(names.items()):
        own = curves[curves["predictor"] == predictor]
        if place == 0:
            draw_curve(panel, own, name)
        else:
            panel.plot(
                own["predicted"],
                own["observed"],
                color=SECOND,
                linewidth=1,
                linestyle="-.",
                label=literal(name),
            )
    plain_axes(panel)
    panel.legend(fontsize=SMALL, loc="upper left", frameon=False)
    return figure


def _chart(curves: pd.DataFrame, names: Mapping[str, str]) -> alt.TopLevelMixin:
    import altair as alt  # noqa: PLC0415 - a second to import
    import pandas as pd  # noqa: PLC0415 - types only, elsewhere

    shown = list(names.values())
    rows = curves[curves["predictor"].isin(list(names))]
    rows = rows.assign(name=rows["predictor"].map(dict(names)))
    first = rows[rows["name"] == shown[0]]
    edges, heights = _histogram(first)
    counts = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "height": heights, "zero": 0.0})
    scale = alt.Scale(domain=[0, 1])
    x = alt.X("predicted:Q", scale=scale, title="stated probability").axis(format=".0%")
    y = alt.Y("observed:Q", scale=scale, title="share of labels").axis(format=".0%")
    bars = (
        alt.Chart(inline_data(counts))
        .mark_rect(color=MUTED, opacity=0.35)
        .encode(x="from:Q", x2="to:Q", y="zero:Q", y2="height:Q")
    )
    ends = pd.DataFrame({"predicted": [0.0, 1.0], "observed": [0.0, 1.0]})
    diagonal = alt.Chart(inline_data(ends)).mark_line(color=INK, strokeDash=[5, 4]).encode(x=x, y=y)
    band = (
        alt.Chart(inline_data(first))
        .mark_area(color=FIRST, opacity=0.18)
        .encode(x=x, y="lo:Q", y2="hi:Q")
    )
    lines = (
        alt.Chart(inline_data(rows, ["predicted", "observed", "lo", "hi", "name"]))
        .mark_line(strokeWidth=2)
        .encode(
            x=x,
            y=y,
            color=alt.Color("name:N", title=None)
            .scale(domain=shown, range=[FIRST, SECOND][: len(shown)])
            .legend(orient="bottom"),
            tooltip=[
                alt.Tooltip("name:N", title="predictor"),
                alt.Tooltip("predicted:Q", format=".0%", title="stated"),
                alt.Tooltip("observed:Q", format=".0%"),
            ],
        )
    )
    return alt.layer(bars, diagonal, band, lines).properties(width=420, height=420)
