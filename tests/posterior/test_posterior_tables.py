"""Tables over many incidents: shares, brands, labellers, preferences, diagnostics."""

import numpy as np
import pandas as pd
import pytest

from attribution.posterior.posterior import Posterior
from attribution.posterior.tabulate import share_rows

WHERE = {
    "weapon_type": ["rocket"],
    "country": ["Iraq"],
    "target_type": ["us_coalition_base", "us_diplomatic", "contractor_site"],
}


def test_shares_are_the_mean_of_the_incidents_probabilities(posterior: Posterior) -> None:
    table = posterior.shares("2020-01-01", "2020-09-30", where=WHERE)
    incidents = posterior.case.incidents
    chosen = incidents[
        incidents["date"].between("2020-01-01", "2020-09-30")
        & (incidents["weapon_type"] == "rocket")
        & (incidents["country"] == "Iraq")
        & incidents["target_type"].isin(WHERE["target_type"])
    ]
    answers = posterior.attribute(list(chosen["incident_id"]))
    expected = [answers[f"p_{actor}"].mean() for actor in posterior.actors]
    np.testing.assert_allclose(table["share"], expected, rtol=1e-9)
    assert set(table["n_incidents"]) == {len(chosen)}
    assert table["share"].sum() == pytest.approx(1)
    np.testing.assert_allclose(table["expected_incidents"], table["share"] * len(chosen))


def test_shares_by_period_add_up(posterior: Posterior) -> None:
    whole = posterior.shares().set_index("actor")["expected_incidents"]
    for by, count in (("year", 9), ("quarter", 32), ("month", 80)):
        parts = posterior.shares(by=by)
        assert parts["period"].nunique() == pytest.approx(count, abs=12)
        sums = parts.groupby("actor")["expected_incidents"].sum()
        np.testing.assert_allclose(sums[whole.index], whole, rtol=1e-9)


def test_no_incident_selected_gives_no_row(posterior: Posterior) -> None:
    table = posterior.shares("1990-01-01", "1990-12-31")
    assert len(table) == 0
    assert "share" in table


def test_shares_refuse_unknown_words(posterior: Posterior) -> None:
    with pytest.raises(ValueError, match="nearest: rocket"):
        posterior.shares(where={"weapon_type": ["rockt"]})
    with pytest.raises(ValueError, match="nearest: quarter"):
        posterior.shares(by="quater")


def test_the_interval_of_a_share_holds_who_did_each_incident(posterior: Posterior) -> None:
    """With known probabilities of one half, 10 incidents share like a binomial."""
    p = np.zeros((4000, 10, 9))
    p[:, :, :2] = 0.5
    row = share_rows(posterior.case, "all", p, seed=3)[0]
    assert row["share"] == pytest.approx(0.5)
    assert (row["lo"], row["hi"]) == (pytest.approx(0.2, abs=0.01), pytest.approx(0.8, abs=0.01))


def test_brands_give_each_name_a_distribution(posterior: Posterior) -> None:
    table = posterior.brands()
    sums = table.groupby("brand_id")["share"].sum()
    np.testing.assert_allclose(sums, 1, rtol=1e-6)
    assert (table["lo"] <= table["share"] + 1e-6).mean() > 0.95
    best = table.loc[table.groupby("brand_id")["share"].idxmax()].set_index("brand_id")["actor"]
    assert best["isis"] == "isis"
    assert best["al_qubbaat_al_zarqa"] == "saraya_al_salam"
    assert best["kaf_channel"] == "kataib_hezbollah"


def test_conflicting_links_stay_split(posterior: Posterior) -> None:
    table = posterior.brands().set_index(["brand_id", "actor"])["share"]
    assert table["saraya_awliya_al_dam", "kataib_sayyid_al_shuhada"] > 0.1
    assert table["saraya_awliya_al_dam"].max() < 0.9


def test_labellers_and_preferences(posterior: Posterior) -> None:
    labellers = posterior.labellers()
    assert labellers["labels"].is_monotonic_decreasing
    assert labellers["hit"].between(0, 1).all()
    assert (labellers["lo"] < labellers["hi"]).all()
    preferences = posterior.preferences()
    np.testing.assert_allclose(preferences.groupby("labeller_type")["share"].sum(), 1, rtol=1e-4)
    officials = preferences[preferences["labeller_type"] == "official_us"]
    assert officials.set_index("actor")["share"].idxmax() == "kataib_hezbollah"


def test_the_bundled_model_passed_its_diagnostics(posterior: Posterior) -> None:
    diagnosis = posterior.diagnose()
    assert diagnosis.passed
    checks = diagnosis.table.set_index("check")["value"]
    assert checks["largest R-hat"] <= 1.01
    assert checks["smallest bulk ESS"] >= 400
    assert checks["divergences"] == 0
    assert isinstance(diagnosis.worst, pd.DataFrame)
    assert "passed" in repr(posterior)
