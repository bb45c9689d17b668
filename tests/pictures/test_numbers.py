"""One number for one probability: tables of pictures are what the posterior itself says."""

import numpy as np
import pandas as pd
import pytest

from attribution.posterior.posterior import Posterior, UnknownIncidentError

ERBIL = "20210215-erbil-airport"
WHERE = {"weapon_type": ["rocket"], "country": ["Iraq"]}


@pytest.mark.parametrize("by", ["month", "quarter", "year"])
def test_over_time_is_shares(bundled: Posterior, by: str) -> None:
    table = bundled.pictures.over_time("2020-01-01", "2021-12-31", by, WHERE).table
    shares = bundled.shares("2020-01-01", "2021-12-31", by, WHERE)
    pd.testing.assert_frame_equal(table[shares.columns], shares)
    np.testing.assert_allclose(table["lo_incidents"], shares["lo"] * shares["n_incidents"])
    np.testing.assert_allclose(table["hi_incidents"], shares["hi"] * shares["n_incidents"])
    assert (table["start"] <= table["end"]).all()
    days = bundled.case.incidents["date"]
    first = days[(days >= "2020-01-01") & (days <= table["end"].iloc[0])]
    assert table["start"].iloc[0] <= first.min()


def test_the_map_is_attribute(bundled: Posterior) -> None:
    table = bundled.pictures.map(start="2021-01-01", end="2021-03-31").table
    scores = bundled.attribute(table["incident_id"].tolist())
    for row, score in zip(table.to_dict("records"), scores.to_dict("records"), strict=True):
        actor = score["top_actor"]
        assert (row["top_actor"], row["words"]) == (actor, score["words"])
        assert row["name"] == bundled.actor_names[actor]
        assert (row["p"], row["lo"], row["hi"]) == tuple(
            score[f"{part}_{actor}"] for part in ("p", "lo", "hi")
        )
    incidents = bundled.case.incidents.set_index("incident_id").loc[table["incident_id"]]
    for name in ("latitude", "longitude"):
        np.testing.assert_array_equal(table[name], incidents[name])


def test_the_waterfall_is_explain_and_falls_step_by_step(bundled: Posterior) -> None:
    explanation = bundled.explain(ERBIL)
    table = explanation.plot().table
    pd.testing.assert_frame_equal(table[explanation.table.columns], explanation.table)
    pieces, total = table.iloc[:-1], table.iloc[-1]
    np.testing.assert_allclose(pieces["start"].iloc[1:], pieces["end"].iloc[:-1])
    assert pieces["start"].iloc[0] == 0 == pytest.approx(total["start"])
    assert pieces["end"].iloc[-1] == pytest.approx(total["end"])
    odds = explanation.probability / (1 - explanation.probability)
    assert total["end"] == pytest.approx(10 * np.log10(odds))
    assert total["from"] == pytest.approx(total["lo"])
    np.testing.assert_allclose(table["to"] - table["start"], table["hi"])


def test_brands_and_labellers_are_the_posteriors(bundled: Posterior) -> None:
    brands = bundled.brands(on="2021-06-01")
    table = bundled.pictures.brands(on="2021-06-01", most=7).table
    assert table["brand_id"].nunique() == 7
    keys = ["brand_id", "actor"]
    merged = table.merge(brands, on=keys, suffixes=("", "_asked"))
    assert len(merged) == len(table)
    for name in ("share", "lo", "hi"):
        np.testing.assert_array_equal(merged[name], merged[f"{name}_asked"])
    assert (
        table["claims"].min() >= brands[~brands["brand_id"].isin(table["brand_id"])]["claims"].max()
    )
    pd.testing.assert_frame_equal(
        bundled.pictures.labellers(most=5).table, bundled.labellers().head(5)
    )
    pd.testing.assert_frame_equal(bundled.pictures.preferences().table, bundled.preferences())


def test_drift_is_brands_day_by_day(bundled: Posterior) -> None:
    table = bundled.pictures.brand_drift("ashab_al_kahf").table
    days = table["on"].unique()
    assert len(days) > 10
    for day in (days[0], days[len(days) // 2], days[-1]):
        asked = bundled.brands(on=day).query("brand_id == 'ashab_al_kahf'")
        own = table[table["on"] == day]
        assert own["actor"].tolist() == asked["actor"].tolist()
        np.testing.assert_array_equal(own[["share", "lo", "hi"]], asked[["share", "lo", "hi"]])
    with pytest.raises(ValueError, match="nearest: ashab_al_kahf"):
        bundled.pictures.brand_drift("ashab_al_kaf")


def test_texts_carry_the_figures(bundled: Posterior) -> None:
    explanation = bundled.explain(ERBIL)
    said = explanation.plot().text
    assert "Kataib Sayyid al-Shuhada: 69 %" in said
    assert "likely" in said
    history = bundled.pictures.history(ERBIL)
    assert "24 February 2021: Asaib Ahl al-Haq 31 %" in history.text
    assert "parameters fitted to everything known since" in history.text
    assert "today's parameters" in history.title


def test_unknown_incidents_are_named(bundled: Posterior) -> None:
    with pytest.raises(UnknownIncidentError, match=ERBIL):
        bundled.pictures.history("20210215-erbil-airprt")
