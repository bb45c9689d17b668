"""Where it happened: incidents on a map, coloured by probable actor, sized by confidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.model.words import interval, percent
from attribution.pictures.borders import Frame, Outline, frame_of, outline
from attribution.pictures.colours import INK, MUTED, actor_markers, actor_shapes
from attribution.pictures.page import inline_data
from attribution.pictures.picture import PAGE, Picture, PictureError
from attribution.pictures.style import (
    CHART_WIDTH,
    NARROW,
    SMALL,
    literal,
    new_figure,
    note_below,
    styled,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import altair as alt
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

#: Probabilities whose size the legend shows.
SIZES = (0.3, 0.6, 0.9)
#: Area of a mark of probability 1, in square points and in square pixels.
_AREA, _PIXELS = 42.0, 90.0
#: Distance between marks that would lie on one another, as a share of the map's width.
_SPACING = 0.0065
#: Radius that the marks of one place take at most, as a share of the map's width.
_RADIUS = 0.05
#: Number of incidents from which marks become smaller.
_MANY = 150
#: Angle of a sunflower's seeds: no two marks hide one another.
_ANGLE = np.pi * (3 - np.sqrt(5))
_BORDER = "#9C9C9C"


def incident_map(table: pd.DataFrame, colours: Mapping[str, str], subject: str) -> Picture:
    """Draw incidents on a map.

    Parameters
    ----------
    table
        One row an incident: incident_id, date, place, latitude, longitude (NaN where unknown),
        top_actor, name (of that actor), p, lo, hi, words and evidence.
    colours
        Colour of every actor, in the case's order.
    subject
        Which incidents are shown, in words.

    Returns
    -------
    Picture
        Its table is the one given. Incidents without a position are counted, not drawn.

    Raises
    ------
    PictureError
        If no incident has a position.
    """
    placed = table[table[["latitude", "longitude"]].notna().all(axis=1)]
    if placed.empty:
        nothing = "there is no incident" if table.empty else "no incident has a position"
        raise PictureError(f"{subject}: {nothing} to draw on a map")
    title = f"Who probably did it, and where: {subject}"
    text = _text(table, placed)
    frame = frame_of(placed["longitude"].to_numpy(), placed["latitude"].to_numpy())
    spread = _spread(placed, frame)
    note = _note(len(table) - len(placed))
    return Picture(
        title,
        text,
        table,
        lambda width: _figure(spread, frame, colours, (title, note), width),
        lambda: styled(_chart(spread, frame, colours), title, text),
    )


def _text(table: pd.DataFrame, placed: pd.DataFrame) -> str:
    counts = placed["name"].value_counts()
    parts = []
    for name, count in counts.items():
        own = placed[placed["name"] == name]
        where = own["place"].replace("", np.nan).dropna()
        most = f", most often at {where.mode().iloc[0]}" if len(where) else ""
        parts.append(f"{name} {count} (mean probability {percent(own['p'].mean())}{most})")
    missing = len(table) - len(placed)
    without = f" {missing} more have no position and are not drawn." if missing else ""
    one = len(placed) == 1
    return (
        f"{len(placed)} {'incident' if one else 'incidents'} by most probable actor: "
        f"{'; '.join(parts)}.{without} The most probable actor need not be a likely one: see the "
        "probabilities in the table."
    )


def _note(missing: int) -> str:
    without = f" {missing} incidents without a position are not drawn." if missing else ""
    return (
        "Colour and mark: the most probable actor; size: its probability. Incidents at one place "
        f"are fanned out around it.{without} Borders: Natural Earth, for orientation only."
    )


def _spread(placed: pd.DataFrame, frame: Frame) -> pd.DataFrame:
    """Fan incidents at one place out, the surest in the middle; adds x and y in degrees."""
    step = _SPACING * (frame.east - frame.west)
    # What would be drawn within a step of one another belongs to one fan.
    cell = 1.5 * step
    ordered = placed.sort_values("p", ascending=False, kind="stable")
    keys = [
        (ordered["longitude"] / cell).round(),
        (ordered["latitude"] * frame.stretch / cell).round(),
    ]
    groups = ordered.groupby(keys)
    seed = groups.cumcount().to_numpy(dtype=float)
    size = groups["p"].transform("size").to_numpy(dtype=float)
    crowded = np.minimum(step, _RADIUS / _SPACING * step / np.sqrt(size))
    radius = crowded * np.sqrt(seed)
    angle = seed * _ANGLE
    x: NDArray[np.float64] = groups["longitude"].transform("mean").to_numpy(dtype=float)
    y: NDArray[np.float64] = groups["latitude"].transform("mean").to_numpy(dtype=float)
    return ordered.assign(
        x=x + radius * np.cos(angle), y=y + radius * np.sin(angle) / frame.stretch
    ).sort_values("p", kind="stable", ignore_index=True)


def _figure(
    spread: pd.DataFrame,
    frame: Frame,
    colours: Mapping[str, str],
    words: tuple[str, str],
    width: float,
) -> Figure:
    title, note = words
    height = (width - 0.1) * (frame.north - frame.south) * frame.stretch
    height = min(max(height / (frame.east - frame.west), 0.5 * width), 1.5 * width)
    present = [actor for actor in colours if actor in set(spread["top_actor"])]
    columns = 1 if width < NARROW else 3
    legend = 0.19 * (-(-len(present) // columns) + 1)
    figure = new_figure(width, height + legend + 0.5, title)
    note_below(figure, width, note)
    panel, below = figure.subplots(2, 1, height_ratios=(height, legend))
    _borders(panel, outline(frame), frame, width)
    markers = actor_markers(list(colours))
    scale = min(1.0, width / PAGE) * _shrink(len(spread))
    # Who is rare is drawn last, so that nobody disappears under the many.
    for actor in spread["top_actor"].value_counts().index:
        own = spread[spread["top_actor"] == actor]
        panel.scatter(
            own["x"],
            own["y"],
            s=_AREA * scale * own["p"] ** 2,
            c=colours[str(actor)],
            marker=markers[str(actor)],
            edgecolors=INK,
            linewidths=0.35,
            zorder=3,
        )
    _legend(below, spread, colours, columns)
    return figure


def _shrink(count: int) -> float:
    """Return how much smaller the area of a mark is where there are many."""
    return float(np.sqrt(min(1.0, _MANY / count)))


def _borders(panel: Axes, lines: Outline, frame: Frame, width: float) -> None:
    from matplotlib.collections import LineCollection  # noqa: PLC0415 - half a second to import

    panel.add_collection(LineCollection(lines.lines, colors=_BORDER, linewidths=0.6, zorder=1))
    for name, x, y in lines.written(0.58 * SMALL / 72 / width):
        panel.text(
            x,
            y,
            literal(name),
            fontsize=SMALL,
            color=MUTED,
            style="italic",
            ha="center",
            va="center",
            zorder=2,
            clip_on=True,
        )
    panel.set(xlim=(frame.west, frame.east), ylim=(frame.south, frame.north), aspect=frame.stretch)
    panel.set_xticks([])
    panel.set_yticks([])
    for spine in panel.spines.values():
        spine.set_color(_BORDER)


def _legend(panel: Axes, spread: pd.DataFrame, colours: Mapping[str, str], columns: int) -> None:
    """Explain colours, marks and sizes in axes of their own."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - half a second to import

    names = dict(zip(spread["top_actor"], spread["name"], strict=True))
    counts = spread["top_actor"].value_counts()
    markers = actor_markers(list(colours))

    def handle(marker: str, colour: str, size: float, label: str) -> Line2D:
        return Line2D(
            [],
            [],
            linestyle="none",
            marker=marker,
            markersize=size,
            markerfacecolor=colour,
            markeredgecolor=INK,
            markeredgewidth=0.4,
            label=literal(label),
        )

    actors = [
        handle(markers[actor], colour, 6, f"{names[actor]} ({counts[actor]})")
        for actor, colour in colours.items()
        if actor in names
    ]
    full = np.sqrt(_AREA * _shrink(len(spread)))
    sizes = [
        handle("o", "white", full * p, f"probability {percent(p)}" if p == SIZES[0] else percent(p))
        for p in SIZES
    ]
    panel.set_axis_off()
    plain = {"fontsize": SMALL, "frameon": False, "borderaxespad": 0.0, "handletextpad": 0.3}
    panel.add_artist(panel.legend(handles=actors, loc="upper left", ncols=columns, **plain))
    panel.legend(handles=sizes, loc="lower left", ncols=len(sizes), **plain)


def _chart(spread: pd.DataFrame, frame: Frame, colours: Mapping[str, str]) -> alt.TopLevelMixin:
    import altair as alt  # noqa: PLC0415 - a second to import

    names = dict(zip(spread["top_actor"], spread["name"], strict=True))
    present = [actor for actor in colours if actor in names]
    shown = [names[actor] for actor in present]
    shapes = actor_shapes(list(colours))
    height = CHART_WIDTH * (frame.north - frame.south) * frame.stretch
    height = min(height / (frame.east - frame.west), 900.0)
    x = alt.X("x:Q").scale(domain=[frame.west, frame.east], nice=False, zero=False).axis(None)
    y = alt.Y("y:Q").scale(domain=[frame.south, frame.north], nice=False, zero=False).axis(None)
    lines = outline(frame)
    names_shown = lines.written(6.5 / CHART_WIDTH)
    borders = (
        alt.Chart(inline_data(_points(lines)))
        .mark_line(color=_BORDER, strokeWidth=0.8, clip=True)
        .encode(x=x, y=y, detail="line:N", order="place:Q")
    )
    labels = (
        alt.Chart(inline_data(pd.DataFrame(names_shown, columns=["name", "x", "y"])))
        .mark_text(color=MUTED, fontStyle="italic", fontSize=11, clip=True)
        .encode(x=x, y=y, text="name:N")
    )
    rows = spread.assign(
        drawn=-spread["top_actor"].map(spread["top_actor"].value_counts()),
        chance=[
            f"{percent(p)} ({interval(lo, hi)})"
            for p, lo, hi in zip(spread["p"], spread["lo"], spread["hi"], strict=True)
        ],
    )
    scale = alt.Scale(domain=shown, range=[colours[actor] for actor in present])
    marks = alt.Scale(domain=shown, range=[shapes[actor] for actor in present])
    legend = alt.Legend(orient="bottom", columns=3, title="most probable actor")
    points = (
        alt.Chart(inline_data(rows))
        .mark_point(filled=True, stroke=INK, strokeWidth=0.5, opacity=0.95, clip=True)
        .encode(
            x=x,
            y=y,
            fill=alt.Fill("name:N", sort=shown, scale=scale, legend=legend),
            shape=alt.Shape("name:N", sort=shown, scale=marks, legend=legend),
            size=alt.Size("p:Q", title="its probability")
            .scale(type="pow", exponent=2, domain=[0, 1], range=[0, _PIXELS * _shrink(len(spread))])
            .legend(values=list(SIZES), format=".0%", orient="bottom"),
            order="drawn:Q",
            tooltip=[
                alt.Tooltip("incident_id:N", title="incident"),
                alt.Tooltip("date:T", format="%d %B %Y"),
                alt.Tooltip("place:N"),
                alt.Tooltip("name:N", title="most probable"),
                alt.Tooltip("chance:N", title="probability (90 % interval)"),
                alt.Tooltip("words:N", title="in words"),
                alt.Tooltip("evidence:N", title="evidence base"),
            ],
        )
    )
    zoom = alt.selection_interval(bind="scales")
    return alt.layer(borders, labels, points.add_params(zoom)).properties(
        width=CHART_WIDTH, height=round(height), view=alt.ViewBackground(stroke=_BORDER)
    )


def _points(lines: Outline) -> pd.DataFrame:
    """Lay the lines out, one row a point."""
    empty = pd.DataFrame({"line": [], "place": [], "x": [], "y": []})
    parts = [
        pd.DataFrame({"line": number, "place": range(len(line)), "x": line[:, 0], "y": line[:, 1]})
        for number, line in enumerate(lines.lines)
    ]
    return pd.concat(parts, ignore_index=True).round(2) if parts else empty
