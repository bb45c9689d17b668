"""Scores of a prediction against what experts said, with labels that may name sets of actors.

Every score is first averaged within an incident, by the weights of its labels, then over the
incidents that carry a label of the kind in question: an incident that forty experts discussed
counts as much as one that a single expert mentioned.

Probabilities enter a logarithm no smaller than `probabilities.FLOOR` (1e-12), so one impossible
label costs at most 27.6 nats and a score is always finite. All losses are in nats; entropy is
in bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from attribution.evaluate.calibration import calibration_error
from attribution.evaluate.probabilities import FLOOR, check_probabilities

if TYPE_CHECKING:
    from attribution.evaluate.targets import Floats, Ints, Targets

TIE_TOLERANCE = 1e-12


@dataclass(frozen=True)
class Scores:
    """One prediction's scores; NaN where the targets hold no label of the kind.

    Attributes
    ----------
    label_loss
        Nats, lower is better: -log of the probability of the set that a label names.
    parent_loss
        Nats, lower is better: the same for labels naming one militia, given "some militia".
    top1
        Share of those labels whose militia is the likeliest one.
    top2, top3
        Share of those labels whose militia is among the two or three likeliest ones.
    militia_or_not
        Share of labels for which "more likely a militia than not" is right.
    brier
        Set-aware Brier score in [0, 2], lower is better.
    ece
        Expected calibration error of the likeliest actor, in [0, 1], lower is better.
    entropy_bits
        Mean entropy of the prediction over scored incidents; a description, not a merit.
    n_incidents
        Incidents with a scored label.
    n_parent
        Incidents with a label that names one militia.
    """

    label_loss: float
    parent_loss: float
    top1: float
    top2: float
    top3: float
    militia_or_not: float
    brier: float
    ece: float
    entropy_bits: float
    n_incidents: int
    n_parent: int


@dataclass(frozen=True, eq=False)
class IncidentScores:
    """Scores of each incident with a scored label, for paired comparisons.

    Attributes
    ----------
    incident
        (M,) positions among the case's incidents, ascending.
    label_loss, parent_loss, top1, top2, top3, militia_or_not, brier, entropy_bits
        (M,) as in `Scores`; NaN where the incident has no label of the kind.
    """

    incident: Ints
    label_loss: Floats
    parent_loss: Floats
    top1: Floats
    top2: Floats
    top3: Floats
    militia_or_not: Floats
    brier: Floats
    entropy_bits: Floats


def _set_probability(targets: Targets, p: Floats) -> Floats:
    """(L,) probability of the set that each label names, cut at 1 against rounding."""
    return np.minimum(np.sum(p[targets.incident] * targets.sets, axis=1), 1.0)


def _given_militia(targets: Targets, p: Floats) -> Floats:
    """(N, K) p conditioned on "some militia"; other actors 0.

    Entries are floored before dividing, so a prediction that rules militias out altogether is
    conditioned to the uniform distribution over them rather than to 0 / 0.
    """
    floored = np.maximum(p, FLOOR) * targets.militia
    total = floored.sum(axis=1, keepdims=True)
    given: Floats = np.divide(floored, total, out=np.zeros_like(floored), where=total > 0)
    return given


def _by_incident(targets: Targets, values: Floats) -> Floats:
    """(N,) weighted mean of label values (L,) within each incident; NaN where there is none."""
    total = np.bincount(targets.incident, targets.weight * values, minlength=targets.n_incidents)
    weight = np.bincount(targets.incident, targets.weight, minlength=targets.n_incidents)
    mean: Floats = np.divide(total, weight, out=np.full(len(total), np.nan), where=weight > 0)
    return mean


def _mean(values: Floats) -> float:
    """Mean over the incidents that have a value; NaN where none has."""
    present = values[~np.isnan(values)]
    return float(present.mean()) if len(present) else float("nan")


def _label_loss(targets: Targets, p: Floats) -> Floats:
    return _by_incident(targets, -np.log(np.maximum(_set_probability(targets, p), FLOOR)))


def _parent_loss(targets: Targets, p: Floats) -> Floats:
    parent = targets.keep(targets.one_militia)
    q = _set_probability(parent, _given_militia(targets, p))
    return _by_incident(parent, -np.log(np.maximum(q, FLOOR)))


def _top_k(targets: Targets, p: Floats, k: int) -> Floats:
    parent = targets.keep(targets.one_militia)
    q = _given_militia(targets, p)[parent.incident]
    own = np.sum(q * parent.sets, axis=1, keepdims=True)
    ahead = np.sum((q > own + TIE_TOLERANCE) & targets.militia, axis=1)
    tied = np.sum((np.abs(q - own) <= TIE_TOLERANCE) & targets.militia, axis=1)
    return _by_incident(parent, np.clip((k - ahead) / np.maximum(tied, 1), 0.0, 1.0))


def _militia_accuracy(targets: Targets, p: Floats) -> Floats:
    scorable = targets.keep(targets.militia_scorable)
    mass = np.sum(p * targets.militia, axis=1)[scorable.incident]
    called = np.where(np.abs(mass - 0.5) <= TIE_TOLERANCE, 0.5, (mass > 0.5).astype(np.float64))
    credit = np.where(scorable.says_militia, called, 1 - called)
    return _by_incident(scorable, credit)


def _brier(targets: Targets, p: Floats) -> Floats:
    outside = np.sum((p[targets.incident] * ~targets.sets) ** 2, axis=1)
    return _by_incident(targets, (1 - _set_probability(targets, p)) ** 2 + outside)


def _entropy_bits(targets: Targets, p: Floats) -> Floats:
    rows = p[targets.incident]
    bits = -np.sum(rows * np.log2(np.where(rows > 0, rows, 1.0)), axis=1)
    return _by_incident(targets, np.maximum(bits, 0.0))


def label_loss(targets: Targets, p: npt.ArrayLike) -> float:
    """Mean -log probability of the set that a label names.

    For a label naming S: -log Σ_{k∈S} p_k, the logarithmic score of the event "someone in S". It
    is proper for that event, and uniform p costs log(K / |S|).

    Parameters
    ----------
    targets
        The labels.
    p
        (N, K) probability of each actor.

    Returns
    -------
    float
        Nats; NaN without labels.

    Raises
    ------
    ValueError
        If `p` is not a table of distributions (see `check_probabilities`).
    """
    return _mean(_label_loss(targets, check_probabilities(targets, p)))


def parent_loss(targets: Targets, p: npt.ArrayLike) -> float:
    """Mean -log probability of the one militia that a label names, given "some militia".

    -log(p_y / Σ_{k militia} p_k), on labels whose set is one militia.

    Parameters
    ----------
    targets
        The labels.
    p
        (N, K) probability of each actor.

    Returns
    -------
    float
        Nats; NaN without such labels.

    Raises
    ------
    ValueError
        If `p` is not a table of distributions.
    """
    return _mean(_parent_loss(targets, check_probabilities(targets, p)))


def top_k(targets: Targets, p: npt.ArrayLike, k: int) -> float:
    """Share of labels naming one militia whose militia is among the k likeliest militias.

    Ties get the credit expected when they are broken at random, so the order of the actors never
    earns anything.

    Parameters
    ----------
    targets
        The labels.
    p
        (N, K) probability of each actor.
    k
        How many militias are looked at, at least 1.

    Returns
    -------
    float
        In [0, 1]; NaN without such labels.

    Raises
    ------
    ValueError
        If k < 1 or `p` is not a table of distributions.
    """
    if k < 1:
        raise ValueError(f"k is {k}, it must be at least 1")
    return _mean(_top_k(targets, check_probabilities(targets, p), k))


def top1(targets: Targets, p: npt.ArrayLike) -> float:
    """Share of labels naming one militia whose militia is the likeliest: `top_k` with k = 1.

    Parameters
    ----------
    targets
        The labels.
    p
        (N, K) probability of each actor.

    Returns
    -------
    float
        In [0, 1]; NaN without such labels.

    Raises
    ------
    ValueError
        If `p` is not a table of distributions.
    """
    return top_k(targets, p, 1)


def militia_accuracy(targets: Targets, p: npt.ArrayLike) -> float:
    """Share of labels for which "more likely a militia than not" is right.

    On labels whose set lies wholly inside or wholly outside the militias; a mass of exactly one
    half earns one half.

    Parameters
    ----------
    targets
        The labels.
    p
        (N, K) probability of each actor.

    Returns
    -------
    float
        In [0, 1]; NaN without such labels.

    Raises
    ------
    ValueError
        If `p` is not a table of distributions.
    """
    return _mean(_militia_accuracy(targets, check_probabilities(targets, p)))


def brier(targets: Targets, p: npt.ArrayLike) -> float:
    """Mean set-aware Brier score.

    For a label naming S the members of S are merged into one class, since the label does not
    tell them apart: (1 - Σ_{k∈S} p_k)² + Σ_{k∉S} p_k². With one member it is the ordinary
    multi-class Brier score, in [0, 2].

    Parameters
    ----------
    targets
        The labels.
    p
        (N, K) probability of each actor.

    Returns
    -------
    float
        In [0, 2]; NaN without labels.

    Raises
    ------
    ValueError
        If `p` is not a table of distributions.
    """
    return _mean(_brier(targets, check_probabilities(targets, p)))


def entropy_bits(targets: Targets, p: npt.ArrayLike) -> float:
    """Mean entropy of the prediction over the incidents with a scored label.

    Parameters
    ----------
    targets
        The labels; they only choose the incidents.
    p
        (N, K) probability of each actor.

    Returns
    -------
    float
        Bits, in [0, log2 K]; NaN without labels.

    Raises
    ------
    ValueError
        If `p` is not a table of distributions.
    """
    return _mean(_entropy_bits(targets, check_probabilities(targets, p)))


def per_incident(targets: Targets, p: npt.ArrayLike) -> IncidentScores:
    """Score each incident that carries a scored label.

    Parameters
    ----------
    targets
        The labels.
    p
        (N, K) probability of each actor.

    Returns
    -------
    IncidentScores
        One entry per scored incident; their means are the figures of `score`.

    Raises
    ------
    ValueError
        If `p` is not a table of distributions.
    """
    array, scored = check_probabilities(targets, p), targets.incidents
    return IncidentScores(
        incident=scored,
        label_loss=_label_loss(targets, array)[scored],
        parent_loss=_parent_loss(targets, array)[scored],
        top1=_top_k(targets, array, 1)[scored],
        top2=_top_k(targets, array, 2)[scored],
        top3=_top_k(targets, array, 3)[scored],
        militia_or_not=_militia_accuracy(targets, array)[scored],
        brier=_brier(targets, array)[scored],
        entropy_bits=_entropy_bits(targets, array)[scored],
    )


def score(targets: Targets, p: npt.ArrayLike) -> Scores:
    """All scores of a prediction.

    Parameters
    ----------
    targets
        The labels, hidden from whatever made the prediction.
    p
        (N, K) probability of each actor.

    Returns
    -------
    Scores
        The figures; NaN where the targets hold no label of the kind.

    Raises
    ------
    ValueError
        If `p` is not a table of distributions.
    """
    each = per_incident(targets, p)
    return Scores(
        label_loss=_mean(each.label_loss),
        parent_loss=_mean(each.parent_loss),
        top1=_mean(each.top1),
        top2=_mean(each.top2),
        top3=_mean(each.top3),
        militia_or_not=_mean(each.militia_or_not),
        brier=_mean(each.brier),
        ece=calibration_error(targets, p),
        entropy_bits=_mean(each.entropy_bits),
        n_incidents=len(each.incident),
        n_parent=int(np.sum(~np.isnan(each.parent_loss))),
    )


def skill(loss: float, reference: float) -> float:
    """Share of a reference's loss that a prediction saves: 1 - loss / reference.

    Parameters
    ----------
    loss
        A mean loss that is 0 at best.
    reference
        The same loss of the reference, usually of the class frequencies.

    Returns
    -------
    float
        1 for a perfect prediction, 0 for one no better than the reference, negative for a worse
        one; NaN if either is NaN or the reference loses nothing.
    """
    return 1 - loss / reference if reference > 0 else float("nan")
