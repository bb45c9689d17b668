"""The command line as a process: exit codes, streams, and what is imported."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from attribution import __version__
from attribution.case.load import bundled_case_folder

ROOT = Path(__file__).parents[1]
CASE = str(bundled_case_folder())
HEAVY = ("numpy", "pandas", "pyarrow", "pymc", "pytensor", "numba", "nutpie", "arviz", "xarray",
         "zarr", "jinja2", "matplotlib", "scipy")  # fmt: skip


def run(*arguments: str, encoding: str = "utf-8") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "attribution.cli", *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
        timeout=120,
    )


def test_version() -> None:
    assert run("--version").stdout.decode() == f"attribution {__version__}\n"


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from attribution.cli import app\n"
        "app(['--help'], standalone_mode=False)\n"
        "for command in ('fit', 'demo', 'evaluate'):\n"
        "    app([command, '--help'], standalone_mode=False)\n"
        f"print('heavy:', sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, timeout=60
    )
    assert result.stderr.decode().strip() == "heavy: []"
    assert b"--as-of" in result.stdout


def test_a_misspelt_path_does_not_import_the_sampler() -> None:
    code = (
        "import sys\n"
        "from attribution.cli import app\n"
        "assert app(['check', 'no-such-case'], standalone_mode=False) == 1\n"
        "print(sorted({'pymc', 'pytensor', 'nutpie'} & set(sys.modules)))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, timeout=60
    )
    assert result.stdout.decode().strip() == "[]"
    assert b"no such folder" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "Usage"),
        (("conjure",), 2, "conjure"),
        (("query",), 2, "MODEL"),
        (("fit", CASE), 2, "--output"),
        (("shares", "m", "--from", "yesterday"), 2, "2021-02-15"),
        (("check", "no-such-case"), 1, "no such folder"),
        (("fit", CASE, "-o", "no-such-folder/m"), 1, "no folder"),
        (("query", "no-such-model", "x"), 1, "no-such-model"),
        (("score", "no-such-model", "in.csv", "-o", "out.csv"), 1, "no-such-model"),
    ],
)
def test_mistakes_end_in_a_message(arguments: tuple[str, ...], code: int, message: str) -> None:
    result = run(*arguments)
    assert result.returncode == code
    told = result.stderr.decode() + result.stdout.decode()
    assert message in told
    assert "Traceback" not in told


def test_a_reader_who_stops_reading_is_no_defect() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "attribution.cli", "check", CASE],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 141
    assert told == b""


def test_a_full_disk_is_told() -> None:
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "attribution.cli", "check", CASE],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    assert result.returncode == 1
    assert b"No space left" in result.stderr
    assert b"Traceback" not in result.stderr


def test_an_encoding_that_cannot_hold_a_character(tmp_path: Path) -> None:
    folder = tmp_path / "كتائب"
    result = run("check", str(folder), encoding="ascii")
    assert result.returncode == 1
    assert b"no such folder" in result.stderr
    assert b"Traceback" not in result.stderr
