"""One colour and one marker an actor, the same in every picture, told apart by the colour-blind.

Okabe and Ito's palette, in the order of the case's actors; classes for everyone who is not modelled
by name are grey. No two colours of the first eight actors and two such classes come nearer than 10
(CIEDE2000) to normal, protan, deutan or tritan eyes. Further actors take the same hues lighter and
darker: those are told apart by their marker, place or name, which every picture gives as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

#: Blue, vermillion, green, purple, orange, sky blue, yellow and black.
PALETTE = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#F0E442",
    "#000000",
)
#: Classes that are not modelled by name; further ones begin anew.
GREYS = ("#5A5A5A", "#C8C8C8", "#8E8E8E")
#: Where the palette begins anew: how much of the colour is left, and what it is mixed with.
MIXES = ((1.0, 0), (0.55, 255), (0.6, 0))
#: Marks that a reader without colours tells apart.
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "p", "*", "h", "<", ">")
#: The same in Vega; names where it has the mark, else a path.
SHAPES = (
    "circle",
    "triangle-up",
    "square",
    "diamond",
    "triangle-down",
    "cross",
    "M-.7-1 0-.3 .7-1 1-.7 .3 0 1 .7 .7 1 0 .3-.7 1-1 .7-.3 0-1-.7Z",
    "M0-1 .95-.31 .59 .81-.59 .81-.95-.31Z",
    "M0-1 .23-.32 .95-.31 .38 .12 .59 .81 0 .4-.59 .81-.38 .12-.95-.31-.23-.32Z",
    "M0-1 .87-.5 .87 .5 0 1-.87 .5-.87-.5Z",
    "triangle-left",
    "triangle-right",
)

#: For and against, good and bad, first and second: two colours that everyone tells apart.
FIRST, SECOND = PALETTE[0], PALETTE[1]
INK, MUTED, FAINT = "#222222", "#6B6B6B", "#D9D9D9"

_RESIDUAL = "other"


def actor_colours(actors: Sequence[str], residual: Collection[str] | None = None) -> dict[str, str]:
    """Give every actor its colour.

    Parameters
    ----------
    actors
        Identifiers, in the case's order.
    residual
        Those that are classes for everyone who is not modelled by name; None takes those whose
        identifiers begin with "other".

    Returns
    -------
    dict of str to str
        "#RRGGBB" by actor, in order.
    """
    left = {a for a in actors if a.startswith(_RESIDUAL)} if residual is None else set(residual)
    named = [actor for actor in actors if actor not in left]
    rest = [actor for actor in actors if actor in left]
    colours = {actor: _colour(place) for place, actor in enumerate(named)}
    colours |= {actor: GREYS[place % len(GREYS)] for place, actor in enumerate(rest)}
    return {actor: colours[actor] for actor in actors}


def actor_markers(actors: Sequence[str]) -> dict[str, str]:
    """Give every actor its mark in matplotlib.

    Parameters
    ----------
    actors
        Identifiers, in the case's order.

    Returns
    -------
    dict of str to str
        By actor, in order; more than a dozen share marks.
    """
    return {actor: MARKERS[place % len(MARKERS)] for place, actor in enumerate(actors)}


def actor_shapes(actors: Sequence[str]) -> dict[str, str]:
    """Give every actor the same mark in Vega; see ``actor_markers``.

    Parameters
    ----------
    actors
        Identifiers, in the case's order.

    Returns
    -------
    dict of str to str
        Names or paths of Vega's symbols.
    """
    return {actor: SHAPES[place % len(SHAPES)] for place, actor in enumerate(actors)}


def is_dark(colour: str) -> bool:
    """Say whether white letters are read better on a colour than black ones.

    Parameters
    ----------
    colour
        "#RRGGBB".

    Returns
    -------
    bool
        By the relative luminance of WCAG 2, at which both have the same contrast.
    """
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] < 0.179


def _colour(place: int) -> str:
    left, other = MIXES[place // len(PALETTE) % len(MIXES)]
    base = PALETTE[place % len(PALETTE)]
    mixed = (left * int(base[start : start + 2], 16) + (1 - left) * other for start in (1, 3, 5))
    return "#" + "".join(f"{round(value):02X}" for value in mixed)
