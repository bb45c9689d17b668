"""Saving and loading: all or nothing, no code, one error for each kind of mismatch."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from attribution.case.load import bundled_case_folder, load_case
from attribution.cli import app
from attribution.posterior.posterior import Posterior
from attribution.posterior.store import (
    ChangedDataError,
    ModelFolderError,
    PackageVersionError,
    SchemaError,
    bundled_model_folder,
    load,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "copy.model"
    shutil.copytree(bundled_model_folder(), copy)
    return copy


def edit_manifest(folder: Path, **fields: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | fields), "utf-8")


def test_a_round_trip_changes_nothing(posterior: Posterior, tmp_path: Path) -> None:
    posterior.save(tmp_path / "again.model")
    again = load(tmp_path / "again.model")
    assert again.manifest.as_dict() == posterior.manifest.as_dict()
    for name, values in posterior.tables.items():
        np.testing.assert_array_equal(again.tables[name], values)
    pd.testing.assert_frame_equal(again.attribute(), posterior.attribute())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.model"]


def test_the_bundled_model_is_of_the_bundled_case(posterior: Posterior) -> None:
    """Fails when data/iraq changes: run experiments/build_bundled_posterior.py."""
    assert posterior.manifest.case_fingerprint == load_case(bundled_case_folder()).fingerprint()


def test_the_bundled_model_is_small() -> None:
    sizes = [path.stat().st_size for path in bundled_model_folder().rglob("*") if path.is_file()]
    assert sum(sizes) < 8 * 2**20


def test_an_existing_path_is_not_overwritten(posterior: Posterior, folder: Path) -> None:
    with pytest.raises(FileExistsError):
        posterior.save(folder)


def test_a_failed_save_leaves_nothing(
    posterior: Posterior, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("attribution.posterior.store.json.dumps", broken)
    with pytest.raises(OSError, match="disk full"):
        posterior.save(tmp_path / "x.model")
    assert list(tmp_path.iterdir()) == []


def test_a_model_says_how_it_was_found(folder: Path) -> None:
    """One that was saved before there was a choice was sampled."""
    assert load(folder).manifest.method == "nuts"
    checks = [{"name": "Pareto k-hat", "value": 0.4, "limit": 0.7, "passed": True}]
    verdict = {"passed": True, "entries": 0, "checks": checks, "worst": []}
    edit_manifest(folder, method="laplace", chains=0, tune=0, diagnostics=verdict)
    approximated = load(folder)
    assert approximated.manifest.method == "laplace"
    assert approximated.manifest.as_dict()["method"] == "laplace"
    diagnosis = approximated.diagnose()
    assert diagnosis.passed
    assert diagnosis.table["check"].tolist() == ["Pareto k-hat"]
    assert "table entries" not in diagnosis.text
    shown = CliRunner().invoke(app, ["diagnose", str(folder)])
    assert shown.exit_code == 0, shown.output
    assert "Pareto k-hat" in shown.stdout
    assert not any(word in shown.stdout for word in ("R-hat", "Worst entries", "entries checked"))


def test_another_schema(folder: Path) -> None:
    edit_manifest(folder, schema_version=999)
    with pytest.raises(SchemaError, match="999"):
        load(folder)


def test_another_package_version(folder: Path) -> None:
    edit_manifest(folder, package_version="0.0.1")
    with pytest.raises(PackageVersionError, match=r"0\.0\.1"):
        load(folder)
    assert load(folder, check_version=False).manifest.package_version == "0.0.1"


def test_changed_data(folder: Path) -> None:
    path = folder / "case" / "incidents.csv"
    path.write_text(path.read_text("utf-8").replace(",rocket,", ",mortar,", 1), "utf-8")
    with pytest.raises(ChangedDataError, match="changed since the fit"):
        load(folder)


def test_changed_levels(folder: Path) -> None:
    levels = json.loads((folder / "manifest.json").read_text("utf-8"))["levels"]
    edit_manifest(folder, levels=levels | {"weapon": levels["weapon"][:-1]})
    with pytest.raises(ChangedDataError, match="levels"):
        load(folder)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"schema_version": 1}'])
def test_a_broken_manifest(folder: Path, content: str) -> None:
    (folder / "manifest.json").write_text(content, "utf-8")
    with pytest.raises(ModelFolderError):
        load(folder)


def test_no_folder_no_manifest_no_draws(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(ModelFolderError, match="does not exist"):
        load(tmp_path / "nowhere")
    with pytest.raises(ModelFolderError, match=r"no manifest\.json"):
        load(tmp_path)
    shutil.rmtree(folder / "draws.zarr")
    with pytest.raises(ModelFolderError):
        load(folder)


def test_nothing_in_the_folder_is_a_pickle() -> None:
    for path in bundled_model_folder().rglob("*"):
        assert path.suffix not in (".pkl", ".pickle", ".joblib")
        if path.is_file():
            assert not path.read_bytes().startswith(b"\x80\x04")
