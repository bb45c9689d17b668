"""Files of labels, and the experiment that scores them."""

import json
import math

import numpy as np
import pytest
import simulated_labels as simulated

from attribution.evaluate.annotators.files import LabelFileError, read_label_files
from attribution.evaluate.annotators.settings import LabelModelSettings


@pytest.fixture(scope="module")
def experiment(experiments):
    return experiments("annotators")


@pytest.fixture
def quick(experiment, monkeypatch):
    short = LabelModelSettings(warmup=20, draws=20, work=1.0)
    monkeypatch.setattr(experiment, "SETTINGS", short)
    monkeypatch.setattr(experiment, "VARIANTS", {"as reported": short, "again": short})
    return experiment


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def simulated_file(path, gold=True):
    table, truth, _ = simulated.from_model(
        np.random.default_rng(0), tasks=40, workers=8, each=5, classes=3
    )
    names = ("sea", "land", "sky")
    rows = [
        f"t{t},w{w},{names[y]},{names[truth[t]] if gold else ''}"
        for t, w, y in zip(table.task, table.worker, table.label, strict=True)
    ]
    return write(path, "\n".join(["task,worker,label,gold", *rows]) + "\n")


def test_names_are_numbered_in_order_of_appearance(tmp_path):
    text = "\ufefftask,worker,label,gold,note\r\nb,x,yes,yes,\r\na,y,no,,odd\r\nb,y,no,,\r\n"
    (file,) = read_label_files([write(tmp_path / "a.csv", text)])
    assert (file.tasks, file.workers, file.classes) == (("b", "a"), ("x", "y"), ("yes", "no"))
    np.testing.assert_array_equal(file.table.task, [0, 1, 0])
    np.testing.assert_array_equal(file.table.worker, [0, 1, 1])
    np.testing.assert_array_equal(file.table.label, [0, 1, 1])
    np.testing.assert_array_equal(file.gold, [0, -1])


def test_gold_may_be_missing_or_name_a_class_that_nobody_used(tmp_path):
    without = write(tmp_path / "a.csv", "task,worker,label\n1,1,0\n")
    unused = write(tmp_path / "b.csv", "task,worker,label,gold\n1,1,0,7\n2,1,0,\n")
    first, second = read_label_files([without, unused])
    np.testing.assert_array_equal(first.gold, [-1])
    assert second.classes == ("0", "7")
    np.testing.assert_array_equal(second.gold, [1, -1])


def test_all_faults_of_all_files_are_listed_at_once(tmp_path):
    bad = {
        "blank.csv": "task,worker,label,gold\n1,,0,\n,2,0,\n",
        "columns.csv": "task,workers,label\n1,1,0\n",
        "contradiction.csv": "task,worker,label,gold\n1,1,0,0\n1,2,0,1\n",
        "empty.csv": "",
        "header.csv": "task,worker,label\n",
        "ragged.csv": "task,worker,label\n1,2\n",
    }
    paths = [write(tmp_path / name, text) for name, text in bad.items()]
    twice = tmp_path / "folder" / "blank.csv"
    with pytest.raises(LabelFileError) as raised:
        read_label_files([*paths, tmp_path / "missing.csv", tmp_path / "no" / "x.csv", twice])
    said = str(raised.value)
    for line in (
        "10 faults in the labels:",
        "blank.csv, row 2, column worker: the worker is blank",
        "blank.csv, row 3, column task: the task is blank",
        "columns.csv, worker: there is no column worker. Did you mean 'workers'?",
        "contradiction.csv, row 3, column gold: '1' contradicts an earlier row of task '1'",
        "empty.csv: the file is empty",
        "header.csv: there are no labels below the header",
        "ragged.csv, row 2: the row has 2 cells where the header has 3",
        "missing.csv: this file is missing",
        "x.csv: there is no folder",
        "blank.csv: a file of this name was given before",
    ):
        assert line in said
    assert "Traceback" not in said


def test_one_run_from_files_to_table_and_json(quick, tmp_path, capsys):
    files = [simulated_file(tmp_path / "a.csv"), simulated_file(tmp_path / "b.csv", gold=False)]
    target = tmp_path / "out.json"
    assert quick.main([*map(str, files), "--json", str(target)]) == 0
    written = json.loads(target.read_text(encoding="utf-8"))
    assert list(written) == ["a.csv", "b.csv"]
    for figures in written.values():
        assert {"attribution", "majority_vote", "dawid_skene"} <= set(figures)
        assert all(set(each) == {"accuracy", "log_loss", "ece"} for each in figures.values())
    ours = written["a.csv"]["attribution"]
    assert 0.5 < ours["accuracy"] <= 1
    assert 0 < ours["log_loss"] < math.log(3)
    assert written["b.csv"]["attribution"] == {"accuracy": None, "log_loss": None, "ece": None}
    output = capsys.readouterr()
    assert f"| a.csv | attribution | {ours['accuracy']:.3f} |" in output.out
    assert "b.csv: 200 labels of 40 tasks by 8 workers, 3 classes, no gold" in output.err
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name] == []


def test_a_bad_file_is_one_message_and_nothing_is_written(quick, tmp_path, capsys):
    good = simulated_file(tmp_path / "a.csv")
    bad = write(tmp_path / "b.csv", "task,worker\n1,1\n")
    target = tmp_path / "out.json"
    assert quick.main([str(good), str(bad), "--json", str(target)]) == 1
    assert "b.csv, label: there is no column label" in capsys.readouterr().err
    assert not target.exists()
    assert quick.main([str(good), "--json", str(tmp_path / "no" / "out.json")]) == 1
    assert "there is no folder" in capsys.readouterr().err


@pytest.mark.parametrize("option", [[], ["--ablation"]])
def test_only_its_own_block_of_the_page_is_written(quick, option, tmp_path, monkeypatch, capsys):
    command = " ".join(["experiments/annotators.py", *option])
    begin, end = (f"<!-- {edge}: written by {command} -->" for edge in ("begin", "end"))
    page = write(tmp_path / "page.md", f"before\n{begin}\nold\n{end}\nafter\n")
    monkeypatch.setattr(quick, "EVALUATION", page)
    file = simulated_file(tmp_path / "a.csv")
    assert quick.main([str(file), "--write", *option]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{begin}\n\nRun of ")
    assert text.endswith(f"{end}\nafter\n")
    assert "old" not in text
    assert "seed 1" in text
    assert "| a.csv |" in text
    write(page, "no markers\n")
    assert quick.main([str(file), "--write", *option]) == 1
    said = capsys.readouterr().err
    assert "needs one line" in said
    assert "page.md" in said
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name] == []


def test_the_page_has_the_markers(experiment, experiments):
    page = experiments("page")
    text = page.EVALUATION.read_text(encoding="utf-8")
    for option in ("", " --ablation"):
        assert page.replace_block(text, "new", experiment.COMMAND + option) != text
