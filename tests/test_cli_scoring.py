"""The command ``score``: options, messages and exit codes, with a made-up posterior."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from command import call
from fake_posterior import FakePosterior
from typer.testing import Result

from attribution.case.case import Case

MODEL = "."  # any folder
ROWS = 30

type Run = Callable[..., Result]


@dataclass(frozen=True, eq=False)
class Interrupted(FakePosterior):
    """Is interrupted from the keyboard in the third part, once."""

    asked: list[int] = field(default_factory=list)
    stopped: list[bool] = field(default_factory=list)

    def attribute(self, incidents: pd.DataFrame | Sequence[str] | None = None) -> pd.DataFrame:
        assert incidents is not None
        self.asked.append(len(incidents))
        assert isinstance(incidents, pd.DataFrame)
        if incidents["incident_id"].iloc[0] == "id20" and not self.stopped:
            self.stopped.append(True)
            raise KeyboardInterrupt
        return super().attribute(incidents)


@pytest.fixture
def posterior(iraq: Case) -> FakePosterior:
    return Interrupted(iraq)


@pytest.fixture
def run(posterior: FakePosterior, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.setattr("attribution.posterior.store.load", lambda *_: posterior)
    monkeypatch.chdir(tmp_path)
    lines = [f"id{n},{'2020-01-02' if n % 3 else 'bad'}" for n in range(ROWS)]
    text = "\n".join(["incident_id,date", *lines, ""])
    (tmp_path / "in.csv").write_text(text, encoding="utf-8")

    return partial(call, "score", MODEL)


def test_an_interruption_leaves_what_resume_takes_up(
    run: Run, tmp_path: Path, posterior: Interrupted
) -> None:
    first = run("in.csv", "-o", "out.csv", "--part-rows", "10")
    assert first.exit_code == 130
    assert "20 rows are kept in .out.csv.parts; the same command with --resume" in first.stderr
    assert "Interrupted." in first.stderr
    assert not (tmp_path / "out.csv").exists()
    again = run("in.csv", "-o", "out.csv", "--part-rows", "10")
    assert again.exit_code == 1
    assert "--resume goes on from there, --restart begins anew" in again.stderr
    resumed = run("in.csv", "-o", "out.csv", "--part-rows", "10", "--resume")
    assert resumed.exit_code == 0, resumed.stderr
    assert "30 rows written to out.csv: 20 ok, 0 partial, 10 rejected." in resumed.stdout
    assert "Rejected rows: out.csv.rejected.csv" in resumed.stdout
    assert posterior.asked == [10, 10, 10, 10]
    complete = run("in.csv", "-o", "out.csv", "--part-rows", "10", "--resume")
    assert complete.exit_code == 0
    assert "out.csv is complete: 30 rows; nothing to do" in complete.stderr


def test_restart_begins_anew(run: Run, posterior: Interrupted) -> None:
    assert run("in.csv", "-o", "out.csv", "--part-rows", "10").exit_code == 130
    assert run("in.csv", "-o", "out.csv", "--part-rows", "10", "--restart").exit_code == 0
    assert posterior.asked == [10] * 6


def test_quiet_says_nothing(run: Run) -> None:
    result = run("in.csv", "-o", "out.csv", "--quiet")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert result.stderr == ""


def test_standard_streams(run: Run, tmp_path: Path) -> None:
    given = (tmp_path / "in.csv").read_bytes()
    result = run("-", "-o", "-", given=given)
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].startswith("incident_id,p_")
    assert len(lines) == ROWS + 1
    assert "30 rows written to standard output" in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]
    packed = run("in.csv", "-o", "-", "--output-format", "parquet")
    assert packed.stdout_bytes.startswith(b"PAR1")
    assert packed.stdout_bytes.endswith(b"PAR1")
    assert run("-", "-o", "o.csv", "--resume", given=given).exit_code == 2


def test_formulas_are_made_harmless_unless_raw(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("incident_id,date\n=1+1,2020-01-01\n", encoding="utf-8")
    run("in.csv", "-o", "safe.csv")
    run("in.csv", "-o", "raw.csv", "--raw")
    assert (tmp_path / "safe.csv").read_text(encoding="utf-8").splitlines()[1].startswith("'=1+1,")
    assert (tmp_path / "raw.csv").read_text(encoding="utf-8").splitlines()[1].startswith("=1+1,")


def test_other_peoples_tables(run: Run, tmp_path: Path) -> None:
    (tmp_path / "acled.csv").write_text(
        "event_id_cnty,event_date,sub_event_type,when\n"
        "IRQ1,2021-02-15,Grenade,2020-01-01\nIRQ2,2021-02-15,Telepathy,2020-01-01\n",
        encoding="utf-8",
    )
    result = run("acled.csv", "-o", "out.parquet", "--layout", "acled", "--map", "date=when")
    assert result.exit_code == 0, result.stderr
    assert "Words in no vocabulary, weapon_type:" in result.stdout
    assert "1 x Telepathy" in result.stdout
    ids = pq.read_table(tmp_path / "out.parquet")["incident_id"].to_pylist()
    assert ids == ["IRQ1", "IRQ2"]
    manifest = json.loads((tmp_path / "out.parquet.manifest.json").read_text(encoding="utf-8"))
    assert manifest["counts"]["unmapped"]["weapon_type"] == {"Telepathy": 1}


def test_a_query(run: Run, tmp_path: Path) -> None:
    result = run("--sql", "select * from 'in.csv' where date <> 'bad'", "-o", "out.csv")
    assert result.exit_code == 0, result.stderr
    assert len((tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()) == 21


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("in.csv",), 2, "--output"),
        (("-o", "out.csv"), 2, "either an INPUT or, with --sql, a query"),
        (("in.csv", "--sql", "select 1", "-o", "out.csv"), 2, "either an INPUT or"),
        (("in.csv", "-o", "out.csv", "--resume", "--restart"), 2, "exclude each other"),
        (("in.csv", "-o", "out.csv", "--workers", "2"), 2, "go with --engine dask"),
        (("in.csv", "-o", "out.csv", "--map", "date"), 2, "not of the form column=value"),
        (("in.csv", "-o", "out.csv", "--map", "dat=x"), 2, "nearest: date"),
        (("in.csv", "-o", "out.csv", "--map", "date=dat"), 1, "nearest: date"),
        (("in.csv", "-o", "out.csv", "--part-rows", "0"), 2, "--part-rows"),
        (("in.csv", "-o", "out.csv", "--input-format", "xml"), 2, "xml"),
        (("in.csv", "-o", "out.csv", "--input-format", "parquet"), 1, "not readable as Parquet"),
        (("*.xml", "-o", "out.csv"), 1, "no file fits this pattern"),
        (("--sql", "selct", "-o", "out.csv"), 1, "the query: "),
    ],
)
def test_mistakes(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    result = run(*arguments)
    assert result.exit_code == code
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
