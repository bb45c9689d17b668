"""The command ``report``: forms, refusals and exit codes, with a made-up posterior."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from command import call
from fake_posterior import FakePosterior
from typer.testing import Result

from attribution.case.case import Case

MODEL = "."  # any folder
ERBIL = "20210215-erbil-airport"

type Run = Callable[..., Result]


@pytest.fixture
def run(iraq: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run the command in an empty folder."""
    monkeypatch.setattr("attribution.posterior.store.load", lambda *_: FakePosterior(iraq))
    monkeypatch.chdir(tmp_path)

    return partial(call, "report", MODEL)


def test_the_name_tells_the_form(run: Run, iraq: Case) -> None:
    result = run("-o", "out.md")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"The report on {len(iraq.incidents)} incidents is in out.md.\n"
    assert Path("out.md").read_text().startswith("# ")
    assert [each.name for each in Path.cwd().iterdir()] == ["out.md"]


@pytest.mark.parametrize(
    ("options", "start"),
    [
        (("-o", "note.html"), "<!DOCTYPE html>"),
        (("-o", "note.md"), "# 20210215"),
        (("-o", "note.txt", "--format", "md"), "# 20210215"),
        (("-o", "note", "--format", "html"), "<!DOCTYPE html>"),
    ],
)
def test_a_note_on_one_incident(run: Run, options: tuple[str, ...], start: str) -> None:
    result = run(*options, "--incident", ERBIL)
    assert result.exit_code == 0, result.stderr
    text = Path(options[1]).read_text()
    assert text.startswith(start)
    assert "Who probably did it" in text


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("-o", "out.pdf"), 2, ".html"),
        (("-o", "out"), 2, ".md"),
        (("-o", "out.html", "--format", "pdf"), 2, "pdf"),
        (("-o", "note.html", "--incident", "20210215-erbil-airprt"), 1, ERBIL),
        (("-o", "nowhere/out.html"), 1, "nowhere"),
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
