"""How long a fit takes, next to plain PyMC with nutpie on the same model and priors.

python experiments/bench_inference.py                          # the Iraq case, 400 and 4,000
python experiments/bench_inference.py --sizes 400 --json FILE
python experiments/bench_inference.py --write                  # into docs/performance.md

Both sides run in processes of their own, one after the other: ``ours`` is what ``attribution fit``
runs, ``plain`` the same model from PyTensor's own operations, compiled and sampled as a user of
PyMC would (``nutpie.compile_pymc_model``, every variable traced, default settings) with as many
draws; beyond 4,000 incidents it is compiled and its gradient timed, but not sampled. Compiled code
is cached as usual, so that a first run pays more; ``--cold`` empties no cache of the user's but
gives each process an empty one.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from page import ROOT, markdown, require_block, write_block

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import nutpie
    import xarray as xr

    from attribution.channels.stack import Codes, Stack
    from attribution.model.sampler import CompiledModel

logger = logging.getLogger(__name__)

PAGE = ROOT / "docs" / "performance.md"
COMMAND = "experiments/bench_inference.py"
IRAQ = "iraq"
SIZES = (IRAQ, "400", "4000")
SIDES = ("ours", "plain")
DRAWS, TUNE, CHAINS, SEED = 1000, 400, 2, 1
#: Beyond so many incidents the plain model is not sampled, only its gradient is timed: to sample it
#: would take hours.
PLAIN_MOST = 4_000
SAMPLING = ("tune_s", "draw_s", "leapfrogs_per_draw", "khat", "min_ess_bulk")
#: Seconds that one gradient is timed for.
PATIENCE = 2.0
FIGURES = {
    "wall_s": "whole process, s",
    "import_s": "import",
    "build_s": "read and encode",
    "compile_s": "compile",
    "tune_s": "tune",
    "draw_s": "draw",
    "leapfrogs_per_draw": "leapfrogs a draw",
    "us_per_gradient": "microseconds a gradient",
    "khat": "Pareto k-hat",
    "min_ess_bulk": "smallest bulk ESS",
    "ess_per_s": "ESS a second",
    "ess_per_s_with_compile": "with compiling",
    "peak_mib": "peak MiB",
}


@dataclass(frozen=True)
class Compiled:
    """A compiled model and the names of its parameters.

    Parameters
    ----------
    sampler
        nutpie's.
    parameters
        Variables whose effective draws are counted.
    model
        Ours; None of the other side.
    """

    sampler: nutpie.sample.CompiledModel
    parameters: tuple[str, ...]
    model: CompiledModel | None = None


def evidence_of(size: str) -> tuple[Stack, Codes]:
    """Read, simulate and encode the labelled incidents of a size."""
    from simulated_case import simulated_case  # noqa: PLC0415 - imports are timed

    from attribution.case.load import bundled_case_folder, load_case  # noqa: PLC0415
    from attribution.channels.evidence import case_evidence  # noqa: PLC0415
    from attribution.channels.stack import bind_stack  # noqa: PLC0415
    from attribution.model.labelled import labelled_incidents  # noqa: PLC0415

    case = load_case(bundled_case_folder())
    if size != IRAQ:
        case = simulated_case(case, int(size), SEED)
    stack, evidence = bind_stack(case), case_evidence(case)
    codes = stack.encode(evidence)
    return stack, stack.encode(evidence.take(labelled_incidents(stack, codes)))


def compiled_by(side: str, stack: Stack, codes: Codes) -> Compiled:
    """Compile the model as a side does."""
    if side == "ours":
        from attribution.model.sampler import compile_model  # noqa: PLC0415

        compiled = compile_model(stack, codes)
        names = tuple(variable.name for variable in compiled.model.free_RVs)
        return Compiled(compiled.sampler, names, compiled)
    import nutpie  # noqa: PLC0415

    from attribution.model.assemble import assemble  # noqa: PLC0415

    model = assemble(stack, codes, fused=False)
    return Compiled(
        nutpie.compile_pymc_model(model), tuple(variable.name for variable in model.free_RVs)
    )


def measure(side: str, size: str) -> dict[str, float | None]:
    """Fit once in this process and time its parts."""
    start = time.perf_counter()
    import arviz_stats  # noqa: F401, PLC0415 - imports are timed
    import nutpie  # noqa: F401, PLC0415

    from attribution.model.fit import LARGEST_GUESSED, method_for  # noqa: PLC0415

    imported = time.perf_counter()
    stack, codes = evidence_of(size)
    built = time.perf_counter()
    compiled = compiled_by(side, stack, codes)
    ready = time.perf_counter()
    gradient = seconds_a_gradient(compiled.sampler)
    count = len(codes.code)
    if side == "plain":
        sampling = sampled(side, compiled) if count <= PLAIN_MOST else dict.fromkeys(SAMPLING)
    elif count <= LARGEST_GUESSED:
        sampling = sampled(side, compiled)
    else:
        sampling = sampled_near(compiled, weighed=method_for("auto", count) == "laplace")
    return {
        "import_s": imported - start,
        "build_s": built - imported,
        "compile_s": ready - built,
        **sampling,
        "us_per_gradient": 1e6 * gradient,
        "ess_per_s": rate(sampling),
        "ess_per_s_with_compile": rate(sampling, ready - built),
        "peak_mib": peak_mib(),
        "incidents": float(len(codes.code)),
        "parameters": float(compiled.sampler.n_dim),
        "wall_s": time.perf_counter() - start,
    }


def rate(sampling: Mapping[str, float | None], before: float = 0.0) -> float | None:
    """Return effective draws a second of sampling and what came before it."""
    effective, tune, draw = (sampling[key] for key in ("min_ess_bulk", "tune_s", "draw_s"))
    if effective is None or tune is None or draw is None:
        return None
    return effective / (tune + draw + before)


def sampled(side: str, compiled: Compiled) -> dict[str, float | None]:
    """Sample with NUTS and time its parts."""
    import nutpie  # noqa: PLC0415 - imports are timed

    from attribution.model.sampler import SamplerSettings  # noqa: PLC0415

    options, tune = {}, TUNE
    if side == "ours":
        settings = SamplerSettings()
        options, tune = {"target_accept": settings.target_accept}, settings.tune
    begun = time.perf_counter()
    clock = Clock(tune * CHAINS)
    trace = nutpie.sample(
        compiled.sampler,
        draws=DRAWS,
        tune=tune,
        chains=CHAINS,
        cores=CHAINS,
        seed=SEED,
        save_warmup=False,
        progress_bar=False,
        progress_callback=clock,
        progress_rate=50,
        **options,
    )
    done = time.perf_counter()
    tuned = clock.tuned or begun
    return {
        "tune_s": tuned - begun,
        "draw_s": done - tuned,
        "leapfrogs_per_draw": float(trace["sample_stats"]["n_steps"].mean()),
        "khat": None,
        "min_ess_bulk": smallest_ess(compiled, trace),
    }


def sampled_near(compiled: Compiled, *, weighed: bool) -> dict[str, float | None]:
    """Approximate, and sample in the coordinates of the approximation; time the parts.

    ``tune_s`` is the search for the normal distribution, ``draw_s`` the chains from it with their
    tuning. With ``weighed`` draws of it are weighed first; if the weights are accepted there are no
    chains, and the draws being independent their weights are their ESS.
    """
    from dataclasses import replace  # noqa: PLC0415 - imports are timed

    import numpy as np  # noqa: PLC0415

    from attribution.model import laplace, near_normal  # noqa: PLC0415
    from attribution.model.importance import smoothed  # noqa: PLC0415

    begun = time.perf_counter()
    random = np.random.default_rng(SEED)
    normal = laplace.find_normal(compiled.model, random)
    found = time.perf_counter()
    figures: dict[str, float | None] = {"tune_s": found - begun, "khat": None}
    if weighed:
        _, log_weight = laplace.two_sided(compiled.model, normal, laplace.LEAST, random)
        weights = smoothed(log_weight)
        figures["khat"] = weights.khat
        if all(check.passed for check in weights.checks(laplace.KHAT, laplace.EFFECTIVE)):
            took = time.perf_counter() - found
            return {
                **figures,
                "draw_s": took,
                "leapfrogs_per_draw": None,
                "min_ess_bulk": weights.effective,
            }
    settings = replace(near_normal.SETTINGS, draws=DRAWS, chains=CHAINS, cores=CHAINS)
    trace = near_normal.sample_near(compiled.model, normal, settings, seed=SEED)
    return {
        **figures,
        "draw_s": time.perf_counter() - found,
        "leapfrogs_per_draw": float(trace["sample_stats"]["n_steps"].mean()),
        "min_ess_bulk": smallest_ess(compiled, trace),
    }


def smallest_ess(compiled: Compiled, trace: xr.DataTree) -> float:
    """Return the least bulk effective sample size of any parameter."""
    import arviz_stats  # noqa: PLC0415 - imports are timed

    ess = arviz_stats.ess(trace["posterior"].to_dataset()[list(compiled.parameters)])
    return min(float(ess[name].min()) for name in ess.data_vars if ess[name].size)


def peak_mib() -> float:
    """Return the largest memory of this process: ``ru_maxrss`` starts with its parent's."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


class Clock:
    """Notes when the last chain has finished tuning.

    Parameters
    ----------
    tuning
        Tuning draws of all chains together.
    """

    def __init__(self, tuning: int) -> None:
        self.tuning = tuning
        self.tuned: float | None = None

    def __call__(self, chains: Sequence[Any]) -> None:
        """Look at the chains, as nutpie tells of them."""
        if self.tuned is None and all(c.finished_draws >= self.tuning // CHAINS for c in chains):
            self.tuned = time.perf_counter()


def seconds_a_gradient(sampler: nutpie.sample.CompiledModel) -> float:
    """Time value and gradient at one point near the middle of the priors, on one core."""
    import numpy as np  # noqa: PLC0415

    entry = sampler.compiled_logp_func.ctypes
    rng = np.random.default_rng(SEED)
    point, gradient = 0.1 * rng.normal(size=sampler.n_dim), np.zeros(sampler.n_dim)
    value = ctypes.c_double(0.0)
    given = (
        point.ctypes.data,
        gradient.ctypes.data,
        ctypes.addressof(value),
        sampler.user_data.ctypes.data,
    )
    arguments = [
        ctypes.cast(address, kind) for address, kind in zip(given, entry.argtypes[1:], strict=True)
    ]
    times = []
    begun = time.perf_counter()
    while time.perf_counter() - begun < PATIENCE:
        start = time.perf_counter()
        if entry(sampler.n_dim, *arguments) != 0:
            raise FloatingPointError("the log density is not finite at the point of the timing")
        times.append(time.perf_counter() - start)
    # Other processes only ever add to it.
    return float(np.quantile(times, 0.1))


def run_one(side: str, size: str, *, cold: bool) -> dict[str, float | None]:
    """Run one measurement in a process of its own."""
    environment = dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        if cold:
            environment["PYTENSOR_FLAGS"] = f"base_compiledir={folder}"
            environment["NUMBA_CACHE_DIR"] = folder
        command = [sys.executable, __file__, "--one", side, size]
        done = subprocess.run(  # noqa: S603 - this script
            command, env=environment, check=True, stdout=subprocess.PIPE, text=True
        )
    result: dict[str, float | None] = json.loads(done.stdout)
    return result


def render(sizes: Mapping[str, Mapping[str, Mapping[str, float | None]]], *, cold: bool) -> str:
    """Write the run and a table a size."""
    from attribution.evaluate.provenance import describe_code  # noqa: PLC0415 - heavy

    about = describe_code()
    libraries = ", ".join(f"{name} {about[name]}" for name in ("pymc", "nutpie", "numba", "numpy"))
    run = (
        f"Run of {about['date']}: attribution {about['attribution']}, {libraries}; code "
        f"`{about['code_fingerprint'][:16]}`; {os.cpu_count()} cores, {CHAINS} chains of {TUNE} "
        f"tuning draws and {DRAWS} draws, seed {SEED}, caches {'empty' if cold else 'as found'}."
    )
    parts = [run]
    for size, sides in sizes.items():
        first = next(iter(sides.values()))
        name = "The Iraq case" if size == IRAQ else "Simulated"
        parts.append(
            f"{name}, {first['incidents']:,.0f} labelled incidents, {first['parameters']:,.0f} "
            "parameters:"
        )
        rows = [
            [label, *(_figure(sides[side][key]) for side in sides), _ratio(sides, key)]
            for key, label in FIGURES.items()
        ]
        parts.append(markdown(rows, ["", *sides, "ratio"]))
    return "\n\n".join(parts)


def _figure(value: float | None) -> str:
    """Write a figure, "" where the method has none."""
    return "" if value is None else f"{value:,.4g}"


def _ratio(sides: Mapping[str, Mapping[str, float | None]], key: str) -> str:
    """Return plain over ours, "" with one side or without a figure."""
    if len(sides) < len(SIDES):
        return ""
    ours, plain = (sides[side][key] for side in SIDES)
    return f"{plain / ours:.2f}" if ours and plain is not None else ""


def read_options(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default=",".join(SIZES), help="incidents, or 'iraq'; by commas")
    parser.add_argument("--sides", default=",".join(SIDES), help="ours, plain or both")
    parser.add_argument("--cold", action="store_true", help="empty caches of compiled code")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure")
    parser.add_argument("--write", action="store_true", help="also into docs/performance.md")
    parser.add_argument("--one", nargs=2, metavar=("SIDE", "SIZE"), help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    options.sizes = tuple(options.sizes.split(","))
    options.sides = tuple(options.sides.split(","))
    for size in options.sizes:
        if size != IRAQ and not (size.isdecimal() and int(size) > 0):
            parser.error(f"--sizes: '{size}' is neither a number of incidents nor '{IRAQ}'")
    for side in options.sides:
        if side not in SIDES:
            parser.error(f"--sides: '{side}' is not one of {', '.join(SIDES)}")
    return options


def main(argv: Sequence[str] | None = None) -> int:
    options = read_options(argv)
    if options.one:
        print(json.dumps(measure(*options.one)))
        return 0
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    if options.write:
        require_block(PAGE, COMMAND)
    sizes: dict[str, dict[str, dict[str, float | None]]] = {}
    for size in options.sizes:
        for side in options.sides:
            logger.info("%s: %s", size, side)
            sizes.setdefault(size, {})[side] = run_one(side, size, cold=options.cold)
    block = render(sizes, cold=options.cold)
    print(block)
    if options.json is not None:
        options.json.write_text(json.dumps({"sizes": sizes}, indent=2) + "\n", encoding="utf-8")
    if options.write:
        write_block(PAGE, block, COMMAND)
    return 0


if __name__ == "__main__":
    sys.exit(main())
