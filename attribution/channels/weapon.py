"""Weapon: the type within its class (a mortar is an indirect-fire weapon).

Iran supplied several groups with the same items, so a weapon says little between them and more
against actors outside that supply; class and type effects are therefore shrunken hard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.channels.classes import classed_channel

if TYPE_CHECKING:
    from attribution.case.case import Case
    from attribution.case.config import ChannelSpec
    from attribution.channels.base import Channel

#: Scales of the effects of a class and of a type within it, in log-odds.
SCALES = (0.7, 0.55)


def bind(spec: ChannelSpec, case: Case) -> Channel:
    """Bind the channel to a case.

    Parameters
    ----------
    spec
        Entry of ``case.toml``: one column, and ``options.classes`` with the class of every word.
    case
        The case.

    Returns
    -------
    Channel
        The bound channel.

    Raises
    ------
    ValueError
        If the classes do not cover the column's vocabulary.
    """
    return classed_channel(spec, case, SCALES, "Weapon")
