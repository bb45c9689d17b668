r"""Period: how often each actor is behind attacks, drifting from quarter to quarter.

A random walk over quarters, centred over the case's time so that the base rate keeps its meaning:

.. math:: a_q = \sum_{j \le q} s\, F^\top z_j - \text{mean over quarters}

With ``options.after`` the walk starts at 0 on that day instead and says nothing of earlier ones:
the drift of a forecast, whose uncertainty grows with the time since the record ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from attribution.channels.base import Channel, Entries, column_entries
from attribution.channels.effects import act_factor, effects_term, families, normal_effects
from attribution.channels.options import positive

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.case.config import ChannelSpec
    from attribution.channels.base import LinearTerm, Tensor
    from attribution.channels.evidence import Evidence

#: Scale of one quarter's step, in log-odds.
STEP = 0.2


@dataclass(frozen=True)
class PeriodChannel(Channel):
    """Act evidence from the date.

    Parameters
    ----------
    first
        The quarter of level 0.
    column
        The incidents' column that holds the date.
    step
        Scale of one quarter's step, in log-odds.
    after
        Last day before the walk, which then starts at 0; None for one that is centred.
    """

    first: pd.Period
    column: str
    step: float
    after: pd.Timestamp | None

    @property
    def role(self) -> Literal["act"]:
        """What was done."""
        return "act"

    @property
    def reads(self) -> frozenset[str]:
        """The day."""
        return frozenset({self.column})

    def table(self) -> Tensor:
        """Walk from quarter to quarter: (levels, actors + families)."""
        import pytensor.tensor as pt  # noqa: PLC0415 - heavy, needed only while a model is built

        factor = act_factor(families(self.actors))
        steps = normal_effects(self.name, len(self.levels), factor)
        # One product with a constant matrix, where sums along an axis are many small operations.
        walked: Tensor = pt.as_tensor_variable(self._walk) @ steps
        return walked

    def linear_terms(self) -> tuple[LinearTerm, ...]:
        """Return the steps: a quarter has every one up to it."""
        return (effects_term(self.name, self._walk, act_factor(families(self.actors))),)

    @property
    def _walk(self) -> NDArray[np.float64]:
        """Matrix that sums steps, (quarters, steps)."""
        walk = np.tri(len(self.levels))
        if self.after is None:
            walk = walk - walk.mean(axis=0)
        return np.asarray(self.step * walk)

    def encode(self, evidence: Evidence) -> Entries:
        """Find each incident's quarter; a later one takes the last quarter, an earlier one none."""
        alike = evidence.alike(self.column)
        days = evidence.incidents[self.column].to_numpy(dtype="datetime64[us]")[alike.first]
        last = len(self.levels) - 1
        quarter = days.astype("datetime64[M]").astype(np.int64) // 3 - self.first.ordinal
        # The record speaks for itself up to its last day.
        unread = np.isnat(days)
        if self.after is not None:
            unread |= days <= self.after.to_datetime64()
        outside = np.flatnonzero(~unread & ((quarter < 0) | (quarter > last)))
        notes = [""] * len(days)
        for one in outside.tolist():
            where = "after" if quarter[one] > last else "before"
            notes[one] = f"date {days[one].astype('datetime64[D]')} is {where} the fitted period"
        code = np.where(unread, -1, quarter.clip(-1, last))[alike.number]
        return column_entries(code, alike.notes(notes))

    def describe(self, evidence: Evidence, row: int, piece: int) -> str:
        """Name the quarter."""
        del piece
        day = evidence.cell(self.column, row)
        if pd.isna(day):
            return "Period: date not recorded"
        return f"Period: quarter {day.quarter} of {day.year}"


def bind(spec: ChannelSpec, case: Case) -> Channel:
    """Bind the channel to a case: every quarter from its first incident to its last.

    Parameters
    ----------
    spec
        Entry of ``case.toml``: one column, a date; if wanted, ``options.step`` and
        ``options.after``, a day.
    case
        The case.

    Returns
    -------
    Channel
        The bound channel.

    Raises
    ------
    ValueError
        If the step is no positive number, ``after`` no day, or no incident later than it.
    """
    (column,) = spec.columns
    days = case.incidents[column]
    step = positive(f"channel {spec.name}: options.step", spec.options.get("step", STEP))
    given = spec.options.get("after")
    if given is not None and not isinstance(given, date):
        raise ValueError(f"channel {spec.name}: options.after must be a day, written as 2020-12-31")
    after = None if given is None else pd.Timestamp(given).normalize()
    first = days.min() if after is None else after + pd.Timedelta(days=1)
    if not first <= days.max():
        raise ValueError(f"channel {spec.name}: no incident is later than options.after, {given}")
    quarters = pd.period_range(first, days.max(), freq="Q")
    levels = tuple(str(quarter) for quarter in quarters)
    return PeriodChannel(spec.name, case.config.actors, levels, quarters[0], column, step, after)
