"""What the experts said, as arrays: the truth that predictions are scored against.

Nobody knows who did it, so no truth is guessed: a prediction is scored against what was said,
and a label that names a set of actors is scored as that set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from datetime import date

    from attribution.case.case import Case

type Bools = npt.NDArray[np.bool_]
type Floats = npt.NDArray[np.float64]
type Ints = npt.NDArray[np.int64]

CONFIDENCE_WEIGHTS = {"certain": 0.9, "likely": 0.7, "possible": 0.4}


@dataclass(frozen=True, eq=False)
class Targets:
    """What experts said of a case's incidents, one row per scored label.

    Attributes
    ----------
    actors
        The K actors, in the order of every array's last axis.
    militia
        (K,) whether an actor is a militia.
    incident
        (L,) position of the labelled incident among the case's incidents.
    sets
        (L, K) the actors that a label names; every row names at least one.
    weight
        (L,) confidence of the label: certain .9, likely .7, possible .4. Only ratios within an
        incident matter.
    n_incidents
        N, the number of incidents of the case, labelled or not.

    Raises
    ------
    ValueError
        If shapes disagree, a label names nobody, a weight is not positive and finite, or a
        position lies outside the case.
    """

    actors: tuple[str, ...]
    militia: Bools
    incident: Ints
    sets: Bools
    weight: Floats
    n_incidents: int

    def __post_init__(self) -> None:
        n_actors, n_labels = len(self.actors), len(self.incident)
        shapes = (self.militia.shape, self.incident.shape, self.sets.shape, self.weight.shape)
        if shapes != ((n_actors,), (n_labels,), (n_labels, n_actors), (n_labels,)):
            raise ValueError(
                f"militia, incident, sets and weight have shapes {shapes}; with {n_actors} actors "
                f"and {n_labels} labels they must be (K,), (L,), (L, K) and (L,)"
            )
        if not np.all(np.any(self.sets, axis=1)):
            raise ValueError("a label names no actor: leave labels that say nothing out")
        if not np.all(np.isfinite(self.weight) & (self.weight > 0)):
            raise ValueError("every label needs a positive, finite weight")
        if n_labels and not (self.incident.min() >= 0 and self.incident.max() < self.n_incidents):
            raise ValueError(f"a label's incident lies outside 0 … {self.n_incidents - 1}")

    @property
    def incidents(self) -> Ints:
        """(M,) positions of the incidents that carry a scored label, ascending."""
        return np.unique(self.incident)

    @property
    def share(self) -> Floats:
        """(L,) weight of a label within its incident; the shares of an incident sum to 1."""
        total = np.bincount(self.incident, self.weight, minlength=self.n_incidents)
        share: Floats = self.weight / total[self.incident]
        return share

    @property
    def one_militia(self) -> Bools:
        """(L,) whether a label names exactly one actor and that actor is a militia."""
        single = self.sets.sum(axis=1) == 1
        named: Bools = single & np.any(self.sets & self.militia, axis=1)
        return named

    @property
    def says_militia(self) -> Bools:
        """(L,) whether a label's set lies wholly inside the militias."""
        inside: Bools = ~np.any(self.sets & ~self.militia, axis=1)
        return inside

    @property
    def militia_scorable(self) -> Bools:
        """(L,) whether a label's set lies wholly inside or wholly outside the militias."""
        outside = ~np.any(self.sets & self.militia, axis=1)
        scorable: Bools = self.says_militia | outside
        return scorable

    def keep(self, mask: Bools) -> Targets:
        """Keep some labels.

        Parameters
        ----------
        mask
            (L,) true for the labels to keep.

        Returns
        -------
        Targets
            The same case with fewer labels; positions still count all N incidents.
        """
        return Targets(
            actors=self.actors,
            militia=self.militia,
            incident=self.incident[mask],
            sets=self.sets[mask],
            weight=self.weight[mask],
            n_incidents=self.n_incidents,
        )

    def subset(self, incidents: Ints) -> Targets:
        """Keep the labels of some incidents.

        Parameters
        ----------
        incidents
            Positions among the case's incidents.

        Returns
        -------
        Targets
            The same case with the labels of those incidents only.
        """
        return self.keep(np.isin(self.incident, incidents))


def targets_from_case(case: Case, as_of: date | None = None) -> Targets:
    """Read the scored labels of a case: direct ones, said of the incident itself.

    Labels with ``basis`` "brand" only repeat a brand link and labels with ``scope`` "series" were
    never said of this incident; both are left out, as are labels that name nobody ("unknown").

    Parameters
    ----------
    case
        The case whose incidents give the positions.
    as_of
        Use only labels and brand links known on that day, for a fit without hindsight; positions
        still count all incidents of `case`. None: everything in the case.

    Returns
    -------
    Targets
        One row per scored label, in the order of the label table.

    Raises
    ------
    ValueError
        If a label's confidence is none of certain, likely, possible.
    """
    known = case if as_of is None else case.known_by(as_of)
    position = {name: row for row, name in enumerate(case.incidents["incident_id"])}
    days = dict(zip(case.incidents["incident_id"], case.incidents["date"], strict=True))
    actors = tuple(actor.id for actor in case.config.actors)
    labels = known.labels
    labels = labels[(labels["basis"] == "direct") & (labels["scope"] == "incident")]
    unknown = sorted(set(labels["confidence"]) - set(CONFIDENCE_WEIGHTS))
    if unknown:
        raise ValueError(f"confidence {unknown} is none of {sorted(CONFIDENCE_WEIGHTS)}")
    rows, sets, weights = [], [], []
    columns = (labels["incident_id"], labels["group_id"], labels["confidence"])
    for incident, group, confidence in zip(*columns, strict=True):
        members = known.members(group, on=days[incident])
        if members:
            rows.append(position[incident])
            sets.append([actor in members for actor in actors])
            weights.append(CONFIDENCE_WEIGHTS[confidence])
    return Targets(
        actors=actors,
        militia=np.array([actor.militia for actor in case.config.actors], dtype=bool),
        incident=np.array(rows, dtype=np.int64),
        sets=np.array(sets, dtype=bool).reshape(len(rows), len(actors)),
        weight=np.array(weights, dtype=np.float64),
        n_incidents=len(case.incidents),
    )
