"""Which actors a name stands for on a given day."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd

from attribution.case.config import CaseConfig, Member
from attribution.case.faults import nearest, quoted
from attribution.case.readonly import ReadOnly

_NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Membership:
    """The actors behind every group of a case.

    Attributes
    ----------
    fixed
        Actors of the groups that always stand for the same ones.
    sets
        Dated members of the set-valued names.
    links
        Groups to which a brand is linked.
    as_of
        Day after which nothing is known, if any.
    """

    fixed: Mapping[str, frozenset[str]]
    sets: Mapping[str, tuple[Member, ...]]
    links: Mapping[str, frozenset[str]]
    as_of: date | None

    def members(self, group_id: str, on: date) -> frozenset[str]:
        """Find the actors that a name stands for.

        Parameters
        ----------
        group_id
            Identifier of a group of the case.
        on
            The day.

        Returns
        -------
        frozenset of str
            Actor identifiers; empty if the name says nothing.

        Raises
        ------
        LookupError
            If the case has no such group.
        """
        return self._members(group_id, calendar_day(on), seen=_NOBODY)

    def _members(self, group_id: str, day: date, seen: frozenset[str]) -> frozenset[str]:
        if group_id in self.fixed:
            return self.fixed[group_id]
        if group_id in self.sets:
            return self._alive(self.sets[group_id], day)
        if group_id not in self.links:
            known = (*self.fixed, *self.sets, *self.links)
            close = nearest(group_id, known)
            hint = "" if close is None else f". Did you mean {close!r}?"
            raise LookupError(f"no group {quoted(group_id)} in the case{hint}")
        # Brands are linked to brands; two that are linked to each other must not go round forever.
        behind = seen | {group_id}
        return _NOBODY.union(
            *(self._members(linked, day, behind) for linked in self.links[group_id] - behind)
        )

    def _alive(self, members: tuple[Member, ...], day: date) -> frozenset[str]:
        today = self.as_of or date.max
        joined = [m for m in members if (m.start or date.min) <= today]
        alive = [m for m in joined if (m.start or date.min) <= day <= (m.end or date.max)]
        # A name used before its founding or after its end still means somebody of its circle.
        return frozenset(m.actor for m in alive or joined or members)


def membership(
    config: CaseConfig, groups: pd.DataFrame, brand_links: pd.DataFrame, as_of: date | None
) -> Membership:
    """Work out who stands behind every group of a case.

    Parameters
    ----------
    config
        The configuration of the case.
    groups
        All groups.
    brand_links
        The links that are known.
    as_of
        Day after which nothing is known, if any.

    Returns
    -------
    Membership
        The actors behind every group.
    """
    fixed: dict[str, frozenset[str]] = dict.fromkeys(config.uninformative, _NOBODY)
    for actor in config.actors:
        fixed |= {group: frozenset({actor.id}) for group in actor.groups if group not in fixed}
    sets = {named.name: named.members for named in config.sets if named.name not in fixed}
    backed = frozenset(actor.id for actor in config.actors if actor.iran_backed)
    linked = _linked_groups(brand_links)
    links: dict[str, frozenset[str]] = {}
    for group, kind, sponsor in groups[["group_id", "kind", "sponsor"]].itertuples(index=False):
        if group in fixed or group in sets:
            continue
        if kind in {"militia", "non_militia_actor"}:
            fixed[group] = residual_actors(config, militia=kind == "militia")
        elif group in linked:
            links[group] = linked[group]
        else:
            fixed[group] = backed if sponsor in config.iran_sponsors else _NOBODY
    return Membership(ReadOnly(fixed), ReadOnly(sets), ReadOnly(links), as_of)


def residual_actors(config: CaseConfig, *, militia: bool) -> frozenset[str]:
    """Find the actor that takes the groups no other actor takes.

    Parameters
    ----------
    config
        The configuration of the case.
    militia
        Whether the groups are militias.

    Returns
    -------
    frozenset of str
        Its identifier; empty if the case has no such actor.
    """
    return frozenset(a.id for a in config.actors if a.residual and a.militia is militia)


def calendar_day(on: date) -> date:
    """Drop the time of the day.

    Parameters
    ----------
    on
        A day, as a date or as a pandas timestamp.

    Returns
    -------
    date
        The plain day.

    Raises
    ------
    ValueError
        If the timestamp is missing (NaT).
    """
    if pd.isna(on):
        raise ValueError("the day is missing (NaT): give the day on which the name was used")
    # A timestamp is a datetime, and a datetime is a date that cannot be compared with one.
    return on.date() if isinstance(on, datetime) else on


def _linked_groups(brand_links: pd.DataFrame) -> Mapping[str, frozenset[str]]:
    linked: defaultdict[str, set[str]] = defaultdict(set)
    pairs: Iterable[tuple[str, str]] = brand_links[["brand_id", "group_id"]].itertuples(index=False)
    for brand, group in pairs:
        linked[brand].add(group)
    return {brand: frozenset(behind) for brand, behind in linked.items()}
