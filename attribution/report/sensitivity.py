"""How far a share leans on single kinds of evidence, in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.model.words import interval, percent
from attribution.posterior.share_sensitivity import LEFT_OUT

if TYPE_CHECKING:
    from attribution.posterior.share_sensitivity import ActorShare, ShareSensitivity

NOT_MEASURED = (
    "How far these shares lean on labels of officials, on labels of a whole series and on the "
    "labellers' default preference was not measured for this model."
)


def sensitivity_sentence(found: ShareSensitivity | None, fitted: ActorShare, name: str) -> str:
    """Say how an actor's share changes when single kinds of evidence are left out.

    Parameters
    ----------
    found
        Shares by several refits; None if they were not made.
    fitted
        The actor's share as it is reported beside the sentence.
    name
        Printed name of the actor.

    Returns
    -------
    str
        The shares, their intervals and the range of all of them, or that nothing was measured.
    """
    if found is None:
        return NOT_MEASURED
    others = [
        (LEFT_OUT[each.variant], each.of(fitted.actor))
        for each in found.variants
        if each.variant in LEFT_OUT
    ]
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


def _listed(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
