"""The history of one attribution: what the evidence known on each day would have made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.model.words import interval, percent
from attribution.pictures.matrix import Matrix, matrix_chart, matrix_figure
from attribution.pictures.picture import Picture
from attribution.pictures.style import styled

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

#: An actor who never reaches this probability is not drawn.
NOTICED = 0.03

#: What the picture is not.
CAVEAT = (
    "Evidence as known on each day, read with the parameters fitted to everything known since: "
    "what this model would have made of it that day, not what a model fitted that day would have."
)


def history_picture(
    history: pd.DataFrame, incident: str, names: Mapping[str, str], colours: Mapping[str, str]
) -> Picture:
    """Draw the history of one attribution.

    Parameters
    ----------
    history
        One row a day and actor, days in order: as_of, learned, actor, p, lo and hi.
    incident
        Identifier.
    names, colours
        Printed name and colour of every actor, in the case's order.

    Returns
    -------
    Picture
        Its table is ``history``.
    """
    top = history.groupby("actor")["p"].max()
    drawn = {actor: colour for actor, colour in colours.items() if top[actor] >= NOTICED}
    left = len(colours) - len(drawn)
    rest = f" {left} actors never reach {percent(NOTICED)} and are not drawn." if left else ""
    keyed = history.assign(key=history["as_of"].dt.strftime("%Y-%m-%d"))
    days = keyed.drop_duplicates("key")
    labels = {
        row["key"]: f"{row['as_of']:%-d %b %Y}: {row['learned']}" for _, row in days.iterrows()
    }
    matrix = Matrix(
        f"{incident}: what the evidence known by each day says under today's parameters",
        f"{CAVEAT} Bars: probability; lines: 90 % intervals.{rest}",
        keyed,
        labels,
        names,
        drawn,
    )
    text = f"{_text(history, names)} {CAVEAT}"
    return Picture(
        matrix.title,
        text,
        history,
        lambda width: matrix_figure(matrix, width),
        lambda: styled(matrix_chart(matrix), matrix.title, text),
    )


def _text(history: pd.DataFrame, names: Mapping[str, str]) -> str:
    parts = []
    for day, own in history.groupby("as_of"):
        best = own.iloc[own["p"].argmax()]
        parts.append(
            f"{day:%-d %B %Y}: {names[best['actor']]} {percent(best['p'])} (90 % interval "
            f"{interval(best['lo'], best['hi'])}), after {best['learned']}"
        )
    return f"Most probable by day. {'. '.join(parts)}."
