"""Parts scored by the workers of a Dask cluster; this process reads, writes and keeps the journal.

Workers get rows and give attributions back, so that they need no common file system, and losing one
loses nothing: its parts are scored again by others.
"""

from __future__ import annotations

import atexit
import logging
import os
import secrets
import signal
import threading
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attribution.scoring.errors import StoppedError, first_line
from attribution.scoring.pieces import ScoredPart, score_part

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from attribution.scoring.batch import Attributor
    from attribution.scoring.rows import Part
    from attribution.scoring.translation import Translation

MISSING = "--engine dask needs Dask: pip install 'claim-attribution[dask]'"

#: Parts on their way for each thread of the cluster: one at work, one to follow.
AHEAD = 2
#: Seconds to wait for the scheduler, for a first worker, and between two looks at the cluster.
CONNECT, JOIN, LOOK = 30.0, 120.0, 2.0

_LOUD = ("distributed", "tornado", "asyncio")
_CLUSTER = Path("the cluster")


class ModelOnWorker:
    """The posterior, on every worker and on those that join later.

    Dask calls what is registered with `distributed.Client.register_plugin`.

    Parameters
    ----------
    packed
        The posterior, pickled once.
    own
        Whether the workers are this process's children. A terminal interrupts them together with
        it, and it is this process that has to end them.
    """

    def __init__(self, packed: bytes, *, own: bool) -> None:
        self.packed = packed
        self.own = own
        self.posterior: Attributor | None = None

    def setup(self, worker: Any) -> None:  # noqa: ANN401, ARG002  (Dask has no types)
        """Unpack the posterior on a worker that has just begun."""
        import cloudpickle  # noqa: PLC0415 - an extra

        self.posterior = cloudpickle.loads(self.packed)
        if self.own and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)


def score_on_dask(
    posterior: Attributor,
    parts: Iterator[Part],
    how: Translation,
    scheduler: str | None,
    workers: int | None,
) -> Generator[ScoredPart]:
    """Score parts on a cluster.

    Parameters
    ----------
    posterior
        The fitted model; it goes once to each worker.
    parts
        The rows; read a little ahead of the workers.
    how
        What is done to them first.
    scheduler
        Address of a running cluster; None starts processes on this machine.
    workers
        How many processes then; None for one a core.

    Yields
    ------
    ScoredPart
        One for each part, in the order in which they are done.

    Raises
    ------
    StoppedError
        If Dask is not installed, the cluster cannot be reached or is lost, or a part ends every
        worker that takes it up.
    """
    try:
        import cloudpickle  # noqa: PLC0415 - an extra
        import dask  # noqa: PLC0415
        import distributed  # noqa: PLC0415
    except ImportError as error:
        raise StoppedError(_CLUSTER, MISSING) from error
    name = f"attribution-{secrets.token_hex(8)}"
    settings = {
        # Rows travel with their task, so that a worker's end does not take them along.
        "distributed.admin.large-graph-warning-threshold": "4 GiB",
        "distributed.comm.timeouts.connect": f"{CONNECT}s",
        "distributed.nanny.pre-spawn-environ.NUMBA_NUM_THREADS": 1,
    }
    with _quiet(), dask.config.set(settings), _client(scheduler, workers) as client:
        try:
            client.wait_for_workers(1, timeout=JOIN)
            plugin = _plugin(distributed, cloudpickle.dumps(posterior), own=scheduler is None)
            client.register_plugin(plugin, name=name)
        except (OSError, TimeoutError) as error:
            raise StoppedError(_CLUSTER, f"no worker can be reached ({first_line(error)})") from (
                error
            )
        yield from _results(client, parts, how, name)
        if client.status == "running":
            client.unregister_worker_plugin(name)


def _plugin(distributed: Any, packed: bytes, *, own: bool) -> Any:  # noqa: ANN401  (Dask has no types)
    """Make the plugin that Dask asks for, of a class that only exists where Dask is."""

    class Plugin(ModelOnWorker, distributed.WorkerPlugin):  # type: ignore[misc]
        pass

    return Plugin(packed, own=own)


def _score(name: str, part: Part, how: Translation) -> ScoredPart:
    """Score a part on a worker."""
    from distributed import get_worker  # noqa: PLC0415 - an extra

    plugin: Any = get_worker().plugins[name]
    return score_part(plugin.posterior, part, how)


def _results(
    client: Any,  # noqa: ANN401  (Dask has no types)
    parts: Iterator[Part],
    how: Translation,
    name: str,
) -> Iterator[ScoredPart]:
    from distributed import wait  # noqa: PLC0415 - an extra

    under_way: set[Any] = set()
    more = True
    while more or under_way:
        room = _room(client)
        while more and len(under_way) < room:
            part = next(parts, None)
            if part is None:
                more = False
                break
            key = f"{name}-{part.index}"
            under_way.add(client.submit(_score, name, part, how, key=key, pure=False))
        if not under_way:
            break
        try:
            done = wait(under_way, timeout=LOOK, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            done = set()
        except (CancelledError, OSError) as error:
            raise _lost(client) from error
        if not done and (not _alive(client) or any(f.status == "lost" for f in under_way)):
            raise _lost(client)
        for future in done:
            yield _result(client, future)
        under_way -= done


def _room(client: Any) -> int:  # noqa: ANN401  (Dask has no types)
    """Say how many parts may be on their way: workers come and go."""
    try:
        return max(1, AHEAD * sum(map(int, client.nthreads().values())))
    except (CancelledError, OSError, TimeoutError) as error:
        raise _lost(client) from error


def _result(client: Any, future: Any) -> ScoredPart:  # noqa: ANN401  (Dask has no types)
    from distributed import KilledWorker  # noqa: PLC0415 - an extra

    try:
        result = future.result()
    except KilledWorker as error:
        raise StoppedError(
            _CLUSTER,
            "a part ended every worker that took it up, perhaps for want of memory; "
            "a smaller --part-rows may help",
        ) from error
    except (CancelledError, OSError) as error:
        raise _lost(client) from error
    assert isinstance(result, ScoredPart)
    return result


def _alive(client: Any) -> bool:  # noqa: ANN401  (Dask has no types)
    return bool(client.status == "running")


def _lost(client: Any) -> StoppedError:  # noqa: ANN401  (Dask has no types)
    address = getattr(client.scheduler, "address", None) or "its address"
    return StoppedError(_CLUSTER, f"the scheduler at {address} was lost")


@contextmanager
def _client(scheduler: str | None, workers: int | None) -> Iterator[Any]:
    """Connect to a cluster, or start one on this machine."""
    from distributed import Client  # noqa: PLC0415 - an extra

    if scheduler is None:
        with _processes(workers or os.cpu_count() or 1) as cluster, Client(cluster) as client:
            yield client
        return
    try:
        client = Client(scheduler, timeout=CONNECT)
    except (OSError, TimeoutError, ValueError) as error:
        raise StoppedError(
            _CLUSTER, f"the scheduler at {scheduler} cannot be reached ({first_line(error)})"
        ) from error
    with client:
        yield client


def _processes(count: int) -> Any:  # noqa: ANN401  (Dask has no types)
    """Start a cluster on this machine."""
    from distributed import LocalCluster  # noqa: PLC0415 - an extra
    from distributed.deploy.spec import close_clusters  # noqa: PLC0415

    try:
        return LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
        )
    except KeyboardInterrupt:
        # What is half begun cannot be closed in order, as the library would try when Python ends.
        atexit.unregister(close_clusters)
        raise


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the libraries from telling at length what is told here in a sentence."""
    names = [name for name in logging.root.manager.loggerDict if name.startswith(_LOUD)]
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
