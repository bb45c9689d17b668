"""Cases of any size with the structure of a given one: its words, places, names and labellers.

Columns are drawn anew, one from the other independent; actors from effects of the scales that the
model takes for likely; claims, denials and labels from the actors. Who did it is thrown away.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.case.readonly import ReadOnly
from attribution.channels.claim import ClaimChannel
from attribution.channels.effects import families
from attribution.channels.label import LabelChannel
from attribution.channels.stack import bind_stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.case.config import Actor

#: Shares of incidents with a claim and with a denial, near those of the Iraq case.
CLAIMED, DENIED = 0.35, 0.06
#: How readily a culprit denies, as a share of how readily others do.
OWN = 0.7
#: Share of incidents that a second labeller speaks of.
SECOND = 0.4
#: Share of labels of one member of a family that name the family alone.
BROAD = 0.5
#: How often a labeller knows, by confidence word.
HIT = {"certain": 0.95, "likely": 0.83, "possible": 0.6}
#: Scales of effects between families and, as a share of it, between members.
SCALE, WITHIN = 0.6, 0.4
#: Groups that residual actors stand for, militias and others, and the name of the large family.
RESIDUAL = {True: "kataib_imam_ali", False: "pkk_affiliate"}
FAMILY = "iran_backed_unspecified"
WHERE = ["country", "province", "place", "latitude", "longitude", "location_precision"]


def simulated_case(case: Case, count: int, seed: int) -> Case:
    """Simulate a case.

    Parameters
    ----------
    case
        What it is to be like: its dictionaries, names, links, territory and triggers stay.
    count
        Number of incidents, all of them with a label.
    seed
        Seed of all that is drawn.

    Returns
    -------
    Case
        With other incidents, statements and labels.
    """
    rng = np.random.default_rng(seed)
    incidents = _incidents(case, count, rng)
    truth = _actors(case, incidents, rng)
    tables = {
        **case.tables,
        "incidents": incidents,
        "statements": _statements(case, incidents, truth, rng),
        "labels": _labels(case, incidents, truth, rng),
    }
    return replace(case, tables=ReadOnly(tables))


def _incidents(case: Case, count: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw every column by itself, what tells the place together."""
    known = case.incidents
    result = known.iloc[rng.integers(0, len(known), count)].reset_index(drop=True)
    for columns in (["weapon_type"], ["target_type"], WHERE):
        drawn = known[columns].iloc[rng.integers(0, len(known), count)]
        result[columns] = drawn.set_axis(result.index)
    first, last = known["date"].min(), known["date"].max()
    days = rng.integers(0, (last - first).days + 1, count)
    return result.assign(
        incident_id=[f"s{number:07d}" for number in range(count)],
        date=first + pd.to_timedelta(days, unit="D"),
    )


def _actors(case: Case, incidents: pd.DataFrame, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw who did it: effects of weapon, target, province and year over a base rate."""
    groups = families(case.config.actors)

    def effect(size: int) -> NDArray[np.float64]:
        between = rng.normal(size=(size, groups.count))[:, np.asarray(groups.of)]
        return SCALE * (between + WITHIN * rng.normal(size=(size, groups.actors)))

    score = np.zeros((len(incidents), groups.actors)) + 2 * effect(1)
    years = incidents["date"].dt.year.astype(str)
    for words in (*(incidents[c] for c in ("weapon_type", "target_type", "province")), years):
        code, levels = pd.factorize(words)
        score += effect(len(levels))[code]
    return drawn_columns(np.exp(score), rng)


def drawn_columns(weight: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw a column for every row, in proportion to its weights."""
    total = weight.cumsum(axis=1)
    return np.asarray((total < rng.random((len(weight), 1)) * total[:, -1:]).sum(axis=1))


def _statements(
    case: Case, incidents: pd.DataFrame, truth: NDArray[np.int64], rng: np.random.Generator
) -> pd.DataFrame:
    """Let names in use claim and militias deny, a culprit a little less readily than others."""
    claim = next(c for c in bind_stack(case).channels if isinstance(c, ClaimChannel))
    claimed = np.flatnonzero(rng.random(len(incidents)) < CLAIMED)
    epoch = np.searchsorted(claim.epochs, incidents["date"].to_numpy()[claimed], "right") - 1
    likely = np.exp(claim.activity[:, None] + claim.log_prior)[:-1]
    name = drawn_columns(claim.alive[epoch][:, :-1] * likely.T[truth[claimed]], rng)
    militias = [k for k, actor in enumerate(case.config.actors) if actor.militia and actor.groups]
    denied = np.flatnonzero(rng.random(len(incidents)) < DENIED)
    speaker = np.array(militias)[rng.integers(0, len(militias), len(denied))]
    kept = (speaker != truth[denied]) | (rng.random(len(denied)) < 0.7)
    own = [actor.groups[0] if actor.groups else "" for actor in case.config.actors]
    claims = _rows(case.statements, incidents, claimed).assign(
        kind="claim", speaker_id=[claim.names[code].group_id for code in name]
    )
    denials = _rows(case.statements, incidents, denied[kept]).assign(
        kind="denial", speaker_id=[own[k] for k in speaker[kept]]
    )
    return pd.concat([claims, denials], ignore_index=True)


def _labels(
    case: Case, incidents: pd.DataFrame, truth: NDArray[np.int64], rng: np.random.Generator
) -> pd.DataFrame:
    """Let one or two labellers of the case name the actor, its family or a usual suspect."""
    label = next(c for c in bind_stack(case).channels if isinstance(c, LabelChannel))
    twice = np.flatnonzero(rng.random(len(truth)) < SECOND)
    about = np.sort(np.concatenate([np.arange(len(truth)), twice]))
    direct = case.labels[(case.labels["scope"] == "incident") & (case.labels["basis"] == "direct")]
    voice = direct.iloc[rng.integers(0, len(direct), len(about))].reset_index(drop=True)
    knows = rng.random(len(about)) < voice["confidence"].map(HIT).to_numpy()
    kind = [label.kinds.index(each) for each in voice["labeller_type"]]
    named = np.where(knows, truth[about], drawn_columns(label.preference[kind], rng))
    broad = rng.random(len(about)) < BROAD
    return _rows(case.labels, incidents, about).assign(
        labeller=voice["labeller"].to_numpy(),
        labeller_type=voice["labeller_type"].to_numpy(),
        confidence=voice["confidence"].to_numpy(),
        group_id=_names(case, named, broad),
        contested="no",
        scope="incident",
        basis="direct",
    )


def _names(case: Case, named: NDArray[np.int64], broad: NDArray[np.bool_]) -> Sequence[str]:
    """Return what a labeller writes for an actor: its group, or the name of its family."""
    actors = case.config.actors
    own = [group_of(actor) for actor in actors]
    family = np.array([actor.iran_backed for actor in actors])
    whole = broad & family[named]
    return [FAMILY if b else own[k] for k, b in zip(named, whole, strict=True)]


def group_of(actor: Actor) -> str:
    """Return a group that stands for an actor, residual or not."""
    return actor.groups[0] if actor.groups else RESIDUAL[actor.militia]


def _rows(like: pd.DataFrame, incidents: pd.DataFrame, about: NDArray[np.int64]) -> pd.DataFrame:
    """Return rows of a table about some incidents, said on the day, everything else empty."""
    first = like.iloc[[0] * len(about)].reset_index(drop=True)
    chosen = incidents.iloc[about]
    return first.assign(
        incident_id=chosen["incident_id"].to_numpy(), date=chosen["date"].to_numpy()
    )
