"""Commands with a made-up posterior: what they print, write and return."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from command import call
from fake_posterior import FakePosterior
from typer.testing import Result

from attribution.case.case import Case
from attribution.case.load import bundled_case_folder

ERBIL = "20210215-erbil-airport"
MODEL = "."  # any folder

type Run = Callable[..., Result]


@pytest.fixture
def posterior(iraq: Case) -> FakePosterior:
    return FakePosterior(iraq)


@pytest.fixture
def run(posterior: FakePosterior, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command in an empty folder, with the made-up posterior in place of every model."""
    monkeypatch.setattr("attribution.posterior.store.load", lambda *_: posterior)
    monkeypatch.setattr("attribution.posterior.store.bundled_model_folder", lambda _: tmp_path)
    monkeypatch.chdir(tmp_path)
    return call


def content(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(result.stdout, parse_constant=refuse)


# --- query --------------------------------------------------------------------------------------


def test_query_tells_who_why_and_from_where(run: Run) -> None:
    result = run("query", MODEL, ERBIL)
    assert result.exit_code == 0
    for expected in (ERBIL, "Who probably did it", "decibans", "Sources", "90 % interval"):
        assert expected in result.stdout
    assert result.stderr == ""


def test_query_json_holds_the_whole_answer(run: Run, posterior: FakePosterior) -> None:
    answer = content(run("query", MODEL, ERBIL, "--json"))
    chances = answer["incident"]["chances"]
    assert {chance["actor"] for chance in chances} == set(posterior.actors)
    assert sum(chance["p"] for chance in chances) == pytest.approx(1)
    pieces = answer["incident"]["pieces"]
    assert pieces[0]["piece"] == "base rate"
    assert sum(p["decibans"] for p in pieces[:-1]) == pytest.approx(pieces[-1]["decibans"])
    assert answer["incident"]["evidence"] == "moderate"
    assert answer["model"]["case_fingerprint"] == posterior.case.fingerprint()


def test_query_for_one_actor_against_another(run: Run) -> None:
    result = run("query", MODEL, ERBIL, "--actor", "isis", "--against", "kataib_hezbollah")
    assert "Evidence for Islamic State against Kataib Hezbollah" in result.stdout


def test_query_of_an_unknown_incident_names_the_nearest(run: Run) -> None:
    result = run("query", MODEL, "20210215-erbil-airprt")
    assert result.exit_code == 1
    assert ERBIL in result.stderr
    assert result.stdout == ""


def test_query_of_an_unknown_actor(run: Run) -> None:
    result = run("query", MODEL, ERBIL, "--actor", "kataib_hizbollah")
    assert result.exit_code == 1
    assert "Did you mean 'kataib_hezbollah'?" in result.stderr


def test_query_of_an_actor_against_itself(run: Run) -> None:
    assert run("query", MODEL, ERBIL, "--actor", "isis", "--against", "isis").exit_code == 2


# --- what-if ------------------------------------------------------------------------------------


def test_what_if_shows_both_sides(run: Run) -> None:
    result = run("what-if", MODEL, ERBIL, "--set", "weapon_type=drone", "--no-claims")
    assert result.exit_code == 0
    for expected in ("as it is", "as supposed", "Weapon: drone", "supposed:"):
        assert expected in result.stdout


def test_what_if_understands_names_of_brands(
    run: Run, posterior: FakePosterior, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}
    answer = posterior.what_if_columns(ERBIL, columns={})

    def spy(_: FakePosterior, incident_id: str | None, **question: Any) -> Any:
        asked.update(question, incident_id=incident_id)
        return answer

    monkeypatch.setattr(FakePosterior, "what_if_columns", spy)
    run("what-if", MODEL, ERBIL, "--claim", "KH", "--claim", "Kata'ib Hizballah", "--no-labels")
    assert asked["claims"] == ["kataib_hezbollah", "kataib_hezbollah"]
    assert asked["keep_labels"] is False
    run("what-if", MODEL, ERBIL, "--no-claims")
    assert asked["claims"] == []
    assert asked["keep_labels"] is True
    run("what-if", MODEL, "--set", " weapon_type = rocket", "--set", "province=")
    assert asked["claims"] is None
    assert asked["incident_id"] is None
    assert asked["columns"] == {"weapon_type": "rocket", "province": ""}


def test_what_if_without_an_incident(run: Run) -> None:
    answer = content(run("what-if", MODEL, "--set", "date=2020-03-11", "--json"))
    assert answer["chances_before"] == []
    assert answer["incident"]["incident_id"] == ""
    assert ["Date", "2020-03-11"] in answer["incident"]["facts"]


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ((), 2, "nothing to change"),
        (("--set", "weapon_type"), 2, "column=value"),
        (("--set", "=drone"), 2, "column=value"),
        (("--claim", "KH", "--no-claims"), 2, "contradict"),
        (("--set", "wepon_type=drone"), 1, "Did you mean 'weapon_type'?"),
        (("--set", "killed=3"), 1, "Allowed: weapon_type"),
        (("--set", "weapon_type=dron"), 1, "Did you mean 'drone'?"),
        (("--set", "date=2020-13-01"), 1, "column date: '2020-13-01' is no date"),
        (("--set", "country=Iraq", "--set", "country=Syria"), 1, "set twice"),
        (("--claim", "Ahl al-Kahf"), 1, "ashab_al_kahf"),
        (("--claim", "Kataib Hezbolah al-Nujabaa of Nowhere"), 1, "Error: "),
    ],
)
def test_what_if_refusals(run: Run, options: tuple[str, ...], code: int, message: str) -> None:
    result = run("what-if", MODEL, ERBIL, *options)
    assert result.exit_code == code
    assert message in " ".join(result.stderr.split())
    assert result.stdout == ""


# --- shares, brands, labellers, diagnose --------------------------------------------------------


@pytest.mark.parametrize("option", ["--weapon-type", "--weapon_type"])
def test_shares_with_both_spellings(run: Run, option: str) -> None:
    answer = content(run("shares", MODEL, option, "rocket", "--by", "year", "--json"))
    by_year = {row["period"]: row["n_incidents"] for row in answer["shares"]}
    assert by_year["2020"] > by_year["2018"] > 0


def test_shares_pass_every_condition_on(
    run: Run, posterior: FakePosterior, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}
    answer = posterior.shares()

    def spy(_: FakePosterior, **question: Any) -> pd.DataFrame:
        asked.update(question)
        return answer

    monkeypatch.setattr(FakePosterior, "shares", spy)
    run("shares", MODEL, "--from", "2020-01-01", "--to", "2020-09-30", "--by", "quarter",
        "--weapon-type", "rocket", "--weapon-type", "mortar", "--target_type", "us_diplomatic",
        "--country", "Iraq", "--province", "Baghdad")  # fmt: skip
    assert asked == {
        "start": date(2020, 1, 1),
        "end": date(2020, 9, 30),
        "by": "quarter",
        "where": {
            "weapon_type": ("rocket", "mortar"),
            "target_type": ("us_diplomatic",),
            "country": ("Iraq",),
            "province": ("Baghdad",),
        },
    }
    run("shares", MODEL)
    assert asked == {"start": None, "end": None, "by": None, "where": {}}


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--weapon-type", "rockt"), 1, "Did you mean 'rocket'?"),
        (("--province", "Nowhere"), 1, "province: 'Nowhere' is not known"),
        (("--from", "01/02/2020"), 2, "write a day as 2021-02-15"),
        (("--from", "2020-02-30"), 2, "is no date"),
        (("--from", "2020-02-02", "--to", "2020-01-01"), 2, "lies after"),
        (("--by", "week"), 2, "month"),
    ],
)
def test_shares_refusals(run: Run, options: tuple[str, ...], code: int, message: str) -> None:
    result = run("shares", MODEL, *options)
    assert result.exit_code == code
    assert message in " ".join(result.stderr.split())


def test_shares_of_nothing(run: Run) -> None:
    result = run("shares", MODEL, "--to", "1990-01-01")
    assert result.exit_code == 0
    assert "No incident of the case fits." in result.stdout


@pytest.mark.parametrize(
    ("command", "tables"),
    [
        ("shares", {"shares"}),
        ("brands", {"brands"}),
        ("labellers", {"labellers", "preferences"}),
        ("diagnose", {"passed", "checks", "worst", "sensitivity"}),
    ],
)
def test_tables_in_json_and_in_text(run: Run, command: str, tables: set[str]) -> None:
    answer = content(run(command, MODEL, "--json"))
    assert set(answer) == tables | {"model"}
    text = run(command, MODEL)
    assert text.exit_code == 0
    assert len(text.stdout.splitlines()) > 4


def test_a_model_that_failed_is_told_everywhere(
    iraq: Case, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = FakePosterior(iraq, passed=False)
    monkeypatch.setattr("attribution.posterior.store.load", lambda *_: failed)
    assert run("diagnose", MODEL).exit_code == 3
    as_json = run("diagnose", MODEL, "--json")
    assert as_json.exit_code == 3
    assert json.loads(as_json.stdout)["passed"] is False
    shares = run("shares", MODEL, "--json")
    assert shares.exit_code == 0
    assert "failed its own diagnostics" in shares.stderr
    assert json.loads(shares.stdout)


def test_an_interrupt_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("attribution.posterior.store.load", interrupted)
    result = run("brands", MODEL)
    assert result.exit_code == 130
    assert result.stderr == "Interrupted.\n"


def test_a_defect_is_no_fault_of_the_user(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def defect(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("attribution.posterior.store.load", defect)
    with pytest.raises(ZeroDivisionError):
        run("brands", MODEL)


# --- check and fit ------------------------------------------------------------------------------


def copy_of_the_case(folder: Path) -> Path:
    folder.mkdir()
    for path in bundled_case_folder().iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def break_a_weapon(folder: Path) -> None:
    path = folder / "incidents.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(",rocket,", ",rockt,", 1), encoding="utf-8")


def test_check_of_a_sound_case(run: Run, iraq: Case) -> None:
    result = run("check", str(bundled_case_folder()))
    assert result.exit_code == 0
    assert iraq.fingerprint() in result.stdout
    answer = content(run("check", str(bundled_case_folder()), "--json"))
    assert answer["ok"] is True
    assert answer["rows"]["incidents"] == 644


def test_check_of_a_faulty_case(run: Run, tmp_path: Path) -> None:
    folder = copy_of_the_case(tmp_path / "case")
    break_a_weapon(folder)
    result = run("check", str(folder))
    assert result.exit_code == 1
    assert "column weapon_type: 'rockt'" in result.stderr
    as_json = run("check", str(folder), "--json")
    assert as_json.exit_code == 1
    (fault,) = json.loads(as_json.stdout)["faults"]
    assert fault["file"] == "incidents.csv"
    assert fault["nearest"] == "rocket"
    assert "drone" in fault["allowed"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kilometres = [10, 40]", "kilometres = 10", "options.kilometres must be a list of"),
        ('name = "territory"', 'name = "teritory"', "a channel 'teritory' that does not exist"),
    ],
)
def test_check_and_fit_refuse_options_that_do_not_fit(  # noqa: PLR0917
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, message: str
) -> None:
    folder = copy_of_the_case(tmp_path / "case")
    config = folder / "case.toml"
    text = config.read_text(encoding="utf-8")
    assert old in text
    config.write_text(text.replace(old, new), encoding="utf-8")
    result = run("check", str(folder))
    assert result.exit_code == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    (fault,) = json.loads(run("check", str(folder), "--json").stdout)["faults"]
    assert (fault["file"], fault["column"]) == ("case.toml", "channels")
    assert message in fault["message"]

    def compiled(*_: Any) -> None:
        raise AssertionError("the model must not be compiled")

    monkeypatch.setattr("attribution.model.fit.compile_model", compiled)
    failed = run("fit", str(folder), "-o", str(tmp_path / "model"))
    assert failed.exit_code == 1
    assert message in failed.stderr
    assert not (tmp_path / "model").exists()


@dataclass
class Fits:
    """Stands in for the fit and remembers what it was asked."""

    posterior: FakePosterior
    asked: dict[str, Any] = field(default_factory=dict)

    def __call__(self, case: Case, **question: Any) -> FakePosterior:
        self.asked = question | {"case": case.config.name}
        return self.posterior


@pytest.fixture
def fits(posterior: FakePosterior, monkeypatch: pytest.MonkeyPatch) -> Fits:
    stand_in = Fits(posterior)
    monkeypatch.setattr("attribution.posterior.fit.fit", stand_in)
    return stand_in


CASE = str(bundled_case_folder())


def test_fit_saves_the_model(run: Run, fits: Fits, tmp_path: Path) -> None:
    result = run("fit", CASE, "-o", "new.model", "--seed", "7", "--draws", "50",
                 "--as-of", "2021-02-24", "--method", "laplace")  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert fits.asked == {
        "case": "iraq",
        "seed": 7,
        "draws": 50,
        "as_of": date(2021, 2, 24),
        "force": False,
        "method": "laplace",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["new.model"]
    assert "passed" in result.stdout


def test_fit_replaces_a_model_only_when_told(run: Run, fits: Fits, tmp_path: Path) -> None:
    assert run("fit", CASE, "-o", "new.model").exit_code == 0
    fits.asked = {}
    again = run("fit", CASE, "-o", "new.model")
    assert again.exit_code == 1
    assert "--overwrite" in again.stderr
    assert fits.asked == {}, "a minute of sampling was spent before the refusal"
    (tmp_path / "new.model" / "stale").write_text("", encoding="utf-8")
    assert run("fit", CASE, "-o", "new.model", "--overwrite").exit_code == 0
    assert [path.name for path in (tmp_path / "new.model").iterdir()] == ["manifest.json"]


def test_fit_never_replaces_what_is_no_model(run: Run, fits: Fits, tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "thesis.txt").write_text("years of work", encoding="utf-8")
    result = run("fit", CASE, "-o", "papers", "--overwrite")
    assert result.exit_code == 1
    assert "is no model" in result.stderr
    (tmp_path / "file").write_text("text", encoding="utf-8")
    assert run("fit", CASE, "-o", "file", "--overwrite").exit_code == 1
    assert run("fit", CASE, "-o", "missing/new.model").exit_code == 1
    assert fits.asked == {}
    assert (tmp_path / "papers" / "thesis.txt").exists()


def test_fit_of_a_faulty_case_writes_nothing(run: Run, fits: Fits, tmp_path: Path) -> None:
    folder = copy_of_the_case(tmp_path / "case")
    break_a_weapon(folder)
    assert run("fit", str(folder), "-o", "new.model").exit_code == 1
    assert fits.asked == {}
    assert [path.name for path in tmp_path.iterdir()] == ["case"]


def test_fit_that_fails_its_diagnostics(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, iraq: Case
) -> None:
    from attribution.model.verdict import DiagnosticsError

    def fails(_: Case, *, force: bool, **question: Any) -> FakePosterior:
        assert question["seed"] == 1
        if not force:
            raise DiagnosticsError.__new__(DiagnosticsError)
        return FakePosterior(iraq, passed=False)

    monkeypatch.setattr("attribution.posterior.fit.fit", fails)
    assert run("fit", CASE, "-o", "new.model").exit_code == 3
    assert list(tmp_path.iterdir()) == []
    forced = run("fit", CASE, "-o", "new.model", "--force")
    assert forced.exit_code == 0
    assert "failed its own diagnostics" in forced.stderr
    assert (tmp_path / "new.model").is_dir()


def test_a_posterior_that_cannot_be_approximated(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from attribution.model.laplace import ApproximationError
    from attribution.model.verdict import Verdict

    def fails(_: Case, *, method: str, **question: Any) -> FakePosterior:
        assert (method, question["seed"]) == ("auto", 1)
        raise ApproximationError(Verdict((), (), 0), "the posterior has no peak")

    monkeypatch.setattr("attribution.posterior.fit.fit", fails)
    result = run("fit", CASE, "-o", "new.model")
    assert result.exit_code == 3
    assert "the posterior has no peak" in result.stderr
    assert "use --method nuts" in result.stderr
    assert list(tmp_path.iterdir()) == []
    assert run("fit", CASE, "-o", "new.model", "--method", "exact").exit_code == 2


# --- score and demo -----------------------------------------------------------------------------


def test_score_keeps_every_row(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(
        "incident_id,date\n=1+1,2020-01-01\nb,2020-13-01\n", encoding="utf-8"
    )
    result = run("score", MODEL, "in.csv", "-o", "out.parquet")
    assert result.exit_code == 0, result.stderr
    assert "2 rows written to out.parquet: 1 ok, 0 partial, 1 rejected." in result.stdout
    assert "1 x rejected: date '2020-13-01' is no date" in result.stdout
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 2


@pytest.mark.parametrize(
    ("source", "output", "message"),
    [
        ("none.csv", "out.csv", "no such file"),
        ("in.csv", "in.csv", "this is the input"),
        ("in.csv", "out.xlsx", "CSV (.csv, .csv.gz), Parquet (.parquet) and Arrow"),
        ("in.csv", "none/out.csv", "no folder"),
    ],
)
def test_score_refusals(run: Run, tmp_path: Path, source: str, output: str, message: str) -> None:
    (tmp_path / "in.csv").write_text("date\n2020-01-01\n", encoding="utf-8")
    result = run("score", MODEL, source, "-o", output)
    assert result.exit_code == 1
    assert message in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_demo_prints_and_writes(run: Run, tmp_path: Path) -> None:
    result = run("demo")
    assert result.exit_code == 0, result.stderr
    assert "Rocket attacks on US and coalition targets in Iraq" in result.stdout
    assert ERBIL in result.stdout
    assert str(tmp_path / "attribution-demo.html") in result.stdout
    assert ERBIL in (tmp_path / "attribution-demo.html").read_text(encoding="utf-8")
    assert run("demo", "-o", "other.html").exit_code == 0
    assert (tmp_path / "other.html").exists()


def test_demo_refuses_a_model_of_other_data(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = copy_of_the_case(tmp_path / "case")
    incidents = folder / "incidents.csv"
    lines = incidents.read_text(encoding="utf-8").splitlines()
    changed = [line.replace(",rocket,", ",mortar,") for line in lines]
    incidents.write_text("\n".join(changed) + "\n", encoding="utf-8")
    monkeypatch.setattr("attribution.case.load.bundled_case_folder", lambda *_: folder)
    result = run("demo")
    assert result.exit_code == 1
    assert "fitted to other data" in result.stderr
    assert not (tmp_path / "attribution-demo.html").exists()


def test_demo_refuses_a_folder_as_its_report(run: Run, tmp_path: Path) -> None:
    assert run("demo", "-o", str(tmp_path)).exit_code == 1
    assert run("demo", "-o", "missing/report.html").exit_code == 1
