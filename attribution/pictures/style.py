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
#: Steps between days that are marked, from close to wide, and how a day is written.
_STEPS = (
    ("D", "%b %Y"),
    ("MS", "%b %Y"),
    ("QS", "%b %Y"),
    *((f"{years}YS", "%Y") for years in (1, 2, 4, 5, 10, 20, 50, 100)),
)
#: Mean width of a letter of DejaVu Sans, in its size.
_LETTER = 0.56
#: Width of a chart in pixels.
CHART_WIDTH = 640
FONT = "system-ui, sans-serif"


def new_figure(width: float, height: float, title: str, note: str = "") -> Figure:
    """Make a figure that lays itself out, with its title above and a note below.

    Parameters
    ----------
    width, height
        In inches, the height without title and note.
    title, note
        Broken into lines as wide as the figure.

    Returns
    -------
    matplotlib.figure.Figure
        Without a window and without global state.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - half a second to import

    # Bold letters are wider.
    above = lines_of(title, 0.88 * (width - 0.2), LARGE)
    below = lines_of(note, width - 0.2, SMALL) if note else []
    written = (LARGE * 1.3 * len(above) + SMALL * 1.3 * len(below)) / 72 + 0.1
    figure = Figure(figsize=(width, height + written), layout="constrained")
    figure.suptitle(
        literal("\n".join(above)), fontsize=LARGE, fontweight="bold", color=INK, x=0.01, ha="left"
    )
    if below:
        figure.supxlabel(literal("\n".join(below)), fontsize=SMALL, color=MUTED, x=0.01, ha="left")
    return figure


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
    low, high = day_numbers(pd.Series([first, last]))
    panel.set_xlim(low, high + 1)
    ticks = _ticks(first, last, most)
    panel.set_xticks(day_numbers(pd.Series(list(ticks))), list(ticks.values()))


def _ticks(first: pd.Timestamp, last: pd.Timestamp, most: int) -> dict[pd.Timestamp, str]:
    """Choose days that are marked, from the closest steps that are not too many, and their names.

    Matplotlib's own choice warns, or marks nothing, where there are few days.
    """
    step, form = "D", "%b %Y"
    for step, form in _STEPS:  # noqa: B007 - the last ones tried are used
        # Years are written in half the room of months and days.
        room = most if step.endswith("YS") else most // 2
        if len(pd.date_range(first, last, freq=step)) <= room:
            break
    days = list(pd.date_range(first, last, freq=step)) or [first]
    return {day: f"{day.day} {day:{form}}" if step == "D" else f"{day:{form}}" for day in days}


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
