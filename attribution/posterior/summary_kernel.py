"""Probabilities and their summaries in one compiled call, for as many incidents as asked.

Between two calls a thread needs Python's lock, and waits for it while another thread reads or
writes rows. One call for many incidents waits seldom; within it they are taken by the handful, so
that their draws stay in the cache.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit, types

from attribution.model.likelihood_kernel import compile_fully
from attribution.posterior import draw_kernel, quantile_kernel
from attribution.posterior.draw_kernel import fill_probabilities
from attribution.posterior.quantile_kernel import summarise_draws

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def summarise_rows() -> Callable[..., None]:
    """Return the compiled function, from numba's cache but for the first time on a machine.

    Returns
    -------
    Callable
        Takes the tables, evidence and columns of `draw_kernel.fill_probabilities`, the chosen
        incidents, how many are taken at a time, then what `quantile_kernel.summarise_draws` takes
        behind ``p`` but for the columns; writes the results of the chosen, in their order.
    """
    function: Any = _joined(_fingerprint())

    # Arrays may be read-only, as those of another process are; without leave to compile more, numba
    # takes others for such.
    def given(kind: types.Type, dimensions: int) -> types.Array:
        return types.Array(kind, dimensions, "C", readonly=True)

    line, result = given(types.int64, 1), types.float64[:, ::1]
    compile_fully(
        function,
        (
            given(types.float32, 3),
            given(types.int64, 2),
            given(types.float64, 2),
            given(types.float64, 3),
            types.int64,
            *(line, line, line),
            *(types.int64, types.int64),
            types.float64[::1],
            *(result, result, result),
        ),
    )
    function.disable_compile()
    compiled: Callable[..., None] = function
    return compiled


def _fingerprint() -> int:
    """Condense the files whose functions are compiled into this one's."""
    digest = hashlib.sha256()
    for module in (draw_kernel, quantile_kernel):
        digest.update(Path(str(module.__file__)).read_bytes())
    return int.from_bytes(digest.digest()[:4])


def _joined(fingerprint: int) -> Any:  # noqa: ANN401 - numba has no types
    # numba's cache knows a function by its own file and the values that it closes over. It would
    # not notice changes of the two other files without the fingerprint.

    @njit(nogil=True, cache=True)
    def summarise_chosen(  # noqa: PLR0917 - compiled code takes arrays by position
        tables: NDArray[np.float32],
        code: NDArray[np.int64],
        weight: NDArray[np.float64],
        factor: NDArray[np.float64],
        acts: int,
        order: NDArray[np.int64],
        starts: NDArray[np.int64],
        chosen: NDArray[np.int64],
        handful: int,
        draws: int,
        levels: NDArray[np.float64],
        mean: NDArray[np.float64],
        low: NDArray[np.float64],
        high: NDArray[np.float64],
    ) -> int:
        lanes = tables.shape[2] // order.shape[0]
        p = np.empty((handful, mean.shape[1], tables.shape[0] * lanes), np.float32)
        for start in range(0, chosen.shape[0], handful):
            stop = min(start + handful, chosen.shape[0])
            some = p[: stop - start]
            fill_probabilities(
                tables, code, weight, factor, acts, order, starts, chosen[start:stop], some
            )
            summarise_draws(
                some, draws, levels, order, mean[start:stop], low[start:stop], high[start:stop]
            )
        return fingerprint

    return summarise_chosen
