"""Tables over many incidents: shares of actors, parents of brands, reliability of labellers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from attribution.channels.claim import NEW_BRAND, ClaimChannel
from attribution.model.words import ICD203_WORDS, icd203_bands
from attribution.posterior.evidence_base import GRADES, amount, grade
from attribution.posterior.intake import check_word
from attribution.posterior.kernel import INTERVAL, log_prior

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.case.records import Record
    from attribution.channels.label import LabelChannel
    from attribution.channels.stack import Codes, Stack
    from attribution.posterior.kernel import Summary

SHARE_COLUMNS = [
    "period",
    "actor",
    "name",
    "share",
    "lo",
    "hi",
    "expected_incidents",
    "n_incidents",
]


def answers(
    stack: Stack,
    incident_id: pd.Series[str],
    codes: Codes,
    summary: Summary,
    *,
    rejected: Sequence[str] | None = None,
    notes: Sequence[Sequence[str]] | None = None,
) -> pd.DataFrame:
    """Return the score output of coded incidents.

    Parameters
    ----------
    stack
        The channels.
    incident_id
        Identifiers of the incidents.
    codes, summary
        Their evidence and its posterior summaries.
    rejected
        For each incident the reason why it has no answer, "" if it has; None if all have. The
        numbers of one without are NaN and its words "".
    notes
        For each incident what could not be used, besides what the codes note; None for nothing.

    Returns
    -------
    One row an incident; see `Posterior.attribute` for the columns.
    """
    count = len(incident_id)
    reasons = rejected or ("",) * count
    noted = zip(notes or ((),) * count, codes.notes, strict=True)
    found = _scores(
        stack,
        codes,
        summary,
        status=statuses(reasons, [(*more, *own) for more, own in noted]),
        refused=np.array([reason != "" for reason in reasons], dtype=bool),
        column=partial(pd.array, dtype="str"),
    )
    # The columns are nobody else's: to copy them into blocks takes half of a single answer's time.
    columns = {"incident_id": incident_id.array, **found}
    return pd.DataFrame(columns, index=incident_id.index, copy=False)


def answer_records(
    stack: Stack, incident_id: Sequence[str], codes: Codes, summary: Summary
) -> list[Record]:
    """Return the same as plain values, one record an incident, all of which have an answer.

    Parameters
    ----------
    stack, incident_id, codes, summary
        See ``answers``.
    """
    none = np.zeros(len(incident_id), dtype=bool)
    status = statuses([""] * len(incident_id), codes.notes)
    column = partial(np.array, dtype=object)
    found = _scores(stack, codes, summary, status=status, refused=none, column=column)
    rows = zip(incident_id, *(values.tolist() for values in found.values()), strict=True)
    return [dict(zip(("incident_id", *found), row, strict=True)) for row in rows]


def _scores(
    stack: Stack,
    codes: Codes,
    summary: Summary,
    *,
    status: Sequence[str],
    refused: NDArray[np.bool_],
    column: Callable[[Sequence[str]], Any],
) -> dict[str, Any]:
    """Return the columns of the score output behind the first; `column` makes one of texts."""
    actors = tuple(actor.id for actor in stack.channels[0].actors)
    names = [f"{prefix}_{actor}" for prefix in ("p", "lo", "hi") for actor in actors]
    numbers = np.empty((len(names), len(status)))
    np.concatenate([summary.mean.T, summary.low.T, summary.high.T], out=numbers)
    numbers[:, refused] = np.nan
    top_p = summary.mean.max(axis=1)
    return {
        **dict(zip(names, numbers, strict=True)),
        "top_actor": _words(column((*actors, "")), summary.mean.argmax(axis=1), refused),
        "top_p": np.where(refused, np.nan, top_p),
        "words": _words(column((*ICD203_WORDS, "")), icd203_bands(top_p), refused),
        "entropy_bits": np.where(refused, np.nan, summary.entropy),
        "evidence": _words(column((*GRADES, "")), grade(amount(stack, codes)), refused),
        "status": column(status),
    }


def statuses(rejected: Sequence[str], notes: Sequence[Sequence[str]]) -> list[str]:
    """Say what became of incidents: ``ok``, ``partial: ...`` or ``rejected: ...``.

    Parameters
    ----------
    rejected
        For each incident the reason why it has no answer, "" if it has.
    notes
        For each incident what could not be used.

    Returns
    -------
    A text an incident.
    """
    return [
        f"rejected: {reason}" if reason else f"partial: {'; '.join(found)}" if found else "ok"
        for reason, found in zip(rejected, notes, strict=True)
    ]


def _words(words: Any, position: NDArray[np.intp], refused: NDArray[np.bool_]) -> Any:  # noqa: ANN401 - either kind of column
    """Return a column of words by their positions, the last where there is no answer."""
    return words.take(np.where(refused, len(words) - 1, position))


def share_rows(
    case: Case, period: str, p: NDArray[np.float64], seed: int
) -> list[dict[str, object]]:
    """Summarise who did the incidents of one period.

    Parameters
    ----------
    case
        The case, for the actors.
    period
        Name of the period.
    p
        Posterior of every incident and draw, (draws, incidents, actors).
    seed
        Seed of the draws of who did each incident.

    Returns
    -------
    One row an actor. ``share`` is the mean; the interval is that of the share of these incidents,
    so it holds both what is uncertain of the parameters and who did each incident given them.
    """
    count = p.shape[1]
    low, high = np.quantile(share_draws(p, seed), INTERVAL, axis=0)
    mean = p.mean(axis=(0, 1))
    return [
        {
            "period": period,
            "actor": actor.id,
            "name": actor.name,
            "share": float(mean[k]),
            "lo": float(low[k]),
            "hi": float(high[k]),
            "expected_incidents": float(mean[k] * count),
            "n_incidents": count,
        }
        for k, actor in enumerate(case.config.actors)
    ]


def share_draws(p: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Draw who did each incident, and share the incidents out.

    Parameters
    ----------
    p
        Posterior of every incident and draw, (draws, incidents, actors).
    seed
        Seed of the draws of who did each incident.

    Returns
    -------
    Share of these incidents that each actor is behind, (draws, actors).
    """
    draws, count, actors = p.shape
    random = np.random.default_rng(seed)
    threshold = random.random((draws, count, 1))
    chosen = (p.cumsum(axis=-1) < threshold).sum(axis=-1).clip(max=actors - 1)
    return np.stack([(chosen == actor).mean(axis=1) for actor in range(actors)], axis=1)


def brand_table(
    case: Case,
    *,
    channel: ClaimChannel,
    table: NDArray[np.floating],
    base: NDArray[np.floating],
    family: NDArray[np.int64],
    on: pd.Timestamp | None,
    only: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return the parents of claiming names.

    Parameters
    ----------
    channel, table
        The claim channel and its table, (draws, levels, actors).
    base
        The base rate's row, (draws, actors + families).
    family
        Family of every actor.
    on
        Day on which names compete; None takes the last day on which each was in use.
    only
        Identifiers of some names; None takes brands, umbrellas and whoever claimed.

    Raises
    ------
    ValueError
        If there is no such name.

    Returns
    -------
    One row a brand and actor: the probability that a claim by the brand, about an incident of which
    nothing else is known, comes from the actor.
    """
    prior = log_prior(np.asarray(base, dtype=np.float64), family)
    groups = case.groups.set_index("group_id")
    claims = case.statements[case.statements["kind"] == "claim"]["speaker_id"].value_counts()
    last = case.incidents["date"].max()
    starts, ends = (
        dict(zip(case.groups["group_id"], case.groups[column], strict=True))
        for column in ("active_from", "active_to")
    )
    rows: list[dict[str, object]] = []
    for brand in _brands(case, channel, only):
        ended = ends[brand]
        day = on if on is not None else last if pd.isna(ended) else min(ended, last)
        code = channel.brand_codes(day)[brand]
        eta = prior + table[:, code] - table[:, channel.epoch_code(day)]
        p = np.exp(eta - eta.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        life = (starts[brand], ended)
        about = (brand, str(groups.loc[brand, "name"]), int(claims.get(brand, 0)))
        rows += _parent_rows(case, p, about, life)
    return pd.DataFrame(rows)


def _parent_rows(
    case: Case,
    p: NDArray[np.float64],
    about: tuple[str, str, int],
    life: tuple[pd.Timestamp, pd.Timestamp],
) -> list[dict[str, object]]:
    """Return the rows of one brand from draws (draws, actors): identifier, name and claims."""
    low, high = np.quantile(p, INTERVAL, axis=0)
    return [
        {
            "brand_id": about[0],
            "name": about[1],
            "actor": actor.id,
            "share": float(p[:, k].mean()),
            "lo": float(low[k]),
            "hi": float(high[k]),
            "claims": about[2],
            "active_from": life[0],
            "active_to": life[1],
        }
        for k, actor in enumerate(case.config.actors)
    ]


def _brands(case: Case, channel: ClaimChannel, only: Sequence[str] | None) -> list[str]:
    """Return the claiming names that are asked about, each once."""
    claimed = case.statements[case.statements["kind"] == "claim"]["speaker_id"]
    named = case.groups["group_id"][case.groups["kind"].isin(["brand", "umbrella"])]
    asked = {*claimed, *named} - {NEW_BRAND}
    used = list(dict.fromkeys(name.group_id for name in channel.names if name.group_id in asked))
    for name in only or ():
        check_word("brand", name, tuple(used))
    return used if only is None else list(dict.fromkeys(only))


def labeller_table(case: Case, channel: LabelChannel, hit: NDArray[np.floating]) -> pd.DataFrame:
    """Return the hit rate of every labeller at the word "likely", from draws (draws, labellers)."""
    people = case.labellers.set_index("labeller")
    counts = case.labels["labeller"].value_counts()
    low, high = np.quantile(hit, INTERVAL, axis=0)
    return pd.DataFrame(
        {
            "labeller": channel.labellers,
            "name": [people.loc[who, "name"] for who in channel.labellers],
            "type": [people.loc[who, "type"] for who in channel.labellers],
            "labels": [int(counts[who]) for who in channel.labellers],
            "hit": hit.mean(axis=0, dtype=np.float64),
            "lo": low,
            "hi": high,
        }
    ).sort_values(["labels", "labeller"], ascending=[False, True], ignore_index=True)


def preference_table(
    case: Case, channel: LabelChannel, preference: NDArray[np.floating]
) -> pd.DataFrame:
    """Return whom each kind of labeller names when it does not know, (draws, kinds, actors)."""
    low, high = np.quantile(preference, INTERVAL, axis=0)
    mean = preference.mean(axis=0, dtype=np.float64)
    return pd.DataFrame(
        [
            {
                "labeller_type": kind,
                "actor": actor,
                "share": float(mean[row, k]),
                "lo": float(low[row, k]),
                "hi": float(high[row, k]),
            }
            for row, kind in enumerate(channel.kinds)
            for k, actor in enumerate(case.config.actor_ids)
        ]
    )
