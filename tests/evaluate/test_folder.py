"""The folder of an evaluation: everything or nothing."""

import json

import pandas as pd
import pytest
from matplotlib.figure import Figure

from attribution.evaluate.errors import EvaluationError
from attribution.evaluate.folder import check_folder

FILES = {
    "scores.csv",
    "scores_by_seed.csv",
    "differences.csv",
    "incidents.csv",
    "questions.csv",
    "reliability.csv",
    "evaluation.png",
    "reliability_actors.png",
    "summary.txt",
    "run.json",
}


@pytest.fixture
def small_figures(monkeypatch):
    for name in ("overview", "actors"):
        monkeypatch.setattr(f"attribution.evaluate.figures.{name}", lambda *_: Figure((1, 1)))


@pytest.mark.usefixtures("small_figures")
def test_the_folder_holds_everything_and_reads_back(report, iraq, tmp_path):
    target = tmp_path / "out"
    report.save(target)
    assert {path.name for path in target.iterdir()} == FILES
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
    table = pd.read_csv(target / "scores.csv", index_col="predictor")
    pd.testing.assert_frame_equal(table, report.table, rtol=1e-4, check_index_type=False)
    assert (target / "summary.txt").read_text(encoding="utf-8") == report.text + "\n"
    run = json.loads((target / "run.json").read_text(encoding="utf-8"))
    assert run["case_sha256"] == iraq.fingerprint()
    assert (run["scheme"], run["seeds"], run["options"]) == ("kfold", [0, 4], {"folds": 5})
    assert (target / "evaluation.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(EvaluationError, match="not empty"):
        report.save(target)
    (target / "scores.csv").write_text("old", encoding="utf-8")
    report.save(target, overwrite=True)
    assert (target / "scores.csv").read_text(encoding="utf-8") != "old"


@pytest.mark.usefixtures("small_figures")
@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_folder_is_written_whole_or_not_at_all(report, tmp_path, monkeypatch, fault):
    former = tmp_path / "former"
    former.mkdir()
    (former / "run.json").write_text("{}", encoding="utf-8")

    def fail(*_):
        raise fault

    monkeypatch.setattr("attribution.evaluate.figures.actors", fail)
    for target, overwrite in ((tmp_path / "new", False), (former, True)):
        with pytest.raises(type(fault)):
            report.save(target, overwrite=overwrite)
    assert [path.name for path in tmp_path.iterdir()] == ["former"]
    assert [path.name for path in former.iterdir()] == ["run.json"]


def test_what_is_no_evaluation_is_never_replaced(tmp_path):
    empty, full, file = tmp_path / "empty", tmp_path / "full", tmp_path / "file"
    empty.mkdir()
    full.mkdir()
    (full / "thesis.txt").touch()
    file.touch()
    assert check_folder(empty) == empty
    for path, overwrite, message in (
        (full, False, "not empty"),
        (full, True, "is no evaluation"),
        (file, True, "is no folder"),
        (tmp_path / "absent" / "x", False, "there is no folder"),
    ):
        with pytest.raises(EvaluationError, match=message):
            check_folder(path, overwrite=overwrite)
