"""Who stands behind the brands: brand by parent, with uncertainty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.model.words import interval, percent
from attribution.pictures.matrix import Matrix, matrix_chart, matrix_figure
from attribution.pictures.picture import Picture, PictureError
from attribution.pictures.style import styled

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

#: Brands that the text alternative goes through.
_TOLD = 12


def brand_matrix(
    brands: pd.DataFrame,
    names: Mapping[str, str],
    colours: Mapping[str, str],
    *,
    when: str,
    most: int,
) -> Picture:
    """Draw the parents of brands.

    Parameters
    ----------
    brands
        ``Posterior.brands``: one row a brand and actor.
    names, colours
        Printed name and colour of every actor, in the case's order.
    when
        The day, in words.
    most
        How many brands are drawn: those with most claims.

    Returns
    -------
    Picture
        Its table holds the rows of these brands.

    Raises
    ------
    PictureError
        If there is no brand.
    """
    if brands.empty or most < 1:
        raise PictureError("the case has no brand to draw")
    every = brands.drop_duplicates("brand_id").sort_values("claims", ascending=False, kind="stable")
    chosen = every["brand_id"].head(most).tolist()
    order = {brand: place for place, brand in enumerate(chosen)}
    table = brands[brands["brand_id"].isin(chosen)]
    table = table.sort_values("brand_id", key=lambda ids: ids.map(order), kind="stable")
    table = table.reset_index(drop=True)
    left = len(every) - len(chosen)
    rest = f" {left} more brands, with fewer claims, are not drawn." if left else ""
    labels = {
        row["brand_id"]: f"{row['name']} ({row['claims']})"
        for _, row in table.drop_duplicates("brand_id").iterrows()
    }
    matrix = Matrix(
        f"Who stands behind a brand's claims, {when}",
        "Bars: probability that a claim by the brand, about an incident of which nothing else is "
        f"known, comes from the actor. Lines: 90 % intervals. In brackets: claims.{rest}",
        table.rename(columns={"brand_id": "key", "share": "p"}),
        labels,
        names,
        colours,
    )
    text = _text(table, names) + rest
    return Picture(
        matrix.title,
        text,
        table,
        lambda width: matrix_figure(matrix, width),
        lambda: styled(matrix_chart(matrix), matrix.title, text),
    )


def _text(table: pd.DataFrame, names: Mapping[str, str]) -> str:
    parts = []
    for _, own in table.groupby("brand_id", sort=False):
        first, *others = own.sort_values("share", ascending=False).to_dict("records")
        then = [f", then {names[o['actor']]} {percent(o['share'])}" for o in others[:1]]
        parts.append(
            f"{first['name']}: {names[first['actor']]} {percent(first['share'])} (90 % interval "
            f"{interval(first['lo'], first['hi'])}){''.join(then)}"
        )
    more = f"; and {len(parts) - _TOLD} more in the table" if len(parts) > _TOLD else ""
    return f"Most probable parents: {'; '.join(parts[:_TOLD])}{more}."
