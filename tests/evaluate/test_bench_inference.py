"""The bench simulates cases like the given one and writes what its two sides measured."""

import json

import numpy as np
import pandas as pd
import pytest

from attribution.channels.evidence import case_evidence
from attribution.channels.stack import bind_stack
from attribution.model.labelled import labelled_incidents

SIDES = ("ours", "plain")


@pytest.fixture
def bench(experiments):
    return experiments("bench_inference")


@pytest.fixture
def simulate(experiments):
    return experiments("simulated_case").simulated_case


def test_a_simulated_case_is_like_the_given_one(simulate, iraq):
    case = simulate(iraq, 300, seed=1)
    incidents, labels, statements = case.incidents, case.labels, case.statements
    assert len(incidents) == incidents["incident_id"].nunique() == 300
    assert set(labels["incident_id"]) == set(incidents["incident_id"])
    assert set(incidents["province"]) <= set(iraq.incidents["province"])
    assert (
        incidents["date"].between(iraq.incidents["date"].min(), iraq.incidents["date"].max()).all()
    )
    assert set(labels["labeller"]) <= set(iraq.labels["labeller"])
    assert set(labels["group_id"]) <= set(iraq.groups["group_id"])
    assert set(statements["speaker_id"]) <= set(iraq.groups["group_id"])
    assert 0.25 < (statements["kind"] == "claim").sum() / 300 < 0.45
    # Every incident takes part in the fit, and the model understands all that is said.
    stack = bind_stack(case)
    codes = stack.encode(case_evidence(case))
    np.testing.assert_array_equal(labelled_incidents(stack, codes), np.arange(300))
    assert not any(codes.notes)


def test_the_given_case_stays_as_it_is_and_seeds_decide(simulate, iraq):
    before = iraq.incidents.copy()
    first, again, other = (simulate(iraq, 50, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(iraq.incidents, before)
    for name in ("incidents", "statements", "labels"):
        pd.testing.assert_frame_equal(first.tables[name], again.tables[name])
    assert not first.incidents["weapon_type"].equals(other.incidents["weapon_type"])


def test_labels_agree_as_labellers_who_mostly_know_would(simulate, iraq):
    labels = simulate(iraq, 2000, seed=3).labels
    single = labels[labels["group_id"] != "iran_backed_unspecified"]
    pairs = single.merge(single, on="incident_id")
    pairs = pairs[pairs["labeller_x"] < pairs["labeller_y"]]
    agree = (pairs["group_id_x"] == pairs["group_id_y"]).groupby(pairs["confidence_x"]).mean()
    assert agree["certain"] > agree["possible"] > 0.3
    assert 0.6 < agree["certain"] < 0.97


@pytest.mark.parametrize("wrong", [["--sizes", "4000,many"], ["--sizes", "0"], ["--sides", "mine"]])
def test_sizes_and_sides_are_checked_first(bench, wrong, monkeypatch, capsys):
    monkeypatch.setattr(bench, "run_one", None)
    with pytest.raises(SystemExit) as caught:
        bench.main(wrong)
    assert caught.value.code == 2
    assert "is n" in capsys.readouterr().err


def test_a_page_without_markers_stops_before_any_work(bench, monkeypatch, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("nothing")
    monkeypatch.setattr(bench, "PAGE", page)
    monkeypatch.setattr(bench, "run_one", None)
    with pytest.raises(ValueError, match="needs one line"):
        bench.main(["--write"])


def test_figures_ratios_and_json(bench, monkeypatch, tmp_path, capsys):
    def measured(side, size, *, cold):
        assert not cold
        own = dict.fromkeys(bench.FIGURES, 2.0 if side == "ours" else 5.0)
        return {**own, "incidents": 249.0 if size == "iraq" else float(size), "parameters": 9.0}

    monkeypatch.setattr(bench, "run_one", measured)
    figures = tmp_path / "figures.json"
    assert bench.main(["--sizes", "iraq,400", "--json", str(figures)]) == 0
    printed = capsys.readouterr().out
    assert "The Iraq case, 249 labelled incidents" in printed
    assert "Simulated, 400 labelled incidents" in printed
    assert "| microseconds a gradient | 2 | 5 | 2.50 |" in printed
    written = json.loads(figures.read_text())["sizes"]
    assert list(written) == ["iraq", "400"]
    assert set(written["400"]) == set(SIDES)
    assert set(bench.FIGURES) <= set(written["400"]["ours"])


def test_the_page_has_room_for_the_results(bench):
    bench.require_block(bench.PAGE, bench.COMMAND)
