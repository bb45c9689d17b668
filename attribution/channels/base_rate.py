"""Base rate: how often each actor is behind incidents before anything is known of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from attribution.channels.base import Channel, Entries, column_entries
from attribution.channels.effects import act_factor, effects_term, families, normal_effects
from attribution.channels.options import positive

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.case.config import ChannelSpec
    from attribution.channels.base import LinearTerm, Tensor
    from attribution.channels.evidence import Evidence

#: Scale of the base rate, in log-odds: wide enough for a tenfold difference between actors.
SCALE = 1.0
#: The base rate tells members of a family apart almost as freely as families.
WITHIN_RATIO = 0.8


@dataclass(frozen=True)
class BaseRateChannel(Channel):
    """The part of every incident's prior that no column changes; always the first channel.

    Parameters
    ----------
    scale
        Scale of the base rate, in log-odds.
    """

    scale: float

    @property
    def role(self) -> Literal["act"]:
        """What was done."""
        return "act"

    def table(self) -> Tensor:
        """Return one row: (1, actors + families)."""
        rates: Tensor = self.scale * normal_effects(self.name, 1, self._factor)
        return rates

    def linear_terms(self) -> tuple[LinearTerm, ...]:
        """Return the one effect, which every incident has."""
        return (effects_term(self.name, np.full((1, 1), self.scale), self._factor),)

    @property
    def _factor(self) -> NDArray[np.float64]:
        return act_factor(families(self.actors), WITHIN_RATIO)

    def encode(self, evidence: Evidence) -> Entries:
        """Every incident takes the one row."""
        return column_entries(np.zeros(len(evidence), dtype=np.int64))

    @property
    def reads(self) -> frozenset[str]:
        """Nothing: it is the same for all."""
        return frozenset()

    def describe(self, evidence: Evidence, row: int, piece: int) -> str:
        """Say what a base rate is."""
        del evidence, row, piece
        return "Base rate, before anything is known of the incident"


def bind(spec: ChannelSpec, case: Case) -> Channel:
    """Bind the channel to a case.

    Parameters
    ----------
    spec
        Entry of the channel; a case lists it only to set ``options.scale``.
    case
        The case.

    Returns
    -------
    Channel
        The bound channel.

    Raises
    ------
    ValueError
        If the scale is no positive number.
    """
    scale = positive(f"channel {spec.name}: options.scale", spec.options.get("scale", SCALE))
    return BaseRateChannel(spec.name, case.config.actors, ("all incidents",), scale)
