"""How much evidence there is about an incident, apart from what it says.

A probability near one half may rest on ten labels or on none. The evidence base is graded by what
was said of the incident: every label counts with its weight (echoes, contested and series labels
weigh less, see `attribution.channels.label`), by half if it names several actors, and every claim
under a known name by half its weight, since names are fronts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attribution.channels.claim import ClaimChannel
from attribution.channels.label import LabelChannel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from attribution.channels.stack import Codes, Stack

#: Less than one label naming an actor is low; about three independent ones are high.
MODERATE = 0.75
HIGH = 1.75
GRADES = ("low", "moderate", "high")
BROAD_LABEL = 0.5
CLAIM = 0.5


def amount(stack: Stack, codes: Codes) -> NDArray[np.float64]:
    """Return the amount of evidence said of each incident, in labels that name one actor."""
    total = np.zeros(codes.code.shape[0])
    for position, channel in enumerate(stack.channels):
        if not isinstance(channel, (LabelChannel, ClaimChannel)):
            continue
        # Of most incidents in a file nobody has said anything.
        about = np.flatnonzero((codes.channel == position).any(axis=1))
        own, weight = codes.channel[about] == position, codes.weight[about]
        row = np.where(own, codes.code[about] - stack.offsets[position], 0)
        if isinstance(channel, LabelChannel) and len(channel.levels):
            broad = channel.members.sum(axis=1) > 1
            worth = np.where(broad, BROAD_LABEL, 1.0)[np.minimum(row, len(broad) - 1)]
            total[about] += np.where(own, weight * worth, 0.0).sum(axis=1)
        elif isinstance(channel, ClaimChannel):
            named = own & (row < len(channel.names) - 1)
            total[about] += CLAIM * np.where(named, weight, 0.0).sum(axis=1)
    return total


def grade(amounts: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the position in ``GRADES`` of each amount."""
    return np.searchsorted((MODERATE, HIGH), amounts, side="right")
