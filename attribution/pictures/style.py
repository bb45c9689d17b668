"""What all pictures share: sizes of letters, lengths of lines, plain axes."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from attribution.pictures.colours import FAINT, INK, MUTED

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

#: Sizes of letters in points: none is smaller than the first.
SMALL, NORMAL, LARGE = 8.0, 9.0, 10.0
#: Widths of columns in inches up to which a picture is laid out as narrow.
NARROW = 5.0
#: Mean width of a letter of DejaVu Sans, in its size.
_LETTER = 0.56
#: Width of a chart in pixels.
CHART_WIDTH = 640
FONT = "system-ui, sans-serif"


def new_figure(width: float, height: float, title: str) -> Figure:
    """Make a figure that lays itself out, with its title.

    Parameters
    ----------
    width, height
        In inches.
    title
        Broken into lines as wide as the figure.

    Returns
    -------
    matplotlib.figure.Figure
        Without a window and without global state.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - half a second to import

    lines = lines_of(title, width - 0.2, LARGE)
    figure = Figure(figsize=(width, height + LARGE * 1.3 * len(lines) / 72), layout="constrained")
    figure.suptitle(
        literal("\n".join(lines)), fontsize=LARGE, fontweight="bold", color=INK, x=0.01, ha="left"
    )
    return figure


def note_below(figure: Figure, width: float, text: str) -> None:
    """Put a note under everything else.

    Parameters
    ----------
    figure
        Laid out by itself.
    width
        Its width in inches.
    text
        Broken into lines.
    """
    lines = lines_of(text, width - 0.2, SMALL)
    figure.supxlabel(literal("\n".join(lines)), fontsize=SMALL, color=MUTED, x=0.01, ha="left")


def literal(text: str) -> str:
    """Write a text so that matplotlib does not take it for a formula.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    str
        With dollar signs escaped.
    """
    return text.replace("$", r"\$")


def lines_of(text: str, width: float, size: float, most: int | None = None) -> list[str]:
    """Break a text into lines.

    Parameters
    ----------
    text
        Any text.
    width
        In inches.
    size
        Of its letters, in points.
    most
        Number of lines after which it is cut short; None for all.

    Returns
    -------
    list of str
        At least one line; words longer than a line are broken.
    """
    letters = max(int(width * 72 / (size * _LETTER)), 4)
    found = textwrap.wrap(text, letters, max_lines=most, placeholder=" …", break_on_hyphens=True)
    return found or [""]


def plain_axes(panel: Axes, *, grid: Literal["x", "y", "both"] | None = None) -> None:
    """Draw axes without a box, with faint lines across.

    Parameters
    ----------
    panel
        The axes.
    grid
        Along which axis lines are drawn; None draws none.
    """
    panel.spines[["top", "right"]].set_visible(False)
    panel.spines[["left", "bottom"]].set_color(MUTED)
    panel.tick_params(labelsize=SMALL, color=MUTED, labelcolor=INK, length=3)
    panel.set_axisbelow(True)
    if grid is not None:
        panel.grid(axis=grid, color=FAINT, linewidth=0.6)


def day_numbers(days: pd.Series[pd.Timestamp]) -> NDArray[np.float64]:
    """Write days as numbers.

    Parameters
    ----------
    days
        None of them missing.

    Returns
    -------
    numpy.ndarray
        Days since 1970, as matplotlib counts them.
    """
    return days.to_numpy(dtype="datetime64[D]").astype(np.float64)


def date_axis(panel: Axes, first: pd.Timestamp, last: pd.Timestamp, most: int) -> None:
    """Write days along the lower edge.

    Parameters
    ----------
    panel
        The axes.
    first, last
        First and last day that is shown.
    most
        Number of ticks at most.
    """
    from matplotlib.dates import (  # noqa: PLC0415 - half a second to import
        AutoDateLocator,
        ConciseDateFormatter,
    )

    low, high = day_numbers(pd.Series([first, last]))
    panel.set_xlim(low, high + 1)
    locator = AutoDateLocator(minticks=2, maxticks=most)
    panel.xaxis.set_major_locator(locator)
    panel.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))


def styled[Chart: alt.TopLevelMixin](chart: Chart, title: str, text: str) -> Chart:
    """Give a chart its title, its text alternative and the style of all charts.

    Parameters
    ----------
    chart
        The outermost chart.
    title
        Broken into lines.
    text
        The text alternative, for screen readers.

    Returns
    -------
    altair.TopLevelMixin
        The chart.
    """
    import altair as alt  # noqa: PLC0415 - a second to import

    described = chart.properties(
        title=alt.TitleParams(
            text=lines_of(title, 8.5, NORMAL), anchor="start", fontSize=14, fontWeight="bold"
        ),
        description=f"{title}. {text}",
    )
    result: Chart = (
        described.configure(font=FONT)
        .configure_view(stroke=None)
        .configure_axis(
            labelFontSize=11, titleFontSize=11, titleFontWeight="normal", gridColor=FAINT
        )
        .configure_legend(labelFontSize=11, titleFontSize=11, labelLimit=260)
    )
    return result


def enumerated(words: Sequence[str]) -> str:
    """List words in a sentence.

    Parameters
    ----------
    words
        Any number of words.

    Returns
    -------
    str
        "a, b and c".
    """
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def apart(labels: Sequence[str]) -> list[str]:
    """Tell equal labels apart, for scales that have one place a label.

    Parameters
    ----------
    labels
        Any texts.

    Returns
    -------
    list of str
        The same to the eye, each once: repetitions end in characters without width.
    """
    seen: dict[str, int] = {}
    found = []
    for label in labels:
        seen[label] = seen.get(label, -1) + 1
        found.append(label + "\u200b" * seen[label])
    return found
