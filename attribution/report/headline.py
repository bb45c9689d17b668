"""The headline: an open question that analysts published, and what the model makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from attribution.case.records import number_of, records, text_of
from attribution.posterior.share_sensitivity import ActorShare
from attribution.report.sensitivity import sensitivity_sentence

if TYPE_CHECKING:
    from attribution.posterior.posterior import Posterior

START = "2020-01-01"
END = "2020-09-30"
WHERE = MappingProxyType(
    {
        "weapon_type": ("rocket",),
        "country": ("Iraq",),
        "target_type": ("us_coalition_base", "us_diplomatic", "contractor_site"),
    }
)

#: Source in which the question was left open.
QUESTION_SOURCE = "alarabiya_2021_03"


@dataclass(frozen=True)
class Share:
    """An actor's share of a set of incidents, with its 90 % interval."""

    actor: str
    name: str
    share: float
    lo: float
    hi: float
    expected_incidents: float


@dataclass(frozen=True)
class Headline:
    """Who is behind the rocket attacks on US and coalition targets in Iraq, January-September 2020.

    Attributes
    ----------
    title
        What the shares are shares of.
    question
        Who asked, and what was left open.
    scope
        What was counted.
    shares
        Actors, the largest share first.
    n_incidents
        Number of incidents in the case's table that were counted.
    sensitivity
        How the largest share changes when single kinds of evidence are left out.
    """

    title: str
    question: str
    scope: str
    shares: tuple[Share, ...]
    n_incidents: int
    sensitivity: str


def headline(posterior: Posterior) -> Headline:
    """Compute the headline.

    Parameters
    ----------
    posterior
        A model fitted to the Iraq case.

    Returns
    -------
    Headline
        Shares with intervals.
    """
    rows = records(posterior.shares(start=START, end=END, where=WHERE))
    shares = sorted(
        (
            Share(
                text_of(row["actor"]),
                text_of(row["name"]),
                number_of(row, "share"),
                number_of(row, "lo"),
                number_of(row, "hi"),
                number_of(row, "expected_incidents"),
            )
            for row in rows
        ),
        key=lambda share: -share.share,
    )
    n_incidents = int(number_of(rows[0], "n_incidents")) if rows else 0
    return Headline(
        title="Rocket attacks on US and coalition targets in Iraq, January to September 2020",
        question=(
            "The open question: analysts counted 57 known attacks in these months, and how many "
            "of them were the work of Kataib Hezbollah stayed unclear "
            f"({_question_source(posterior)})."
        ),
        scope=(
            f"Counted here: the {n_incidents} incidents of the case's table with rockets on "
            "coalition bases, US diplomatic sites and contractors in Iraq, 1 January to 30 "
            "September 2020. The table need not hold the same incidents as the analysts' count."
        ),
        shares=tuple(shares),
        n_incidents=n_incidents,
        sensitivity=_sensitivity(posterior, shares[0]) if shares else "",
    )


def _sensitivity(posterior: Posterior, first: Share) -> str:
    found = posterior.share_sensitivity
    same = found is not None and found.is_of(START, END, WHERE)
    fitted = ActorShare(first.actor, first.share, first.lo, first.hi)
    return sensitivity_sentence(found if same else None, fitted, first.name)


def _question_source(posterior: Posterior) -> str:
    sources = posterior.case.sources
    found = records(sources[sources["source_id"] == QUESTION_SOURCE])
    if not found:
        return QUESTION_SOURCE
    return f"{text_of(found[0]['publisher'])}: {text_of(found[0]['title'])}; {QUESTION_SOURCE}"
