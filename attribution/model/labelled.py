"""Which incidents are part of a fit; apart from the sampler, which takes seconds to import."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from attribution.channels.stack import Codes, Stack

LABEL = "label"


def labelled_incidents(stack: Stack, codes: Codes) -> NDArray[np.int64]:
    """Return the positions of incidents with a label of some weight.

    Only these are part of the fit: an incident that nobody has attributed would teach the model
    nothing but its own guesses (docs/model.md).

    Parameters
    ----------
    stack
        The channels of the case.
    codes
        Evidence about its incidents.

    Returns
    -------
    Array of positions, rising.

    Raises
    ------
    LookupError
        If the case lists no channel of labels.
    """
    return np.flatnonzero((codes.channel == stack.position(LABEL)).any(axis=1))
