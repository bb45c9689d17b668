"""The bench of scoring times methods that agree where they should, and writes what it measured."""

import importlib
import json
from pathlib import Path

import numpy as np
import pytest

from attribution.posterior.batch import lay_out, summarise_many
from attribution.posterior.kernel import summarise

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(EXPERIMENTS))
    return importlib.import_module("bench_scoring")


def test_ours_both_kinds_of_numpy_and_the_definition_agree(bench):
    given = bench.problem("distinct", 45, 60)
    expected = summarise(given.stack, given.query)
    ours = summarise_many(lay_out(given.stack, bench.FAMILY), given.query)
    for found in (
        (ours.mean, ours.low, ours.high),
        bench.broadcast(given.stack, given.query, interval=True),
        bench.define(given.stack, given.query),
    ):
        for left, right in zip(found, (expected.mean, expected.low, expected.high), strict=True):
            np.testing.assert_allclose(left, right, rtol=0, atol=1e-5)
    (mean,) = bench.broadcast(given.stack, given.query, interval=False)
    np.testing.assert_allclose(mean, expected.mean, rtol=0, atol=1e-5)


def test_the_bench_stops_if_they_do_not_agree(bench):
    given = bench.problem("distinct", 5, 20)
    ours = summarise_many(lay_out(given.stack, bench.FAMILY), given.query)
    found = bench.broadcast(given.stack, given.query, interval=True)
    bench.check(ours, found)
    found[1][3, 2] += 2e-5
    with pytest.raises(FloatingPointError, match=r"differ by 2.0e-05"):
        bench.check(ours, found)


def test_patterns_are_all_distinct_or_as_often_as_in_the_case(bench):
    distinct = bench.problem("distinct", 50_000, 1)
    assert len(np.unique(distinct.query.code, axis=0)) == 50_000
    shares = bench.pattern_shares()
    assert shares.sum() == pytest.approx(1.0)
    repeated = bench.problem("repeated", 50_000, 1)
    counts = np.unique(repeated.query.code, axis=0, return_counts=True)[1]
    assert 0.9 * len(shares) < len(counts) <= len(shares)
    assert counts.max() / 50_000 == pytest.approx(shares.max(), rel=0.2)
    np.testing.assert_array_equal(
        distinct.query.code - bench.LEVELS * np.arange(bench.CHANNELS), distinct.levels
    )


def test_figures_ratios_and_json(bench, monkeypatch, tmp_path, capsys):
    pytest.importorskip("xgboost")
    monkeypatch.setattr(bench, "TREES", 2)
    monkeypatch.setattr(bench, "FEW", dict.fromkeys(bench.FEW, 25))
    figures = tmp_path / "figures.json"
    assert bench.main(["--rows", "60", "--draws", "30", "--json", str(figures)]) == 0
    printed = capsys.readouterr().out
    assert "60 rows, 8 actors, 8 channels, 30 draws" in printed
    assert "(25 rows timed)" in printed
    written = json.loads(figures.read_text())
    assert (written["rows"], written["draws"]) == (60, 30)
    assert list(written["rows_per_second"]) == ["distinct", "repeated"]
    for rates in written["rows_per_second"].values():
        assert set(rates) == set(bench.METHODS)
        assert min(rates.values()) > 0
    ours, numpy = (written["rows_per_second"]["distinct"][name] for name in ("ours", "numpy"))
    assert f"| {numpy:,.0f} | {ours / numpy:,.2f} |" in printed


@pytest.mark.parametrize("wrong", [["--rows", "0"], ["--draws", "-3"]])
def test_sizes_are_checked_first(bench, wrong, capsys):
    with pytest.raises(SystemExit) as caught:
        bench.main(wrong)
    assert caught.value.code == 2
    assert "is less than 1" in capsys.readouterr().err


def test_a_page_without_markers_stops_before_any_work(bench, monkeypatch, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("nothing")
    monkeypatch.setattr(bench, "PAGE", page)
    monkeypatch.setattr(bench, "measure", None)
    with pytest.raises(ValueError, match="needs one line"):
        bench.main(["--write"])


def test_the_page_has_room_for_the_results(bench):
    bench.require_block(bench.PAGE, bench.COMMAND)
