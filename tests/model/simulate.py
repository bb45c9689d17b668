"""Invented cases whose truth is known: parameters drawn from the priors, actors and labels drawn
given them. Formulas are written out here again, not taken from the channels."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from small_case import LABEL, PERIOD, PLACE, TARGET, WEAPON, small_case

from attribution.case.case import Case

ACTORS = ("alpha", "state", "beta", "gamma")
FAMILY = np.array([0, 1, 0, 0])
WEAPONS = {"rocket": "indirect", "mortar": "indirect", "drone": "drone"}
TARGETS = {"base": "military", "convoy": "military", "shop": "shop"}
PLACES = {"North": ("Camp", "Hill", "Bridge"), "South": ("Gate", "Field", "Tower")}
WORDS = ("certain", "likely", "possible")
LABELLERS = (("us", "official"), ("one", "analyst"), ("two", "analyst"))
SETS = {**{actor: (k,) for k, actor in enumerate(ACTORS)}, "backed": (0, 2, 3)}
#: How often a labeller names the family and no member of it.
BROAD = 0.5


@dataclass(frozen=True)
class Simulated:
    """A case, each incident's true probabilities from its columns, and its true actor."""

    case: Case
    prior: np.ndarray
    truth: np.ndarray


def effect(rng, within=0.4):
    """One shrunken effect: members centred within families, families centred: (K,), (G,)."""
    member, family = np.zeros(len(ACTORS)), rng.normal(size=2)
    for number in range(2):
        own = number == FAMILY
        draw = rng.normal(size=own.sum())
        member[own] = within * (draw - draw.mean())
    return np.r_[member, family - family.mean()]


def prior_of(scores):
    """Nested logit of scores (N, K + G)."""
    member, family = np.exp(scores[:, : len(ACTORS)]), np.exp(scores[:, len(ACTORS) :])
    family = family / family.sum(axis=1, keepdims=True)
    within = np.stack([member[:, f == FAMILY].sum(axis=1) for f in FAMILY], axis=1)
    return family[:, FAMILY] * member / within


def simulate(seed, count=400):
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2020-01-01")
    days = np.sort(rng.integers(0, 3 * 365, count))
    rows = []
    for number, day in enumerate(days):
        province = str(rng.choice(list(PLACES)))
        rows.append(
            {
                "incident_id": f"i{number}",
                "date": f"{start + pd.Timedelta(days=int(day)):%Y-%m-%d}",
                "weapon_type": str(rng.choice(list(WEAPONS))),
                "target_type": str(rng.choice(list(TARGETS))),
                "province": province,
                "place": str(rng.choice(PLACES[province])),
            }
        )
    scores = _scores(rng, rows)
    prior = prior_of(scores)
    truth = np.array([rng.choice(len(ACTORS), p=p) for p in prior])
    labels = [label for i, k in enumerate(truth) for label in _labels(rng, f"i{i}", k)]
    case = small_case(
        channels=[WEAPON, TARGET, PLACE, PERIOD, LABEL],
        incidents=rows,
        statements=[],
        labels=labels,
    )
    return Simulated(case, prior, truth)


def _scores(rng, rows):
    """The sum of the act channels' effects, each drawn from its prior."""
    effects = {}

    def draw(key, scale):
        if key not in effects:
            effects[key] = scale * effect(rng)
        return effects[key]

    quarters = sorted({_quarter(row) for row in rows})
    walk = np.cumsum([0.2 * effect(rng) for _ in range(quarters[0], quarters[-1] + 1)], axis=0)
    walk -= walk.mean(axis=0)
    base = effect(rng, within=0.8)
    return np.array(
        [
            base
            + draw(("w", WEAPONS[row["weapon_type"]]), 0.5)
            + draw(("w", WEAPONS[row["weapon_type"]], row["weapon_type"]), 0.4)
            + draw(("t", TARGETS[row["target_type"]]), 0.7)
            + draw(("t", TARGETS[row["target_type"]], row["target_type"]), 0.5)
            + draw(("p",), 0.5)
            + draw(("p", row["province"]), 0.5)
            + draw(("p", row["province"], row["place"]), 0.4)
            + walk[_quarter(row) - quarters[0]]
            for row in rows
        ]
    )


def _quarter(row):
    return pd.Period(row["date"], freq="Q").ordinal


def _labels(rng, incident, actor):
    """One label, sometimes two of independent labellers, each of known reliability."""
    hit = {"certain": 0.95, "likely": 0.83, "possible": 0.6}
    for who, kind in [LABELLERS[i] for i in rng.permutation(3)[: rng.integers(1, 3)]]:
        word = str(rng.choice(WORDS))
        lean = np.array([3.0, 1.0, 1.0, 1.0]) if kind == "official" else np.ones(4)
        named = actor if rng.random() < hit[word] else rng.choice(4, p=lean / lean.sum())
        group = "backed" if FAMILY[named] == 0 and rng.random() < BROAD else ACTORS[named]
        yield {
            "incident_id": incident,
            "labeller": who,
            "labeller_type": kind,
            "group_id": group,
            "confidence": word,
        }
