"""The command that measures the model against expert labels."""

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from attribution.cli.options import CaseArgument, Seeds, parse_date, parse_seeds
from attribution.cli.output import note


class Scheme(StrEnum):
    """What is hidden from a fit."""

    KFOLD = "kfold"
    TEMPORAL = "temporal"
    LABELLER = "labeller"


class Baselines(StrEnum):
    """Which competitors are run."""

    FAST = "fast"
    ALL = "all"
    NONE = "none"


OutputOption = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="DIR", help="Folder to write tables and figures to."),
]
SchemeOption = Annotated[
    Scheme,
    typer.Option(
        help="What is hidden: random folds, what was not known before a quarter, or a labeller."
    ),
]
SeedsOption = Annotated[
    Seeds | None,
    typer.Option(
        parser=parse_seeds,
        metavar="N,N,…",
        help="Seeds of folds and fits.  [default: 0,1,2 for kfold, otherwise 0]",
    ),
]
FromOption = Annotated[
    date | None,
    typer.Option(
        "--from",
        parser=parse_date,
        metavar="DATE",
        help="First day that is tested (temporal).  [default: 2020-01-01]",
    ),
]
EchoesOption = Annotated[
    bool,
    typer.Option(
        "--hide-echoes", help="Hide the labels of a labeller's echo group, too (labeller)."
    ),
]


def evaluate(
    case: CaseArgument,
    *,
    output: OutputOption,
    scheme: SchemeOption = Scheme.KFOLD,
    seeds: SeedsOption = None,
    folds: Annotated[int, typer.Option(min=2, help="Number of folds (kfold).")] = 5,
    start: FromOption = None,
    min_labels: Annotated[
        int, typer.Option(min=1, help="Least scored labels of a labeller (labeller).")
    ] = 5,
    hide_echoes: EchoesOption = False,
    baselines: Annotated[
        Baselines, typer.Option(help="Competitors: fast ones, all, or class frequencies only.")
    ] = Baselines.ALL,
    model: Annotated[
        bool, typer.Option("--model/--no-model", help="Fit the model, or compare baselines only.")
    ] = True,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an evaluation that is already there.")
    ] = False,
) -> None:
    """Measure how well expert labels are predicted that were hidden from the fit.

    Prints a summary and writes it to a folder with tables (CSV) and figures (PNG), whole or not at
    all.
    """
    _check_use(scheme, start=start, hide_echoes=hide_echoes, model=model, baselines=baselines)
    from attribution.evaluate.folder import check_folder  # noqa: PLC0415

    check_folder(output, overwrite=overwrite)
    from attribution.case.load import load_case  # noqa: PLC0415

    loaded = load_case(case)
    from attribution.evaluate.run import evaluate as run  # noqa: PLC0415
    from attribution.evaluate.schemes import FIRST_DAY  # noqa: PLC0415

    report = run(
        loaded,
        scheme=scheme.value,
        seeds=None if seeds is None else seeds.values,
        folds=folds,
        start=FIRST_DAY if start is None else start,
        min_labels=min_labels,
        hide_echoes=hide_echoes,
        baselines=baselines.value,
        model=model,
    )
    report.save(output, overwrite=overwrite)
    typer.echo(report.text)
    note(f"Tables and figures are in {output}.")


def _check_use(
    scheme: Scheme, *, start: date | None, hide_echoes: bool, model: bool, baselines: Baselines
) -> None:
    if start is not None and scheme is not Scheme.TEMPORAL:
        raise typer.BadParameter("--from belongs to --scheme temporal.")
    if hide_echoes and scheme is not Scheme.LABELLER:
        raise typer.BadParameter("--hide-echoes belongs to --scheme labeller.")
    if not model and baselines is Baselines.NONE:
        raise typer.BadParameter("--no-model and --baselines none leave nothing to evaluate.")
