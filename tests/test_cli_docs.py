"""README.md and docs/cli.md say what the command line does."""

import re
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from attribution.cli import app

ROOT = Path(__file__).parents[1]
COMMANDS = list(get_command(app).commands)  # type: ignore[attr-defined]

README_COMMANDS = (
    "python3 -m pip install -q uv && uv run attribution demo",
    "python3 -m pip install -q uv && uv run pytest",
)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def options_of(command: str) -> set[str]:
    parameters = get_command(app).commands[command].params  # type: ignore[attr-defined]
    return {
        option
        for parameter in parameters
        for option in (*parameter.opts, *parameter.secondary_opts)
        if option.startswith("--") and "_" not in option
    } - {"--help"}


def test_the_commands_of_the_design() -> None:
    assert COMMANDS == [
        "demo",
        "check",
        "fit",
        "update",
        "query",
        "what-if",
        "score",
        "shares",
        "brands",
        "labellers",
        "diagnose",
        "picture",
        "evaluate",
        "report",
        "export",
        "desk",
    ]


@pytest.mark.parametrize("name", ["README.md", "docs/cli.md"])
def test_the_table_of_commands_is_complete(name: str) -> None:
    listed = re.findall(r"^\| `attribution ([a-z-]+)", read(name), flags=re.MULTILINE)
    assert listed == COMMANDS


def test_readme_starts_with_the_two_commands() -> None:
    indented = re.findall(r"^    (.+)$", read("README.md"), flags=re.MULTILINE)
    assert tuple(indented[:2]) == README_COMMANDS


def test_every_documented_option_exists_and_every_option_is_documented() -> None:
    sections = re.split(r"^## ", read("docs/cli.md"), flags=re.MULTILINE)
    by_title = {section.splitlines()[0]: section for section in sections}
    for command in COMMANDS:
        title = next(title for title in by_title if command in title.split(", "))
        written = set(re.findall(r"(--[a-z][a-z-]*)(?!_)\b", by_title[title]))
        missing = options_of(command) - written - {"--output"}
        assert not missing, f"{command}: {missing} not in docs/cli.md"
        known = set().union(*(options_of(other) for other in COMMANDS))
        assert written <= known | {"--help", "--version", "--verbose"}, command


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_explains_every_parameter(command: str) -> None:
    parameters = get_command(app).commands[command].params  # type: ignore[attr-defined]
    for parameter in parameters:
        assert parameter.help, f"{command}: {parameter.name} has no help"
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) > 5
    # Numpydoc sections are for programmers and must not leak into the help.
    assert "Parameters\n" not in result.stdout


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "CHANGELOG.md",
        "docs/cli.md",
        "docs/data.md",
        "docs/desk.md",
        "docs/exports.md",
        "docs/pictures.md",
        "docs/report.md",
    ],
)
def test_links_inside_the_documents_lead_somewhere(name: str) -> None:
    text = read(name)
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if not target.startswith(("http://", "https://")):
            assert (ROOT / name).parent.joinpath(target).exists(), target


def test_exit_codes_are_documented() -> None:
    from attribution.cli.faults import ExitCode

    text = read("docs/cli.md")
    for code in ExitCode:
        assert f"| {code.value} |" in text


def test_errors_that_have_an_exit_code_exist() -> None:
    from importlib import import_module

    from attribution.cli.faults import _CODES

    for name in _CODES:
        module, _, kind = name.rpartition(".")
        assert issubclass(getattr(import_module(module), kind), Exception), name
