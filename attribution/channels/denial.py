r"""Denial, praise, condemnation and false-flag accusation: what speakers say short of a claim.

Speaker :math:`s` makes a statement of kind :math:`d` about an incident with a probability
:math:`\rho` that may depend on whether the true actor :math:`k` is among those, :math:`M_s`, that
it stands for:

.. math:: \operatorname{logit} \rho_{sd}(k) = r_{sd} + \lambda_{sd} [k \in M_s],
          \qquad r_{sd} \sim N(-4, 1), \quad \lambda_{sd} \sim N(\mu_d, 0.7), \quad
          \mu_d \sim N(m_d, 0.7)

with :math:`m_d` near zero: a routine denier's denial is nearly worthless, a denial may even speak
for an actor because only the accused deny, and nothing here can rule an actor out. Speaking is
rare, so that silence, which is counted too, is weak evidence at most. Without it the likelihood
would grow with :math:`\lambda` whatever the truth.

The table has one row for "nobody says anything", :math:`\sum_{sd} \log(1 - \rho_{sd}(k))`, which
every incident takes, and one row a speaker and kind, :math:`\operatorname{logit} \rho_{sd}(k)`,
which turns silence into speech.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from attribution.case.readonly import ReadOnly
from attribution.channels.base import (
    COLUMN_PIECE,
    OTHER_STATEMENTS,
    Channel,
    Entries,
    column_entries,
    joined,
    spoken_day,
)
from attribution.channels.distinct import distinct
from attribution.channels.effects import concatenated
from attribution.channels.evidence import case_evidence, day_at, statements_of, text_at
from attribution.channels.links import day_or_later, indicator

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.case.config import ChannelSpec
    from attribution.channels.base import Tensor
    from attribution.channels.evidence import Evidence

#: Prior mean of the log ratio of each kind if the speaker is behind the attack. Core factions deny
#: routinely, so a denial is worth little; praise without a claim slightly points to the speaker.
KINDS: Mapping[str, float] = ReadOnly(
    {"denial": -0.15, "praise": 0.15, "condemnation": -0.3, "false_flag_accusation": -0.1}
)
KIND_SD = 0.7
SPEAKER_SD = 0.7
#: Prior mean and standard deviation of the logit of the probability that a speaker speaks at all.
RATE = (-4.0, 1.0)
SILENCE = "nothing said"
WORDS = {
    "denial": "Denied by",
    "praise": "Praised by",
    "condemnation": "Condemned by",
    "false_flag_accusation": "Called a false flag by",
}

Level = tuple[str, str, frozenset[str]]


@dataclass(frozen=True)
class DenialChannel(Channel):
    """Say evidence from statements that are not claims.

    Parameters
    ----------
    keys
        Speaker, kind and the actors that the speaker stood for on that day, in the order of
        ``levels`` behind the first, which is silence.
    members
        The same actors as an indicator: (keys, actors).
    case
        The case, for what names stand for.
    display
        Printed name of every group.
    """

    keys: tuple[Level, ...]
    members: NDArray[np.float64]
    case: Case
    display: Mapping[str, str]

    @property
    def role(self) -> Literal["say"]:
        """What was said."""
        return "say"

    @property
    def reads(self) -> frozenset[str]:
        """Statements, and the day on which speakers stand for somebody."""
        return frozenset({"date", OTHER_STATEMENTS})

    def table(self) -> Tensor:
        """Return the log probability of silence and what each statement adds: (levels, actors)."""
        import pymc as pm  # noqa: PLC0415 - heavy, needed only while a model is built
        import pytensor.tensor as pt  # noqa: PLC0415

        kinds = list(KINDS)
        kind_of = np.array([kinds.index(kind) for _, kind, _ in self.keys], dtype=np.int64)
        shared = pm.Normal("denial_kind", np.array(list(KINDS.values())), KIND_SD)
        own = pm.Normal("denial_z", 0.0, 1.0, shape=len(self.keys))
        rate = pm.Normal("denial_rate", *RATE, shape=len(self.keys))
        shift = shared[kind_of] + SPEAKER_SD * own
        speech = rate[:, None] + shift[:, None] * self.members
        silence = -pt.softplus(speech).sum(axis=0, keepdims=True)
        return concatenated([silence, speech])

    def encode(self, evidence: Evidence) -> Entries:
        """Return silence for every incident and one entry a statement, repetitions counted once.

        A speaker who stands for nobody says nothing. One without a level of its own (it never spoke
        in this way in the fitted case) is passed over with a note.
        """
        said = statements_of(evidence, KINDS)
        silence = column_entries(np.zeros(len(evidence), dtype=np.int64))
        if said.empty:
            return silence
        who, kind = said["speaker_id"], said["kind"]
        row = said["row"].to_numpy(dtype=np.int64)
        alike = distinct(who, kind, said["day"])
        read = (self._read(*cells) for cells in alike.cells(who, kind, said["day"]))
        code, notes = alike.spread(read, row)
        same = distinct(said["row"], who, kind).number
        used = code >= 0
        spoken = Entries(
            row[used],
            code[used],
            1.0 / np.bincount(same)[same[used]],
            said.index[used].to_numpy(dtype=np.int64),
            tuple(notes),
        )
        return joined(silence, spoken)

    def describe(self, evidence: Evidence, row: int, piece: int) -> str:
        """Name the speaker and what it did."""
        table = evidence.statements
        if piece == COLUMN_PIECE:
            others = (
                " else" if ((table["row"] == row) & table["kind"].isin(list(KINDS))).any() else ""
            )
            return f"Nobody{others} denied, praised or condemned it"
        speaker = text_at(table, piece, "speaker_id")
        said = f"{WORDS[text_at(table, piece, 'kind')]} {self.display.get(speaker, speaker)}"
        return ", ".join(text for text in (said, spoken_day(day_at(table, piece))) if text)

    def revised(self, case: Case) -> Channel:
        """Return the same levels; whom a speaker stood for is read from the other state."""
        return replace(self, case=case)

    @cached_property
    def _positions(self) -> dict[Level, int]:
        return {key: code for code, key in enumerate(self.keys, start=1)}

    def _read(self, speaker: str, kind: str, day: pd.Timestamp) -> tuple[int, str]:
        """Return the row of a statement, -1 for none, and what there is to note of it."""
        known = speaker in self.display
        key = _key(self.case, speaker, kind, day) if known else (speaker, kind, frozenset())
        code = self._positions.get(key, -1)
        if code >= 0 or (known and not key[2]):
            return code, ""
        name = f"'{speaker}'" if speaker else "an unreadable name"
        return code, f"{kind.replace('_', ' ')} by {name} is not used"


def bind(spec: ChannelSpec, case: Case) -> Channel:
    """Bind the channel to a case: every speaker and kind in its statements.

    Parameters
    ----------
    spec
        Entry of ``case.toml``.
    case
        The case.

    Returns
    -------
    Channel
        The bound channel.
    """
    said = statements_of(case_evidence(case), KINDS)
    columns = (said["speaker_id"], said["kind"], said["day"])
    found = {_key(case, *cells) for cells in distinct(*columns).cells(*columns)}
    keys = tuple(
        sorted((key for key in found if key[2]), key=lambda key: (key[0], key[1], sorted(key[2])))
    )
    levels = (SILENCE, *(_level(key, keys) for key in keys))
    members = np.array([indicator(case, key[2]) for key in keys])
    return DenialChannel(
        spec.name,
        case.config.actors,
        levels,
        keys,
        members.reshape(len(keys), len(case.config.actors)),
        case,
        ReadOnly(dict(zip(case.groups["group_id"], case.groups["name"], strict=True))),
    )


def _key(case: Case, speaker: str, kind: str, day: pd.Timestamp) -> Level:
    """Return speaker, kind and whom the speaker stood for on the day of the incident."""
    return (speaker, kind, case.members(speaker, day_or_later(day)))


def _level(key: Level, keys: tuple[Level, ...]) -> str:
    """Name a level; the members are spelt out only where one speaker has stood for several sets."""
    speaker, kind, members = key
    same = [other for other in keys if other[:2] == key[:2]]
    suffix = "" if len(same) == 1 else f" ({', '.join(sorted(members))})"
    return f"{speaker} {kind}{suffix}"
