"""What is not known of an incident: the same numbers as the questions that it stands for."""

import numpy as np
import pandas as pd
import pytest

from attribution.channels.base import spoken_word
from attribution.channels.claim import ClaimChannel
from attribution.channels.label import LabelChannel
from attribution.posterior import missing
from attribution.posterior.missing import COLUMNS, Known
from attribution.posterior.posterior import Posterior, UnknownIncidentError

NO_WEAPON = "20231206-hikma-sadr-city"
NO_PROVINCE = "20200520-us-convoy"
SILENT = "20220115-zelikan"
#: The bundled draws are kept to a few significant bits.
ROUNDED = 1e-2


def known_of(posterior: Posterior, incident_id: str) -> Known:
    row = np.array([posterior._row(incident_id)])
    return Known(
        posterior.case,
        posterior.stack,
        posterior._draws,
        posterior.reported,
        posterior._evidence.take(row),
        posterior._query.take(row),
    )


def row_of(table: pd.DataFrame, name: str) -> pd.Series:
    (position,) = np.flatnonzero(table["missing"] == name)
    return table.iloc[position]


def channel_of(posterior: Posterior, kind: type) -> tuple[int, object]:
    return next((n, c) for n, c in enumerate(posterior.stack.channels) if isinstance(c, kind))


def test_an_unknown_weapon_is_asked_as_what_if_asks(posterior: Posterior) -> None:
    table = posterior.missing(NO_WEAPON)
    found = row_of(table, "weapon_type")
    case = posterior.case
    counts = case.incidents["weapon_type"].value_counts().drop("unknown")
    assert found["values"] == len(counts)
    top = found["actor"]
    after = {
        word: posterior.what_if(NO_WEAPON, weapon_type=word).after.iloc[0] for word in counts.index
    }
    p = pd.Series({word: row[f"p_{top}"] for word, row in after.items()})
    assert found["now"] == posterior.attribute([NO_WEAPON])[f"p_{top}"][0]
    weights = counts / counts.sum()
    usual = p[weights >= missing.RARE]
    assert found["lowest"] == pytest.approx(usual.min(), abs=1e-9)
    assert found["lowest_if"] == spoken_word(usual.idxmin())
    assert found["highest"] == pytest.approx(usual.max(), abs=1e-9)
    assert found["highest_if"] == spoken_word(usual.idxmax())
    assert found["shift"] == pytest.approx(float((weights * (p - found["now"]).abs()).sum()))
    others = [weights[word] for word, row in after.items() if row["top_actor"] != top]
    assert found["overturned"] == pytest.approx(sum(others))


def test_a_missing_claim_is_asked_as_what_if_asks(posterior: Posterior) -> None:
    found = row_of(posterior.missing(SILENT), "claim")
    names = posterior.case.groups.set_index("name")["group_id"]
    for end in ("lowest", "highest"):
        answer = posterior.what_if(SILENT, claims=[names[found[f"{end}_if"]]]).after
        assert answer[f"p_{found['actor']}"][0] == pytest.approx(found[end], abs=1e-9)


def test_what_could_be_said_is_all_that_could_be_said(posterior: Posterior) -> None:
    known = known_of(posterior, SILENT)
    position, claims = channel_of(posterior, ClaimChannel)
    _, said = missing._claims(known, claims, position)
    np.testing.assert_allclose(said.sum(axis=1), 1.0, rtol=ROUNDED)
    _, labels = channel_of(posterior, LabelChannel)
    _, said = missing._labels(known, labels)
    np.testing.assert_allclose(said.sum(axis=1), 1.0, rtol=ROUNDED)


def test_not_knowing_is_the_mean_over_what_could_be_said(posterior: Posterior) -> None:
    """Draw by draw the posterior is the expectation of the posterior after the next label."""
    known = known_of(posterior, SILENT)
    p = missing.probabilities(known.draws, known.query)
    _, labels = channel_of(posterior, LabelChannel)
    _, likelihood = missing._labels(known, labels)
    evidence = (p * likelihood).sum(axis=-1, keepdims=True)
    after = missing._weighed("label", p, tuple(posterior.actors), likelihood).p
    np.testing.assert_allclose((evidence * after).sum(axis=1), p[:, 0], atol=ROUNDED)


def test_an_average_label_is_the_average_of_the_labels_of_the_case(posterior: Posterior) -> None:
    known = known_of(posterior, SILENT)
    _, channel = channel_of(posterior, LabelChannel)
    _, likelihood = missing._labels(known, channel)
    labels = posterior.case.labels
    hit = np.mean(
        [
            posterior.reported["hit"][:, channel.labellers.index(who)]
            for who in labels["labeller"]
            if who in channel.labellers  # the others never named anybody
        ],
        axis=0,
    )
    guess = np.mean(
        [
            posterior.reported["preference"][:, channel.kinds.index(kind), 0]
            for kind in labels["labeller_type"]
        ],
        axis=0,
    )
    np.testing.assert_allclose(likelihood[:, 0, 0], hit + (1 - hit) * guess, rtol=ROUNDED)
    np.testing.assert_allclose(likelihood[:, 0, 1], (1 - hit) * guess, rtol=ROUNDED)


def test_a_missing_place_is_one_of_the_same_country(posterior: Posterior) -> None:
    found = row_of(posterior.missing(NO_PROVINCE), "place")
    incidents = posterior.case.incidents
    country = incidents.set_index("incident_id").at[NO_PROVINCE, "country"]
    for end in ("lowest_if", "highest_if"):
        place, _, province = found[end].rpartition(", ")
        same = incidents[(incidents["place"] == place) & (incidents["province"] == province)]
        assert country in set(same["country"])
    assert found["lowest"] < found["highest"]
    assert found["values"] <= missing.MOST_VALUES


def test_nothing_known_is_missing(posterior: Posterior) -> None:
    table = posterior.missing("20210215-erbil-airport")
    assert list(table.columns) == COLUMNS
    assert table.empty


def test_every_incident_has_an_answer_within_bounds(posterior: Posterior) -> None:
    incidents = posterior.case.incidents
    said = set(posterior.case.statements.query("kind == 'claim'")["incident_id"])
    for incident_id in incidents["incident_id"][::25]:
        table = posterior.missing(incident_id)
        assert (table["lowest"] <= table["highest"]).all()
        assert table["shift"].is_monotonic_decreasing
        assert (
            table[["now", "lowest", "highest", "shift", "overturned"]].stack().between(0, 1).all()
        )
        if incident_id not in said:
            assert "claim" in set(table["missing"])


def test_an_unknown_incident(posterior: Posterior) -> None:
    with pytest.raises(UnknownIncidentError, match="erbil"):
        posterior.missing("20210215-erbil-airprt")
