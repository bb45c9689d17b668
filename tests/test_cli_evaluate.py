"""The command evaluate, with a made-up predictor in place of the model."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from command import call
from fake_predictor import SIMPLE, Oracle
from matplotlib.figure import Figure
from typer.testing import Result

from attribution.case.case import Case
from attribution.case.load import bundled_case_folder

CASE = str(bundled_case_folder())

type Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run the command in an empty folder; nothing is compiled, and the baselines are quick."""
    fake = SimpleNamespace(compile_refitter=Oracle)
    monkeypatch.setitem(sys.modules, "attribution.evaluate.refit", fake)
    monkeypatch.setattr("attribution.evaluate.run.standard_baselines", lambda: SIMPLE)
    for name in ("overview", "actors"):
        monkeypatch.setattr(f"attribution.evaluate.figures.{name}", lambda *_: Figure((1, 1)))
    monkeypatch.chdir(tmp_path)

    return partial(call, "evaluate")


def test_a_summary_and_a_folder(run: Run, iraq: Case) -> None:
    result = run(CASE, "-o", "out", "--seeds", "0,7", "--folds", "3")
    assert result.exit_code == 0, result.stderr
    assert "In short: this model has a label loss of" in result.stdout
    assert result.stdout.strip() == Path("out/summary.txt").read_text(encoding="utf-8").strip()
    assert "Tables and figures are in out." in result.stderr
    assert "evaluating: compiling the model" in result.stderr
    assert "evaluating: step 1 of 18, seed 0, fold 1 of 3: this_model" in result.stderr
    about = json.loads(Path("out/run.json").read_text(encoding="utf-8"))
    assert about["seeds"] == [0, 7]
    assert about["options"] == {"folds": 3}
    assert about["case_sha256"] == iraq.fingerprint()
    assert about["predictors"] == ["this_model", "always_first", "class_frequencies"]
    # A second run must not destroy the first, unless told to.
    again = run(CASE, "-o", "out", "--seeds", "1")
    assert again.exit_code == 1
    assert "--overwrite" in again.stderr
    assert json.loads(Path("out/run.json").read_text(encoding="utf-8")) == about
    assert run(CASE, "-o", "out", "--seeds", "1", "--no-model", "--overwrite").exit_code == 0
    replaced = json.loads(Path("out/run.json").read_text(encoding="utf-8"))
    assert replaced["seeds"] == [1]
    assert "this_model" not in replaced["predictors"]


def test_options_reach_the_evaluation(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import date

    asked: dict[str, Any] = {}

    def spy(_: Case, **options: Any) -> Any:
        asked.update(options)
        raise KeyboardInterrupt

    monkeypatch.setattr("attribution.evaluate.run.evaluate", spy)
    result = run(CASE, "-o", "out", "--scheme", "temporal", "--from", "2024-07-01",
                 "--baselines", "fast", "--no-model")  # fmt: skip
    assert asked == {
        "scheme": "temporal",
        "seeds": None,
        "folds": 5,
        "start": date(2024, 7, 1),
        "min_labels": 5,
        "hide_echoes": False,
        "baselines": "fast",
        "model": False,
    }
    # Whoever interrupts it is left with nothing half-written.
    assert result.exit_code == 130
    assert "Interrupted." in result.stderr
    assert list(Path().iterdir()) == []
    run(CASE, "-o", "out", "--scheme", "labeller", "--min-labels", "9", "--hide-echoes")
    assert (asked["min_labels"], asked["hide_echoes"], asked["model"]) == (9, True, True)


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--scheme", "tmporal"), 2, "'kfold', 'temporal', 'labeller'"),
        (("--baselines", "some"), 2, "'fast', 'all', 'none'"),
        (("--seeds", "0,x"), 2, "write whole numbers as 0,1,2"),
        (("--seeds", "0,0"), 2, "a seed twice"),
        (("--seeds", "12345678"), 2, "no list of seeds"),
        (("--folds", "1"), 2, "--folds"),
        (("--from", "2021-01-01"), 2, "belongs to --scheme temporal"),
        (("--hide-echoes",), 2, "belongs to --scheme labeller"),
        (("--no-model", "--baselines", "none"), 2, "leave nothing to evaluate"),
        (("--folds", "900"), 1, "900 folds of 1"),
        (("--scheme", "temporal", "--from", "2031-01-01"), 1, "no incident on or after 2031"),
        (("--scheme", "labeller", "--min-labels", "900"), 1, "no labeller has 900 labels"),
        (("-o", "no/such/out"), 1, "there is no folder"),
    ],
)
def test_refusals(run: Run, options: tuple[str, ...], code: int, message: str) -> None:
    result = run(CASE, "-o", "out", *options)
    assert result.exit_code == code
    assert message in " ".join(result.stderr.split())
    assert result.stdout == ""
    assert list(Path().iterdir()) == []


def test_what_is_no_evaluation_is_left_alone(run: Run) -> None:
    Path("thesis").mkdir()
    Path("thesis/chapter.txt").touch()
    for options in ((), ("--overwrite",)):
        result = run(CASE, "-o", "thesis", "--no-model", *options)
        assert result.exit_code == 1
    assert [path.name for path in Path("thesis").iterdir()] == ["chapter.txt"]


def test_a_folder_that_cannot_be_written_is_told_before_the_work(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("locked").mkdir()
    # Whoever runs the tests may be allowed everything.
    may = os.access
    monkeypatch.setattr("os.access", lambda path, mode: not mode & os.W_OK and may(path, mode))
    result = run(CASE, "-o", "locked/out")
    assert result.exit_code == 1
    assert "'locked' cannot be written to" in result.stderr


@pytest.mark.parametrize("scheme", ["kfold", "temporal", "labeller"])
def test_a_case_without_labels(run: Run, tmp_path: Path, scheme: str) -> None:
    folder = tmp_path / "case"
    shutil.copytree(CASE, folder)
    labels = folder / "labels.csv"
    header = labels.read_text(encoding="utf-8").splitlines()[0]
    labels.write_text(header + "\n", encoding="utf-8")
    result = run(str(folder), "-o", "out", "--scheme", scheme)
    assert result.exit_code == 1
    assert "labels.csv: none of 0 rows can be scored" in result.stderr
    assert not Path("out").exists()


def test_a_faulty_case_is_told_before_anything_is_fitted(run: Run, tmp_path: Path) -> None:
    result = run(str(tmp_path / "absent"), "-o", "out")
    assert result.exit_code == 1
    assert "no such folder" in result.stderr
