"""The converter, baselines and command of the suicide attack benchmark, on invented events."""

import importlib.util
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from attribution.case.load import load_case
from attribution.channels.evidence import case_evidence
from attribution.channels.stack import bind_stack
from attribution.evaluate.baselines import MissingExtraError
from attribution.model.labelled import labelled_incidents
from attribution.model.sampler import SamplerSettings

FOLDER = Path(__file__).parents[2] / "experiments"
COLUMNS = (
    "event_id", "label", "date", "t_country", "t_province", "t_city", "lat", "lon", "t_weapon",
    "fold", "contested",
)  # fmt: skip
#: A name that stands nowhere but in the part that is asked.
SECRET = "Zenith Front"


@pytest.fixture(scope="module")
def experiment():
    """The command's module, its neighbour importable as it is for a script."""
    before = list(sys.path)
    sys.path.insert(0, str(FOLDER))
    spec = importlib.util.spec_from_file_location("cpost", FOLDER / "cpost.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path[:] = before
    for name in ("cpost_case", "cpost_baselines", "page"):
        sys.modules.pop(name, None)


@pytest.fixture
def converter(experiment, monkeypatch):  # noqa: ARG001 - puts it on the path
    """The converter with limits that 60 events can reach."""
    module = sys.modules["cpost_case"]
    monkeypatch.setattr(module, "LEAST_RECORD", 5)
    monkeypatch.setattr(module, "ESTABLISHED", 6)
    return module


def events(count=60, asked=12):
    """Sixty events a month apart; the last ones carry a secret name, all but one of `val`."""
    rng = np.random.default_rng(2)
    rows = []
    for number in range(count):
        hidden = number >= count - asked
        group = ("Red Band", "Blue Band", "OTHER")[number % 3]
        if number in {30, 40}:
            group = "Late Band"
        rows.append(
            {
                "event_id": f"e{number:02}",
                "label": SECRET if hidden else group,
                "date": f"{pd.Timestamp('2000-01-15') + pd.DateOffset(months=number):%Y-%m-%d}",
                "t_country": "Utopia" if number % 2 else "Atlantis",
                "t_province": ("Upper", "Lower", "")[number % 3],
                "t_city": f"Town {number % 5}" if number % 4 else "",
                "lat": "" if number % 7 == 0 else f"{10 + rng.random():.3f}",
                "lon": "" if number % 7 == 0 else f"{20 + rng.random():.3f}",
                "t_weapon": ("Car bomb", "Belt bomb", "Odd bomb")[number % 3],
                "fold": "val" if hidden else "fit",
                "contested": "False",
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


@pytest.fixture
def file(tmp_path):
    """Write events to a file, with some cells changed: (row, column, value)."""

    def write(*changes, rows=None, drop=()):
        table = events() if rows is None else rows
        for row, column, value in changes:
            table.loc[row, column] = value
        path = tmp_path / "events.csv"
        table.drop(columns=list(drop)).to_csv(path, index=False)
        return path

    return write


@pytest.fixture
def written(converter, file, tmp_path):
    """Events, what was asked of whom, and the folder that the converter writes."""
    table = converter.read_events(file())
    asked = table["fold"] == "val"
    start = table.loc[asked, "date"].min()
    plan = converter.Plan(start=start, known=~asked)
    folder = tmp_path / "case"
    folder.mkdir()
    converter.write_case(table, plan, folder)
    return SimpleNamespace(events=table, asked=asked, plan=plan, folder=folder)


def test_the_folder_is_a_valid_case(written):
    case = load_case(written.folder)
    assert case.incidents["incident_id"].tolist() == written.events["event_id"].tolist()
    assert case.config.actor_ids == ("blue_band", "late_band", "other", "red_band")
    assert [actor.residual for actor in case.config.actors] == [False, False, True, False]
    names = {channel.name for channel in bind_stack(case).channels}
    assert names == {"base_rate", "weapon", "neighbours", "recency", "period", "label"}
    # Every seventh event has no coordinates.
    assert case.incidents["latitude"].isna().sum() == 9


def test_no_label_of_what_is_asked_is_anywhere_in_the_folder(written):
    asked = set(written.events.loc[written.asked, "event_id"])
    for path in written.folder.iterdir():
        text = path.read_text(encoding="utf-8")
        assert SECRET not in text, path.name
        assert "zenith" not in text.lower(), path.name
    labels = pd.read_csv(written.folder / "labels.csv")
    assert len(labels)
    assert asked.isdisjoint(labels["incident_id"])


def test_what_is_written_does_not_depend_on_the_labels_asked_for(written, converter, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    swapped = written.events.copy()
    swapped.loc[written.asked, "label"] = "Red Band"
    converter.write_case(swapped, written.plan, other)
    for path in written.folder.iterdir():
        assert path.read_text(encoding="utf-8") == (other / path.name).read_text(encoding="utf-8")


def test_every_event_is_asked_of_a_record_that_ended_before_it(written):
    incidents = load_case(written.folder).incidents
    until = pd.to_datetime(incidents["seen_until"], format="%Y-%m-%d", errors="coerce")
    start = written.plan.start
    given = until.notna()
    assert (until[given] < incidents["date"][given]).all()
    assert (until[given] < start).all()
    # What is asked sees the record up to the day before the first of it.
    assert set(until[written.asked]) == {start - pd.Timedelta(days=1)}
    # The first events see too little, and are not learned from.
    labels = pd.read_csv(written.folder / "labels.csv")
    learned = set(labels.loc[labels["basis"] == "direct", "incident_id"])
    assert learned == set(incidents["incident_id"][given & ~written.asked])
    assert 10 < len(learned) < (~written.asked).sum()
    # Forecasts of several ages are learned from.
    ages = (incidents["date"] - until)[given & ~written.asked].dt.days
    assert ages.min() >= 1
    assert np.ptp(ages) > 700


def test_every_known_label_is_on_record_as_it_is(written):
    labels = pd.read_csv(written.folder / "labels.csv")
    record = labels[labels["basis"] == "brand"].set_index("incident_id")["group_id"]
    known = written.events[~written.asked].set_index("event_id")["label"]
    expected = known.str.lower().str.replace(" ", "_")
    assert record.to_dict() == expected.to_dict()


def test_a_group_with_few_events_before_reads_as_other(written, converter):
    labels = pd.read_csv(written.folder / "labels.csv")
    direct = labels[labels["basis"] == "direct"].set_index("incident_id")["group_id"]
    incidents = load_case(written.folder).incidents.set_index("incident_id")
    known = written.events[~written.asked]
    established = {True: 0, False: 0}
    for event, named in direct.items():
        until = pd.Timestamp(incidents["seen_until"][event])
        own = known.loc[known["event_id"] == event, "label"].iloc[0]
        before = ((known["label"] == own) & (known["date"] <= until)).sum()
        actor = own.lower().replace(" ", "_")
        enough = before >= converter.ESTABLISHED
        assert named == (actor if enough else "other")
        established[bool(enough)] += 1
    assert min(established.values()) > 2
    # The band with two events never gets there.
    assert "late_band" not in set(direct)


def test_only_events_with_a_direct_label_are_fitted(written):
    case = load_case(written.folder)
    stack = bind_stack(case)
    codes = stack.encode(case_evidence(case))
    fitted = case.incidents["incident_id"].iloc[labelled_incidents(stack, codes)]
    direct = case.labels.loc[case.labels["basis"] == "direct", "incident_id"]
    assert set(fitted) == set(direct)


class Fake:
    """A refitter that says the same of all events, and keeps the case."""

    cases: list

    def __init__(self, case):
        self.cases.append(case)
        self.case = case

    def predict(self, known, seed):  # noqa: ARG002
        assert known is self.case
        count = len(self.case.config.actors)
        p = np.arange(1.0, count + 1)
        return np.tile(p / p.sum(), (len(self.case.incidents), 1))


@pytest.fixture
def run(experiment, converter, monkeypatch, capsys):  # noqa: ARG001
    """Run the command with a refitter that costs nothing."""
    monkeypatch.setattr(Fake, "cases", [], raising=False)
    monkeypatch.setattr(experiment, "compile_refitter", Fake)

    def call(*arguments):
        code = experiment.main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return SimpleNamespace(code=code, out=said.out, err=said.err)

    return call


def test_probabilities_have_a_row_an_event_and_a_column_a_class(run, file, tmp_path):
    hidden = events()
    hidden.loc[hidden["fold"] == "val", ["label", "fold"]] = ""
    out = tmp_path / "probs.csv"
    # The order of the file does not matter: events are asked in the order of their days.
    answer = run("--events", file(rows=hidden.iloc[::-1]), "-o", out)
    assert answer.code == 0, answer.err
    table = pd.read_csv(out)
    assert table.columns.tolist() == ["event_id", "Blue Band", "Late Band", "OTHER", "Red Band"]
    assert table["event_id"].tolist() == [f"e{number}" for number in range(48, 60)]
    np.testing.assert_allclose(table.iloc[:, 1:].sum(axis=1), 1.0)
    np.testing.assert_allclose(table["OTHER"], 0.3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.csv", "probs.csv"]


def test_other_is_a_class_although_nobody_was_of_it(run, file, tmp_path):
    rows = events()
    rows.loc[rows["label"] == "OTHER", "label"] = "Red Band"
    answer = run("--events", file(rows=rows), "--validate", "-o", tmp_path / "p.csv")
    assert answer.code == 0, answer.err
    table = pd.read_csv(tmp_path / "p.csv")
    assert table.columns.tolist() == ["event_id", "Blue Band", "Late Band", "OTHER", "Red Band"]
    np.testing.assert_allclose(table.iloc[:, 1:].sum(axis=1), 1.0)


def test_a_validation_is_scored_and_sees_no_label_of_its_part(run, file, tmp_path):
    rows = events()
    rows.loc[rows.index[-6:], "label"] = "OTHER"
    figures = tmp_path / "scores.json"
    answer = run("--events", file(rows=rows), "--validate", "--json", figures)
    assert answer.code == 0, answer.err
    scores = json.loads(figures.read_text(encoding="utf-8"))
    # Half are OTHER, to which .3 was given; the others are of a class without a column.
    assert scores["log_loss"] == pytest.approx((-np.log(0.3) - np.log(1e-12)) / 2)
    p = np.array([0.1, 0.2, 0.3, 0.4])
    brier = (((p - [0, 0, 1, 0]) ** 2).sum() + (p**2).sum() + 1) / 2
    assert scores["brier"] == pytest.approx(brier)
    assert scores["accuracy"] == 0.0
    assert scores["ece"] == pytest.approx(0.4)
    assert answer.out.startswith("accuracy 0.000  log_loss ")
    (case,) = Fake.cases
    assert SECRET not in case.config.text


def test_a_class_without_a_column_is_missed_although_the_first_is_on_top(experiment):
    p = pd.DataFrame({"event_id": ["x", "y"], "A": [0.9, 0.9], "B": [0.1, 0.1]})
    found = experiment.scores(p, pd.Series({"x": "C", "y": "A"}))
    assert found["accuracy"] == 0.5
    assert found["ece"] == pytest.approx(0.4)
    assert found["brier"] == pytest.approx((0.81 + 0.01 + 1 + 0.02) / 2)


def test_rolling_refits_every_quarter_on_all_labels_before_it(run, file, tmp_path):
    rows = events()
    rows.loc[rows["fold"] == "val", "label"] = ["Red Band", "New Band", "OTHER"] * 4
    out = tmp_path / "p.csv"
    answer = run("--events", file(rows=rows), "--validate", "--rolling", "-o", out)
    assert answer.code == 0, answer.err
    table = pd.read_csv(out)
    assert table["event_id"].tolist() == [f"e{number}" for number in range(48, 60)]
    np.testing.assert_allclose(table.iloc[:, 1:].sum(axis=1), 1.0)
    # A class has a column once it is on record, and nothing before.
    assert (table["New Band"] > 0).tolist() == [False] * 3 + [True] * 9
    quarters = []
    for case in Fake.cases:
        asked = set(case.incidents["incident_id"]) - set(case.labels["incident_id"])
        quarters.append(sorted(asked))
        first = case.incidents.loc[case.incidents["incident_id"].isin(asked), "date"].min()
        labelled = case.incidents["incident_id"].isin(case.labels["incident_id"])
        assert (case.incidents.loc[labelled, "date"] < first).all()
    assert quarters == [[f"e{n + i}" for i in range(3)] for n in (48, 51, 54, 57)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([(3, "date", "15.04.2000")], "row 5: date '15.04.2000' is not a day written as"),
        ([(3, "lat", "north")], "row 5: lat 'north' is no number from -90 to 90"),
        ([(3, "lat", "91")], "row 5: lat '91' is no number from -90 to 90"),
        ([(3, "lon", "inf")], "row 5: lon 'inf' is no number from -180 to 180"),
        ([(3, "lon", "")], "row 5: lat and lon must both be given"),
        ([(3, "t_country", "")], "row 5: t_country is blank"),
        ([(3, "event_id", "e04")], "event_id 'e04' is there twice"),
        ([(3, "label", "red band")], "label 'Red Band', 'red band': letters a-z and digits"),
        ([(3, "label", "Other")], "label 'OTHER', 'Other': letters a-z and digits"),
        ([(3, "label", "***")], "label '***': letters a-z and digits"),
        ([(row, "date", "") for row in range(30)], "; 20 more"),
    ],
)
def test_a_bad_file_is_refused_in_one_message(run, file, tmp_path, changes, message):
    path = file(*changes)
    answer = run("--events", path, "--validate", "-o", tmp_path / "p.csv")
    assert answer.code == 1
    assert answer.err.startswith(f"{path}: ")
    assert message in answer.err
    assert answer.err.count("\n") == 1
    assert not Fake.cases
    assert not (tmp_path / "p.csv").exists()


def test_files_that_cannot_be_used_at_all_are_refused(run, file, tmp_path):
    out = tmp_path / "p.csv"
    missing = run("--events", tmp_path / "none.csv", "-o", out)
    assert missing.code == 1
    assert "No such file" in missing.err
    without = run("--events", file(drop=["lat", "fold"]), "-o", out)
    assert without.code == 1
    assert "columns missing: lat, fold" in without.err
    labelled = run("--events", file(), "-o", out)
    assert labelled.code == 1
    assert "every event has a label, nothing to predict" in labelled.err
    (tmp_path / "events.csv").write_text("", encoding="utf-8")
    assert run("--events", tmp_path / "events.csv", "-o", out).code == 1
    nowhere = run("--events", file(), "--validate", "-o", tmp_path / "no" / "p.csv")
    assert nowhere.code == 1
    assert "there is no such folder" in nowhere.err
    assert not Fake.cases
    assert not out.exists()


def test_too_short_a_record_is_told(run, experiment, file, monkeypatch):
    nothing = events()
    nothing.loc[:47, "fold"] = ""
    answer = run("--events", file(rows=nothing), "--validate")
    assert answer.code == 1
    assert "no event before 2004-01-15 has a label" in answer.err
    # With labels, but not as many as a record must hold: by the real refitter, before it compiles.
    monkeypatch.undo()
    code = experiment.main(["--events", str(file()), "--validate"])
    assert code == 1


def test_something_must_be_asked_for(run, file):
    with pytest.raises(SystemExit) as left:
        run("--events", file())
    assert left.value.code == 2


@pytest.fixture
def page(experiment, monkeypatch, tmp_path):
    """The page that is written to, with a place for both blocks."""
    path = tmp_path / "page.md"
    blocks = [
        f"<!-- {edge}: written by experiments/cpost.py --validate{option} -->"
        for option in ("", " --rolling")
        for edge in ("begin", "end")
    ]
    path.write_text("\n".join(["Above.", *blocks, "Below."]), encoding="utf-8")
    monkeypatch.setattr(experiment, "EVALUATION", path)
    return path


def few_trees(monkeypatch):
    """Let the baselines that take seconds at any size grow few trees."""
    from attribution.evaluate.baselines import extra

    baselines = sys.modules["cpost_baselines"]

    def sklearn(name):
        module = extra.sklearn(name)
        if name != "ensemble":
            return module
        return SimpleNamespace(
            RandomForestClassifier=lambda _, **rest: module.RandomForestClassifier(20, **rest)
        )

    def xgboost():
        kind = extra.xgboost().XGBClassifier
        return SimpleNamespace(XGBClassifier=lambda **rest: kind(**{**rest, "n_estimators": 5}))

    monkeypatch.setattr(baselines, "sklearn", sklearn)
    monkeypatch.setattr(baselines, "xgboost", xgboost)
    return baselines


def detailed(rows):
    """Add the columns of which only baselines make use."""
    number = np.arange(len(rows))
    return rows.assign(
        t_region="Sea",
        t_nationality=np.where(number % 3 == 1, "Utopian", "Atlantean"),
        n_attackers=(1 + number % 4).astype(str),
        n_killed_low=np.where(number % 5, number % 7, -1).astype(str),
    )


@pytest.mark.parametrize("more", [False, True])
def test_baselines_give_probabilities_over_the_classes_of_the_model(
    run,  # noqa: ARG001 - its refitter
    experiment,
    file,
    monkeypatch,
    more,
):
    baselines = few_trees(monkeypatch)
    rows = events()
    table = experiment.read_events(file(rows=detailed(rows) if more else rows))
    asked = table["fold"] == "val"
    ours = experiment.predict(table, asked, 1)
    for name, learner in baselines.BASELINES.items():
        p = baselines.predict(learner, table, asked)
        assert p.columns.tolist() == ours.columns.tolist(), name
        assert p["event_id"].tolist() == ours["event_id"].tolist(), name
        np.testing.assert_allclose(p.drop(columns="event_id").sum(axis=1), 1.0)
        assert (p.drop(columns="event_id") > 0).all(axis=None), name
        # Nothing that is learned comes from a label that is asked for.
        swapped = table.assign(label=table["label"].where(~asked, "Red Band"))
        pd.testing.assert_frame_equal(baselines.predict(learner, swapped, asked), p)


def test_baselines_learn_what_tells_classes_apart(experiment, file, monkeypatch):
    baselines = few_trees(monkeypatch)
    rows = detailed(events())
    rows["label"] = np.where(np.arange(60) % 2, "Red Band", "OTHER")
    table = experiment.read_events(file(rows=rows))
    asked = table["fold"] == "val"
    truth = table.set_index("event_id")["label"]
    for name, learner in baselines.BASELINES.items():
        p = baselines.predict(learner, table, asked)
        accuracy = experiment.scores(p, truth)["accuracy"]
        assert accuracy == (0.5 if name == "class frequencies" else 1.0), name


def test_a_single_class_and_a_record_of_nothing(experiment, file):
    baselines = sys.modules["cpost_baselines"]
    rows = events()
    rows.loc[rows["fold"] == "fit", "label"] = "Red Band"
    table = experiment.read_events(file(rows=rows))
    asked = table["fold"] == "val"
    for learner in baselines.BASELINES.values():
        p = baselines.predict(learner, table, asked)
        assert p.columns.tolist() == ["event_id", "OTHER", "Red Band"]
        assert (p["Red Band"] > 0.99).all()
    with pytest.raises(experiment.NothingToLearnError, match="no event before 2000-01-15"):
        baselines.predict(learner, table, ~asked)


@pytest.mark.parametrize("option", [(), ("--rolling",)])
def test_a_block_has_a_line_for_every_predictor(run, file, page, monkeypatch, option):
    baselines = few_trees(monkeypatch)
    before = page.read_text(encoding="utf-8").splitlines()
    rows = events()
    rows.loc[rows["fold"] == "val", "label"] = ["Red Band", "Blue Band", "OTHER"] * 4
    answer = run("--events", file(rows=rows), "--validate", "--write", *option)
    assert answer.code == 0, answer.err
    after = page.read_text(encoding="utf-8").splitlines()
    place = before.index(
        f"<!-- begin: written by {' '.join(['experiments/cpost.py --validate', *option])} -->"
    )
    block = after[place + 1 : len(after) - len(before) + place + 1]
    assert [*after[: place + 1], *after[place + 1 + len(block) :]] == before
    shown = "\n".join(block)
    assert shown.strip() in answer.out
    assert "seed 1 (baselines: 0)" in shown
    learned = "48 events at first and 57 at last, 4 forecasts" if option else "48 events; predicted"
    assert learned in shown
    assert "predicted 12 events; " in shown
    lines = [line.split(" | ") for line in block if line.startswith("| ")][2:]
    assert [line[0] for line in lines] == [f"| {n}" for n in ("this model", *baselines.BASELINES)]
    for column in range(1, 5):
        values = [float(line[column].strip("* |")) for line in lines]
        bold = ["**" in line[column] for line in lines]
        best = max(values) if column == 1 else min(values)
        assert bold == [value == best for value in values]


def test_writing_needs_a_validation(run, file, page, tmp_path, capsys):
    before = page.read_text(encoding="utf-8")
    with pytest.raises(SystemExit) as left:
        run("--events", file(), "-o", tmp_path / "p.csv", "--write")
    assert left.value.code == 2
    assert "--write needs --validate" in capsys.readouterr().err
    assert page.read_text(encoding="utf-8") == before


def test_a_page_without_markers_stops_before_any_work(run, file, page, monkeypatch):
    def never(*_):
        raise AssertionError("work was done")

    monkeypatch.setitem(sys.modules["cpost_baselines"].BASELINES, "naive Bayes", never)
    page.write_text("Above.\n", encoding="utf-8")
    answer = run("--events", file(), "--validate", "--write")
    assert answer.code == 1
    assert answer.err.startswith(f"{page}: ")
    assert "<!-- begin: written by experiments/cpost.py --validate -->" in answer.err
    page.unlink()
    assert run("--events", file(), "--validate", "--write").code == 1
    assert not Fake.cases


def test_a_missing_library_is_told_before_the_model_is_fitted(run, file, page, monkeypatch):
    def missing(*_):
        raise MissingExtraError("this baseline needs XGBoost: pip")

    baselines = few_trees(monkeypatch)
    monkeypatch.setattr(baselines, "xgboost", missing)
    before = page.read_text(encoding="utf-8")
    answer = run("--events", file(), "--validate", "--write")
    assert answer.code == 1
    assert "this baseline needs XGBoost" in answer.err
    assert not Fake.cases
    assert page.read_text(encoding="utf-8") == before


def test_predictions_alone_need_no_library_of_the_baselines(experiment, monkeypatch):
    names = {name for name in sys.modules if name.partition(".")[0] in {"sklearn", "xgboost"}}
    for name in names | {"sklearn", "xgboost"}:
        # What an import finds of a library that is not there.
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "cpost_baselines")
    again = importlib.util.spec_from_file_location("cpost_again", FOLDER / "cpost.py")
    module = importlib.util.module_from_spec(again)
    again.loader.exec_module(module)
    assert set(module.cpost_baselines.BASELINES) == set(experiment.cpost_baselines.BASELINES)
    with pytest.raises(MissingExtraError, match="needs XGBoost"):
        module.cpost_baselines.xgboost()


@pytest.mark.slow
def test_the_whole_way_with_a_real_fit(experiment, converter, file, tmp_path, monkeypatch):  # noqa: ARG001
    """Two bands that each strike one country, for years: the forecast knows who strikes where."""
    monkeypatch.setattr(
        "attribution.evaluate.refit.SETTINGS", SamplerSettings(draws=60, tune=120, chains=2)
    )
    rows = events(count=120, asked=20)
    bands = np.where(rows["t_country"] == "Utopia", "Red Band", "Blue Band")
    rows["label"] = np.where(np.arange(120) % 10 == 9, "OTHER", bands)
    out = tmp_path / "p.csv"
    code = experiment.main(["--events", str(file(rows=rows)), "--validate", "-o", str(out)])
    assert code == 0
    table = pd.read_csv(out).set_index("event_id")
    np.testing.assert_allclose(table.sum(axis=1), 1.0)
    utopia = table.index.isin(rows.loc[rows["t_country"] == "Utopia", "event_id"])
    assert (table["Red Band"][utopia] > table["Blue Band"][utopia]).all()
    assert (table["Red Band"][~utopia] < table["Blue Band"][~utopia]).all()
    assert table["OTHER"].mean() > 0.02
