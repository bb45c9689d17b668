"""How far a share leans on single kinds of evidence, in a sentence and a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.posterior.share_sensitivity import LEFT_OUT
from attribution.posterior.words import interval, percent
from attribution.report.blocks import Column, Table
from attribution.report.tables import chance_cells

if TYPE_CHECKING:
    from attribution.posterior.share_sensitivity import ShareSensitivity

NOT_MEASURED = (
    "How far these shares lean on labels of officials, on labels of a whole series and on the "
    "labellers' default preference was not measured for this model."
)


def sensitivity_sentence(found: ShareSensitivity | None, actor: str, name: str) -> str:
    """Say how an actor's share changes when single kinds of evidence are left out.

    Parameters
    ----------
    found
        Shares by several refits; None if they were not made.
    actor, name
        Identifier and printed name of the actor.

    Returns
    -------
    str
        The shares, their intervals and the range of all of them, or that nothing was measured.
    """
    if found is None:
        return NOT_MEASURED
    fitted = found.as_fitted.of(actor)
    others = [(LEFT_OUT[v.variant], v.of(actor)) for v in found.variants if v.variant in LEFT_OUT]
    told = [
        f"{percent(share.share)} without {left_out} ({interval(share.lo, share.hi)})"
        for left_out, share in others
    ]
    every = [fitted, *(share for _, share in others)]
    low, high = min(share.share for share in every), max(share.share for share in every)
    lowest, highest = min(share.lo for share in every), max(share.hi for share in every)
    return (
        f"What this rests on: {name}'s share is {percent(fitted.share)} with all that is known, "
        f"{_listed(told)}. The estimates lie between {percent(low)} and {percent(high)}, their "
        f"90 % intervals within {interval(lowest, highest)}."
    )


def sensitivity_table(found: ShareSensitivity, actor: str) -> Table:
    """Lay out an actor's share by each refit.

    Parameters
    ----------
    found
        Shares by several refits.
    actor
        Identifier of the actor.

    Returns
    -------
    Table
        One row a refit: what is left out, share, interval, labels that the case then holds.
    """
    columns = (
        Column("left out"),
        Column("share", "right"),
        Column("90 % interval", "right"),
        Column("labels known", "right"),
    )
    rows = []
    for variant in found.variants:
        share = variant.of(actor)
        left_out = LEFT_OUT.get(variant.variant, "nothing")
        cells = chance_cells(share.share, share.lo, share.hi)
        rows.append((left_out, *cells, str(variant.labels)))
    return Table(columns, tuple(rows))


def _listed(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
