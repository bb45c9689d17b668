"""Commands that read a case: check and fit."""

import os
import shutil
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attribution.cli.faults import ExitCode, UserError
from attribution.cli.models import UNTRUSTED
from attribution.cli.options import CaseArgument, JsonOption, Method, parse_date
from attribution.cli.output import note, show, show_json

if TYPE_CHECKING:
    from attribution.case.case import Case
    from attribution.posterior.posterior import Posterior

_MANIFEST = "manifest.json"


def check(case: CaseArgument, as_json: JsonOption = False) -> None:
    """List every fault of a case.

    Each comes with file, row, column, value and what is allowed; exit 1 if there is any.
    """
    from attribution.case.faults import CaseError  # noqa: PLC0415

    if not as_json:
        _show_contents(_sound_case(case))
        return
    from attribution.case.records import plain  # noqa: PLC0415

    try:
        loaded = _sound_case(case)
    except CaseError as error:
        show_json({"ok": False, "faults": plain(error.faults)})
        raise typer.Exit(ExitCode.INPUT_FAULT) from error
    show_json(
        {
            "ok": True,
            "faults": [],
            "case": loaded.config.name,
            "fingerprint": loaded.fingerprint(),
            "rows": {name: len(table) for name, table in loaded.tables.items()},
        }
    )


def _sound_case(folder: Path) -> "Case":
    """Load a case and let its channels read their options, as a fit would."""
    from attribution.case.config import CONFIG_FILE  # noqa: PLC0415
    from attribution.case.faults import CaseError, Fault  # noqa: PLC0415
    from attribution.case.load import load_case  # noqa: PLC0415
    from attribution.channels.stack import ChannelError, bind_stack  # noqa: PLC0415

    case = load_case(folder)
    try:
        bind_stack(case)
    except ChannelError as error:
        message = str(error).removeprefix(f"{CONFIG_FILE}: ")
        raise CaseError([Fault(CONFIG_FILE, None, "channels", "", message)]) from error
    return case


def fit(
    case: CaseArgument,
    *,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="MODEL", help="Folder to write the model to."),
    ],
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of the sampler.")] = 1,
    draws: Annotated[int, typer.Option(min=1, help="Posterior draws to keep.")] = 1000,
    method: Annotated[
        Method,
        typer.Option(
            help="nuts samples; laplace approximates, for very many incidents; auto chooses."
        ),
    ] = Method.AUTO,
    as_of: Annotated[
        date | None,
        typer.Option(
            parser=parse_date, metavar="DATE", help="Use only evidence dated on or before this day."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Save the model even if it fails its diagnostics.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a model that is already there.")
    ] = False,
) -> None:
    """Fit the model to a case and save it.

    A model that fails its own diagnostics is not saved (exit 3), unless forced.
    """
    check_output(output, overwrite)
    from attribution.case.load import load_case  # noqa: PLC0415

    loaded = load_case(case)
    # A fit spends more time on compiling than on sampling; full optimisation of the compiled code
    # costs more seconds than it saves. The compiler reads this once, when it is first imported.
    os.environ.setdefault("NUMBA_OPT", "1")
    from attribution.posterior.fit import fit as fit_case  # noqa: PLC0415

    posterior = fit_case(
        loaded, seed=seed, as_of=as_of, draws=draws, force=force, method=method.value
    )
    save_model(posterior, output)
    _show_fit(posterior, output)


def check_output(output: Path, overwrite: bool) -> None:
    """Make sure that a model can be written, before the work that goes into it.

    Parameters
    ----------
    output
        Folder to write.
    overwrite
        Whether a model that is there may be replaced.

    Raises
    ------
    UserError
        If there is no place for it, or something that must not be replaced.
    """
    if not output.parent.is_dir():
        raise UserError(f"there is no folder {str(output.parent)!r} to write the model to")
    if not os.access(output.parent, os.W_OK):
        raise UserError(f"the folder {str(output.parent)!r} cannot be written to")
    if not output.exists():
        return
    if not overwrite:
        raise UserError(f"{str(output)!r} is already there; --overwrite replaces a model")
    if not output.is_dir() or (any(output.iterdir()) and not (output / _MANIFEST).is_file()):
        raise UserError(f"{str(output)!r} is no model, so it is not replaced")


def save_model(posterior: "Posterior", output: Path) -> None:
    """Write a model under a temporary name first, so that a half-written one is never found.

    Parameters
    ----------
    posterior
        The model.
    output
        Folder to write; a model that is there is replaced.
    """
    target = output.resolve()
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    former = target.with_name(f".{target.name}.{os.getpid()}.former")
    try:
        posterior.save(partial)
        if target.exists():
            target.rename(former)
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    shutil.rmtree(former, ignore_errors=True)


def _show_contents(case: "Case") -> None:
    from attribution.report.blocks import Column, Paragraph, Table  # noqa: PLC0415

    rows = tuple((name, str(len(table))) for name, table in case.tables.items())
    show(
        (
            Paragraph(f"No faults in the case {case.config.name} ({case.config.title})."),
            Table((Column("table"), Column("rows", "right")), rows),
            Paragraph(f"Fingerprint {case.fingerprint()}"),
        )
    )


def _show_fit(posterior: "Posterior", output: Path) -> None:
    from attribution.report.blocks import Paragraph  # noqa: PLC0415
    from attribution.report.tables import checks_table  # noqa: PLC0415

    diagnosis = posterior.diagnose()
    verdict = "passed" if diagnosis.passed else "FAILED"
    show(
        (
            Paragraph(f"The model is in {output}. It {verdict} its diagnostics."),
            checks_table(diagnosis.table),
        )
    )
    if not diagnosis.passed:
        note(UNTRUSTED)
