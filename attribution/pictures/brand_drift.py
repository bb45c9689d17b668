"""How the probable parents of one brand change over its life."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.model.words import interval, percent
from attribution.pictures.colours import INK
from attribution.pictures.page import inline_data
from attribution.pictures.picture import Picture
from attribution.pictures.style import (
    CHART_WIDTH,
    NARROW,
    SMALL,
    date_axis,
    day_numbers,
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
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: An actor who never reaches this probability is not drawn.
NOTICED = 0.05


def brand_drift(drift: pd.DataFrame, name: str, colours: Mapping[str, str]) -> Picture:
    """Draw the probable parents of a brand over time.

    Parameters
    ----------
    drift
        One row a day and actor, days in order: on, actor, actor_name, share, lo and hi.
    name
        Printed name of the brand.
    colours
        Colour of every actor, in the case's order.

    Returns
    -------
    Picture
        Its table is ``drift``.
    """
    top = drift.groupby("actor")["share"].max()
    drawn = {actor: colour for actor, colour in colours.items() if top[actor] >= NOTICED}
    left = len(colours) - len(drawn)
    rest = f" {left} actors never reach {percent(NOTICED)} and are not drawn." if left else ""
    note = (
        "Lines: probability that a claim by the brand, about an incident of which nothing else is "
        "known, comes from the actor; bands: 90 % intervals. It changes as other names come into "
        f"use and fall out of it, and as membership changes.{rest}"
    )
    title = f"Who stands behind {name}, over time"
    text = _text(drift)
    return Picture(
        title,
        text,
        drift,
        lambda width: _figure(drift, drawn, (title, note), width),
        lambda: styled(_chart(drift, drawn), title, text),
    )


def _text(drift: pd.DataFrame) -> str:
    first, last = drift["on"].iloc[0], drift["on"].iloc[-1]
    before, after = (drift[drift["on"] == day].set_index("actor") for day in (first, last))
    parts = []
    for actor in after["share"].sort_values(ascending=False, kind="stable").index[:4]:
        then, now = before.loc[actor], after.loc[actor]
        parts.append(
            f"{now['actor_name']} {percent(then['share'])} ({interval(then['lo'], then['hi'])}) "
            f"then, {percent(now['share'])} ({interval(now['lo'], now['hi'])}) at last"
        )
    return f"From {first:%-d %B %Y} to {last:%-d %B %Y}: {'; '.join(parts)}."


def _figure(
    drift: pd.DataFrame, drawn: Mapping[str, str], words: tuple[str, str], width: float
) -> Figure:
    title, note = words
    columns = min(2 if width < NARROW else 3, len(drawn))
    rows = -(-len(drawn) // columns)
    figure = new_figure(width, 0.9 + 1.35 * rows, title)
    note_below(figure, width, note)
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    for panel, (actor, colour) in zip(panels, drawn.items(), strict=False):
        own = drift[drift["actor"] == actor]
        _panel(panel, own, colour)
        name = lines_of(str(own["actor_name"].iloc[0]), width / columns - 0.5, SMALL, 2)
        panel.set_title(literal("\n".join(name)), fontsize=SMALL, loc="left", color=INK, pad=3)
        date_axis(panel, drift["on"].min(), drift["on"].max(), 4)
    for panel in panels[len(drawn) :]:
        panel.set_axis_off()
    for panel in panels[max(len(drawn) - columns, 0) : len(drawn)]:
        panel.tick_params(labelbottom=True)
    return figure


def _panel(panel: Axes, own: pd.DataFrame, colour: str) -> None:
    days = day_numbers(own["on"])
    panel.fill_between(
        days, own["lo"], own["hi"], color=colour, alpha=0.3, linewidth=0, step="post"
    )
    panel.step(days, own["share"], where="post", color=INK, linewidth=2.2)
    panel.step(days, own["share"], where="post", color=colour, linewidth=1.4)
    panel.set_ylim(0, 1)
    panel.set_yticks((0, 0.5, 1), ("0 %", "50 %", "100 %"))
    plain_axes(panel, grid="y")


def _chart(drift: pd.DataFrame, drawn: Mapping[str, str]) -> alt.TopLevelMixin:
    import altair as alt  # noqa: PLC0415 - a second to import

    own = drift[drift["actor"].isin(list(drawn))]
    names = dict(zip(own["actor"], own["actor_name"], strict=True))
    shown = [names[actor] for actor in drawn]
    rows = own.assign(
        chance=[
            f"{percent(p)} ({interval(low, high)})"
            for p, low, high in own[["share", "lo", "hi"]].to_numpy(dtype=float)
        ]
    )
    base = alt.Chart(inline_data(rows)).encode(
        x=alt.X("on:T", title=None).axis(tickCount=3),
        color=alt.Color("actor_name:N", legend=None).scale(
            domain=shown, range=list(drawn.values())
        ),
        tooltip=[
            alt.Tooltip("on:T", title="on", format="%d %B %Y"),
            alt.Tooltip("actor_name:N", title="actor"),
            alt.Tooltip("chance:N", title="probability (90 % interval)"),
        ],
    )
    y = alt.Y("share:Q", title=None).scale(domain=[0, 1]).axis(format=".0%", tickCount=3)
    band = base.mark_area(opacity=0.3, interpolate="step-after").encode(y="lo:Q", y2="hi:Q")
    line = base.mark_line(interpolate="step-after", strokeWidth=2.5).encode(y=y)
    points = base.mark_point(filled=True, size=18, opacity=1).encode(y=y)
    width = (CHART_WIDTH - 70) // 3
    return (
        alt.layer(band, line, points)
        .properties(width=width, height=110)
        .facet(
            facet=alt.Facet("actor_name:N", sort=shown, title=None).header(
                labelAnchor="start", labelFontSize=11, labelLimit=width
            ),
            columns=3,
        )
    )
