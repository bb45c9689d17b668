r"""Claim: which name claims the attack, among the names that are in use on that day.

Given that somebody claims, actor :math:`k` uses name :math:`b` on day :math:`t` with probability

.. math:: p(b \mid k, t) = \frac{\exp(a_b + \theta_{bk})}
                                {\sum_{b' \text{ alive at } t} \exp(a_{b'} + \theta_{b'k})},
          \qquad \theta_{bk} = w \log v_{bk} + s\, F^\top z_b

where :math:`v_b` is the prior over the name's parents from dated expert links (``links``),
:math:`w` the learned worth of such links, and :math:`a_b` the log of how often the name has claimed
(plus one half). Whether anybody claims at all depends on target, weapon and time before it depends
on the actor, so silence is no evidence here.

The table has one row a name, with :math:`a_b + \theta_{bk}`, and one row an *epoch* (days between
two births or deaths of names) with the log of the denominator; a claim adds the first and subtracts
the second. Two different unknowns: a **new** name gets the row ``(new)``, drawn from the population
of brands; an **unreadable** one, and one that says nothing (``uninformative`` in ``case.toml``),
contributes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from attribution.case.readonly import ReadOnly
from attribution.channels.base import CLAIMS, Channel, Entries, column_entries, spoken_day
from attribution.channels.distinct import distinct
from attribution.channels.effects import concatenated, contrasts, normal_effects
from attribution.channels.evidence import day_at, statements_of, text_at
from attribution.channels.links import LATER, parent_prior

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.case.config import ChannelSpec
    from attribution.channels.base import Tensor
    from attribution.channels.evidence import Evidence

    #: The days of the incidents that each name claimed.
    type Claims = Mapping[str, pd.Series[pd.Timestamp]]

NEW_BRAND = "(new)"
#: Scale of a name's departures from its links, in log-odds.
SCALE = 0.25
#: Standard deviation of the log of the worth of links.
WORTH_SD = 0.3
#: Added to every name's count of claims.
HALF = 0.5
#: Several claims on one incident are not independent: each weighs n ** -CLAIM_POWER.
CLAIM_POWER = 0.5


@dataclass(frozen=True)
class Name:
    """A claiming name in one span of constant membership.

    Parameters
    ----------
    group_id
        Identifier of the group, ``NEW_BRAND`` for the population of brands.
    start, end
        First and last day of the span.
    """

    group_id: str
    start: pd.Timestamp
    end: pd.Timestamp

    @property
    def level(self) -> str:
        """Name of the table's row."""
        if self.start == pd.Timestamp.min:
            return self.group_id
        return f"{self.group_id} from {self.start:%Y-%m-%d}"


@dataclass(frozen=True)
class ClaimChannel(Channel):
    """Say evidence from claims.

    Parameters
    ----------
    names
        Claiming names, in the order of the first rows of the table; the last is ``(new)``.
    display
        Printed name of every group.
    epochs
        First day of every epoch, in the order of the last rows of the table.
    alive
        Which names are in use in which epoch: (epochs, names).
    log_prior
        Logarithm of the prior over parents of each name: (names, actors).
    activity
        Logarithm of the number of claims of each name plus one half: (names,).
    silent
        Groups whose claim says nothing.
    """

    names: tuple[Name, ...]
    display: Mapping[str, str]
    epochs: tuple[pd.Timestamp, ...]
    alive: NDArray[np.float64]
    log_prior: NDArray[np.float64]
    activity: NDArray[np.float64]
    silent: frozenset[str]

    @property
    def role(self) -> Literal["say"]:
        """What was said."""
        return "say"

    @property
    def reads(self) -> frozenset[str]:
        """Claims, and the day on which names compete."""
        return frozenset({"date", CLAIMS})

    def table(self) -> Tensor:
        """Return rows of names, then of epochs: (names + epochs, actors)."""
        import pymc as pm  # noqa: PLC0415 - heavy, needed only while a model is built
        import pytensor.tensor as pt  # noqa: PLC0415

        activity, log_prior, alive = (pm.Data(name, each) for name, each in self.data().items())
        worth = pm.LogNormal("claim_worth", 0.0, WORTH_SD)
        departures = normal_effects(self.name, len(self.names), contrasts(len(self.actors)))
        names = activity[:, None] + worth * log_prior + SCALE * departures
        epochs = pt.log(alive @ pt.exp(names))
        return concatenated([names, epochs])

    def data(self) -> Mapping[str, NDArray[np.float64]]:
        """Return activity, prior over parents and lifetimes: what later years teach of names."""
        return {
            "claim_activity": self.activity,
            "claim_log_prior": self.log_prior,
            "claim_alive": self.alive,
        }

    def revised(self, case: Case) -> Channel:
        """Return the same names with the lifetimes, links and claims of another state."""
        claims = _claims(case)
        return replace(
            self,
            alive=_alive(case, self.names, self.epochs, claims),
            log_prior=_log_prior(case, self.names),
            activity=_activity(self.names, claims),
        )

    def encode(self, evidence: Evidence) -> Entries:
        """Return two entries a claim: the name, and minus the names it competed with.

        Names that cannot be read do not weaken the others on the same incident.
        """
        claims = statements_of(evidence, ("claim",))
        if claims.empty:
            return column_entries(())
        speaker, day = claims["speaker_id"], claims["day"]
        row = claims["row"].to_numpy(dtype=np.int64)
        epoch = pd.Series(self._epochs(day), index=claims.index)
        # What a name stands for changes with the epoch; days that no timestamp holds are apart.
        within = day.between(pd.Timestamp.min, pd.Timestamp.max)
        alike = distinct(speaker, epoch, day.isna(), within)
        read = (self._read(*cells) for cells in alike.cells(speaker, day, epoch))
        code, notes = alike.spread(read, row)
        used = code >= 0
        row, code = row[used], code[used]
        # A name that claims twice counts once; names on one incident share.
        pair = distinct(pd.Series(row), speaker[used])
        repeats = np.bincount(pair.number)[pair.number]
        names = np.bincount(row[pair.first], minlength=len(evidence))[row]
        weight = names.astype(np.float64) ** -CLAIM_POWER / repeats
        return Entries(
            np.repeat(row, 2),
            np.stack([code, len(self.names) + epoch[used]], axis=1).ravel(),
            np.stack([weight, -weight], axis=1).ravel(),
            np.repeat(claims.index[used].to_numpy(dtype=np.int64), 2),
            tuple(notes),
        )

    def describe(self, evidence: Evidence, row: int, piece: int) -> str:
        """Name the claimant, where it spoke and when."""
        del row
        table = evidence.statements
        speaker = text_at(table, piece, "speaker_id")
        said = f"Claimed by {self.display.get(speaker, speaker)}"
        where, when = text_at(table, piece, "channel"), spoken_day(day_at(table, piece))
        return ", ".join(text for text in (said, where, when) if text)

    def brand_codes(self, on: pd.Timestamp) -> dict[str, int]:
        """Return the table row of every name in the span that holds on a day.

        Parameters
        ----------
        on
            The day.

        Returns
        -------
        Row by group identifier, without ``(new)``.
        """
        return {
            name.group_id: code
            for code, name in enumerate(self.names)
            if name.start <= on <= name.end and name.group_id != NEW_BRAND
        }

    def epoch_code(self, on: pd.Timestamp) -> int:
        """Return the table row of the denominator on a day.

        Parameters
        ----------
        on
            The day; ``NaT`` takes the last epoch.

        Returns
        -------
        int
            A row of the table.
        """
        return len(self.names) + int(self._epochs(pd.Series([on]))[0])

    @cached_property
    def _spans_of(self) -> dict[str, list[int]]:
        """Rows of every name, by group."""
        spans: dict[str, list[int]] = {}
        for code, name in enumerate(self.names):
            spans.setdefault(name.group_id, []).append(code)
        return spans

    def _read(self, speaker: str, day: pd.Timestamp, epoch: int) -> tuple[int, str]:
        """Return the row of a claiming name, -1 for none, and what there is to note of it."""
        if speaker == "":
            return -1, "a claim under an unreadable name is not used"
        if speaker in self.silent:
            return -1, f"a claim by '{speaker}' says nothing"
        undated = bool(pd.isna(day))
        for code in self._spans_of.get(speaker, ()):
            name = self.names[code]
            if undated or name.start <= day <= name.end:
                used = undated or bool(self.alive[epoch, code])
                return code, "" if used else f"{speaker} was not in use on that day"
        return len(self.names) - 1, f"claiming name '{speaker}' is new"

    def _epochs(self, days: pd.Series[pd.Timestamp]) -> NDArray[np.int64]:
        """Return the number of the epoch of each day; a missing one takes ``LATER``."""
        starts = np.array(self.epochs, dtype="datetime64[us]")
        dated = days.fillna(LATER).to_numpy(dtype="datetime64[us]")
        return np.asarray(np.maximum(np.searchsorted(starts, dated, side="right") - 1, 0))


def bind(spec: ChannelSpec, case: Case) -> Channel:
    """Bind the channel to a case: every group that may claim, with its lifetime and links.

    Parameters
    ----------
    spec
        Entry of ``case.toml``.
    case
        The case, reduced to what was known.

    Returns
    -------
    Channel
        The bound channel.
    """
    silent = set(case.config.uninformative)
    groups = [group for group in case.groups["group_id"] if group not in silent]
    names = [span for group in groups for span in _spans(case, group)]
    names.append(Name(NEW_BRAND, pd.Timestamp.min, pd.Timestamp.max))
    claims = _claims(case)
    epochs = _epochs(names, _lifetimes(case, names, claims))
    levels = tuple(name.level for name in names) + tuple(
        f"names in use from {day:%Y-%m-%d}" if day > pd.Timestamp.min else "names in use at first"
        for day in epochs
    )
    return ClaimChannel(
        spec.name,
        case.config.actors,
        levels,
        tuple(names),
        ReadOnly(dict(zip(case.groups["group_id"], case.groups["name"], strict=True))),
        tuple(epochs),
        _alive(case, names, epochs, claims),
        _log_prior(case, names),
        _activity(names, claims),
        frozenset(silent),
    )


def _log_prior(case: Case, names: Sequence[Name]) -> NDArray[np.float64]:
    """Return the log prior over parents of each name, the last one's being the population's."""
    priors = [parent_prior(case, name.group_id, _middle(name)) for name in names[:-1]]
    brands = set(case.groups.loc[case.groups["kind"] == "brand", "group_id"])
    population = np.mean(
        [prior for name, prior in zip(names, priors, strict=False) if name.group_id in brands]
        or priors,
        axis=0,
    )
    return np.log(np.array([*priors, population]))


def _activity(names: Sequence[Name], claims: Claims) -> NDArray[np.float64]:
    """Return the log of the number of claims of each name plus one half."""
    return np.log(np.array([_count(name, claims) for name in names]) + HALF)


def _alive(
    case: Case, names: Sequence[Name], epochs: Sequence[pd.Timestamp], claims: Claims
) -> NDArray[np.float64]:
    """Return which names are in use in which epoch, (epochs, names)."""
    lifetimes = _lifetimes(case, names, claims)
    return np.array(
        [[float(_in_use(name, lifetimes[name.group_id], day)) for name in names] for day in epochs]
    )


def _lifetimes(
    case: Case, names: Sequence[Name], claims: Claims
) -> dict[str, tuple[pd.Timestamp, pd.Timestamp]]:
    """Return the first and last day of every name, widened to the claims that it made."""
    columns = (case.groups[column] for column in ("group_id", "active_from", "active_to"))
    known = {name.group_id for name in names}
    lifetimes = {NEW_BRAND: (pd.Timestamp.min, pd.Timestamp.max)}
    for group, first, last in zip(*columns, strict=True):
        if group in known:
            start = pd.Timestamp.min if pd.isna(first) else first
            end = pd.Timestamp.max if pd.isna(last) else last
            if group in claims:
                start, end = min(start, claims[group].min()), max(end, claims[group].max())
            lifetimes[group] = (start, end)
    return lifetimes


def _claims(case: Case) -> Claims:
    """Return the days of the incidents that each name claimed."""
    claims = case.statements[case.statements["kind"] == "claim"]
    days = case.incidents.set_index("incident_id")["date"]
    day = claims["incident_id"].map(days).dropna()
    return {str(name): own for name, own in day.groupby(claims["speaker_id"])}


def _spans(case: Case, group: str) -> list[Name]:
    """Cut a named set where its membership changes; any other name is one span."""
    members = [m for named in case.config.sets if named.name == group for m in named.members]
    starts = {pd.Timestamp(m.start) for m in members if m.start is not None}
    after = {pd.Timestamp(m.end) + pd.Timedelta(days=1) for m in members if m.end is not None}
    cuts = sorted(starts | after)
    if all(m.start is not None for m in members):
        # The first change only opens the set: there is no membership to tell apart before it.
        cuts = cuts[1:]
    starts_at = [pd.Timestamp.min, *cuts]
    ends_at = [*(cut - pd.Timedelta(days=1) for cut in cuts), pd.Timestamp.max]
    return [Name(group, start, end) for start, end in zip(starts_at, ends_at, strict=True)]


def _in_use(name: Name, lifetime: tuple[pd.Timestamp, pd.Timestamp], day: pd.Timestamp) -> bool:
    return lifetime[0] <= day <= lifetime[1] and name.start <= day <= name.end


def _epochs(
    names: list[Name], lifetimes: dict[str, tuple[pd.Timestamp, pd.Timestamp]]
) -> list[pd.Timestamp]:
    """Return the days on which the set of names in use changes."""
    day = pd.Timedelta(days=1)
    last = pd.Timestamp.max
    starts = {span.start for span in names} | {start for start, _ in lifetimes.values()}
    ends = {end + day for _, end in lifetimes.values() if end < last}
    return sorted(starts | ends | {pd.Timestamp.min})


def _count(name: Name, claims: Claims) -> int:
    own = claims.get(name.group_id)
    return 0 if own is None else int(own.between(name.start, name.end).sum())


def _middle(name: Name) -> pd.Timestamp:
    """Return a day within the span, on which the membership of a set is read."""
    if name.start > pd.Timestamp.min:
        return name.start
    return name.end if name.end < pd.Timestamp.max else LATER
