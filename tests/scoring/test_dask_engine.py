"""The Dask engine on clusters of processes: the same bytes, whatever is lost on the way."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from echo import Echo

from attribution.scoring.errors import StoppedError
from attribution.scoring.files import ScoreSettings, score_file
from attribution.scoring.journal import Leftovers, kept_rows
from attribution.scoring.progress import Silence

HERE = Path(__file__).parent
LOCAL = ScoreSettings(part_rows=10)
ROWS = 400


class Slow(Echo):
    """Takes its time, so that something can happen."""

    def attribute(self, incidents: pd.DataFrame) -> pd.DataFrame:
        time.sleep(0.05)
        return super().attribute(incidents)


class At(Silence):
    """Does something once a number of rows is done."""

    def __init__(self, rows: int, act: Callable[[], None]) -> None:
        self.rows = rows
        self.act = act
        self.acted = False

    def __call__(self, rows: int, *_: Any, fresh: bool) -> None:
        if fresh and rows >= self.rows and not self.acted:
            self.acted = True
            self.act()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    days = ("2020-01-02", "bad", "2021-03-04")
    rows = [f"id{n},{days[n % 3]},place" for n in range(ROWS)]
    path.write_text("\n".join(["incident_id,date,place", *rows, ""]), encoding="utf-8")
    return path


@pytest.fixture
def expected(source: Path, tmp_path: Path) -> bytes:
    score_file(Echo(), source, tmp_path / "local.csv", LOCAL)
    return (tmp_path / "local.csv").read_bytes()


@contextmanager
def cluster(workers: int) -> Iterator[tuple[str, subprocess.Popen[bytes], list[int]]]:
    """A cluster of processes of its own, as one finds it running elsewhere."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    environment = os.environ | {"PYTHONPATH": str(HERE), "PYTHONWARNINGS": "ignore"}

    def start(what: str, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{what}", *arguments],
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip

    processes = [start("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")]
    options = ("--no-dashboard", "--nthreads", "1")
    processes += [start("worker", address, *options) for _ in range(workers)]
    try:
        yield address, processes[0], [process.pid for process in processes[1:]]
    finally:
        for process in processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(30)


def pids(address: str) -> list[int]:
    """Processes of the workers themselves, without those that watch over them."""
    from distributed import Client

    with Client(address, timeout=60) as client:
        client.wait_for_workers(2, timeout=60)
        return list(client.run(os.getpid).values())


pytestmark = [
    pytest.mark.slow,
    # The library leaves sockets and loops to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def test_processes_on_this_machine(tmp_path: Path, source: Path, expected: bytes) -> None:
    out = tmp_path / "out.csv"
    summary = score_file(Echo(), source, out, replace(LOCAL, engine="dask", workers=2))
    assert summary.rows == ROWS
    assert summary.rejected == 133
    assert out.read_bytes() == expected
    listed = [tmp_path / f"{name}.csv.rejected.csv" for name in ("out", "local")]
    assert listed[0].read_bytes() == listed[1].read_bytes()


def test_a_killed_worker_loses_nothing(tmp_path: Path, source: Path, expected: bytes) -> None:
    out = tmp_path / "out.csv"
    with cluster(2) as (address, _, _):
        workers = pids(address)
        killing = At(50, lambda: os.kill(workers[0], signal.SIGKILL))
        settings = replace(LOCAL, engine="dask", scheduler=address)
        summary = score_file(Slow(), source, out, settings, killing)
        assert killing.acted
        assert summary.rows == ROWS
        assert out.read_bytes() == expected
        assert workers[0] not in pids(address)


def test_a_lost_scheduler_is_told_and_resumed(
    tmp_path: Path, source: Path, expected: bytes
) -> None:
    out = tmp_path / "out.csv"
    with cluster(2) as (address, scheduler, _):
        pids(address)
        killing = At(50, scheduler.kill)
        settings = replace(LOCAL, engine="dask", scheduler=address)
        with pytest.raises(StoppedError, match=r"the scheduler .* was lost; .*--resume"):
            score_file(Slow(), source, out, settings, killing)
    assert not out.exists()
    assert 50 <= kept_rows(out) < ROWS
    score_file(Echo(), source, out, replace(LOCAL, leftovers=Leftovers.RESUME))
    assert out.read_bytes() == expected


def test_a_part_that_ends_every_worker_is_told(tmp_path: Path, source: Path) -> None:
    class Ends(Echo):
        def attribute(self, incidents: pd.DataFrame) -> pd.DataFrame:
            if "id55" in set(incidents["incident_id"]):
                os._exit(1)
            return super().attribute(incidents)

    out = tmp_path / "out.csv"
    with pytest.raises(StoppedError, match="ended every worker"):
        score_file(Ends(), source, out, replace(LOCAL, engine="dask", workers=2))
    assert not out.exists()
    score_file(Echo(), source, out, replace(LOCAL, leftovers=Leftovers.RESUME))
    assert len(out.read_text(encoding="utf-8").splitlines()) == ROWS + 1


def test_no_scheduler_is_told(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("attribution.scoring.engines.dask.CONNECT", 1.0)
    settings = replace(LOCAL, engine="dask", scheduler="tcp://127.0.0.1:9")
    with pytest.raises(StoppedError, match=r"scheduler at tcp://127\.0\.0\.1:9 cannot be reached"):
        score_file(Echo(), source, tmp_path / "out.csv", settings)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]


def test_an_error_on_a_worker_is_the_same_as_here(tmp_path: Path, source: Path) -> None:
    class Loses(Echo):
        def attribute(self, incidents: pd.DataFrame) -> Any:
            return super().attribute(incidents).iloc[1:]

    with pytest.raises(RuntimeError, match="10 rows were scored, but 9 came back"):
        score_file(Loses(), source, tmp_path / "out.csv", replace(LOCAL, engine="dask", workers=1))
