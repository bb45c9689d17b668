import logging

import pytest

from attribution.scoring import progress as module
from attribution.scoring.progress import (
    LogProgress,
    Pace,
    Silence,
    TerminalProgress,
    choose_progress,
    line,
)


def test_rows_a_second_and_time_left_are_of_this_run() -> None:
    pace = Pace(100.0)
    pace.move(1000, 0.5, fresh=False, now=104.0)
    pace.move(1200, 0.6, fresh=True, now=106.0)
    assert pace.rate == pytest.approx(100)
    assert pace.left == pytest.approx(8)
    assert line(1200, 3, pace) == "1,200 rows done, 100 rows/s, 0:00:08 left, 3 rejected"


def test_without_a_known_length_nothing_is_said_of_the_time_left() -> None:
    pace = Pace(0.0)
    pace.move(10, None, fresh=True, now=2.0)
    assert line(10, 0, pace) == "10 rows done, 5 rows/s, 0 rejected"


def test_a_line_every_ten_seconds(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    clock = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    with LogProgress() as shown:
        for second in range(1, 35):
            clock[0] = float(second)
            shown(second * 10, 1, second / 100, fresh=True)
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        "100 rows done, 10 rows/s, 0:01:30 left, 1 rejected",
        "200 rows done, 10 rows/s, 0:01:20 left, 1 rejected",
        "300 rows done, 10 rows/s, 0:01:10 left, 1 rejected",
    ]


def test_the_bar_tells_rows_rate_and_rejected(capsys: pytest.CaptureFixture[str]) -> None:
    with TerminalProgress() as shown:
        shown(1000, 7, 0.25, fresh=True)
        task = shown._bar.tasks[0]
        assert (task.completed, task.total) == (1000, 4000)
        assert "7 rejected" in task.description
        assert "rows/s" in task.description
        shown(2000, 7, None, fresh=True)
        assert shown._bar.tasks[0].total == 2000
    assert capsys.readouterr().out == ""


def test_what_is_chosen() -> None:
    assert isinstance(choose_progress(quiet=True, show=True), Silence)
    assert isinstance(choose_progress(show=True), TerminalProgress)
    assert isinstance(choose_progress(show=False), LogProgress)
