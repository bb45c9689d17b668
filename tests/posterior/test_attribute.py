"""Who is probably behind incidents: the case's own and those of other tables."""

import numpy as np
import pandas as pd
import pytest

from attribution.channels.evidence import case_evidence
from attribution.model.words import icd203
from attribution.posterior.posterior import Posterior, UnknownIncidentError

ERBIL = "20210215-erbil-airport"


def probabilities(posterior: Posterior, table: pd.DataFrame, part: str = "p") -> np.ndarray:
    return table[[f"{part}_{actor}" for actor in posterior.actors]].to_numpy(dtype=float)


def foreign(**cells: str) -> pd.DataFrame:
    row = {
        "incident_id": "elsewhere",
        "date": "2021-05-01",
        "country": "Iraq",
        "province": "Erbil",
        "weapon_type": "rocket",
        "target_type": "us_coalition_base",
    }
    return pd.DataFrame([row | cells])


def test_every_incident_of_the_case_gets_a_row_in_order(posterior: Posterior) -> None:
    table = posterior.attribute()
    assert list(table["incident_id"]) == list(posterior.case.incidents["incident_id"])
    p = probabilities(posterior, table)
    assert np.abs(p.sum(axis=1) - 1).max() < 1e-9
    low, high = (probabilities(posterior, table, part) for part in ("lo", "hi"))
    assert (low <= high).all()
    assert ((low >= 0) & (high <= 1)).all()
    assert set(table["status"]) == {"ok"}
    assert set(table["evidence"]) <= {"low", "moderate", "high"}


def test_the_summary_columns_follow_from_the_probabilities(posterior: Posterior) -> None:
    table = posterior.attribute()
    p = probabilities(posterior, table)
    assert list(table["top_actor"]) == [posterior.actors[k] for k in p.argmax(axis=1)]
    np.testing.assert_allclose(table["top_p"], p.max(axis=1))
    assert list(table["words"]) == [icd203(value) for value in p.max(axis=1)]
    np.testing.assert_allclose(table["entropy_bits"], -(p * np.log2(p)).sum(axis=1))


def test_probabilities_are_the_mean_over_draws_of_a_plain_loop(posterior: Posterior) -> None:
    """An independent computation, draw by draw and slot by slot, for one incident."""
    row = list(posterior.case.incidents["incident_id"]).index(ERBIL)
    codes = posterior.stack.encode(case_evidence(posterior.case).take([row]))
    family = [0, 0, 0, 0, 1, 0, 2, 3, 4]
    total = np.zeros(9)
    draws = posterior.manifest.draws
    for draw in range(draws):
        act, said = np.zeros(14), np.zeros(9)
        for slot, (code, weight) in enumerate(zip(codes.code[0], codes.weight[0], strict=True)):
            if weight == 0:
                continue
            position = int(codes.channel[0, slot])
            channel = posterior.stack.channels[position]
            line = posterior.tables[f"table_{channel.name}"][draw]
            values = line[code - posterior.stack.offsets[position]].astype(float)
            if slot < codes.factor.shape[1]:
                values = values * codes.factor[0, slot]
            if channel.role == "act":
                act += weight * values
            else:
                said += weight * values
        joint = np.zeros(9)
        for k in range(9):
            same = [m for m in range(9) if family[m] == family[k]]
            prior = np.exp(act[k]) / sum(np.exp(act[m]) for m in same)
            prior *= np.exp(act[9 + family[k]]) / sum(np.exp(act[9 + g]) for g in range(5))
            joint[k] = prior * np.exp(said[k])
        total += joint / joint.sum()
    answer = probabilities(posterior, posterior.attribute([ERBIL]))[0]
    np.testing.assert_allclose(answer, total / draws, rtol=1e-9)


def test_one_incident_and_the_whole_case_agree(posterior: Posterior) -> None:
    whole = posterior.attribute()
    some = [ERBIL, str(whole["incident_id"].iloc[3])]
    pd.testing.assert_frame_equal(
        posterior.attribute(some),
        whole.set_index("incident_id").loc[some].reset_index(),
        rtol=1e-12,
    )


def test_an_unknown_incident_names_the_nearest(posterior: Posterior) -> None:
    with pytest.raises(UnknownIncidentError, match="nearest: 20210215-erbil-airport"):
        posterior.attribute(["20210215-erbil-airprt"])


def test_the_cases_own_rows_bring_their_statements_and_labels(posterior: Posterior) -> None:
    whole = posterior.attribute()
    own = posterior.attribute(posterior.case.incidents)
    # Tables of incidents are summed in single precision.
    np.testing.assert_allclose(
        probabilities(posterior, own), probabilities(posterior, whole), rtol=0, atol=1e-6
    )


def test_a_foreign_row_with_a_known_id_but_another_date_is_foreign(posterior: Posterior) -> None:
    mine = foreign(incident_id=ERBIL, place="")
    assert posterior.attribute(mine)["evidence"].iloc[0] == "low"


def test_a_claim_column_moves_a_foreign_row_as_a_claim_in_the_case_does(
    posterior: Posterior,
) -> None:
    silent = posterior.attribute(foreign())
    claimed = posterior.attribute(foreign(claims="Saraya Awliya al-Dam"))
    kss = "p_kataib_sayyid_al_shuhada"
    assert claimed[kss].iloc[0] > 2 * silent[kss].iloc[0]


def test_a_new_name_and_an_unreadable_one_are_two_predictions(posterior: Posterior) -> None:
    silent, unreadable, new = (
        probabilities(posterior, posterior.attribute(foreign(claims=name)))[0]
        for name in ("", "unknown", "Brigade Nobody Heard Of")
    )
    np.testing.assert_allclose(unreadable, silent, rtol=1e-12)
    assert np.abs(new - silent).max() > 1e-3
    status = posterior.attribute(foreign(claims="Brigade Nobody Heard Of"))["status"].iloc[0]
    assert "is new" in status


def test_an_ambiguous_name_is_not_used_and_says_why(posterior: Posterior) -> None:
    status = posterior.attribute(foreign(claims="Ahl al-Kahf"))["status"].iloc[0]
    assert status.startswith("partial")
    assert "ashab_al_kahf" in status
    assert "asaib_ahl_al_haq" in status


def test_an_unseen_place_is_less_certain_than_none(posterior: Posterior) -> None:
    """An unseen site adds the spread of sites; a missing one adds nothing."""
    missing = posterior.attribute(foreign())
    unseen = posterior.attribute(foreign(place="A place nobody has attacked"))
    assert not np.allclose(probabilities(posterior, missing), probabilities(posterior, unseen))


@pytest.mark.parametrize(
    ("cells", "status"),
    [
        ({"date": "2020-13-01"}, "rejected: date '2020-13-01' is not a day"),
        ({"date": "01/02/2020"}, "rejected: date '01/02/2020' is not a day"),
        ({"date": ""}, "partial: date is missing"),
        ({"weapon_type": "rockt"}, "partial: weapon_type 'rockt' is not known (nearest: rocket)"),
        ({"latitude": "133"}, "partial: latitude '133' is not a number from -90 to 90"),
        ({"date": "2031-05-01"}, "partial: date 2031-05-01 is after the fitted period"),
    ],
)
def test_bad_cells_mark_their_row(posterior: Posterior, cells: dict[str, str], status: str) -> None:
    table = posterior.attribute(pd.concat([foreign(), foreign(**cells), foreign()]))
    assert len(table) == 3
    assert list(table["status"].iloc[[0, 2]]) == ["ok", "ok"]
    assert table["status"].iloc[1].startswith(status)
    p = probabilities(posterior, table)
    rejected = status.startswith("rejected")
    assert np.isnan(p[1]).all() == rejected
    assert np.isfinite(p[[0, 2]]).all()


def test_tables_without_rows_or_columns_have_answers(posterior: Posterior) -> None:
    assert len(posterior.attribute(foreign().iloc[:0])) == 0
    assert len(posterior.attribute([])) == 0
    bare = posterior.attribute(pd.DataFrame({"incident_id": ["a", "b"]}))
    assert list(bare["incident_id"]) == ["a", "b"]
    assert bare["status"].str.startswith("partial").all()


def test_a_mistyped_frame_is_not_changed(posterior: Posterior) -> None:
    frame = foreign(claims="KH")
    before = frame.copy(deep=True)
    posterior.attribute(frame)
    pd.testing.assert_frame_equal(frame, before)
