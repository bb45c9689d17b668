import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from attribution.evaluate.baselines import AlwaysFirst, ClassFrequencies
from attribution.evaluate.scores import Difference

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def experiment():
    path = ROOT / "experiments" / "crossvalidate.py"
    spec = importlib.util.spec_from_file_location("crossvalidate", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["crossvalidate"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["crossvalidate"]


def row(*figures):
    names = ("label_loss", "parent_loss", "top1", "militia_or_not", "brier", "ece")
    return dict(zip(names, figures, strict=True))


@pytest.fixture
def results(experiment):
    clear, unclear, worse = (
        Difference(-0.2, -0.3, -0.1),
        Difference(-0.00004, -0.1, 0.1),
        Difference(-0.2, -0.3, -0.1),
    )
    return experiment.Results(
        about={
            "date": "2026-11-21",
            "attribution": "0.1.0",
            "python": "3.13.0",
            "numpy": "2.9",
            "case_fingerprint": "abc123",
            "code_fingerprint": "def456",
        },
        folds=5,
        seeds=(0, 4),
        counts={"incidents": 20, "incidents_one_militia": 7, "weeks": 12},
        scores={
            experiment.MODEL: row(
                (0.8, 1.0), (1.0, 1.2), (0.4, 0.4), (0.9, 0.9), (0.3, 0.3), (0.1, 0.1)
            ),
            "a_baseline": row(
                (1.1, 1.1), (1.1, 1.1), (0.6, 0.6), (0.7, 0.7), (0.5, 0.5), (0.2, 0.2)
            ),
        },
        differences={
            "a_baseline": {
                "label_loss": clear,
                "parent_loss": unclear,
                "top1": worse,
                "militia_or_not": Difference(0.2, 0.1, 0.3),
                "brier": clear,
            }
        },
    )


def test_the_block_names_date_versions_seeds_and_fingerprint(experiment, results):
    text = experiment.render(results)
    for said in (
        "2026-11-21",
        "attribution 0.1.0",
        "numpy 2.9",
        "seeds 0, 4",
        "`abc123`",
        "`def456`",
    ):
        assert said in text
    assert "20 incidents with a direct label, 7 of them" in text
    assert "in 12 weeks" in text


def test_the_score_table_means_over_seeds_and_marks_the_best(experiment, results):
    text = experiment.render(results)
    assert (
        "| this model | **0.900** | **1.100** | 0.400 | **0.900** | **0.300** | **0.100** |" in text
    )
    # A tie is shared; higher top-1 is better.
    assert "| a baseline | 1.100 | **1.100** | **0.600** | 0.700 | 0.500 | 0.200 |" in text


def test_the_difference_table_marks_intervals_without_zero(experiment, results):
    text = experiment.render(results)
    assert (
        "| a baseline | **-0.200 [-0.300, -0.100]** | 0.000 [-0.100, +0.100] | "
        "**-0.200 [-0.300, -0.100]** | **+0.200 [+0.100, +0.300]** | **-0.200 [-0.300, -0.100]** |"
    ) in text


def test_the_words_follow_the_intervals_and_hide_no_defeat(experiment, results):
    text = experiment.render(results)
    assert "* label loss: better than a baseline (-0.200 [-0.300, -0.100])." in text
    assert "* parent loss: not told apart from a baseline (0.000 [-0.100, +0.100])." in text
    assert "* top-1: worse than a baseline (-0.200 [-0.300, -0.100])." in text
    assert "* militia-or-not: better than a baseline (+0.200 [+0.100, +0.300])." in text


def test_the_short_verdict_compares_with_the_hardest_baseline(experiment, results):
    scores = {
        **results.scores,
        "weak": dict.fromkeys(results.scores["a_baseline"], (9.0, 9.0)),
    }
    better = Difference(-5.0, -6.0, -4.0)
    differences = {"weak": dict.fromkeys(results.differences["a_baseline"], better)}
    differences |= results.differences
    text = experiment.render(replace(results, scores=scores, differences=differences))
    assert "In short, against a baseline, the baseline with the lowest label loss: " in text
    assert (
        "label loss better (-0.200 [-0.300, -0.100]), "
        "parent loss not told apart (0.000 [-0.100, +0.100]), "
        "top-1 worse (-0.200 [-0.300, -0.100]), "
    ) in text


def test_only_what_lies_between_the_markers_is_replaced(experiment):
    text = f"head\n{experiment.BEGIN}\nold\n{experiment.END}\ntail\n"
    once = experiment.replace_block(text, "new")
    assert once == f"head\n{experiment.BEGIN}\n\nnew\n\n{experiment.END}\ntail\n"
    assert experiment.replace_block(once, "new") == once


@pytest.mark.parametrize(
    "text", ["", "{b}\n", "{e}\n", "{e}\n{b}\n", "{b}\n{e}\n{b}\n", "{b}\n{e}\n{e}\n"]
)
def test_wrong_markers_are_refused(experiment, text):
    with pytest.raises(ValueError, match="needs one line"):
        experiment.replace_block(text.format(b=experiment.BEGIN, e=experiment.END), "new")


def test_the_output_is_checked_before_anything_is_fitted(experiment, tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("no markers\n", encoding="utf-8")
    with pytest.raises(SystemExit) as stop:
        experiment.main(["--output", str(page)])
    assert stop.value.code == 2
    assert "needs one line" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        experiment.main(["--output", str(tmp_path / "absent.md")])


def test_quick_runs_one_seed_and_leaves_the_documentation_alone(experiment):
    options = experiment.read_options(["--quick"])
    assert tuple(options.seeds) == (0,)
    assert options.output is None
    every = experiment.read_options([])
    assert tuple(every.seeds) == (0, 1, 2)
    assert every.output == ROOT / "docs" / "evaluation.md"


def test_the_textbook_logit_stands_beside_the_standard_one(experiment):
    named = {each.name: each for each in experiment.competitors()}
    assert set(named) == {
        "always_first",
        "class_frequencies",
        "naive_bayes",
        "logistic_regression",
        "random_forest",
        "logistic_regression_plain_em",
    }
    plain, standard = named["logistic_regression_plain_em"], named["logistic_regression"]
    assert plain.rounds == (experiment.EM_ROUNDS,)
    assert plain.strengths == standard.strengths


def test_one_run_from_the_case_to_page_and_json(experiment, iraq, tmp_path, monkeypatch, capsys):
    def uniform(case):
        shape = (len(case.incidents), len(case.config.actors))
        return lambda _folds, _seed: np.full(shape, 1 / shape[1])

    monkeypatch.setattr(experiment, "model_predictor", uniform)
    monkeypatch.setattr(experiment, "competitors", lambda: (AlwaysFirst(), ClassFrequencies()))
    monkeypatch.setattr(experiment, "load_case", lambda _: iraq)
    page, figures = tmp_path / "page.md", tmp_path / "figures.json"
    page.write_text(f"head\n{experiment.BEGIN}\n{experiment.END}\n", encoding="utf-8")
    done = experiment.main(["--seeds", "0", "3", "--output", str(page), "--json", str(figures)])
    assert done == 0
    read = json.loads(figures.read_text(encoding="utf-8"))
    assert read["seeds"] == [0, 3]
    assert read["about"]["case_fingerprint"] == iraq.fingerprint()
    assert read["about"]["scikit-learn"]
    assert len(read["scores"]["class_frequencies"]["label_loss"]) == 2
    # A uniform guess beats certainty in the usual suspect and loses to the frequencies.
    assert read["differences"]["always_first"]["label_loss"]["hi"] < 0
    assert read["differences"]["class_frequencies"]["label_loss"]["lo"] > 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("head\n")
    assert "| this model | " in text
    assert "worse than class frequencies" in text
    shown = capsys.readouterr()
    assert "| this model | " in shown.out
    assert "seed 3 (2 of 2): always_first" in shown.err


def test_the_page_has_room_for_the_results(experiment):
    page = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")
    experiment.replace_block(page, "")


def test_a_missing_figure_is_null(experiment, results):
    results.scores["a_baseline"]["ece"] = (float("nan"), 0.2)
    assert json.loads(experiment.as_json(results))["scores"]["a_baseline"]["ece"] == [None, 0.2]
