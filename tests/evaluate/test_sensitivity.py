"""Shares without officials, series or default preference: by a fake model, up to the report."""

import json
from dataclasses import replace

import numpy as np
import pytest
from fake_posterior import FakePosterior
from small_case import small_case

from attribution.channels.evidence import case_evidence
from attribution.channels.stack import bind_stack
from attribution.evaluate.sensitivity import (
    share_sensitivity,
    variants,
    without_default_preference,
)
from attribution.model.assemble import model_data
from attribution.model.words import percent
from attribution.posterior.share_sensitivity import (
    AS_FITTED,
    NO_DEFAULT,
    NO_OFFICIALS,
    NO_SERIES,
    share_sensitivity_from,
)
from attribution.posterior.store import bundled_model_folder, load
from attribution.report.headline import END, START, WHERE, headline
from attribution.report.sensitivity import sensitivity_sentence
from attribution.report.text import render_headline

#: Share of Kataib Hezbollah by refit, and half the width of its interval.
MADE_UP = {AS_FITTED: 0.79, NO_OFFICIALS: 0.62, NO_SERIES: 0.71, NO_DEFAULT: 0.85}
HALF = 0.05


class Fake:
    """Shares the incidents out as made up, and remembers what it was asked."""

    def __init__(self, case):
        self.actors = len(case.config.actors)
        self.asked = []

    def shares(self, known, rows, seed):
        first = list(MADE_UP.values())[len(self.asked)]
        self.asked.append((known, rows, seed))
        own = np.linspace(first - HALF / 0.9, first + HALF / 0.9, 1001)
        rest = np.tile((1 - own)[:, None] / (self.actors - 1), self.actors - 1)
        return np.column_stack([own, rest])


@pytest.fixture(scope="module")
def fake(iraq):
    return Fake(iraq)


@pytest.fixture(scope="module")
def found(iraq, fake):
    return share_sensitivity(iraq, fake, start=START, end=END, where=WHERE, seed=3)


def test_every_refit_lacks_what_it_should_and_nothing_else(iraq):
    known = dict(variants(iraq))
    assert list(known) == [AS_FITTED, NO_OFFICIALS, NO_SERIES, NO_DEFAULT]
    labels = iraq.labels
    official = labels["labeller_type"].str.startswith("official_")
    assert 50 < official.sum() < len(labels)
    assert len(known[NO_OFFICIALS].labels) == (~official).sum()
    assert not known[NO_OFFICIALS].labels["labeller_type"].str.contains("official").any()
    assert set(known[NO_SERIES].labels["scope"]) == {"incident"}
    assert len(known[NO_SERIES].labels) == (labels["scope"] == "incident").sum()
    for name in (AS_FITTED, NO_DEFAULT):
        assert known[name].labels.equals(labels)
    for case in known.values():
        assert case.statements.equals(iraq.statements)
        assert case.incidents.equals(iraq.incidents)
    assert all(case.config == iraq.config for name, case in known.items() if name != NO_DEFAULT)


def test_without_the_default_preference_labellers_lean_to_nobody_and_no_shape_changes():
    case = small_case()
    stack = bind_stack(case)
    changed = stack.revised(without_default_preference(case))
    label = stack.position("label")
    before, after = (each.channels[label].data()["label_default"] for each in (stack, changed))
    np.testing.assert_allclose(before, [[0.5, 1 / 6, 1 / 6, 1 / 6], [0.25] * 4])
    np.testing.assert_allclose(after, 0.25)
    codes = stack.encode(case_evidence(case))
    old, new = model_data(stack, codes), model_data(changed, codes)
    assert {name: each.shape for name, each in old.items()} == {
        name: each.shape for name, each in new.items()
    }
    same = [name for name in old if np.array_equal(old[name], new[name])]
    assert set(old) - set(same) == {"label_default"}
    # Another state of the case keeps the preference.
    again = stack.revised(small_case(labels=[])).channels[label]
    np.testing.assert_array_equal(again.data()["label_default"], before)


def test_the_chosen_incidents_and_the_seed_reach_every_refit(iraq, fake, found):
    chosen = iraq.incidents.iloc[fake.asked[0][1]]
    assert found.n_incidents == len(chosen) > 20
    assert set(chosen["weapon_type"]) == {"rocket"}
    assert set(chosen["country"]) == {"Iraq"}
    assert chosen["date"].between(START, END).all()
    for _, rows, seed in fake.asked:
        assert rows.tolist() == fake.asked[0][1].tolist()
        assert seed == 3


def test_shares_are_means_with_90_per_cent_intervals(found):
    for variant in found.variants:
        first = variant.shares[0]
        assert first.share == pytest.approx(MADE_UP[variant.variant])
        assert first.lo == pytest.approx(first.share - HALF)
        assert first.hi == pytest.approx(first.share + HALF)
        assert sum(share.share for share in variant.shares) == pytest.approx(1.0)
    assert found.draws == 1001


def test_a_selection_without_incidents_is_refused(iraq, fake):
    with pytest.raises(ValueError, match="no incident of the case"):
        share_sensitivity(iraq, fake, start="1990-01-01", end="1990-02-01", where={})


def test_json_there_and_back(found):
    again = share_sensitivity_from(json.loads(json.dumps(found.as_dict())))
    assert again == replace(found, where=again.where)
    assert dict(again.where) == dict(found.where)


def test_json_of_another_kind_is_refused(found):
    content = json.loads(json.dumps(found.as_dict()))
    with pytest.raises(KeyError):
        share_sensitivity_from({name: content[name] for name in content if name != "seed"})
    content["variants"] = content["variants"][1:]
    with pytest.raises(ValueError, match=AS_FITTED):
        share_sensitivity_from(content)


def test_the_sentence_starts_from_the_share_that_is_reported_beside_it():
    """The bundled model's own share, not that of a refit, which differs by Monte Carlo error."""
    posterior = load(bundled_model_folder())
    told = headline(posterior)
    assert posterior.share_sensitivity.as_fitted.of(told.shares[0].actor).share != (
        told.shares[0].share
    )
    assert f"share is {percent(told.shares[0].share)} with all that is known" in told.sensitivity


def test_the_headline_states_the_sensitivity_of_its_own_share(iraq, found):
    posterior = FakePosterior(iraq, share_sensitivity=found)
    first = headline(posterior).shares[0]
    for variant in found.variants:
        assert first.actor in {share.actor for share in variant.shares}
    # The made-up figures are Kataib Hezbollah's; the fake posterior's largest share need not be.
    said = sensitivity_sentence(found, found.as_fitted.of(iraq.config.actor_ids[0]), "KH")
    for figure in ("79 % with all", "62 % without labels of officials (57 to 67 %)"):
        assert figure in said
    assert "71 % without labels of a whole series" in said
    assert "85 % without the labellers' default preference" in said
    assert "between 62 % and 85 %" in said
    assert "within 57 to 90 %" in said
    assert headline(posterior).sensitivity in " ".join(render_headline(posterior).split())


def test_a_sensitivity_of_other_incidents_or_none_is_not_passed_off(iraq, found):
    for other in (None, replace(found, end="2020-12-31"), replace(found, where={})):
        said = headline(FakePosterior(iraq, share_sensitivity=other)).sensitivity
        assert "was not measured" in said
        assert "%" not in said


@pytest.fixture(scope="module")
def experiment(experiments):
    return experiments("sensitivity")


def test_the_experiment_writes_its_block_and_the_figures(
    experiment, iraq, monkeypatch, tmp_path, capsys
):
    page = tmp_path / "page.md"
    page.write_text(
        f"a\n{'<!-- begin: written by experiments/sensitivity.py -->'}\nold\n"
        f"{'<!-- end: written by experiments/sensitivity.py -->'}\nb\n"
    )
    monkeypatch.setattr(experiment, "compile_refitter", Fake)
    figures = tmp_path / "s.json"
    assert experiment.main(["--output", str(page), "--json", str(figures), "--seed", "5"]) == 0
    text = page.read_text()
    assert "old" not in text
    assert text.startswith("a\n")
    assert text.endswith("b\n")
    assert "| labels of officials |" in text
    assert "62 % (57 to 67 %)" in text
    assert "seed 5" in text
    assert iraq.fingerprint()[:16] in text
    assert text.split("\n")[2:4][1] in capsys.readouterr().out
    assert share_sensitivity_from(json.loads(figures.read_text())).seed == 5


def test_a_page_without_the_block_stops_before_any_work(experiment, monkeypatch, tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("nothing")
    monkeypatch.setattr(experiment, "compile_refitter", lambda _: pytest.fail("compiled"))
    with pytest.raises(SystemExit):
        experiment.main(["--output", str(page)])
    assert "experiments/sensitivity.py" in capsys.readouterr().err
