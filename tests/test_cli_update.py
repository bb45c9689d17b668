"""The command that takes up new rows without a refit, on the bundled model."""

import json
from pathlib import Path

import pandas as pd
import pytest
from command import call

from attribution.case.case import Case
from attribution.posterior.store import bundled_model_folder, load

MODEL = bundled_model_folder()


def write_labels(case: Case, path: Path, count: int = 1, **cells: str) -> list[str]:
    """Write labels on the last incidents that have none; return the incidents."""
    labelled = set(case.labels["incident_id"])
    names = [name for name in case.incidents["incident_id"] if name not in labelled][-count:]
    usual = {
        "labeller": "isw",
        "labeller_type": "analyst",
        "group_id": "kataib_hezbollah",
        "confidence": "likely",
        "contested": "no",
        "date": "2026-07-01",
        "source_id": case.labels["source_id"].iloc[0],
        "scope": "incident",
        "basis": "direct",
    }
    pd.DataFrame([{"incident_id": n, **usual, **cells} for n in names]).to_csv(path, index=False)
    return names


def test_an_updated_model_answers_like_any_other(iraq: Case, tmp_path: Path) -> None:
    (name,) = write_labels(iraq, tmp_path / "labels.csv")
    new = tmp_path / "new.model"
    result = call("update", MODEL, "--labels", tmp_path / "labels.csv", "-o", new)
    assert result.exit_code == 0, result.stderr
    words = " ".join(result.stdout.split())
    assert "1 label taken up without a refit, on 1 incident. Pareto k-hat" in words
    assert "effective draws of 500" in words
    assert len(load(new).case.labels) == len(iraq.labels) + 1
    answer = json.loads(call("query", new, name, "--json").stdout)
    assert any("named Kataib Hezbollah" in p["text"] for p in answer["incident"]["pieces"])
    assert answer["model"]["update"]["rows"]["labels"] == 1
    assert call("diagnose", new).exit_code == 0
    again = call("update", MODEL, "--labels", tmp_path / "labels.csv", "-o", new)
    assert again.exit_code == 1
    assert "--overwrite" in again.stderr


def test_an_empty_file_is_no_update_not_even_of_an_update(iraq: Case, tmp_path: Path) -> None:
    empty, labels, once = (tmp_path / name for name in ("empty.csv", "labels.csv", "once.model"))
    write_labels(iraq, labels)
    pd.read_csv(labels).iloc[:0].to_csv(empty, index=False)
    assert call("update", MODEL, "--labels", labels, "-o", once).exit_code == 0
    for model in (MODEL, once):
        result = call("update", model, "--labels", empty, "-o", tmp_path / "none.model")
        assert result.exit_code == 1
        assert "the files hold no row that the model does not have" in result.stderr
        assert not (tmp_path / "none.model").exists()


def test_rows_that_are_at_fault_are_all_told(iraq: Case, tmp_path: Path) -> None:
    write_labels(iraq, tmp_path / "new labels.csv", 2, confidence="likley", source_id="none")
    new = tmp_path / "new.model"
    result = call("update", MODEL, "--labels", tmp_path / "new labels.csv", "-o", new)
    assert result.exit_code == 1
    assert "4 faults in the new rows:" in result.stderr
    assert "new labels.csv, row 3, column confidence: 'likley'" in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new labels.csv"]


def test_a_refit_is_asked_for_and_nothing_written(iraq: Case, tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    write_labels(iraq, file, 40, group_id="asaib_ahl_al_haq", confidence="certain")
    result = call("update", MODEL, "--labels", file, "-o", tmp_path / "new.model")
    assert result.exit_code == 3
    assert "refit" in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["labels.csv"]


def test_what_is_not_used_is_told_and_nothing_else_is_no_update(iraq: Case, tmp_path: Path) -> None:
    write_labels(iraq, tmp_path / "strange.csv", labeller="somebody_else")
    result = call("update", MODEL, "--labels", tmp_path / "strange.csv", "-o", tmp_path / "x")
    assert result.exit_code == 1
    assert "none of the new rows can be used" in result.stderr
    assert "unknown labeller 'somebody_else'" in result.stderr
    known = pd.read_csv(tmp_path / "strange.csv", dtype=str).assign(labeller="isw")
    both = pd.concat([pd.read_csv(tmp_path / "strange.csv", dtype=str), known])
    both.to_csv(tmp_path / "both.csv", index=False)
    result = call("update", MODEL, "--labels", tmp_path / "both.csv", "-o", tmp_path / "x")
    assert result.exit_code == 0
    assert "Note: both.csv, row 2: this label is not used: unknown labeller" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ((), 2, "at least one of --labels"),
        (("--labels", "no.csv"), 1, "there is no file 'no.csv'"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_loaded(
    tmp_path: Path, arguments: tuple[str, ...], code: int, told: str
) -> None:
    result = call("update", MODEL, *arguments, "-o", tmp_path / "new.model")
    assert result.exit_code == code
    assert told in " ".join(result.stderr.split())
    assert list(tmp_path.iterdir()) == []
