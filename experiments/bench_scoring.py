"""How many incidents a second are scored, next to what point estimates take.

python experiments/bench_scoring.py                       # 1,000,000 rows; half an hour
python experiments/bench_scoring.py --rows 20000 --json FILE
python experiments/bench_scoring.py --write               # into docs/performance.md

8 actors, of whom 4 form a family; 8 channels, 4 that weigh an act and 4 of what was said; 1,000
draws. Once every row has evidence of its own, once rows repeat the patterns of evidence of the Iraq
case, as often as they occur there. Ours and NumPy give the mean and the 90 % interval over all
draws, the others one probability an actor; these learn from 20,000 of the rows, each labelled by a
draw from ours, and start where ours does, at an integer a channel, so that the logit's encoding is
timed. Every method warms up on a few rows, then is timed, one after the other in one process; what
is too slow for all rows is timed on fewer.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from page import ROOT, markdown, require_block, write_block

from attribution.case.load import bundled_case_folder, load_case
from attribution.channels.evidence import case_evidence
from attribution.channels.stack import bind_stack
from attribution.evaluate.provenance import describe_code
from attribution.posterior.batch import lay_out, summarise_many
from attribution.posterior.draw_kernel import FAST, power_of_two
from attribution.posterior.kernel import Query, probabilities

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from attribution.posterior.kernel import Summary

logger = logging.getLogger(__name__)

PAGE = ROOT / "docs" / "performance.md"
COMMAND = "experiments/bench_scoring.py"
LIBRARIES = ("numba", "numpy", "xgboost-cpu", "scikit-learn")
SEED = 1
ROWS, DRAWS = 1_000_000, 1000
FAMILY = (0, 0, 0, 0, 1, 2, 3, 4)
ACTORS, COLUMNS = len(FAMILY), len(FAMILY) + max(FAMILY) + 1
CHANNELS, ACTS, LEVELS = 8, 4, 12
TREES = 200
#: Rows at a time in NumPy.
BLOCK = 20
PRIME = 179_424_673
#: Rows that the point estimates learn from.
LEARNT = 20_000
#: Most rows that a slow method is timed on.
FEW = {"definition": 2_000, "numpy": 2_000, "numpy_mean": 2_000, "xgboost": 200_000}
METHODS = {
    "ours": "ours: mean and interval of all draws",
    "definition": "NumPy broadcasting, as the formula is written: the same",
    "numpy": "NumPy broadcasting, single precision, best layout: the same",
    "numpy_mean": "NumPy broadcasting, single precision, best layout: mean alone",
    "xgboost": f"XGBoost, {TREES} rounds x {ACTORS} classes",
    "naive_bayes": "scikit-learn CategoricalNB",
    "logistic": "logistic regression with encoding",
    "bare": "bare loop: loads, sums and exponentials of ours",
}
KINDS = {"distinct": "all patterns distinct", "repeated": "patterns as in the Iraq case"}


@dataclass(frozen=True)
class Problem:
    """Rows to score.

    Parameters
    ----------
    stack
        Tables at every draw, (draws, rows + 1, actors + families).
    query
        The rows' evidence.
    levels
        The same as the level of each channel, (rows, channels): what a point estimate reads.
    """

    stack: NDArray[np.float64]
    query: Query
    levels: NDArray[np.int64]


def tables(draws: int) -> NDArray[np.float64]:
    """Return random tables, draws scattered about their middle, with a row of zeros behind."""
    rng = np.random.default_rng(SEED)
    shape = (CHANNELS * LEVELS + 1, COLUMNS)
    stack = rng.normal(size=shape) + 0.4 * rng.normal(size=(draws, *shape))
    stack[:, -1] = 0.0
    return stack


def pattern_shares() -> NDArray[np.float64]:
    """Return how often each pattern of evidence occurs in the Iraq case."""
    case = load_case(bundled_case_folder())
    codes = bind_stack(case).encode(case_evidence(case))
    count = len(codes.code)
    pattern = np.concatenate(
        [codes.code * (codes.weight != 0), codes.weight, codes.factor.reshape(count, -1)], axis=1
    )
    counts = np.unique(pattern, axis=0, return_counts=True)[1]
    return counts / count


def problem(kind: str, rows: int, draws: int) -> Problem:
    """Make rows, all different or as repetitive as the Iraq case."""
    rng = np.random.default_rng(SEED + 1)
    if kind == "distinct":
        shares, patterns = None, rows
    else:
        shares = pattern_shares()
        patterns = len(shares)
    # Multiples of a prime: no two are the same, read as CHANNELS digits.
    numbers = np.arange(1, patterns + 1) * PRIME % LEVELS**CHANNELS
    levels = numbers[:, None] // LEVELS ** np.arange(CHANNELS) % LEVELS
    if shares is not None:
        levels = levels[rng.choice(patterns, rows, p=shares)]
    code = levels + LEVELS * np.arange(CHANNELS)
    query = Query(code, np.ones(code.shape), ACTS, np.array(FAMILY), np.empty((rows, 0, COLUMNS)))
    return Problem(tables(draws), query, levels)


def broadcast(
    stack: NDArray[np.float64], query: Query, *, interval: bool
) -> list[NDArray[np.float32]]:
    """Score as a NumPy user would, every row by itself: mean and, if asked for, interval.

    In single precision as ours, and in the layout and blocks that were fastest.
    """
    rows_first, family = np.moveaxis(stack, 1, 0).astype(np.float32, order="C"), query.family
    said_first = np.ascontiguousarray(rows_first[..., :ACTORS])
    parts = []
    for start in range(0, len(query.code), BLOCK):
        code = query.code[start : start + BLOCK].T
        act, said = rows_first[code[0]], said_first[code[ACTS]]
        for slot in range(1, ACTS):
            act += rows_first[code[slot]]
            said += said_first[code[ACTS + slot]]
        shares = np.exp(act)
        sums = np.stack(
            [shares[..., :ACTORS][..., family == own].sum(-1) for own in range(max(FAMILY) + 1)],
            axis=-1,
        )
        p = np.exp(said) * shares[..., :ACTORS] * (shares[..., ACTORS:] / sums)[..., family]
        p /= p.sum(axis=-1, keepdims=True)
        quantiles = np.quantile(p, (0.05, 0.95), axis=1) if interval else ()
        parts.append([p.mean(axis=1), *quantiles])
    return [np.concatenate(part) for part in zip(*parts, strict=True)]


def define(stack: NDArray[np.float64], query: Query) -> list[NDArray[np.float64]]:
    """Score by the definition, in double precision and its own layout, every row by itself."""
    parts = []
    for start in range(0, len(query.code), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(query.code)))
        p = probabilities(stack, query.take(rows))
        parts.append([p.mean(axis=0), *np.quantile(p, (0.05, 0.95), axis=0)])
    return [np.concatenate(part) for part in zip(*parts, strict=True)]


@njit(fastmath=FAST, nogil=True)
def bare(
    table: NDArray[np.float32], lines: NDArray[np.int64], room: NDArray[np.float32], exponents: int
) -> None:
    """Do for some rows what no arrangement can spare: load and add up, and exponentiate."""
    for row in range(lines.shape[0]):
        for slot in range(lines.shape[1]):
            line = table[lines[row, slot]]
            for i in range(room.shape[0]):
                room[i] += line[i]
        for _ in range(exponents):
            for i in range(room.shape[0]):
                room[i] = power_of_two(-abs(room[i]))


def bare_rows_a_second(draws: int) -> float:
    """Time the bare loop on one core, a single row's arithmetic, and scale it to all cores.

    A row gathers a column of a family's members and of the families from each act slot, of the
    actors from each other; it needs an exponential an actor, and one more a member of a family of
    several. Everything lies in the first-level cache, and quantiles cost nothing.
    """
    several = sum(FAMILY.count(own) > 1 for own in FAMILY)
    loads = ACTS * (several + max(FAMILY) + 1) + (CHANNELS - ACTS) * ACTORS
    rng = np.random.default_rng(SEED)
    table = rng.normal(size=(6, draws)).astype(np.float32)
    lines = rng.integers(0, 6, (200, loads))
    room = np.zeros(draws, dtype=np.float32)
    bare(table, lines[:1], room, ACTORS + several)
    start = time.perf_counter()
    bare(table, lines, room, ACTORS + several)
    return len(lines) / (time.perf_counter() - start) * (os.cpu_count() or 1)


def point_estimates(
    given: Problem, mean: NDArray[np.float64]
) -> Mapping[str, Callable[..., object]]:
    """Fit the point estimates and return how each predicts levels."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - heavy
    from sklearn.naive_bayes import CategoricalNB  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import OneHotEncoder  # noqa: PLC0415
    from xgboost import XGBClassifier  # noqa: PLC0415

    rng = np.random.default_rng(SEED)
    x = given.levels[:LEARNT]
    drawn = (rng.random((len(x), 1)) > np.cumsum(mean[:LEARNT], axis=1)).sum(axis=1)
    # Every level and every actor once, so that each model knows them all.
    every = np.arange(max(LEVELS, ACTORS))
    x = np.concatenate([x, np.repeat(every[:, None] % LEVELS, CHANNELS, axis=1)])
    y = np.concatenate([np.minimum(drawn, ACTORS - 1), every % ACTORS])
    encoded = make_pipeline(
        OneHotEncoder(categories=[np.arange(LEVELS)] * CHANNELS), LogisticRegression(max_iter=300)
    )
    models = {
        "xgboost": XGBClassifier(n_estimators=TREES, n_jobs=os.cpu_count(), tree_method="hist"),
        "naive_bayes": CategoricalNB(min_categories=LEVELS),
        "logistic": encoded,
    }
    return {name: model.fit(x, y).predict_proba for name, model in models.items()}


def measure(kind: str, rows: int, draws: int) -> dict[str, float]:
    """Return the rows a second of every method, on one kind of rows."""
    given = problem(kind, rows, draws)
    laid_out = lay_out(given.stack, FAMILY)
    learnt = summarise_many(laid_out, given.query.take(np.arange(min(rows, LEARNT))))
    few = given.query.take(np.arange(min(rows, LEARNT, FEW["numpy"])))
    check(learnt, broadcast(given.stack, few, interval=True))
    check(learnt, define(given.stack, few))
    runs: dict[str, Callable[[Query, NDArray[np.int64]], object]] = {
        "ours": lambda query, _: summarise_many(laid_out, query),
        "definition": lambda query, _: define(given.stack, query),
        "numpy": lambda query, _: broadcast(given.stack, query, interval=True),
        "numpy_mean": lambda query, _: broadcast(given.stack, query, interval=False),
    }
    for name, predict in point_estimates(given, learnt.mean).items():
        runs[name] = lambda _, levels, predict=predict: predict(levels)
    rates = {}
    for name, run in runs.items():
        count = min(rows, FEW.get(name, rows))
        for used in (np.arange(min(count, 100)), np.arange(count)):
            query, levels = given.query.take(used), given.levels[used]
            start = time.perf_counter()
            run(query, levels)
            rates[name] = len(used) / (time.perf_counter() - start)
        logger.info("%s: %s %.0f rows/s", kind, name, rates[name])
    rates["bare"] = bare_rows_a_second(draws)
    return rates


def check(summary: Summary, found: Sequence[NDArray[np.floating]]) -> None:
    """Fail if ours and NumPy's numbers are not the same.

    Raises
    ------
    FloatingPointError
        If they differ by more than 1e-5.
    """
    for ours, other in zip((summary.mean, summary.low, summary.high), found, strict=True):
        apart = float(np.abs(ours[: len(other)] - other).max())
        if not apart < 1e-5:
            raise FloatingPointError(f"ours and NumPy's numbers differ by {apart:.1e}")


def render(kinds: Mapping[str, Mapping[str, float]], rows: int, draws: int) -> str:
    """Write the run and its table."""
    about = describe_code()
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    run = (
        f"Run of {about['date']}: attribution {about['attribution']}, {libraries}; code "
        f"`{about['code_fingerprint'][:16]}`; {os.cpu_count()} cores; {rows:,} rows, {ACTORS} "
        f"actors, {CHANNELS} channels, {draws:,} draws."
    )
    lines = []
    for method, label in METHODS.items():
        count = min(rows, FEW.get(method, rows))
        noted = label if count == rows or method == "bare" else f"{label} ({count:,} rows timed)"
        cells = []
        for rates in kinds.values():
            cells += [f"{rates[method]:,.0f}", f"{rates['ours'] / rates[method]:,.2f}"]
        lines.append([noted, *cells])
    head = ["rows a second"]
    for kind in kinds:
        head += [KINDS[kind], "ours is times"]
    return f"{run}\n\n{markdown(lines, head)}"


def read_options(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=ROWS, help="rows to score")
    parser.add_argument("--draws", type=int, default=DRAWS, help="draws of the tables")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure")
    parser.add_argument("--write", action="store_true", help="also into docs/performance.md")
    options = parser.parse_args(argv)
    for name in ("rows", "draws"):
        if getattr(options, name) < 1:
            parser.error(f"--{name}: {getattr(options, name)} is less than 1")
    return options


def main(argv: Sequence[str] | None = None) -> int:
    options = read_options(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    if options.write:
        require_block(PAGE, COMMAND)
    kinds = {kind: measure(kind, options.rows, options.draws) for kind in KINDS}
    block = render(kinds, options.rows, options.draws)
    print(block)
    if options.json is not None:
        figures = {"rows": options.rows, "draws": options.draws, "rows_per_second": kinds}
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if options.write:
        write_block(PAGE, block, COMMAND)
    return 0


if __name__ == "__main__":
    sys.exit(main())
