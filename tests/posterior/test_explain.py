"""Why: pieces of evidence that sum to the reported answer, and answers to what if."""

import numpy as np
import pandas as pd
import pytest

from attribution.case.names import AmbiguousNameError
from attribution.posterior.posterior import Posterior

ERBIL = "20210215-erbil-airport"
KSS = "kataib_sayyid_al_shuhada"
AAH = "asaib_ahl_al_haq"


def decibans(odds: float) -> float:
    return float(10 * np.log10(odds))


@pytest.mark.parametrize("row", range(0, 644, 23))
def test_pieces_sum_exactly_to_the_reported_log_odds(posterior: Posterior, row: int) -> None:
    incident = str(posterior.case.incidents["incident_id"].iloc[row])
    answer = posterior.attribute([incident]).iloc[0]
    for actor in posterior.actors[::4]:
        table = posterior.explain(incident, actor=actor).table
        others = sum(answer[f"p_{other}"] for other in posterior.actors if other != actor)
        reported = decibans(answer[f"p_{actor}"] / others)
        assert table["decibans"].iloc[-1] == pytest.approx(reported, abs=1e-9)
        assert table["decibans"].iloc[:-1].sum() == pytest.approx(reported, abs=1e-9)


def test_against_a_rival_the_sum_is_the_log_ratio(posterior: Posterior) -> None:
    explanation = posterior.explain(ERBIL, actor=KSS, against=AAH)
    answer = posterior.attribute([ERBIL]).iloc[0]
    ratio = decibans(answer[f"p_{KSS}"] / answer[f"p_{AAH}"])
    assert explanation.table["decibans"].iloc[:-1].sum() == pytest.approx(ratio, abs=1e-9)
    assert explanation.against == AAH


def test_every_statement_and_label_is_a_piece_with_its_source(posterior: Posterior) -> None:
    case = posterior.case
    table = posterior.explain(ERBIL).table
    assert table["piece"].iloc[0] == "base_rate"
    assert table["piece"].iloc[-1] == "total"
    labels = case.labels[(case.labels["incident_id"] == ERBIL) & (case.labels["basis"] == "direct")]
    shown = table[table["channel"] == "label"]
    assert sorted(shown["source_id"]) == sorted(labels["source_id"])
    claim = table[table["channel"] == "claim"]
    assert len(claim) == 1
    assert "Saraya Awliya al-Dam" in claim["text"].iloc[0]
    denials = table[(table["channel"] == "denial") & (table["piece"] != "denial silence")]
    own = case.statements[case.statements["incident_id"] == ERBIL]
    assert sorted(denials["source_id"]) == sorted(own.query("kind == 'denial'")["source_id"])


def test_pieces_of_what_was_said_come_in_order_of_date(posterior: Posterior) -> None:
    table = posterior.explain(ERBIL).table
    dates = [day for day in table["date"] if day]
    assert dates == sorted(dates)


def test_a_confession_named_kss_and_militia_spotlight_named_aah(posterior: Posterior) -> None:
    table = posterior.explain(ERBIL, actor=KSS).table.set_index("piece")["decibans"]
    assert table["label krg_ct"] > 3
    aah = posterior.explain(ERBIL, actor=AAH).table.set_index("piece")["decibans"]
    assert aah["label militia_spotlight"] > 1


def test_a_denial_is_weak_evidence(posterior: Posterior) -> None:
    """A routine denier's denial is nearly worthless; it rules nobody out."""
    for incident in posterior.case.statements.query("kind == 'denial'")["incident_id"].unique():
        table = posterior.explain(str(incident)).table
        assert table.loc[table["channel"] == "denial", "decibans"].abs().max() < 5


def test_explain_refuses_unknown_actors(posterior: Posterior) -> None:
    with pytest.raises(ValueError, match="nearest: kataib_hezbollah"):
        posterior.explain(ERBIL, actor="kataib_hezbolah")
    with pytest.raises(ValueError, match="itself"):
        posterior.explain(ERBIL, actor=KSS, against=KSS)


def test_what_if_nothing_is_changed_nothing_changes(posterior: Posterior) -> None:
    same = posterior.what_if(ERBIL)
    assert same.before is not None
    pd.testing.assert_frame_equal(same.before, same.after)
    assert same.changes == ""


def test_what_if_agrees_with_scoring_the_changed_row(posterior: Posterior) -> None:
    row = {
        "incident_id": "made up",
        "date": "2021-05-01",
        "country": "Iraq",
        "province": "Erbil",
        "weapon_type": "drone",
        "target_type": "us_coalition_base",
        "claims": "Saraya Awliya al-Dam",
    }
    scored = posterior.attribute(pd.DataFrame([row]))
    columns = {name: row[name] for name in row if name not in ("incident_id", "claims")}
    supposed = posterior.what_if_columns(None, columns=columns, claims=["SAD"])
    numbers = [column for column in scored if column[:2] in ("p_", "lo", "hi")]
    # Tables of incidents are summed in single precision.
    np.testing.assert_allclose(
        supposed.after[numbers].to_numpy(float),
        scored[numbers].to_numpy(float),
        rtol=0,
        atol=1e-6,
    )


def test_what_if_drops_claims_and_labels(posterior: Posterior) -> None:
    answer = posterior.what_if(ERBIL, claims=[], keep_labels=False)
    channels = set(answer.explanation.table["channel"])
    assert "claim" not in channels
    assert "label" not in channels
    assert "denial" in channels
    assert answer.after["evidence"].iloc[0] == "low"
    assert "claimed by nobody" in answer.changes
    assert "without its" in answer.changes


def test_another_province_forgets_the_site(posterior: Posterior) -> None:
    answer = posterior.what_if(ERBIL, province="Basra")
    place = answer.explanation.table.set_index("piece").loc["place", "text"]
    assert "Erbil" not in place
    assert "Basra" in place


def test_what_if_refuses_what_it_cannot_read(posterior: Posterior) -> None:
    with pytest.raises(ValueError, match=r"nearest: rocket.*allowed: drone"):
        posterior.what_if(ERBIL, weapon_type="rockt")
    with pytest.raises(ValueError, match="nearest: weapon_type"):
        posterior.what_if_columns(ERBIL, columns={"weapon_typ": "rocket"})
    with pytest.raises(ValueError, match="YYYY-MM-DD"):
        posterior.what_if(ERBIL, date="15.02.2021")
    with pytest.raises(ValueError, match="ashab_al_kahf"):
        posterior.what_if(ERBIL, claims=["Ahl al-Kahf"])
    assert issubclass(AmbiguousNameError, ValueError)
