"""The command that opens the analyst's desk."""

from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attribution.cli.faults import UserError
from attribution.cli.models import open_model
from attribution.cli.options import ModelArgument
from attribution.cli.output import note

if TYPE_CHECKING:
    from attribution.posterior.posterior import Posterior

_NEEDED = ("fastapi", "python_multipart", "uvicorn")


def desk(
    model: ModelArgument,
    *,
    case: Annotated[
        Path | None,
        typer.Option(metavar="CASE", help="Make sure that the model was fitted to this case."),
    ] = None,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port; 0 takes any that is free.")
    ] = 8321,
    token: Annotated[
        str,
        typer.Option(
            metavar="TOKEN",
            envvar="ATTRIBUTION_DESK_TOKEN",
            help="What a caller must know; required beyond this machine.",
        ),
    ] = "",
) -> None:
    """Open the desk: a local web page and JSON API.

    Only this machine can reach it, unless another address is given. Ctrl-C closes it.
    """
    _check_options(host, token)
    from attribution.desk.serve import listening, policy_for, serve  # noqa: PLC0415
    from attribution.desk.uploads import Limits  # noqa: PLC0415

    try:
        taken = listening(host, port)
    except OSError as error:
        raise UserError(f"{host} port {port}: {error.strerror}") from error
    posterior = open_model(model)
    if case is not None:
        _check_case(posterior, case)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{taken.getsockname()[1]}/"
    # The server closes on Ctrl-C; Python hears of it only where it does not ignore it, as it does
    # in the background of a shell.
    with suppress(KeyboardInterrupt):
        serve(
            posterior,
            taken,
            policy_for(host, token, Limits()),
            lambda: note(f"The desk is open at {address} (Ctrl-C closes it)."),
        )
    note("The desk is closed.")


def _check_options(host: str, token: str) -> None:
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise UserError(
            "the desk needs more libraries; install them with `pip install claim-attribution[desk]`"
        )
    from attribution.desk.security import LEAST_TOKEN, is_loopback  # noqa: PLC0415

    if not is_loopback(host) and not token:
        raise typer.BadParameter(
            f"--host {host} can be reached by other machines; give --token as well."
        )
    if token and len(token) < LEAST_TOKEN:
        raise typer.BadParameter(f"--token: take at least {LEAST_TOKEN} characters.")


def _check_case(posterior: "Posterior", folder: Path) -> None:
    from attribution.case.load import load_case  # noqa: PLC0415

    given = load_case(folder).fingerprint()
    if given != posterior.manifest.case_fingerprint:
        raise UserError(
            f"the model was not fitted to the case in {str(folder)!r}: the tables differ; fit it "
            "again"
        )
