r"""Expert views of who stands behind a brand, turned into a prior over parents.

Each view of strength ``s`` (certain .9, likely .7, possible .4: see ``research`` figures in
docs/model.md) counts with its odds :math:`s/(1-s)` against one unit that is spread evenly over the
parents that no link names, so that a single link of strength ``s`` gives its parent exactly ``s``
and conflicting links stay split:

.. math:: v_k = \frac{\sum_l \frac{s_l}{1-s_l}\, \frac{[k \in M_l]}{|M_l|} + e_k}
                      {\sum_l \frac{s_l}{1-s_l} + 1}

with :math:`M_l` the actors that link ``l`` names and :math:`e` the even distribution over the
others. A ``LEAK`` spread over all actors is mixed into every prior.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.case.readonly import ReadOnly

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from attribution.case.case import Case

#: Probability that a link of each strength names the right parent.
STRENGTH: Mapping[str, float] = ReadOnly({"certain": 0.9, "likely": 0.7, "possible": 0.4})
#: The same for a group claiming under its own name.
OWN_NAME = 0.97
#: Probability kept for parents that no link names, spread evenly over all actors.
LEAK = 0.05
#: Day on which an undated name is read: after every start and end that a case may give.
LATER = pd.Timestamp("2100-01-01")


def day_or_later(day: pd.Timestamp) -> pd.Timestamp:
    """Return a day on which the members of a name may be read.

    Parameters
    ----------
    day
        A day or ``NaT``.

    Returns
    -------
    pandas.Timestamp
        The day; a late one if it is not known.
    """
    return LATER if pd.isna(day) else day


def indicator(case: Case, actors: Iterable[str]) -> NDArray[np.float64]:
    """Return 1 for the actors named and 0 for the others.

    Parameters
    ----------
    case
        The case, for the order of the actors.
    actors
        Identifiers.

    Returns
    -------
    Array of shape (actors,).
    """
    named = set(actors)
    return np.array([float(actor in named) for actor in case.config.actor_ids])


def even(case: Case, actors: Iterable[str]) -> NDArray[np.float64]:
    """Return the even distribution over the actors named, over all of them if none is.

    Parameters
    ----------
    case
        The case, for the order of the actors.
    actors
        Identifiers.

    Returns
    -------
    Array of shape (actors,) that sums to 1.
    """
    members = indicator(case, actors)
    if not members.any():
        members = np.ones_like(members)
    return members / members.sum()


def parent_prior(case: Case, brand: str, on: pd.Timestamp) -> NDArray[np.float64]:
    """Return the prior distribution over the parents of a claiming name.

    A named set (an umbrella) is even over its members on the day; a brand follows its links known
    in the case; any other group is taken to claim for itself.

    Parameters
    ----------
    case
        The case, reduced to what was known.
    brand
        Identifier of a group of the case.
    on
        Day on which the members of sets are read.

    Returns
    -------
    Array of shape (actors,) that sums to 1.

    Raises
    ------
    LookupError
        If the case has no such group.
    """
    kind = case.groups.set_index("group_id")["kind"].get(brand, "")
    if brand in {named.name for named in case.config.sets}:
        view = even(case, case.members(brand, on))
    elif kind == "brand":
        view = _linked(case, brand)
    else:
        own = even(case, case.members(brand, on))
        view = OWN_NAME * own + (1 - OWN_NAME) / len(own)
    return (1 - LEAK) * view + LEAK / len(view)


def current_links(case: Case, brand: str) -> pd.DataFrame:
    """Return the links of a brand that stand: a labeller's later view replaces the earlier one.

    Parameters
    ----------
    case
        The case, reduced to what was known.
    brand
        Identifier of a brand.

    Returns
    -------
    Rows of ``brand_links``; several of one labeller and one day all stand.
    """
    links = case.brand_links[case.brand_links["brand_id"] == brand]
    latest = links.groupby("labeller")["date"].transform("max")
    return links[links["date"] == latest]


def _linked(case: Case, brand: str) -> NDArray[np.float64]:
    """Weigh the standing links of a brand; labellers of one echo group share one voice a parent."""
    links = current_links(case, brand)
    if links.empty:
        # With no link at all the members of the brand are those that its sponsor suggests.
        return even(case, case.members(brand, LATER))
    echo = case.labellers.set_index("labeller")["echo_group"]
    voices = links.assign(echo=links["labeller"].map(echo).fillna(links["labeller"]))
    repeats = voices.groupby(["echo", "group_id"])["labeller"].transform("count")
    strengths = links["strength"].map(STRENGTH).to_numpy(dtype=np.float64)
    odds = strengths / (1 - strengths) / repeats.to_numpy(dtype=np.float64)
    views = [
        case.members(group, day)
        for group, day in zip(links["group_id"].tolist(), links["date"].tolist(), strict=True)
    ]
    named = np.array([even(case, view) for view in views])
    total = odds @ named + even(case, _others(case, frozenset().union(*views)))
    return np.asarray(total / (odds.sum() + 1.0))


def _others(case: Case, named: frozenset[str]) -> frozenset[str]:
    """Return the actors that a linked brand may front for although no link names them."""
    backed = frozenset(actor.id for actor in case.config.actors if actor.iran_backed)
    # A brand linked to an Iran-backed parent belongs to that sponsor whoever its parent is.
    pool = backed if named & backed else frozenset(case.config.actor_ids)
    return pool - named or frozenset(case.config.actor_ids) - named
