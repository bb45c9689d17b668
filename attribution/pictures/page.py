"""Charts inside web pages: without the net, without evaluated code, with their data inside."""

from __future__ import annotations

import html
import json
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable

    import altair as alt

#: How a page embeds a chart: Vega's own interpreter instead of evaluated code, so that a strict
#: Content-Security-Policy holds; no menu entry that sends the chart to an editor on the net.
EMBED = {
    "ast": True,
    "renderer": "svg",
    "actions": {"export": True, "source": False, "compiled": False, "editor": False},
}

#: Nothing may be loaded. The page's own scripts and styles are written into it.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
)
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;color:#222;max-width:62rem;margin:2rem auto;"
    "padding:0 1rem}h1{font-size:1.35rem;line-height:1.25}.chart{overflow-x:auto}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;font-size:.8rem}"
    "th,td{padding:.15rem .6rem;text-align:left;border-bottom:1px solid #ddd}"
    "td{font-variant-numeric:tabular-nums}"
)


def inline_data(frame: pd.DataFrame, columns: Iterable[str] | None = None) -> alt.InlineData:
    """Put a table into a chart.

    Parameters
    ----------
    frame
        Numbers, texts and days.
    columns
        The columns that the chart needs; None for all.

    Returns
    -------
    altair.InlineData
        Records of plain values, of any number: missing ones are null, days are ISO texts.
    """
    import altair as alt  # noqa: PLC0415 - a second to import

    kept = frame if columns is None else frame[list(columns)]
    cells = {str(name): [_plain(value) for value in kept[name].tolist()] for name in kept}
    names = list(cells)
    records = [dict(zip(names, row, strict=True)) for row in zip(*cells.values(), strict=True)]
    return alt.InlineData(values=records)


def chart_json(chart: alt.TopLevelMixin, indent: int | None = None) -> str:
    """Write a chart as JSON.

    Parameters
    ----------
    chart
        The chart.
    indent
        Blanks a level; None writes no line breaks.

    Returns
    -------
    str
        A Vega-Lite specification that may stand inside a ``<script>`` element.
    """
    text = json.dumps(chart.to_dict(), indent=indent, allow_nan=False, ensure_ascii=False)
    # Inside JSON these stand only in texts, where the escapes mean the same.
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


@cache
def vega_bundle() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script.

    Returns
    -------
    str
        JavaScript that defines ``vegaEmbed`` and asks nothing of the net.
    """
    import altair as alt  # noqa: PLC0415 - a second to import
    import vl_convert  # noqa: PLC0415 - only to write whole pages

    version = alt.SCHEMA_VERSION.rsplit(".", 1)[0]
    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=version))


def whole_page(title: str, text: str, table: pd.DataFrame, chart: alt.TopLevelMixin) -> str:
    """Write a page with one chart that needs nothing else.

    Parameters
    ----------
    title, text
        What the chart shows, and what it says.
    table
        What it was drawn from.
    chart
        The chart.

    Returns
    -------
    str
        An HTML document.
    """
    options = json.dumps(EMBED)
    shown = table.to_html(index=False, border=0, na_rep="")
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>",
            f"<script>{vega_bundle()}</script>\n</head>\n<body>\n<h1>{html.escape(title)}</h1>",
            f'<div class="chart" id="chart" role="img" aria-label="{html.escape(title)}"></div>',
            f"<p>{html.escape(text)}</p>",
            f'<details><summary>Table</summary><div class="wide">{shown}</div></details>',
            f"<script>vegaEmbed('#chart', {chart_json(chart)}, {options}).catch(console.error);",
            "</script>\n</body>\n</html>\n",
        ]
    )


def _plain(value: object) -> object:
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, pd.Timestamp):
        # With a time of day, browsers read it in their own zone and show the day that is meant.
        return value.strftime("%Y-%m-%dT00:00:00")
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return value
