"""A picture: for paper by matplotlib, for the page by Altair, with its table and its words."""

from __future__ import annotations

import html
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from attribution.case.faults import nearest
from attribution.case.writing import write_whole
from attribution.pictures.page import chart_json, whole_page

if TYPE_CHECKING:
    from collections.abc import Callable

    import altair as alt
    import pandas as pd
    from matplotlib.figure import Figure

#: Widths of a page and of one of its two columns, in inches.
PAGE, COLUMN = 7.0, 3.5
#: Narrowest and widest figure that is laid out so that nothing overlaps, in inches.
NARROWEST, WIDEST = 3.0, 20.0

PAPER = (".png", ".svg", ".pdf")
SUFFIXES = (*PAPER, ".html", ".json", ".csv")

_DOTS_PER_INCH = 200
_MOST_ROWS = 60


class PictureError(ValueError):
    """A picture cannot be drawn, or not saved under that name."""


@dataclass(frozen=True, eq=False, repr=False)
class Picture:
    """A picture.

    Parameters
    ----------
    title
        What it shows.
    text
        What it says, with the figures, for readers who do not see it.
    table
        The table that it was drawn from.
    paper
        Draws it for paper at a width in inches.
    page
        Describes it for a web page.
    """

    title: str
    text: str
    table: pd.DataFrame
    paper: Callable[[float], Figure] = field(repr=False)
    page: Callable[[], alt.TopLevelMixin] = field(repr=False)

    def figure(self, width: float = PAGE) -> Figure:
        """Draw it for paper.

        Parameters
        ----------
        width
            Width in inches: ``PAGE``, ``COLUMN`` or another from 3 to 20. Letters keep their size
            of 8 points or more, and the layout follows.

        Returns
        -------
        matplotlib.figure.Figure
            Drawn anew by every call.

        Raises
        ------
        PictureError
            If it would be too narrow or too wide.
        """
        if not NARROWEST <= width <= WIDEST:
            raise PictureError(
                f"width {width:g}: a picture is from {NARROWEST:g} to {WIDEST:g} inches wide"
            )
        return self.paper(width)

    def chart(self) -> alt.TopLevelMixin:
        """Describe it for a web page.

        Returns
        -------
        altair.TopLevelMixin
            Holds its data, asks nothing of the net, and works under Vega's expression interpreter.
        """
        return self.page()

    def svg(self, width: float = PAGE) -> str:
        """Draw it as an element of an HTML document.

        Parameters
        ----------
        width
            As for ``figure``.

        Returns
        -------
        str
            ``<svg>``, with the title and the text alternative for readers who do not see it.
        """
        drawn = self._drawn(".svg", width).decode("utf-8")
        label = html.escape(f"{self.title}. {self.text}", quote=True)
        opening = f'<svg role="img" aria-label="{label}" style="max-width:100%;height:auto"'
        return drawn[drawn.index("<svg") :].replace("<svg", opening, 1)

    def html(self) -> str:
        """Describe it as a part of an HTML document: picture, text and table, without scripts.

        Returns
        -------
        str
            ``<figure>``.
        """
        shown = self.table.head(_MOST_ROWS).to_html(index=False, border=0, na_rep="")
        more = len(self.table) - _MOST_ROWS
        rest = f"<p>... and {more} more rows.</p>" if more > 0 else ""
        return (
            f"<figure>{self.svg()}<figcaption>{html.escape(self.text)}</figcaption>"
            f"<details><summary>Table</summary>{shown}{rest}</details></figure>"
        )

    def save(self, path: str | Path, width: float = PAGE) -> None:
        """Write it to a file, whole or not at all.

        Parameters
        ----------
        path
            The file, replaced if it exists. Its suffix says as what: .png, .svg and .pdf for paper,
            .html a page that needs nothing else, .json a Vega-Lite specification, .csv the table.
        width
            Width on paper in inches; see ``figure``.

        Raises
        ------
        PictureError
            If the suffix is none of these.
        OSError
            If the file cannot be written.
        """
        target = Path(path)
        suffix = check_suffix(target)
        if suffix in PAPER:
            content = self._drawn(suffix, width)
        elif suffix == ".csv":
            content = self.table.to_csv(index=False, lineterminator="\n").encode()
        elif suffix == ".json":
            content = chart_json(self.chart(), indent=1).encode()
        else:
            content = whole_page(self.title, self.text, self.table, self.chart()).encode()
        write_whole(content, target)

    def __repr__(self) -> str:
        return f"{self.title}\n{self.text}"

    def _repr_html_(self) -> str:
        return self.html()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        del include, exclude
        return {"text/plain": repr(self), "text/html": self.html()}

    def _drawn(self, suffix: str, width: float) -> bytes:
        buffer = io.BytesIO()
        metadata: dict[str, dict[str, str | None]] = {
            ".png": {"Title": self.title, "Description": self.text},
            # Without a date the same picture is the same file.
            ".svg": {"Title": self.title, "Description": self.text, "Date": None},
            ".pdf": {"Title": self.title, "Subject": self.text, "CreationDate": None},
        }
        self.figure(width).savefig(
            buffer, format=suffix[1:], dpi=_DOTS_PER_INCH, metadata=metadata[suffix]
        )
        return buffer.getvalue()


def check_suffix(path: Path) -> str:
    """Make sure that a picture can be saved under a name.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    str
        Its suffix in small letters.

    Raises
    ------
    PictureError
        If it is none of ``SUFFIXES``; names them and the nearest.
    """
    suffix = path.suffix.lower()
    if suffix in SUFFIXES:
        return suffix
    close = nearest(suffix[1:], [allowed[1:] for allowed in SUFFIXES])
    hint = f" Did you mean '.{close}'?" if close else ""
    said = f"'{suffix}' is no picture's suffix" if suffix else "the name has no suffix"
    raise PictureError(f"{str(path)!r}: {said}.{hint} Allowed: {', '.join(SUFFIXES)}.")
