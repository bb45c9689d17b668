"""Running the desk until it is told to stop."""

from __future__ import annotations

import gc
import socket
from typing import TYPE_CHECKING

import uvicorn

from attribution.desk.app import create_app
from attribution.desk.security import Policy, is_loopback
from attribution.desk.uploads import Limits, Uploads

if TYPE_CHECKING:
    from collections.abc import Callable

    from attribution.posterior.posterior import Posterior

#: Addresses that stand for all of a machine's.
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - recognised, not chosen
#: Seconds in which requests that are being answered may come to their end.
PATIENCE = 5
#: Bytes of a request beyond those of the file that it brings.
AROUND_A_FILE = 2**16


def listening(host: str, port: int) -> socket.socket:
    """Take an address to listen on.

    Parameters
    ----------
    host, port
        The address; port 0 takes any that is free.

    Returns
    -------
    socket.socket
        Bound, not yet listening.

    Raises
    ------
    OSError
        If there is no such address, or another program has it.
    """
    family, kind, number, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    taken = socket.socket(family, kind, number)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
    except OSError:
        taken.close()
        raise
    return taken


def policy_for(host: str, token: str, limits: Limits) -> Policy:
    """Say who may ask a desk that listens on an address.

    Parameters
    ----------
    host
        The address.
    token
        What a caller must know, "" for nothing.
    limits
        How much may be brought.
    """
    everywhere = host in EVERYWHERE
    names = (socket.gethostname().casefold(),) if everywhere else (host.casefold(),)
    return Policy(
        hosts=names,
        token=token,
        addresses=everywhere or not is_loopback(host),
        largest_file=limits.bytes + AROUND_A_FILE,
    )


def serve(
    posterior: Posterior, taken: socket.socket, policy: Policy, ready: Callable[[], None]
) -> None:
    """Answer requests until the process is told to stop.

    Parameters
    ----------
    posterior
        The model.
    taken
        The address; closed at the end.
    policy
        Who may ask.
    ready
        Called once the desk answers.
    """
    app = create_app(posterior, policy, Uploads())
    config = uvicorn.Config(
        app,
        # The log of the command line is enough; addresses of requests are nobody's business.
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=PATIENCE,
    )
    with taken:
        _Server(config, ready).run(sockets=[taken])


class _Server(uvicorn.Server):
    """A server that tells when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell."""
        await super().startup(sockets)
        # Model and case stay: whoever looks for garbage among them keeps an answer waiting.
        gc.collect()
        gc.freeze()
        if not self.should_exit:
            self._ready()
