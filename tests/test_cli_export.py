"""The command ``export``: formats, refusals and exit codes, with a made-up posterior."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from command import call
from fake_posterior import FakePosterior
from typer.testing import Result

from attribution.case.case import Case

MODEL = "."  # any folder
NAMES = ("out.geojson", "out.csv", "out.parquet", "out.stix.json")

type Run = Callable[..., Result]


@pytest.fixture
def run(iraq: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run the command in an empty folder."""
    monkeypatch.setattr("attribution.posterior.store.load", lambda *_: FakePosterior(iraq))
    monkeypatch.chdir(tmp_path)

    return partial(call, "export", MODEL)


def incidents_in(path: Path) -> int:
    match path.suffix:
        case ".geojson":
            return len(json.loads(path.read_text())["features"])
        case ".csv":
            return len(path.read_text().splitlines()) - 1
        case ".parquet":
            return int(pq.read_table(path).num_rows)
        case _:
            objects = json.loads(path.read_text())["objects"]
            return sum(each["type"] == "incident" for each in objects)


@pytest.mark.parametrize("name", NAMES)
def test_the_name_tells_the_format_and_options_what(run: Run, iraq: Case, name: str) -> None:
    options = ("--from", "2021-01-01", "--to", "2021-03-31", "--weapon-type", "rocket")
    result = run("-o", name, *options, "--weapon_type", "drone", "--country", "Iraq")
    assert result.exit_code == 0, result.stderr
    incidents = iraq.incidents
    chosen = (
        incidents["date"].between("2021-01-01", "2021-03-31")
        & incidents["weapon_type"].isin(["rocket", "drone"])
        & (incidents["country"] == "Iraq")
    )
    assert incidents_in(Path(name)) == chosen.sum() > 0
    assert result.stdout == f"{chosen.sum()} incidents written to {name}.\n"
    assert [each.name for each in Path.cwd().iterdir()] == [name]


def test_a_format_that_the_name_does_not_tell(run: Run, iraq: Case) -> None:
    assert run("-o", "out", "--format", "geojson").exit_code == 0
    assert len(json.loads(Path("out").read_text())["features"]) == len(iraq.incidents)


def test_nothing_fits(run: Run) -> None:
    result = run("-o", "out.geojson", "--to", "1990-01-01")
    assert result.exit_code == 0
    assert "no incident of the case fits" in result.stderr
    assert incidents_in(Path("out.geojson")) == 0


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("-o", "out.json"), 2, ".geojson"),
        (("-o", "out.xlsx"), 2, ".parquet"),
        (("-o", "out.csv", "--format", "kml"), 2, "kml"),
        (("-o", "out.csv", "--weapon-type", "rockt"), 1, "Did you mean 'rocket'?"),
        (("-o", "out.csv", "--from", "2021-01-02", "--to", "2021-01-01"), 2, "lies after"),
        (("-o", "nowhere/out.csv"), 1, "nowhere"),
        (("-o", "."), 1, "name a file"),
        ((), 2, "--output"),
    ],
)
def test_refusals_write_nothing(
    run: Run, options: tuple[str, ...], code: int, message: str
) -> None:
    result = run(*options)
    assert result.exit_code == code
    assert message in result.stderr
    assert result.stdout == ""
    assert list(Path.cwd().iterdir()) == []
