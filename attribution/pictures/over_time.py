"""Who did what over time: expected incidents of every actor by period, with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.model.words import percent
from attribution.pictures.colours import INK
from attribution.pictures.page import inline_data
from attribution.pictures.picture import Picture, PictureError
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
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = [
    "period",
    "start",
    "end",
    "actor",
    "name",
    "share",
    "lo",
    "hi",
    "expected_incidents",
    "lo_incidents",
    "hi_incidents",
    "n_incidents",
]

_UNIT = {"M": "month", "Q": "quarter", "Y": "year"}


def over_time(
    shares: pd.DataFrame, frequency: str, colours: Mapping[str, str], subject: str
) -> Picture:
    """Draw the expected incidents of every actor over time.

    Parameters
    ----------
    shares
        ``Posterior.shares`` by period.
    frequency
        What pandas calls the periods: "M", "Q" or "Y".
    colours
        Colour of every actor, in the case's order.
    subject
        Which incidents are counted, in words.

    Returns
    -------
    Picture
        Its table is ``shares`` with the first and last day of every period, and with the interval
        in incidents: that of the share, times their number.

    Raises
    ------
    PictureError
        If there is no incident.
    """
    if shares.empty:
        raise PictureError(f"{subject}: there is no incident to draw")
    table = _table(shares, frequency)
    title = f"Who did what, by {_UNIT[frequency]}: {subject}"
    text = _text(table, _UNIT[frequency])
    return Picture(
        title,
        text,
        table,
        lambda width: _figure(table, colours, title, width),
        lambda: styled(_chart(table, colours), title, text),
    )


def _table(shares: pd.DataFrame, frequency: str) -> pd.DataFrame:
    periods = pd.PeriodIndex(shares["period"], freq=frequency)
    count = shares["n_incidents"]
    return shares.assign(
        start=periods.start_time,
        end=periods.end_time.normalize(),
        lo_incidents=shares["lo"] * count,
        hi_incidents=shares["hi"] * count,
    )[COLUMNS]


def _text(table: pd.DataFrame, unit: str) -> str:
    first, last = table["period"].iloc[0], table["period"].iloc[-1]
    counts = table.drop_duplicates("period").set_index("period")["n_incidents"]
    total = int(counts.sum())
    most = f"most of them, {int(counts.max())}, in {counts.idxmax()}"
    parts = [f"{total} incidents from {first} to {last}; {most}."]
    expected = table.groupby("actor", sort=False)["expected_incidents"].sum()
    for actor in expected.sort_values(ascending=False, kind="stable").index:
        own = table[table["actor"] == actor]
        top = own.loc[own["expected_incidents"].idxmax()]
        parts.append(
            f"{top['name']}: {expected[actor]:.0f} expected ({percent(expected[actor] / total)}), "
            f"most in {top['period']} with {top['expected_incidents']:.1f} "
            f"(90 % interval {top['lo_incidents']:.0f} to {top['hi_incidents']:.0f})."
        )
    return " ".join([*parts, f"Every incident counts in full in its {unit}."])


def _figure(table: pd.DataFrame, colours: Mapping[str, str], title: str, width: float) -> Figure:
    actors = [actor for actor in colours if actor in set(table["actor"])]
    columns = min(2 if width < NARROW else 3, len(actors))
    rows = -(-len(actors) // columns)
    figure = new_figure(width, 2.4 + 1.15 * rows, title)
    note_below(
        figure,
        width,
        "Above: expected incidents, stacked in the order of the panels below, the first at the "
        "bottom. Below: each actor on a scale of its own, with the 90 % interval of its number "
        "among these incidents.",
    )
    halves = figure.subfigures(2, 1, squeeze=False, height_ratios=(2.0, 1.15 * rows)).ravel()
    stack, lower = halves[0].subplots(), halves[1]
    panels = lower.subplots(rows, columns, squeeze=False, sharex=True).ravel()
    _stacked(stack, table, actors, colours)
    names = dict(zip(table["actor"], table["name"], strict=True))
    for panel, actor in zip(panels, actors, strict=False):
        own = table[table["actor"] == actor]
        _single(panel, own, colours[actor])
        lines = lines_of(names[actor], width / columns - 0.55, SMALL, 2)
        panel.set_title(literal("\n".join(lines)), fontsize=SMALL, loc="left", color=INK, pad=3)
    for panel in panels[len(actors) :]:
        panel.set_axis_off()
    for place in range(len(actors) - columns, len(actors)):
        # The lowest panel of a column is not always in the last row.
        panels[place].tick_params(labelbottom=True)
    lower.supylabel("expected incidents", fontsize=SMALL, color=INK)
    for panel in (stack, *panels[: len(actors)]):
        date_axis(panel, table["start"].min(), table["end"].max(), 9 if panel is stack else 4)
    return figure


def _bars(own: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return where bars start and how wide they are, in matplotlib's days."""
    start = day_numbers(own["start"])
    return start, day_numbers(own["end"]) + 1 - start


def _stacked(
    panel: Axes, table: pd.DataFrame, actors: list[str], colours: Mapping[str, str]
) -> None:
    start, width = _bars(table[table["actor"] == actors[0]])
    bottom = np.zeros(len(start))
    for actor in actors:
        heights = table.loc[table["actor"] == actor, "expected_incidents"].to_numpy(dtype=float)
        panel.bar(
            start,
            heights,
            width,
            bottom,
            align="edge",
            color=colours[actor],
            edgecolor="white",
            linewidth=0.5,
        )
        bottom += heights
    plain_axes(panel, grid="y")
    panel.set_ylabel("incidents", fontsize=SMALL, color=INK)


def _single(panel: Axes, own: pd.DataFrame, colour: str) -> None:
    start, width = _bars(own)
    middle = start + width / 2
    expected = own["expected_incidents"].to_numpy(dtype=float)
    panel.bar(start, expected, width, align="edge", color=colour, linewidth=0)
    panel.vlines(
        middle, own["lo_incidents"], own["hi_incidents"], color=INK, linewidth=0.9, zorder=3
    )
    panel.locator_params(axis="y", nbins=3, integer=True)
    plain_axes(panel, grid="y")


def _chart(table: pd.DataFrame, colours: Mapping[str, str]) -> alt.TopLevelMixin:
    import altair as alt  # noqa: PLC0415 - a second to import

    names = dict(zip(table["actor"], table["name"], strict=True))
    shown = [names[actor] for actor in colours if actor in names]
    colour = alt.Color("name:N", title=None, sort=shown).scale(
        domain=shown, range=[colour for actor, colour in colours.items() if actor in names]
    )
    base = alt.Chart(inline_data(_stacked_rows(table))).encode(
        tooltip=[
            alt.Tooltip("period:N"),
            alt.Tooltip("name:N", title="actor"),
            alt.Tooltip("expected_incidents:Q", format=".1f", title="expected incidents"),
            alt.Tooltip("lo_incidents:Q", format=".0f", title="90 % interval from"),
            alt.Tooltip("hi_incidents:Q", format=".0f", title="to"),
            alt.Tooltip("percent:N", title="share"),
            alt.Tooltip("n_incidents:Q", title="incidents in all"),
        ]
    )
    x = alt.X("start:T", title=None).axis(tickCount=8)
    # Rectangles: a bar that is as wide as its period cannot be stacked by Vega-Lite.
    stack = (
        base.mark_rect(stroke="white", strokeWidth=0.4)
        .encode(
            x=x,
            x2="until:T",
            y=alt.Y("below:Q").title("expected incidents"),
            y2="above:Q",
            color=colour.legend(orient="bottom", columns=3),
        )
        .properties(width=CHART_WIDTH, height=220)
    )
    bars = base.mark_rect().encode(
        x=alt.X("start:T", title=None).axis(tickCount=3),
        x2="until:T",
        y=alt.Y("expected_incidents:Q", title=None).axis(minExtent=26, tickCount=3),
        y2=alt.datum(0),
        color=colour,
    )
    lines = base.mark_rule(color=INK, strokeWidth=1).encode(
        x="middle:T", y="lo_incidents:Q", y2="hi_incidents:Q"
    )
    single = (
        alt.layer(bars, lines)
        .properties(width=(CHART_WIDTH - 70) // 3, height=90)
        .facet(
            facet=alt.Facet("name:N", sort=shown, title=None).header(
                labelAnchor="start", labelFontSize=11, labelLimit=(CHART_WIDTH - 70) // 3
            ),
            columns=3,
        )
        .resolve_scale(y="independent")
    )
    return alt.vconcat(stack, single)


def _stacked_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Add where the parts of every period's bar lie on one another."""
    above = table.groupby("period", sort=False)["expected_incidents"].cumsum()
    return table.assign(
        until=table["end"] + pd.Timedelta(days=1),
        above=above,
        below=above - table["expected_incidents"],
        percent=[percent(share) for share in table["share"]],
        middle=table["start"] + (table["end"] - table["start"]) / 2,
    )
