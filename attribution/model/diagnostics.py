"""The gate that a fit must pass before anybody may rely on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from arviz_stats.base.array import array_stats

from attribution.model.verdict import Check, Entry, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import xarray as xr
    from numpy.typing import NDArray

#: Limits: Vehtari, Gelman, Simpson, Carpenter and Bürkner (2021) for rank-normalised R-hat and bulk
#: ESS (100 a chain, four chains), Betancourt (2016) for E-BFMI.
RHAT_LIMIT = 1.01
ESS_LIMIT = 400.0
EBFMI_LIMIT = 0.3

#: How many of the worst entries are kept by name.
WORST = 20


# ArviZ does not type these two.
_rhat: Callable[..., NDArray[np.float64]] = array_stats.rhat
_ess: Callable[..., NDArray[np.float64]] = array_stats.ess


def diagnose(
    variables: Mapping[str, NDArray[np.floating]],
    levels: Mapping[str, Sequence[Sequence[str]]],
    sample_stats: xr.Dataset,
) -> Verdict:
    """Check the convergence of every entry and the behaviour of the sampler.

    Parameters
    ----------
    variables
        Draws by name, each (chains, draws, ...): all that the model reports.
    levels
        Names along each axis behind the draws, by variable.
    sample_stats
        The sampler's own statistics, with ``diverging`` and ``energy``.

    Returns
    -------
    The verdict: largest R-hat, smallest bulk ESS, number of divergences and smallest E-BFMI.
    """
    entries = [
        entry
        for name, values in variables.items()
        for entry in _entries(name, values, levels.get(name, ()))
    ]
    divergences = float(sample_stats["diverging"].sum())
    ebfmi = float(np.min(bfmi(sample_stats["energy"].to_numpy())))
    # A value that is not a number fails its check, and so does a fit in which nothing varies.
    worst_rhat = float(np.max([entry.rhat for entry in entries] or [np.nan]))
    least_ess = float(np.min([entry.ess_bulk for entry in entries] or [np.nan]))
    checks = (
        Check("largest R-hat", worst_rhat, RHAT_LIMIT, worst_rhat <= RHAT_LIMIT),
        Check("smallest bulk ESS", least_ess, ESS_LIMIT, least_ess >= ESS_LIMIT),
        Check("divergences", divergences, 0.0, divergences == 0),
        Check("smallest E-BFMI", ebfmi, EBFMI_LIMIT, ebfmi >= EBFMI_LIMIT),
    )
    worst = sorted(entries, key=_badness)[: WORST // 2]
    worst += sorted(entries, key=lambda entry: _badness(entry)[::-1])[: WORST // 2]
    return Verdict(checks, tuple(dict.fromkeys(worst)), len(entries))


def _badness(entry: Entry) -> tuple[float, float]:
    """Sort entries from bad to good: what is not a number is worst."""
    return (
        -np.inf if np.isnan(entry.rhat) else -entry.rhat,
        -np.inf if np.isnan(entry.ess_bulk) else entry.ess_bulk,
    )


def _entries(name: str, values: NDArray[np.floating], axes: Sequence[Sequence[str]]) -> list[Entry]:
    """Measure the entries of one variable (chains, draws, ...) that vary."""
    chains, draws, *shape = values.shape
    flat = values.reshape(chains, draws, -1).astype(np.float64)
    flat = np.where(np.isfinite(flat), flat, np.nan)
    finite = np.isfinite(flat).all(axis=(0, 1))
    # An entry that cannot vary (a zero by construction) has no convergence to speak of.
    measured = np.flatnonzero(~(np.ptp(flat, axis=(0, 1)) == 0))
    # Nor can R-hat be computed where a chain does not move or is not a number: that has failed.
    moving = finite & (np.ptp(flat, axis=1) > 0).all(axis=0)
    rhat = np.where(finite, np.inf, np.nan)
    ess = np.where(finite, 0.0, np.nan)
    if moving.any():
        chosen = flat[:, :, moving]
        rhat[moving] = _rhat(chosen, chain_axis=0, draw_axis=1)
        ess[moving] = _ess(chosen, chain_axis=0, draw_axis=1, method="bulk")
    positions = list(np.ndindex(*shape))
    return [
        Entry(f"{name}[{_label(axes, positions[index])}]", float(rhat[index]), float(ess[index]))
        for index in measured
    ]


def _label(axes: Sequence[Sequence[str]], position: tuple[int, ...]) -> str:
    return ", ".join(axis[index] for axis, index in zip(axes, position, strict=False))


def bfmi(energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each chain's estimated Bayesian fraction of missing information.

    Mean squared step of the energy over its variance: Betancourt (2016), equation 3.

    Parameters
    ----------
    energy
        (chains, draws).

    Returns
    -------
    Array of shape (chains,); not a number where the energy does not vary.
    """
    steps = np.asarray((np.diff(energy, axis=1) ** 2).mean(axis=1), dtype=np.float64)
    variance = np.asarray(energy.var(axis=1), dtype=np.float64)
    fraction = np.full(len(steps), np.nan)
    np.divide(steps, variance, out=fraction, where=variance > 0)
    return fraction
