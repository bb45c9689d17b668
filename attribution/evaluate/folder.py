"""The folder of an evaluation: written completely or not at all."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from attribution.evaluate.errors import EvaluationError

if TYPE_CHECKING:
    import pandas as pd

    from attribution.evaluate.results import EvaluationReport

RUN = "run.json"
DIGITS = "%.6g"


def check_folder(folder: str | Path, *, overwrite: bool = False) -> Path:
    """Make sure, before any work, that an evaluation can be written to a folder.

    Parameters
    ----------
    folder
        Where to.
    overwrite
        Whether an earlier evaluation may be replaced.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    EvaluationError
        If its parent is missing or cannot be written to, or it holds what is not to be replaced.
    """
    target = Path(folder)
    parent = target.resolve().parent
    if not parent.is_dir():
        raise EvaluationError(f"there is no folder {str(target.parent)!r} to write to")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise EvaluationError(f"the folder {str(target.parent)!r} cannot be written to")
    if not target.exists() and not target.is_symlink():
        return target
    if not target.is_dir():
        raise EvaluationError(f"{str(target)!r} is there and is no folder; name another one")
    if any(target.iterdir()):
        if not overwrite:
            raise EvaluationError(
                f"{str(target)!r} is there and not empty; --overwrite (overwrite=True) replaces an "
                "evaluation"
            )
        if not (target / RUN).is_file():
            raise EvaluationError(f"{str(target)!r} is no evaluation, so it is not replaced")
    return target


def write_folder(report: EvaluationReport, folder: str | Path, *, overwrite: bool = False) -> None:
    """Write a report under a temporary name and rename the folder once it is whole.

    Parameters
    ----------
    report
        The outcome of an evaluation.
    folder
        Where to.
    overwrite
        Whether an earlier evaluation may be replaced.

    Raises
    ------
    EvaluationError
        As `check_folder`.
    OSError
        If something cannot be written; then nothing is left of it.
    """
    target = check_folder(folder, overwrite=overwrite).resolve()
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    former = target.with_name(f".{target.name}.{os.getpid()}.former")
    try:
        partial.mkdir()
        _fill(partial, report)
        if target.exists():
            target.rename(former)
        partial.rename(target)
    except BaseException:
        if former.exists() and not target.exists():
            former.rename(target)
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    shutil.rmtree(former, ignore_errors=True)


def _fill(folder: Path, report: EvaluationReport) -> None:
    _write(report.table.reset_index(), folder / "scores.csv")
    _write(report.by_seed, folder / "scores_by_seed.csv")
    _write(report.differences, folder / "differences.csv")
    _write(report.predictions, folder / "incidents.csv")
    _write(report.questions, folder / "questions.csv")
    _write(report.reliability, folder / "reliability.csv")
    (folder / "summary.txt").write_text(report.text + "\n", encoding="utf-8")
    report.plot_overview().savefig(folder / "evaluation.png", dpi=150)
    report.plot_actors().savefig(folder / "reliability_actors.png", dpi=150)
    plan = report.held.plan
    run = {
        **report.about,
        "scheme": plan.scheme,
        "options": dict(plan.options),
        "seeds": [each.seed for each in plan.repetitions],
        "predictors": list(report.table.index),
        "left_out": dict(report.held.left_out),
    }
    (folder / RUN).write_text(json.dumps(run, indent=2) + "\n", encoding="utf-8")


def _write(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(
        path,
        index=False,
        encoding="utf-8",
        lineterminator="\n",
        float_format=DIGITS,
        date_format="%Y-%m-%d",
    )
