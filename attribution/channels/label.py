r"""Label: who a labeller says did it, and how far that labeller is to be believed.

With probability :math:`h` a labeller knows and names a set that holds the true actor; otherwise it
falls back on the preference :math:`q` of its kind, whatever the truth:

.. math:: P(\text{set } M \mid k) = h\,[k \in M] + (1 - h) \sum_{m \in M} q_m

so that "officials reach for the usual suspect" is estimated, not assumed: a label that the
preference alone would produce is weak evidence. A set is scored as a set: its likelihood does not
depend on which of its members is true. The hit rate is ordered by the confidence word and partially
pooled over kinds of labeller and labellers,

.. math:: \operatorname{logit} h = c_{word} + t_{kind} + l_{labeller}

Labels about one incident are not independent. Those of one echo group (one team, one primary
source) count once together; voices that would weigh ``G`` in all weigh :math:`G^{-\rho}` as much
each. What was said of a whole series is one statement about ``n`` incidents and weighs
:math:`n^{-1/2}` on each of them, halved. A contested label weighs less, after all that, and one
that only repeats the claiming brand not at all, since the claim channel already reads the brand.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from attribution.case.readonly import ReadOnly
from attribution.channels.base import (
    LABELS,
    Channel,
    Entries,
    LinearTerm,
    column_entries,
    spoken_day,
)
from attribution.channels.distinct import distinct
from attribution.channels.effects import concatenated, contrasts, normal_effects
from attribution.channels.evidence import case_evidence, day_at, labels_of, text_at
from attribution.channels.links import day_or_later, indicator
from attribution.channels.testimony import dependence_weight, label_likelihood

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.case.config import ChannelSpec
    from attribution.channels.base import Tensor
    from attribution.channels.distinct import Distinct
    from attribution.channels.evidence import Evidence

CONFIDENCE = ("certain", "likely", "possible")
#: Prior mean and standard deviation of the logit of the hit rate of "certain" (about .95) ...
CERTAIN = (2.9, 0.5)
#: ... and of the log of the two steps down from it: "likely" about .83, "possible" about .6.
STEP = (np.log(1.25), 0.35)
KIND_SD = 0.3
LABELLER_SD = 0.3
#: Scale of a kind's preference around its prior, in log-odds.
PREFERENCE_SD = 0.4

#: Name of the preferences' prior among the model's data.
DEFAULT = "label_default"

#: Power by which dependent labels lose weight; 1 makes them one voice (docs/model.md).
RHO = 1.0
SERIES_WEIGHT = 0.5
SERIES_POWER = -0.5
CONTESTED_WEIGHT = 0.8
BRAND_BASIS_WEIGHT = 0.0

#: What one label tells of the logit of its hit rate; see `attribution.channels.effects`.
INFORMATION = 0.05

Level = tuple[str, str, str, frozenset[str]]


@dataclass(frozen=True)
class LabelChannel(Channel):
    """Say evidence from labels.

    Parameters
    ----------
    keys
        Labeller, kind, confidence word and set of actors, in the order of ``levels``.
    members
        The sets as indicators: (levels, actors).
    labellers, kinds
        Labellers and kinds of labeller, in the order of their effects.
    preference
        Prior preference of each kind over the actors: (kinds, actors), rows sum to 1.
    echo_groups
        Echo group of every labeller.
    series_size
        Number of incidents under one series statement, by labeller, source and group.
    case
        The case, for what names stand for.
    certain
        Prior mean and standard deviation of the logit of the hit rate of "certain".
    """

    keys: tuple[Level, ...]
    members: NDArray[np.float64]
    labellers: tuple[str, ...]
    kinds: tuple[str, ...]
    preference: NDArray[np.float64]
    echo_groups: Mapping[str, str]
    series_size: Mapping[tuple[str, str, str], int]
    case: Case
    certain: tuple[float, float]

    @property
    def role(self) -> Literal["say"]:
        """What was said."""
        return "say"

    @property
    def reads(self) -> frozenset[str]:
        """Labels, and the day on which names stand for somebody."""
        return frozenset({"date", LABELS})

    def table(self) -> Tensor:
        """Return the log-likelihood of every label given every actor: (levels, actors)."""
        import pymc as pm  # noqa: PLC0415 - heavy, needed only while a model is built
        import pytensor.tensor as pt  # noqa: PLC0415

        certain = pm.Normal("label_certain", *self.certain)
        steps = pm.LogNormal("label_step", *STEP, shape=len(CONFIDENCE) - 1)
        word = concatenated([certain[None], certain - steps.cumsum()])
        kind_effect = KIND_SD * pm.Normal("label_kind_z", 0.0, 1.0, shape=len(self.kinds))
        own = LABELLER_SD * pm.Normal("label_labeller_z", 0.0, 1.0, shape=len(self.labellers))
        drift = normal_effects("label_preference", len(self.kinds), contrasts(len(self.actors)))
        prior = pm.Data(DEFAULT, self.preference)
        readiness = prior * pt.exp(PREFERENCE_SD * drift)
        shares = readiness / readiness.sum(axis=1, keepdims=True)
        preference = pm.Deterministic("preference", shares)
        kind_of = np.array([self.kinds.index(kind) for _, kind, _, _ in self.keys])
        labeller_of = np.array([self.labellers.index(who) for who, _, _, _ in self.keys])
        word_of = np.array([CONFIDENCE.index(said) for _, _, said, _ in self.keys])
        hit = pt.sigmoid(word[word_of] + kind_effect[kind_of] + own[labeller_of])
        guess = (preference[kind_of] * self.members).sum(axis=1)
        labeller_kind = _kind_of_labellers(self.keys, self.labellers, self.kinds)
        # The middle word stands for a labeller where one figure is wanted.
        pm.Deterministic("hit", pt.sigmoid(word[1] + kind_effect[labeller_kind] + own))
        pm.Deterministic("hit_by_confidence", pt.sigmoid(word))
        # Two logarithms a level, not one an actor: an actor is in the set or it is not.
        outside = pt.log(label_likelihood(hit, guess, 0.0))
        inside = pt.log(label_likelihood(hit, guess, 1.0))
        table: Tensor = outside[:, None] + (inside - outside)[:, None] * self.members
        return table

    def linear_terms(self) -> tuple[LinearTerm, ...]:
        """Return what the logit of a label's hit rate adds up: its word, its kind, its labeller.

        The steps between words are told by their logarithms, as at the prior's median.
        """
        kind, labeller = (
            np.array([[float(own == each) for each in every] for own in column])
            for column, every in (
                ([kind for _, kind, _, _ in self.keys], self.kinds),
                ([who for who, _, _, _ in self.keys], self.labellers),
            )
        )
        spread = np.array([np.sqrt(INFORMATION)])
        word = np.array([[CONFIDENCE.index(said)] for _, _, said, _ in self.keys]).reshape(-1, 1)
        down = np.exp(STEP[0]) * (word > np.arange(len(CONFIDENCE) - 1))
        return (
            LinearTerm(
                "label_certain", np.ones((len(self.keys), 1)), spread, self.certain[1] ** -2
            ),
            LinearTerm("label_step", -down, spread, STEP[1] ** -2),
            LinearTerm("label_kind_z", kind, KIND_SD * spread),
            LinearTerm("label_labeller_z", labeller, LABELLER_SD * spread),
        )

    def reported(self) -> Mapping[str, tuple[tuple[str, ...], ...]]:
        """Return the axes of hit rates by labeller and confidence word, and preferences by kind."""
        actors = tuple(actor.id for actor in self.actors)
        return ReadOnly(
            {
                "hit": (self.labellers,),
                "hit_by_confidence": (CONFIDENCE,),
                "preference": (self.kinds, actors),
            }
        )

    def encode(self, evidence: Evidence) -> Entries:
        """Return one entry a label that says something, weighed as the module's head explains.

        A label that the fitted case has no level for is passed over with a note.
        """
        labels = labels_of(evidence)
        if labels.empty:
            return column_entries(())
        alike, keys = _keys(self.case, labels)
        row = labels["row"].to_numpy(dtype=np.int64)
        code, notes = alike.spread((self._read(*key) for key in keys), row)
        weight = self._weights(labels, code >= 0)
        used = (code >= 0) & (weight > 0)
        piece = labels.index[used].to_numpy(dtype=np.int64)
        return Entries(row[used], code[used], weight[used], piece, tuple(notes))

    def describe(self, evidence: Evidence, row: int, piece: int) -> str:
        """Say who named whom, in which word, and what weakens it."""
        del row
        table = evidence.labels
        who, named = text_at(table, piece, "labeller"), text_at(table, piece, "group_id")
        details = [text_at(table, piece, "confidence")]
        if text_at(table, piece, "contested") == "yes":
            details.append("contested")
        if text_at(table, piece, "scope") == "series":
            details.append("said of a series")
        details.append(spoken_day(day_at(table, piece)))
        shown = ", ".join(text for text in details if text)
        return f"{self._people.get(who) or who} named {self._groups.get(named, named)} ({shown})"

    def data(self) -> Mapping[str, NDArray[np.float64]]:
        """Return the prior of the preferences, which a refit may change or switch off."""
        return {DEFAULT: self.preference}

    def revised(self, case: Case) -> Channel:
        """Return the same levels; names, series and default preference are the other state's.

        A label whose name then stood for other actors has no level and is passed over.
        """
        listed = [spec for spec in case.config.channels if spec.name == self.name]
        return replace(
            self,
            case=case,
            series_size=_series_sizes(case),
            preference=_preferences(listed[0], case, self.kinds) if listed else self.preference,
        )

    @cached_property
    def _positions(self) -> Mapping[Level, int]:
        return ReadOnly({key: code for code, key in enumerate(self.keys)})

    @cached_property
    def _groups(self) -> Mapping[str, str]:
        groups = self.case.groups
        return ReadOnly(dict(zip(groups["group_id"], groups["name"], strict=True)))

    @cached_property
    def _people(self) -> Mapping[str, str]:
        labellers = self.case.labellers
        return ReadOnly(dict(zip(labellers["labeller"], labellers["name"], strict=True)))

    def _read(
        self, who: str, kind: str, confidence: str, members: frozenset[str] | None
    ) -> tuple[int, str]:
        """Return the row of a label, -1 for none, and what there is to note of it."""
        code = -1 if members is None else self._positions.get((who, kind, confidence, members), -1)
        says_nothing = members is not None and not members
        return code, "" if code >= 0 or says_nothing else f"label by '{who}' is not used"

    def _weights(self, labels: pd.DataFrame, coded: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Weigh every label: (labels,). One without a code takes no weight from the others."""
        row, who = labels["row"].to_numpy(dtype=np.int64), labels["labeller"].tolist()
        origin = zip(who, labels["source_id"].tolist(), labels["group_id"].tolist(), strict=True)
        sizes = np.array([self.series_size.get(cells, 1) for cells in origin], dtype=np.float64)
        series = _is(labels, "scope", "series")
        weight = np.where(series, SERIES_WEIGHT * sizes**SERIES_POWER, 1.0) * coded
        weight[_is(labels, "basis", "brand")] *= BRAND_BASIS_WEIGHT
        # The labels of one echo group about one incident have one number.
        numbers: dict[tuple[int, str], int] = {}
        echo = np.array(
            [
                numbers.setdefault((about, self.echo_groups.get(name, name)), len(numbers))
                for about, name in zip(row.tolist(), who, strict=True)
            ]
        )
        echoes = np.maximum(np.bincount(echo, weights=weight > 0)[echo], 1.0)
        # The number of voices, a weak one counting for as much as it weighs.
        shared = weight / echoes
        voices = np.bincount(row, weights=shared)[row]
        # Contest comes last: where every label is contested, their one voice is.
        doubt = np.where(_is(labels, "contested", "yes"), CONTESTED_WEIGHT, 1.0)
        return np.asarray(doubt * shared * dependence_weight(voices, RHO))


def _is(labels: pd.DataFrame, column: str, word: str) -> NDArray[np.bool_]:
    return np.array([cell == word for cell in labels[column].tolist()], dtype=bool)


def bind(spec: ChannelSpec, case: Case) -> Channel:
    """Bind the channel to a case: every labeller, word and set in its labels.

    ``options.default_blame`` gives, for a kind of labeller, how many times more readily than others
    it names an actor when it does not know; ``options.certain`` a mean and a standard deviation of
    the logit of the hit rate of "certain", where labels are surer or less sure than usual.

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

    Raises
    ------
    ValueError
        If the options name an unknown kind of labeller or actor, or a factor that is no positive
        number.
    """
    _, found = _keys(case, labels_of(case_evidence(case)))
    said = {(who, kind, word, members) for who, kind, word, members in found if members}
    keys = tuple(sorted(said, key=lambda key: (*key[:3], sorted(key[3]))))
    kinds = case.config.vocabularies["labeller_type"]
    members = np.array([indicator(case, key[3]) for key in keys])
    return LabelChannel(
        spec.name,
        case.config.actors,
        tuple(_level(key) for key in keys),
        keys,
        members.reshape(len(keys), len(case.config.actors)),
        tuple(sorted({key[0] for key in keys})),
        kinds,
        _preferences(spec, case, kinds),
        ReadOnly(dict(zip(case.labellers["labeller"], case.labellers["echo_group"], strict=True))),
        _series_sizes(case),
        case,
        _certain(spec),
    )


def _certain(spec: ChannelSpec) -> tuple[float, float]:
    given = spec.options.get("certain", CERTAIN)
    numbers = isinstance(given, (list, tuple)) and all(isinstance(v, (int, float)) for v in given)
    if not numbers or len(given) != len(CERTAIN) or not given[1] > 0:
        raise ValueError(
            f"channel {spec.name}: options.certain must be a mean and a positive deviation"
        )
    return (float(given[0]), float(given[1]))


def _series_sizes(case: Case) -> Mapping[tuple[str, str, str], int]:
    """Count the incidents under each statement about a series: same labeller, source and group."""
    series = case.labels[case.labels["scope"] == "series"]
    columns = ("labeller", "source_id", "group_id", "incident_id")
    rows = set(zip(*(series[column].tolist() for column in columns), strict=True))
    return ReadOnly(Counter((who, source, group) for who, source, group, _ in rows))


def _preferences(spec: ChannelSpec, case: Case, kinds: tuple[str, ...]) -> NDArray[np.float64]:
    """Return the prior preference of each kind of labeller, (kinds, actors); rows sum to 1."""
    blame = spec.options.get("default_blame", {})
    actors = case.config.actor_ids
    weights = np.ones((len(kinds), len(actors)))
    faults: list[str] = []
    for kind, factors in blame.items():
        if kind not in kinds:
            faults.append(f"unknown kind of labeller '{kind}'")
            continue
        for actor, factor in factors.items():
            if actor not in actors:
                faults.append(f"unknown actor '{actor}'")
            elif not isinstance(factor, (int, float)) or not 0 < factor < np.inf:
                faults.append(f"{kind}.{actor} must be a positive number, not {factor!r}")
            else:
                weights[kinds.index(kind), actors.index(actor)] = factor
    if faults:
        raise ValueError(f"channel {spec.name}: options.default_blame: {'; '.join(faults)}")
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _kind_of_labellers(
    keys: tuple[Level, ...], labellers: tuple[str, ...], kinds: tuple[str, ...]
) -> NDArray[np.int64]:
    """Return the position of each labeller's kind, (labellers,)."""
    kind = {who: kinds.index(of) for who, of, _, _ in keys}
    return np.array([kind[who] for who in labellers], dtype=np.int64)


def _keys(
    case: Case, labels: pd.DataFrame
) -> tuple[Distinct, list[tuple[str, str, str, frozenset[str] | None]]]:
    """Return what the likelihood of labels depends on; a set is read on the day of the incident.

    The set of a group that the case does not know is None.
    """
    groups = frozenset(case.groups["group_id"])
    named = distinct(labels["group_id"], labels["day"])
    sets = [
        case.members(group, day_or_later(day)) if group in groups else None
        for group, day in named.cells(labels["group_id"], labels["day"])
    ]
    position = {members: number for number, members in enumerate(dict.fromkeys(sets))}
    number = np.array([position[members] for members in sets], dtype=np.int64)[named.number]
    who = (labels["labeller"], labels["labeller_type"], labels["confidence"])
    members_of = pd.Series(number, index=labels.index)
    alike = distinct(*who, members_of)
    listed = list(position)
    return alike, [(*said, listed[members]) for *said, members in alike.cells(*who, members_of)]


def _level(key: Level) -> str:
    return f"{key[0]} ({key[1]}), {key[2]}: {', '.join(sorted(key[3]))}"
