import json
import sys
from types import SimpleNamespace

import pytest
from fake_predictor import SIMPLE, Oracle

from attribution.evaluate.baselines import AlwaysFirst
from attribution.evaluate.run import evaluate

SCHEMES = ("kfold", "temporal", "labeller")


@pytest.fixture(scope="module")
def experiment(experiments):
    return experiments("crossvalidate")


@pytest.fixture(scope="module")
def page(experiments):
    return experiments("page")


def markers_of(page, experiment, scheme):
    command = experiment.COMMAND.format(scheme)
    return page.BEGIN.format(command), page.END.format(command)


@pytest.fixture
def markers(page, experiment):
    return markers_of(page, experiment, "kfold")


def test_the_block_names_date_versions_seeds_and_fingerprints(experiment, report, iraq):
    text = experiment.render(report)
    for said in (
        f"Run of {report.about['date']}",
        f"numpy {report.about['numpy']}",
        "means over seeds 0, 4",
        iraq.fingerprint(),
        report.about["code_fingerprint"][:16],
    ):
        assert said in text


def test_the_score_table_marks_the_best_and_agrees_with_the_report(experiment, report):
    text = experiment.render(report)
    table = report.table
    row = next(line for line in text.splitlines() if line.startswith("| this model | "))
    cells = [cell.strip() for cell in row.strip("|").split("|")][1:]
    own = table.loc["this_model"]
    assert cells[:2] == [f"**{own['label_loss']:.3f}**", f"**{own['label_skill']:.3f}**"]
    # Higher is better here, and a tie is shared.
    column = cells[3]
    assert column == f"**{own['top1']:.3f}**"
    worst = next(line for line in text.splitlines() if line.startswith("| always first | "))
    assert f"**{table.at['always_first', 'label_loss']:.3f}**" not in worst


def test_the_differences_and_the_words_are_those_of_the_report(experiment, report):
    text = experiment.render(report)
    rows = report.differences.set_index(["predictor", "minus", "score"])
    row = rows.loc[("this_model", "class_frequencies", "label_loss")]
    assert row["verdict"] == "better"
    shown = f"{row['mean']:+.3f} [{row['lo']:+.3f}, {row['hi']:+.3f}]"
    assert f"| class frequencies | **{shown}** | " in text
    assert f"label loss better ({shown})" in text
    assert f"class frequencies ({shown})" in text


def test_a_defeat_is_not_hidden(experiment, iraq):
    class Certain(Oracle):
        def predict(self, known, seed, *, evidence=None):  # noqa: ARG002
            return AlwaysFirst().predict(range(self.targets.n_incidents), self.targets, seed)

    lost = evaluate(iraq, seeds=(0,), baselines=SIMPLE, model=Certain(iraq), show_progress=False)
    text = experiment.render(lost)
    assert "label loss worse (+" in text
    assert "* label loss: not told apart from always first (0.000 [0.000, 0.000]); worse" in text


def test_only_what_lies_between_the_markers_is_replaced(page, experiment, markers):
    begin, end = markers
    other = "{}\nkept\n{}\n".format(*markers_of(page, experiment, "temporal"))
    text = f"head\n{begin}\nold\n{end}\n{other}tail\n"
    command = experiment.COMMAND.format("kfold")
    once = page.replace_block(text, "new", command)
    assert once == f"head\n{begin}\n\nnew\n\n{end}\n{other}tail\n"
    assert page.replace_block(once, "new", command) == once


@pytest.mark.parametrize(
    "text", ["", "{b}\n", "{e}\n", "{e}\n{b}\n", "{b}\n{e}\n{b}\n", "{b}\n{e}\n{e}\n"]
)
def test_wrong_markers_are_refused(page, experiment, markers, text):
    begin, end = markers
    with pytest.raises(ValueError, match="needs one line"):
        page.replace_block(text.format(b=begin, e=end), "new", experiment.COMMAND.format("kfold"))


def test_a_write_that_fails_leaves_the_page_as_it_was(page, experiment, markers, tmp_path):
    path = tmp_path / "page.md"
    path.write_text("{}\nold\n{}\n".format(*markers), encoding="utf-8")
    before = path.read_text(encoding="utf-8")
    with pytest.raises(UnicodeEncodeError):
        page.write_block(path, "\ud800", experiment.COMMAND.format("kfold"))
    assert path.read_text(encoding="utf-8") == before


def test_the_output_is_checked_before_anything_is_fitted(experiment, tmp_path, capsys):
    output = tmp_path / "page.md"
    output.write_text("no markers\n", encoding="utf-8")
    with pytest.raises(SystemExit) as stop:
        experiment.main(["--output", str(output)])
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert "needs one line" in said
    assert said.count(str(output)) == 1
    with pytest.raises(SystemExit):
        experiment.main(["--output", str(tmp_path / "absent.md")])


def test_quick_and_baselines_alone_leave_the_documentation_as_it_is(page, experiment):
    quick = experiment.read_options(["--quick"])
    assert tuple(quick.seeds) == (0,)
    assert quick.output is None
    assert experiment.read_options(["--no-model"]).output is None
    every = experiment.read_options(["--scheme", "temporal"])
    assert every.seeds is None
    assert every.output == page.EVALUATION


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_textbook_logit_stands_beside_the_standard_one(experiment, scheme):
    named = {each.name: each for each in experiment.competitors(scheme)}
    plain, standard = named["logistic_regression_plain_em"], named["logistic_regression"]
    assert plain.rounds == (experiment.EM_ROUNDS,)
    assert plain.strengths == standard.strengths
    assert {"xgboost", "random_forest", "nearest_neighbours", "naive_bayes"} <= set(named)
    assert ("majority_of_labellers" in named) == (scheme == "labeller")


@pytest.fixture
def cheap(experiment, iraq, monkeypatch):
    fake = SimpleNamespace(compile_refitter=Oracle)
    monkeypatch.setitem(sys.modules, "attribution.evaluate.refit", fake)
    monkeypatch.setattr(experiment, "competitors", lambda _: SIMPLE)
    monkeypatch.setattr(experiment, "load_case", lambda _: iraq)
    return experiment


def test_one_run_from_the_case_to_page_and_json(cheap, markers, iraq, tmp_path, capsys):
    output, figures = tmp_path / "page.md", tmp_path / "figures.json"
    output.write_text("head\n{}\n{}\n".format(*markers), encoding="utf-8")
    done = cheap.main(["--seeds", "0", "3", "--output", str(output), "--json", str(figures)])
    assert done == 0
    read = json.loads(figures.read_text(encoding="utf-8"))
    assert read["seeds"] == [0, 3]
    assert read["about"]["case_sha256"] == iraq.fingerprint()
    assert read["about"]["scikit-learn"]
    assert len(read["scores_by_seed"]) == 2 * 3
    found = {
        row["minus"]: row["verdict"]
        for row in read["differences"]
        if (row["predictor"], row["score"]) == ("this_model", "label_loss")
    }
    assert found == {"always_first": "better", "class_frequencies": "better"}
    text = output.read_text(encoding="utf-8")
    assert text.startswith("head\n")
    assert "| this model | " in text
    assert "| this model | " in capsys.readouterr().out


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_page_has_room_for_the_results(page, experiment, scheme):
    text = page.EVALUATION.read_text(encoding="utf-8")
    page.replace_block(text, "", experiment.COMMAND.format(scheme))
    assert f"crossvalidate.py --scheme {scheme}\n" in text


def test_a_missing_figure_is_null(experiment, report):
    report.by_seed.loc[0, "ece"], former = float("nan"), report.by_seed.loc[0, "ece"]
    try:
        rows = json.loads(experiment.as_json(report))["scores_by_seed"]
    finally:
        report.by_seed.loc[0, "ece"] = former
    assert rows[0]["ece"] is None
    assert rows[1]["ece"] > 0
