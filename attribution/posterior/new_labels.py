r"""Table rows for labels that the fit has not seen: known labellers who say something new.

The label channel has one row for each labeller, confidence word and set of actors in the case. A
labeller that the fit knows may later use another word or name another set; what its label is worth
follows from what the fit has learned, draw by draw, so that no refit is needed:

.. math:: \operatorname{logit} h_{wl} = \operatorname{logit} h_l
              + \operatorname{logit} h_w - \operatorname{logit} h_{likely}

with the reported hit rates :math:`h_l` of the labeller when it says "likely" and :math:`h_w` of the
words, and the reported preference of its kind (`attribution.channels.label` has the model).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from attribution.case.readonly import ReadOnly
from attribution.channels.label import CONFIDENCE, LabelChannel, bind
from attribution.channels.stack import Stack
from attribution.channels.testimony import label_likelihood
from attribution.model.tables import TABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from attribution.case.case import Case

    type Draws = Mapping[str, NDArray[np.float32]]

#: The word for which hit rates by labeller are reported.
LIKELY = CONFIDENCE.index("likely")
#: Hit rates are kept away from 0 and 1, which rounding of stored draws may have made of them.
SMALLEST = 1e-4


def with_new_labels(
    stack: Stack, tables: Draws, reported: Draws, case: Case
) -> tuple[Stack, Draws]:
    """Add the table rows of new labels by known labellers.

    Parameters
    ----------
    stack, tables, reported
        Of a fit.
    case
        The fitted case with new labels.

    Returns
    -------
    The stack and the tables with rows behind those of the label channel; the same ones if there is
    nothing to add.
    """
    position = stack.position("label")
    channel = stack.channels[position]
    if not isinstance(channel, LabelChannel):
        return stack, tables
    spec = next(spec for spec in case.config.channels if spec.name == channel.name)
    bound = bind(spec, case)
    assert isinstance(bound, LabelChannel)
    known, labellers = set(channel.keys), set(channel.labellers)
    new = [
        place
        for place, key in enumerate(bound.keys)
        if key not in known and key[0] in labellers and key[1] in channel.kinds
    ]
    if not new:
        return stack, tables
    extended = replace(
        channel,
        levels=(*channel.levels, *(bound.levels[place] for place in new)),
        keys=(*channel.keys, *(bound.keys[place] for place in new)),
        members=np.concatenate([channel.members, bound.members[new]]),
    )
    name = f"{TABLE}{channel.name}"
    rows = label_rows(extended, reported, np.arange(len(channel.keys), len(extended.keys)))
    longer = np.concatenate([tables[name], rows.astype(np.float32)], axis=1)
    channels = (*stack.channels[:position], extended, *stack.channels[position + 1 :])
    return Stack(channels), ReadOnly({**tables, name: longer})


def label_rows(
    channel: LabelChannel, reported: Draws, levels: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Compute rows of the label channel's table from what the fit reports.

    Parameters
    ----------
    channel
        The channel.
    reported
        Draws of ``hit``, (draws, labellers), ``hit_by_confidence``, (draws, words), and
        ``preference``, (draws, kinds, actors).
    levels
        Positions of the rows in ``channel.keys``; every labeller is one of ``channel.labellers``.

    Returns
    -------
    Log-likelihood of each label given each actor, (draws, levels, actors).
    """
    keys = [channel.keys[level] for level in levels]
    labeller = [channel.labellers.index(who) for who, _, _, _ in keys]
    kind = [channel.kinds.index(of) for _, of, _, _ in keys]
    word = [CONFIDENCE.index(said) for _, _, said, _ in keys]
    members = channel.members[levels]
    words = _logit(reported["hit_by_confidence"])
    logit = _logit(reported["hit"])[:, labeller] + words[:, word] - words[:, [LIKELY]]
    hit = 1.0 / (1.0 + np.exp(-logit))
    guess = (reported["preference"].astype(np.float64)[:, kind] * members).sum(axis=2)
    outside = np.log(label_likelihood(hit, guess, 0.0))
    inside = np.log(label_likelihood(hit, guess, 1.0))
    return np.asarray(outside[..., None] + (inside - outside)[..., None] * members)


def _logit(probability: NDArray[np.float32]) -> NDArray[np.float64]:
    inside = np.clip(probability.astype(np.float64), SMALLEST, 1.0 - SMALLEST)
    return np.asarray(np.log(inside) - np.log1p(-inside))
