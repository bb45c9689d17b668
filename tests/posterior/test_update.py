"""Updates without a refit: what they weigh, what they show, what they refuse."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up import made_up
from small_case import CHANNELS, LABEL_ROWS, LABELLER_ROWS, LABELS, MEASURED, Row, small_case

from attribution.case.case import Case
from attribution.channels.effects import families
from attribution.channels.evidence import case_evidence
from attribution.channels.label import LabelChannel
from attribution.model.labelled import labelled_incidents
from attribution.model.tables import TABLE
from attribution.model.verdict import DiagnosticsError
from attribution.posterior.new_labels import label_rows
from attribution.posterior.posterior import Posterior
from attribution.posterior.store import ChangedDataError, load
from attribution.posterior.update import RefitNeededError, reweigh

#: Labellers with the kinds that the small case's labels give them.
LABELLER_KINDS = tuple(
    {**row, "type": "official" if row["labeller"] == "us" else "analyst"} for row in LABELLER_ROWS
)
#: The last incident is not labelled at first.
FIRST = LABEL_ROWS[:-1]
#: A series that grows, a second voice on an incident, a word and a set never heard from a labeller.
MORE = (
    {"incident_id": "i5", "group_id": "alpha", "scope": "series"},
    {"incident_id": "i3", "group_id": "beta", "labeller": "one", "labeller_type": "analyst"},
    {"incident_id": "i0", "group_id": "gamma", "confidence": "certain", "date": "2022-01-01"},
)
ERBIL = "20210215-erbil-airport"


def case_with(labels: tuple[Row, ...], channels: tuple[str, ...] = CHANNELS) -> Case:
    return small_case(channels=channels, labels=labels, labellers=LABELLER_KINDS)


def new_labels(*rows: Row) -> pd.DataFrame:
    return pd.DataFrame([{**LABELS, **row} for row in rows])


def log_likelihood(posterior: Posterior) -> np.ndarray:
    """Every labelled incident's marginal likelihood by plain loops, draw by draw."""
    stack = posterior.stack
    evidence = case_evidence(posterior.case)
    codes = stack.encode(evidence)
    groups = families(posterior.case.config.actors)
    offsets = [*stack.offsets]
    total = np.zeros(posterior.manifest.draws)
    for draw in range(len(total)):
        for row in labelled_incidents(stack, codes):
            act, said = np.zeros(groups.width), np.zeros(groups.actors)
            for slot in range(codes.code.shape[1]):
                weight, code = codes.weight[row, slot], codes.code[row, slot]
                if weight == 0:
                    continue
                place = max(k for k in range(len(stack.channels)) if offsets[k] <= code)
                table = posterior.tables[f"{TABLE}{stack.channels[place].name}"]
                term = weight * table[draw, code - offsets[place]].astype(float)
                if slot < codes.factor.shape[1]:
                    term = term * codes.factor[row, slot]
                if slot < codes.act_slots:
                    act += term
                else:
                    said += term
            likelihood = 0.0
            among = np.exp(act[groups.actors :])
            for actor, family in enumerate(groups.of):
                own = [k for k, other in enumerate(groups.of) if other == family]
                within = np.exp(act[actor]) / np.exp(act[own]).sum()
                likelihood += within * among[family] / among.sum() * np.exp(said[actor])
            total[draw] += np.log(likelihood)
    return total


@pytest.mark.parametrize("channels", [CHANNELS, (*CHANNELS, *MEASURED)])
def test_weights_are_those_of_the_larger_case_at_the_same_parameters(
    channels: tuple[str, ...],
) -> None:
    """The larger case bound and coded from nothing has the same parameters, and so its own tables;
    series, shared weights, new sets and the record that channels see differ."""
    small = made_up(case_with(FIRST, channels), 8)
    large = made_up(case_with((*FIRST, *MORE), channels), 8)
    expected = log_likelihood(large) - log_likelihood(small)
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(reweigh(small, large.case).log_ratio, expected, atol=2e-4)


def test_rows_of_labels_follow_from_what_a_fit_reports() -> None:
    posterior = made_up(case_with(FIRST), 8)
    channel = next(c for c in posterior.stack.channels if isinstance(c, LabelChannel))
    rows = label_rows(channel, posterior.reported, np.arange(len(channel.keys)))
    np.testing.assert_allclose(rows, posterior.tables["table_label"], atol=1e-4)


def test_nothing_new_changes_nothing(posterior: Posterior) -> None:
    found = posterior.update()
    assert (found.khat, found.effective_draws) == (0, pytest.approx(found.draws))
    assert found.trusted
    assert "nothing taken up" in found.text
    for name, values in posterior.tables.items():
        np.testing.assert_array_equal(found.posterior.tables[name], values)


def test_statements_about_unlabelled_incidents_move_only_them(posterior: Posterior) -> None:
    case = posterior.case
    alone = max(set(case.incidents["incident_id"]) - set(case.labels["incident_id"]))
    row = case.statements[case.statements["kind"] == "denial"].iloc[[0]]
    found = posterior.update(statements=row.assign(incident_id=alone, date="", note=""))
    assert found.effective_draws == pytest.approx(found.draws)
    assert found.incidents == (alone,)
    before, after = (
        each.attribute().set_index("incident_id") for each in (posterior, found.posterior)
    )
    numbers = [name for name in before if name.startswith("p_")]
    assert np.abs(before.loc[alone, numbers] - after.loc[alone, numbers]).max() > 1e-4
    pd.testing.assert_frame_equal(before.drop(alone)[numbers], after.drop(alone)[numbers])


def unlabelled(posterior: Posterior, count: int) -> list[str]:
    labelled = set(posterior.case.labels["incident_id"])
    names = posterior.case.incidents["incident_id"]
    return [name for name in names if name not in labelled][-count:]


def labels_on(posterior: Posterior, incidents: list[str], **cells: str) -> pd.DataFrame:
    usual = {
        "labeller": "isw",
        "labeller_type": "analyst",
        "group_id": "kataib_hezbollah",
        "confidence": "likely",
        "contested": "no",
        "date": "2026-07-01",
        "source_id": posterior.case.labels["source_id"].iloc[0],
        "scope": "incident",
        "basis": "direct",
    }
    return pd.DataFrame([{"incident_id": name, **usual, **cells} for name in incidents])


def test_a_label_is_seen_in_every_view(posterior: Posterior, tmp_path: Path) -> None:
    (name,) = unlabelled(posterior, 1)
    found = posterior.update(labels=labels_on(posterior, [name]))
    assert found.trusted
    assert found.incidents == (name,)
    assert found.rows["labels"] == 1
    assert found.effective_draws < found.draws
    updated = found.posterior
    column = "p_kataib_hezbollah"
    before = posterior.attribute([name])[column].iloc[0]
    assert updated.attribute([name])[column].iloc[0] > before
    assert "label" in set(updated.explain(name).table["channel"])
    assert updated.diagnose().passed
    assert "Pareto k-hat of the update" in set(updated.diagnose().table["check"])
    record = updated.manifest.update
    assert record is not None
    assert record["khat"] == found.khat
    assert record["rows"]["labels"] == 1
    # Saved and loaded, it says the same, and still knows its fit.
    updated.save(tmp_path / "updated.model")
    again = load(tmp_path / "updated.model")
    assert again.manifest.as_dict() == updated.manifest.as_dict()
    pd.testing.assert_frame_equal(again.attribute(), updated.attribute())
    pd.testing.assert_frame_equal(again.power_scaling(), updated.power_scaling())
    # A second update starts from the fit: both rows at once come to the same.
    other = ERBIL
    rows = labels_on(posterior, [name, other], date="2026-07-02")
    one_by_one = again.update(labels=rows.iloc[[1]])
    at_once = posterior.update(labels=pd.concat([labels_on(posterior, [name]), rows.iloc[[1]]]))
    np.testing.assert_array_equal(one_by_one.weights.values, at_once.weights.values)
    assert one_by_one.rows["labels"] == 2


def test_a_fit_that_is_not_the_updated_one_is_refused(posterior: Posterior, tmp_path: Path) -> None:
    found = posterior.update(labels=labels_on(posterior, unlabelled(posterior, 1)))
    other = replace(
        found.posterior.manifest,
        update={**(found.posterior.manifest.update or {}), "fitted_case_fingerprint": "0"},
    )
    replace(found.posterior, manifest=other).save(tmp_path / "x.model")
    with pytest.raises(ChangedDataError, match="not the one that was updated"):
        load(tmp_path / "x.model")


def test_a_flood_of_labels_that_contradict_the_fit_asks_for_a_refit(posterior: Posterior) -> None:
    flood = labels_on(
        posterior, unlabelled(posterior, 40), group_id="asaib_ahl_al_haq", confidence="certain"
    )
    with pytest.raises(RefitNeededError, match=r"k-hat .*refit the case") as caught:
        posterior.update(labels=flood)
    assert isinstance(caught.value, DiagnosticsError)
    assert not caught.value.verdict.passed
    assert len(caught.value.case.labels) == len(posterior.case.labels) + 40


def test_what_the_fit_does_not_know_is_told(posterior: Posterior) -> None:
    (name,) = unlabelled(posterior, 1)
    strange = labels_on(posterior, [name], labeller="somebody_else")
    found = posterior.update(labels=strange)
    assert "unknown labeller 'somebody_else'" in found.text
    assert "refit" in found.text
    assert found.rows["labels"] == 0
    # A labeller on the list who has never labelled.
    fitted = {
        key[0] for c in posterior.stack.channels if isinstance(c, LabelChannel) for key in c.keys
    }
    silent = posterior.case.labellers[~posterior.case.labellers["labeller"].isin(fitted)].iloc[0]
    cells = {"labeller": silent["labeller"], "labeller_type": silent["type"]}
    found = posterior.update(labels=labels_on(posterior, [name], **cells))
    assert f"{name}: label by '{silent['labeller']}' is not used; refit to use it" in found.text
    assert found.effective_draws == pytest.approx(found.draws)


@pytest.mark.slow
def test_an_update_says_what_a_refit_says() -> None:
    """Limits from the Monte Carlo error: a probability's standard deviation over draws is at most
    a third, two independent sets of at least 500 effective draws err by 0.02, and 0.08 is four."""
    from attribution.posterior.fit import fit

    small, large = case_with(FIRST), case_with((*FIRST, *MORE[:1]))
    first = fit(small, seed=3, draws=2000, force=True, progress=False)
    found = first.update(labels=new_labels(*MORE[:1]))
    assert found.effective_draws > 500
    refitted = fit(large, seed=4, draws=2000, force=True, progress=False)
    assert found.posterior.case.fingerprint() == large.fingerprint()
    columns = [f"p_{actor}" for actor in first.actors]
    before, after, again = (
        each.attribute()[columns].to_numpy() for each in (first, found.posterior, refitted)
    )
    assert np.abs(after - again).max() < 0.08
    # And the label matters by more than that.
    assert np.abs(after - before).max() > 2 * np.abs(after - again).max()
