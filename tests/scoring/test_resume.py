"""Interrupted runs: what is left, what --resume makes of it, and that nothing is lost."""

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from echo import Echo

from attribution.scoring import journal as journal_module
from attribution.scoring.errors import (
    InputFileError,
    LeftoverError,
    ScoreSettingsError,
    StoppedError,
)
from attribution.scoring.files import ScoreSettings, score_file
from attribution.scoring.journal import Leftovers, kept_rows, parts_folder

HERE = Path(__file__).parent
SETTINGS = ScoreSettings(part_rows=10)
RESUME = replace(SETTINGS, leftovers=Leftovers.RESUME)
RESTART = replace(SETTINGS, leftovers=Leftovers.RESTART)
ROWS = 95


def lines(count: int = ROWS) -> list[str]:
    days = ("2020-01-02", "bad", "2021-03-04")
    return [f"id{n},{days[n % 3]},=place {n}" for n in range(count)]


def source(folder: Path, rows: list[str]) -> Path:
    path = folder / "in.csv"
    path.write_text("\n".join(["incident_id,date,place", *rows, ""]), encoding="utf-8")
    return path


class Stops(Echo):
    """Works for the first parts, and raises at any later one: several are at work at once."""

    def __init__(self, parts: int, error: BaseException) -> None:
        super().__init__()
        self.parts = parts
        self.error = error

    def attribute(self, incidents: pd.DataFrame) -> pd.DataFrame:
        first = int(incidents["incident_id"].iloc[0].removeprefix("id"))
        if first >= self.parts * SETTINGS.part_rows:
            raise self.error
        return super().attribute(incidents)


def outputs(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.name.startswith("out.")}


def undisturbed(folder: Path, name: str = "out.csv") -> dict[str, bytes]:
    """What a run that nothing disturbs writes for ``in.csv``, whose name and moment stay."""
    apart = folder / "undisturbed"
    apart.mkdir()
    score_file(Echo(), folder / "in.csv", apart / name, SETTINGS)
    return outputs(apart)


@pytest.mark.parametrize(
    "name", ["out.csv", "out.parquet", "out.csv.gz", "out.arrow", "out.arrows"]
)
@pytest.mark.parametrize("parts", [1, 4, 9])
def test_a_resumed_run_gives_the_same_bytes(tmp_path: Path, name: str, parts: int) -> None:
    path = source(tmp_path, lines())
    expected = undisturbed(tmp_path, name)
    with pytest.raises(KeyboardInterrupt):
        score_file(Stops(parts, KeyboardInterrupt()), path, tmp_path / name, SETTINGS)
    assert not (tmp_path / name).exists()
    assert kept_rows(tmp_path / name) == 10 * parts
    posterior = Echo()
    summary = score_file(posterior, path, tmp_path / name, RESUME)
    assert summary.rows == ROWS
    assert summary.rejected == 32
    assert sum(len(frame) for frame in posterior.seen) == ROWS - 10 * parts
    assert outputs(tmp_path) == expected
    assert not parts_folder(tmp_path / name).exists()


def test_leftovers_are_neither_taken_for_whole_nor_thrown_away(tmp_path: Path) -> None:
    path = source(tmp_path, lines())
    out = tmp_path / "out.csv"
    with pytest.raises(KeyboardInterrupt):
        score_file(Stops(3, KeyboardInterrupt()), path, out, SETTINGS)
    with pytest.raises(
        LeftoverError, match=r"left 30 rows in \.out\.csv\.parts; --resume .*--rest"
    ):
        score_file(Echo(), path, out, SETTINGS)
    assert kept_rows(out) == 30
    posterior = Echo()
    assert score_file(posterior, path, out, RESTART).rows == ROWS
    assert sum(len(frame) for frame in posterior.seen) == ROWS


def test_an_interruption_before_the_first_part_leaves_nothing(tmp_path: Path) -> None:
    path = source(tmp_path, lines())
    with pytest.raises(KeyboardInterrupt):
        score_file(Stops(0, KeyboardInterrupt()), path, tmp_path / "out.csv", SETTINGS)
    assert [p.name for p in tmp_path.iterdir()] == ["in.csv"]
    assert score_file(Echo(), path, tmp_path / "out.csv", SETTINGS).rows == ROWS


def test_a_complete_output_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    path, out = source(tmp_path, lines()), tmp_path / "out.csv"
    score_file(Echo(), path, out, RESUME)
    assert "nothing to resume" in caplog.text
    before = out.stat().st_mtime_ns
    posterior = Echo()
    assert score_file(posterior, path, out, RESUME).rows == ROWS
    assert "out.csv is complete: 95 rows; nothing to do" in caplog.text
    assert posterior.seen == []
    assert out.stat().st_mtime_ns == before
    score_file(posterior, path, out, SETTINGS)
    assert "will be replaced" in caplog.text
    assert posterior.seen


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("output", "was changed since it was written"),
        ("manifest", "nothing says that it is complete"),
        ("input", "its input differs"),
        ("model", "its model differs"),
        ("options", "its part_rows differs"),
    ],
)
def test_a_complete_output_of_another_run(tmp_path: Path, change: str, message: str) -> None:
    path, out = source(tmp_path, lines()), tmp_path / "out.csv"
    score_file(Echo(), path, out, SETTINGS)
    settings, posterior = RESUME, Echo()
    match change:
        case "output":
            out.write_text(out.read_text(encoding="utf-8") + "x\n", encoding="utf-8")
        case "manifest":
            (tmp_path / "out.csv.manifest.json").unlink()
        case "input":
            source(tmp_path, lines(94))
        case "model":
            posterior = Echo(seed=2)
        case "options":
            settings = replace(RESUME, part_rows=11)
    with pytest.raises(LeftoverError, match=message):
        score_file(posterior, path, out, settings)


def test_an_input_that_changed_in_the_rows_done_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    path = source(tmp_path, lines())
    with pytest.raises(KeyboardInterrupt):
        score_file(Stops(4, KeyboardInterrupt()), path, out, SETTINGS)
    changed = [line.replace("id25,", "id99,") for line in lines()]
    with pytest.raises(LeftoverError, match=r"in\.csv was changed .* rows from 21 to 30"):
        score_file(Echo(), source(tmp_path, changed), out, RESUME)
    with pytest.raises(LeftoverError, match="fewer rows"):
        score_file(Echo(), source(tmp_path, lines(30)), out, RESUME)
    assert not out.exists()
    # What comes after them may have changed: the output is that of the input as it is now.
    longer = source(tmp_path, [*lines(), "more,2020-01-01,x"])
    assert score_file(Echo(), longer, out, RESUME).rows == ROWS + 1
    score_file(Echo(), longer, tmp_path / "out.2.csv", SETTINGS)
    assert out.read_bytes() == (tmp_path / "out.2.csv").read_bytes()


@pytest.mark.parametrize(
    ("settings", "posterior", "message"),
    [
        (replace(RESUME, part_rows=9), Echo(), "--part-rows"),
        (RESUME, Echo(seed=2), "another model"),
        (replace(RESUME, columns={"place": "incident_id"}), Echo(), "--map"),
        (replace(RESUME, layout="ucdp"), Echo(), "--layout"),
    ],
)
def test_another_run_cannot_be_resumed(
    tmp_path: Path, settings: ScoreSettings, posterior: Echo, message: str
) -> None:
    path, out = source(tmp_path, lines()), tmp_path / "out.csv"
    with pytest.raises(KeyboardInterrupt):
        score_file(Stops(4, KeyboardInterrupt()), path, out, SETTINGS)
    with pytest.raises(LeftoverError, match=message):
        score_file(posterior, path, out, settings)
    assert kept_rows(out) == 40


def test_the_format_may_be_another(tmp_path: Path) -> None:
    path, out = source(tmp_path, lines()), tmp_path / "out"
    first = replace(SETTINGS, output_format="csv")
    with pytest.raises(KeyboardInterrupt):
        score_file(Stops(4, KeyboardInterrupt()), path, out, first)
    score_file(Echo(), path, out, replace(RESUME, output_format="parquet"))
    assert pq.read_table(out).num_rows == ROWS


@pytest.mark.parametrize("damage", ["cut", "garbage", "part gone", "part cut"])
def test_a_journal_or_part_that_is_not_whole_is_done_again(tmp_path: Path, damage: str) -> None:
    path, out = source(tmp_path, lines()), tmp_path / "out.csv"
    with pytest.raises(KeyboardInterrupt):
        score_file(Stops(5, KeyboardInterrupt()), path, out, SETTINGS)
    folder = parts_folder(out)
    journal, part = folder / "journal.jsonl", folder / "00000002.arrows"
    match damage:
        case "cut":
            journal.write_bytes(journal.read_bytes()[:-7])
        case "garbage":
            journal.write_bytes(journal.read_bytes() + b'{"part": 5, "dig')
        case "part gone":
            part.unlink()
        case "part cut":
            part.write_bytes(part.read_bytes()[:-1])
    (folder / "00000005.arrows.partial").write_bytes(b"half")
    assert score_file(Echo(), path, out, RESUME).rows == ROWS
    assert out.read_bytes() == undisturbed(tmp_path)["out.csv"]


def test_every_step_may_be_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process ends at each moment at which something reaches the disk."""
    path = source(tmp_path, lines(35))
    score_file(Echo(), path, tmp_path / "whole.csv", SETTINGS)
    expected = (tmp_path / "whole.csv").read_bytes()
    fsync, steps = os.fsync, 0

    class Ends(BaseException):
        pass

    def ends(_: int) -> None:
        nonlocal steps
        steps -= 1
        if steps == 0:
            raise Ends

    tried = 0
    for number in range(1, 100):
        out, steps = tmp_path / f"out{number}.csv", number
        monkeypatch.setattr(os, "fsync", ends)
        try:
            score_file(Echo(), path, out, SETTINGS)
        except Ends:
            tried += 1
        monkeypatch.setattr(os, "fsync", fsync)
        if steps > 0:
            break
        # A whole file or none, whatever the moment.
        assert not out.exists() or out.read_bytes() == expected
        assert score_file(Echo(), path, out, RESUME).rows == 35
        assert out.read_bytes() == expected
        assert not parts_folder(out).exists()
    assert tried > 20


def test_two_processes_do_not_write_one_output(tmp_path: Path) -> None:
    path, out = source(tmp_path, lines()), tmp_path / "out.csv"

    class Asks(Echo):
        def attribute(self, incidents: pd.DataFrame) -> pd.DataFrame:
            with pytest.raises(LeftoverError, match="another process"):
                score_file(Echo(), path, out, RESTART)
            return super().attribute(incidents)

    assert score_file(Asks(), path, out, SETTINGS).rows == ROWS
    assert len(out.read_text(encoding="utf-8").splitlines()) == ROWS + 1


def test_a_full_disk_is_told_and_can_be_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, out = source(tmp_path, lines()), tmp_path / "out.csv"
    out.write_text("old", encoding="utf-8")
    write, written = journal_module.write_durably, 0

    def full(target: Path, content: bytes) -> None:
        nonlocal written
        written += 1
        if written == 8:
            raise OSError(28, "No space left on device")
        write(target, content)

    monkeypatch.setattr(journal_module, "write_durably", full)
    with pytest.raises(
        StoppedError, match=r"out\.csv: .*No space left.* 30 rows are kept.*--resume"
    ):
        score_file(Echo(), path, out, SETTINGS)
    assert out.read_text(encoding="utf-8") == "old"
    score_file(Echo(), path, out, RESUME)
    assert out.read_bytes() == undisturbed(tmp_path)["out.csv"]


def test_a_limit_on_files_is_no_traceback(tmp_path: Path) -> None:
    """A real refusal by the operating system, in the middle of the output."""
    path, out = source(tmp_path, lines(2000)), tmp_path / "out.csv"
    result = child(path, out, "limit")
    assert result.returncode == 1
    assert b"File too large" in result.stderr
    assert b"Traceback" not in result.stderr
    assert not out.exists()
    assert kept_rows(out) == 1500
    score_file(Echo(), path, out, replace(RESUME, part_rows=500))
    assert len(out.read_text(encoding="utf-8").splitlines()) == 2001


def test_an_input_that_vanishes(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    folder.mkdir()
    for number in range(3):
        source(folder, lines(20)).rename(folder / f"{number}.csv")

    class Removes(Echo):
        def attribute(self, incidents: pd.DataFrame) -> pd.DataFrame:
            (folder / "2.csv").unlink(missing_ok=True)
            return super().attribute(incidents)

    out = tmp_path / "out.csv"
    with pytest.raises(StoppedError, match=r"2\.csv: .*no such file any more; .*--resume"):
        score_file(Removes(), folder, out, SETTINGS)
    assert not out.exists()
    source(folder, lines(20)).rename(folder / "2.csv")
    assert score_file(Echo(), folder, out, RESUME).rows == 60


def test_a_fault_far_down_keeps_what_stands_before_it(tmp_path: Path) -> None:
    settings, out = replace(SETTINGS, part_rows=1000), tmp_path / "out.csv"
    path = source(tmp_path, [*lines(9000), 'q,2020-01-01,"x'])
    with pytest.raises(
        InputFileError, match=r"row 9002: .*quotation.*; 8000 rows are kept .*--resume"
    ):
        score_file(Echo(), path, out, settings)
    assert not out.exists()
    mended = source(tmp_path, [*lines(9000), 'q,2020-01-01,"x"'])
    resumed = replace(settings, leftovers=Leftovers.RESUME)
    assert score_file(Echo(), mended, out, resumed).rows == 9001
    score_file(Echo(), mended, tmp_path / "out.2.csv", settings)
    assert out.read_bytes() == (tmp_path / "out.2.csv").read_bytes()


def test_an_input_that_changes_while_it_is_read(tmp_path: Path) -> None:
    path, out = source(tmp_path, lines()), tmp_path / "out.csv"

    class Adds(Echo):
        def attribute(self, incidents: pd.DataFrame) -> pd.DataFrame:
            with path.open("a", encoding="utf-8") as stream:
                stream.write("late,2020-01-01,x\n")
            return super().attribute(incidents)

    with pytest.raises(InputFileError, match="changed while it was read"):
        score_file(Adds(), path, out, SETTINGS)
    assert not out.exists()


def test_streams_cannot_be_resumed(tmp_path: Path) -> None:
    path = source(tmp_path, lines())
    with pytest.raises(ScoreSettingsError, match="standard input passes once"):
        score_file(Echo(), "-", tmp_path / "out.csv", RESUME)
    with pytest.raises(ScoreSettingsError, match="standard output cannot be resumed"):
        score_file(Echo(), path, "-", RESUME)


# --- processes ----------------------------------------------------------------------------------

PROGRAM = """
import sys, time
sys.path[:0] = [{here!r}]
from dataclasses import replace
from echo import Echo
from attribution.scoring.errors import InputFileError
from attribution.scoring.files import ScoreSettings, score_file
from attribution.scoring.journal import Leftovers

class Slow(Echo):
    def attribute(self, incidents):
        time.sleep({pause})
        return super().attribute(incidents)

settings = ScoreSettings(part_rows={part_rows}, leftovers=Leftovers.RESUME)
if {what!r} == "limit":
    import resource, signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, 120_000))
print("ready", flush=True)
try:
    score_file(Slow(), {source!r}, {out!r}, settings)
except InputFileError as error:
    print(error, file=sys.stderr)
    sys.exit(1)
"""


def program(source: Path, out: Path, what: str, pause: float, part_rows: int) -> list[str]:
    text = PROGRAM.format(
        here=str(HERE), source=str(source), out=str(out), what=what, pause=pause,
        part_rows=part_rows,
    )  # fmt: skip
    return [sys.executable, "-c", text]


def child(source: Path, out: Path, what: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        program(source, out, what, 0, 500), capture_output=True, check=False, timeout=120
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_killed_at_random_moments(tmp_path: Path, name: str) -> None:
    """Ten SIGKILLs each; after every one the run goes on, and the bytes are the same."""
    path = source(tmp_path, lines(600))
    score_file(Echo(), path, tmp_path / f"whole.{name}", SETTINGS)
    out, dice = tmp_path / name, random.Random(name)
    killed, seen = 0, set()
    while killed < 10:
        process = subprocess.Popen(program(path, out, "", 0.01, 10), stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(dice.uniform(0, 0.25))
        process.send_signal(signal.SIGKILL)
        process.stdout.close()
        if process.wait(60) == 0:
            assert out.read_bytes() == (tmp_path / f"whole.{name}").read_bytes()
            out.unlink()
            (tmp_path / f"{name}.manifest.json").unlink()
            continue
        killed += 1
        seen.add(kept_rows(out))
        assert not out.exists() or out.read_bytes() == (tmp_path / f"whole.{name}").read_bytes()
    assert len(seen) > 3
    score_file(Echo(), path, out, RESUME)
    for ending in ("", ".rejected.csv"):
        mine, whole = tmp_path / f"{name}{ending}", tmp_path / f"whole.{name}{ending}"
        assert mine.read_bytes() == whole.read_bytes()


@pytest.fixture(autouse=True)
def no_file_limit() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield
    assert resource.getrlimit(resource.RLIMIT_FSIZE) == before
