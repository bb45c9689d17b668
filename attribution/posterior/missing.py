r"""What is not known of an incident, and how far knowing it could move the answer.

For every kind of evidence that an incident lacks, the values :math:`v` that it could take are put
in one by one. With :math:`\bar p_v` the probability of the actor :math:`k` that now comes first if
the value were :math:`v`, :math:`\bar p` that as it is, both means over draws as reported, and
weights :math:`w_v` that sum to 1,

.. math:: \text{lowest} = \min_v \bar p_v, \quad \text{highest} = \max_v \bar p_v, \quad
          \text{shift} = \sum_v w_v\, |\bar p_v - \bar p|, \quad
          \text{overturned} = \sum_v w_v\, [k \ne \operatorname{argmax} \bar p_v]

Columns of the incident (weapon, target, place, position) are changed and summed anew, as a what-if
question does; :math:`w_v` is how often the value occurs among the case's incidents that agree with
this one where both are known (same country, same province). A place brings its coordinates with it.

What was said multiplies the posterior of each draw :math:`s` by its likelihood :math:`L_{svk}`,
:math:`p_{svk} \propto p_{sk} L_{svk}`, which is the same sum; here the model itself says how likely
each value is, :math:`w_v \propto \frac1S \sum_{s,k} p_{sk} L_{svk}`:

* a claim: that somebody claims under each name in use on that day or a new one;
* a label: that a labeller says "likely" and names one actor. Its hit rate and its preference are
  those of the case's labels on average, :math:`L = h\,[k = v] + (1 - h)\,q_v`;
* a denial: that each group which has ever denied an attack denies this one.

Only evidence of which there is none is tried, so that no discount for dependence enters. Values
that weigh less than ``RARE`` are left out of the lowest and the highest.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attribution.channels.base import spoken_word
from attribution.channels.claim import ClaimChannel
from attribution.channels.classes import MISSING as BLANKS
from attribution.channels.denial import DenialChannel
from attribution.channels.effects import families
from attribution.channels.evidence import Evidence
from attribution.channels.label import LabelChannel
from attribution.channels.links import day_or_later
from attribution.channels.place import COARSE, PRECISION
from attribution.channels.testimony import label_likelihood
from attribution.posterior.intake import RANGES
from attribution.posterior.kernel import probabilities, query_of
from attribution.posterior.what_if import PLACED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.channels.stack import Stack
    from attribution.posterior.kernel import Query

COLUMNS = [
    "missing",
    "actor",
    "now",
    "values",
    "lowest",
    "lowest_if",
    "highest",
    "highest_if",
    "shift",
    "overturned",
]
#: Most values of one column that are tried, the most frequent ones.
MOST_VALUES = 60
#: Least weight of a value that may be the lowest or the highest.
RARE = 0.005
#: Columns of words whose values are put in as they are.
WORDS = ("weapon_type", "target_type")
POSITION = tuple(RANGES)
WHERE = (*PLACED, PRECISION, *POSITION)
DENIAL = "denial"


@dataclass(frozen=True, eq=False)
class Supposed:
    """Values that one missing piece of evidence could take.

    Parameters
    ----------
    missing
        What is missing: weapon_type, target_type, place, position, claim, label or denial.
    values
        The values, in words.
    weight
        How probable each is: (values,), summing to 1.
    p
        The posterior under each: (draws, values, actors).
    """

    missing: str
    values: tuple[str, ...]
    weight: NDArray[np.float64]
    p: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of one incident, and the model that reads it.

    Parameters
    ----------
    case, stack
        The case and its channels.
    draws
        Stacked tables, (draws, rows + 1, columns).
    reported
        Draws of the parameters that channels report, (draws, ...) by name.
    evidence, query
        The single incident, in words and in codes.
    """

    case: Case
    stack: Stack
    draws: NDArray[np.float64]
    reported: Mapping[str, NDArray[np.float32]]
    evidence: Evidence
    query: Query

    @property
    def day(self) -> pd.Timestamp:
        """Day of the incident, ``NaT`` if it is not known."""
        days: list[pd.Timestamp] = self.evidence.incidents["date"].tolist()
        return days[0]

    def speaks(self, position: int) -> bool:
        """Say whether a channel has anything to say of the incident."""
        first, last = self.stack.offsets[position : position + 2]
        own = (self.query.code[0] >= first) & (self.query.code[0] < last)
        return bool((own & (self.query.weight[0] != 0)).any())


def missing_evidence(known: Known) -> pd.DataFrame:
    """Say what an incident lacks and how far each piece could move the actor that comes first.

    Parameters
    ----------
    known
        What is known of the incident.

    Returns
    -------
    One row a piece, the largest shift first: missing (weapon_type, target_type, place, position,
    claim, label or denial), actor (the one that comes first), now (its probability), values (how
    many were tried), lowest and highest (its probability) with the values that lead there
    (lowest_if, highest_if), shift and overturned; see the module's formulas.
    """
    p = probabilities(known.draws, known.query)
    now = p.mean(axis=0)[0]
    top = int(now.argmax())
    rows = []
    for each in (*_done(known), *_said(known, p)):
        mean = each.p.mean(axis=0)
        common = np.flatnonzero(each.weight >= min(RARE, each.weight.max()))
        low = common[mean[common, top].argmin()]
        high = common[mean[common, top].argmax()]
        rows.append(
            (
                each.missing,
                known.case.config.actor_ids[top],
                float(now[top]),
                len(each.values),
                float(mean[low, top]),
                each.values[low],
                float(mean[high, top]),
                each.values[high],
                float(each.weight @ np.abs(mean[:, top] - now[top])),
                float(each.weight @ (mean.argmax(axis=1) != top)),
            )
        )
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.sort_values("shift", ascending=False, kind="stable", ignore_index=True)


def _done(known: Known) -> list[Supposed]:
    """Put every value into every missing column: one sum for all of them."""
    read = {column for spec in known.case.config.channels for column in spec.columns}
    cells = {str(k): v for k, v in known.evidence.incidents.iloc[0].to_dict().items()}
    gaps = {
        name: values
        for name, changed in _gaps(cells).items()
        if read.intersection(changed)
        and len(values := _occurring(known.case.incidents, cells, changed))
    }
    if not gaps:
        return []
    count = sum(len(values) for values in gaps.values())
    copies = known.evidence.take(np.zeros(count, dtype=np.int64))
    filled = copies.incidents.copy()
    start = 0
    for values in gaps.values():
        rows = filled.index[start : start + len(values)]
        for name in values.columns.drop("count"):
            filled.loc[rows, name] = values[name].to_numpy()
        start += len(values)
    codes = known.stack.encode(Evidence(filled, copies.statements, copies.labels))
    query = query_of(codes, families(known.case.config.actors).of)
    p = probabilities(known.draws, query)
    ends = np.cumsum([len(values) for values in gaps.values()])
    return [
        Supposed(name, _in_words(values), _shares(values["count"]), part)
        for (name, values), part in zip(gaps.items(), np.split(p, ends[:-1], axis=1), strict=True)
    ]


def _gaps(cells: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    """Return what is missing and the columns that knowing it would fill."""
    gaps: dict[str, tuple[str, ...]] = {name: (name,) for name in WORDS if _blank(cells, name)}
    if _blank(cells, "province") or _blank(cells, "place") or cells.get(PRECISION) in COARSE:
        gaps["place"] = WHERE
    elif any(_blank(cells, name) for name in POSITION):
        gaps["position"] = POSITION
    return gaps


def _blank(cells: Mapping[str, object], name: str) -> bool:
    value = cells.get(name, "")
    # A missing number is the one value that differs from itself.
    return value in BLANKS or value != value  # noqa: PLR0124


def _occurring(
    incidents: pd.DataFrame, cells: Mapping[str, object], changed: tuple[str, ...]
) -> pd.DataFrame:
    """Count the values of some columns among the incidents that agree with what is known."""
    columns = [name for name in changed if name in incidents]
    used = incidents
    wider = takewhile(lambda name: not _blank(cells, name), PLACED[:2])
    for name in wider if changed[0] not in WORDS else ():
        used = used[used[name] == cells[name]]
    for name in columns:
        used = used[used[name].notna() & ~used[name].isin(BLANKS)]
        if name == PRECISION:
            used = used[~used[name].isin(COARSE)]
    counted = used.groupby(columns, sort=True).size().rename("count").reset_index()
    return counted.sort_values("count", ascending=False, kind="stable").head(MOST_VALUES)


def _in_words(values: pd.DataFrame) -> tuple[str, ...]:
    if "place" in values:
        return tuple(f"{row.place}, {row.province}" for row in values.itertuples())
    if set(POSITION) <= set(values):
        return tuple(f"{row.latitude:g}, {row.longitude:g}" for row in values.itertuples())
    return tuple(spoken_word(word) for word in values.iloc[:, 0])


def _shares(count: pd.Series[int]) -> NDArray[np.float64]:
    number = count.to_numpy(dtype=np.float64)
    return np.asarray(number / number.sum())


def _said(known: Known, p: NDArray[np.float64]) -> Iterator[Supposed]:
    """Suppose what was not said; ``p`` is the posterior as it is, (draws, 1, actors)."""
    statements = known.evidence.statements
    for position, channel in enumerate(known.stack.channels):
        match channel:
            case ClaimChannel() if not known.speaks(position):
                yield _weighed("claim", p, *_claims(known, channel, position))
            case LabelChannel() if not known.speaks(position) and len(channel.levels):
                yield _weighed("label", p, *_labels(known, channel))
            case DenialChannel() if not (statements["kind"] == DENIAL).any():
                names, likelihood = _denials(known, channel, position)
                if names:
                    yield _weighed(DENIAL, p, names, likelihood)


def _weighed(
    missing: str,
    p: NDArray[np.float64],
    values: tuple[str, ...],
    likelihood: NDArray[np.float64],
) -> Supposed:
    """Multiply the posterior by the likelihood of each value, (draws, values, actors)."""
    joint = p * likelihood
    evidence = joint.sum(axis=-1)
    weight = evidence.mean(axis=0)
    return Supposed(missing, values, weight / weight.sum(), joint / evidence[..., None])


def _claims(
    known: Known, channel: ClaimChannel, position: int
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Return the names in use and the probability that a claim is made under each."""
    epoch = channel.epoch_code(known.day)
    alive = np.flatnonzero(channel.alive[epoch - len(channel.names)])
    table = _rows(known, position)
    groups = [channel.names[code].group_id for code in alive]
    return (
        tuple(channel.display.get(group, "a name never seen before") for group in groups),
        np.exp(table[:, alive] - table[:, [epoch]]),
    )


def _labels(known: Known, channel: LabelChannel) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Return the actors and the probability that an average labeller names each."""
    who = known.case.labels["labeller"].value_counts().reindex(channel.labellers, fill_value=0)
    kind = known.case.labels["labeller_type"].value_counts().reindex(channel.kinds, fill_value=0)
    hit = np.average(known.reported["hit"], axis=1, weights=who)[:, None, None]
    guess = np.average(known.reported["preference"], axis=1, weights=kind)[:, :, None]
    named = np.eye(len(channel.actors))[None]
    likelihood = label_likelihood(hit, guess, named)
    return tuple(actor.name for actor in channel.actors), np.asarray(likelihood, dtype=np.float64)


def _denials(
    known: Known, channel: DenialChannel, position: int
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Return the groups that deny at times and how much likelier each makes what else is known."""
    day = day_or_later(known.day)
    codes = [
        code
        for code, (speaker, kind, members) in enumerate(channel.keys, start=1)
        if kind == DENIAL and members == known.case.members(speaker, day)
    ]
    names = tuple(channel.display.get(channel.keys[code - 1][0], "") for code in codes)
    return names, np.exp(_rows(known, position)[:, codes])


def _rows(known: Known, position: int) -> NDArray[np.float64]:
    """Return the table of a channel, (draws, levels, actors)."""
    first, last = known.stack.offsets[position : position + 2]
    return known.draws[:, first:last, : len(known.case.config.actors)]
