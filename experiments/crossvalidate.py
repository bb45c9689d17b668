"""Cross-validate the model next to its baselines, and write docs/evaluation.md.

python experiments/crossvalidate.py              # three fold seeds, six to ten minutes
python experiments/crossvalidate.py --quick      # one fold seed, prints instead of writing
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import platform
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import attribution
from attribution.case.load import bundled_case_folder, load_case
from attribution.evaluate.baselines import (
    LogisticRegression,
    features_from_case,
    standard_baselines,
)
from attribution.evaluate.crossval import out_of_fold
from attribution.evaluate.scores import paired_bootstrap, per_incident, score
from attribution.evaluate.splits import kfold, weeks
from attribution.evaluate.targets import targets_from_case

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from attribution.case.case import Case
    from attribution.evaluate.baselines import Baseline
    from attribution.evaluate.scores import Difference
    from attribution.evaluate.targets import Floats, Ints, Targets

ROOT = Path(__file__).resolve().parents[1]
BEGIN = "<!-- begin: written by experiments/crossvalidate.py -->"
END = "<!-- end: written by experiments/crossvalidate.py -->"

FOLDS = 5
SEEDS = (0, 1, 2)
#: Apart, so that no two refits of a run share a seed.
SEEDS_APART = 100
BOOTSTRAP_SEED = 0
BOOTSTRAP_DRAWS = 4000
LEVEL = 0.9
#: More rounds than EM ever needed to settle on these folds (279).
EM_ROUNDS = 1000

MODEL = "this model"
LIBRARIES = ("numpy", "pandas", "pymc", "pytensor", "nutpie", "numba", "scikit-learn")


@dataclass(frozen=True)
class Metric:
    """A column of the tables; ``paired`` where every incident has a value of its own."""

    key: str
    title: str
    digits: int = 3
    lower_is_better: bool = True
    paired: bool = True


METRICS = (
    Metric("label_loss", "label loss"),
    Metric("parent_loss", "parent loss"),
    Metric("top1", "top-1", lower_is_better=False),
    Metric("militia_or_not", "militia-or-not", lower_is_better=False),
    Metric("brier", "Brier"),
    Metric("ece", "ECE", paired=False),
)


@dataclass(frozen=True)
class Results:
    """All figures of a run.

    Parameters
    ----------
    about
        Date, versions and fingerprint, by name.
    folds, seeds
        Number of folds, and the seeds that dealt them.
    counts
        Incidents, incidents with a label naming one militia, and weeks that they fall in.
    scores
        Per predictor and metric, one figure for each seed; `MODEL` comes first.
    differences
        Per baseline and metric, the model's figure minus the baseline's.
    """

    about: Mapping[str, str]
    folds: int
    seeds: tuple[int, ...]
    counts: Mapping[str, int]
    scores: Mapping[str, Mapping[str, tuple[float, ...]]]
    differences: Mapping[str, Mapping[str, Difference]]


def competitors() -> tuple[Baseline, ...]:
    """List the standard baselines, and the logit whose EM always runs until it settles."""
    return (
        *standard_baselines(),
        LogisticRegression(rounds=(EM_ROUNDS,), name="logistic_regression_plain_em"),
    )


def model_predictor(case: Case) -> Callable[[Sequence[Ints], int], Floats]:
    """Compile the model; return the function from folds and a seed to its predictions."""
    from attribution.evaluate.refit import compile_refitter, cross_validate  # noqa: PLC0415 - slow

    refitter = compile_refitter(case)
    return lambda folds, seed: cross_validate(refitter, folds, seed)


def predict_all(
    case: Case, targets: Targets, seeds: Sequence[int], tell: Callable[[str], None]
) -> dict[str, list[Floats]]:
    """Predict every scored incident from fits that did not see its labels, once for each seed."""
    tell("compiling the model")
    ours = model_predictor(case)
    features = features_from_case(case)
    baselines = competitors()
    predictions: dict[str, list[Floats]] = {MODEL: [], **{each.name: [] for each in baselines}}
    for number, seed in enumerate(seeds):
        folds = kfold(targets, FOLDS, seed)
        step = f"seed {seed} ({number + 1} of {len(seeds)})"
        tell(f"{step}: {MODEL}")
        predictions[MODEL].append(ours(folds, SEEDS_APART * seed))
        for baseline in baselines:
            tell(f"{step}: {baseline.name}")
            predict = partial(baseline.predict, features, seed=seed)
            predictions[baseline.name].append(out_of_fold(predict, targets, folds))
    return predictions


def summarise(
    case: Case,
    targets: Targets,
    seeds: Sequence[int],
    predictions: Mapping[str, Sequence[Floats]],
    about: Mapping[str, str],
) -> Results:
    """Score all predictions and compare the model with every baseline, incident by incident."""
    blocks = weeks(case.incidents["date"])[targets.incidents]
    scores, paired = {}, {}
    for name, each in predictions.items():
        figures = [score(targets, p) for p in each]
        scores[name] = {
            metric.key: tuple(float(getattr(one, metric.key)) for one in figures)
            for metric in METRICS
        }
        incidents = [per_incident(targets, p) for p in each]
        # Seeds deal the same incidents anew, so they are averaged and not counted as more data.
        paired[name] = {
            metric.key: np.mean([getattr(one, metric.key) for one in incidents], axis=0)
            for metric in METRICS
            if metric.paired
        }
    differences = {
        name: {
            key: paired_bootstrap(
                ours, paired[name][key], blocks, BOOTSTRAP_SEED, BOOTSTRAP_DRAWS, level=LEVEL
            )
            for key, ours in paired[MODEL].items()
        }
        for name in predictions
        if name != MODEL
    }
    counts = {
        "incidents": len(targets.incidents),
        "incidents_one_militia": len(np.unique(targets.incident[targets.one_militia])),
        "weeks": len(np.unique(blocks)),
    }
    return Results(about, FOLDS, tuple(seeds), counts, scores, differences)


def code_fingerprint() -> str:
    """Condense the code of the model and of its evaluation, which a version does not pin down."""
    digest = hashlib.sha256()
    package = Path(attribution.__file__).parent
    for folder in ("case", "channels", "evaluate", "model", "posterior"):
        for path in sorted((package / folder).rglob("*.py")):
            digest.update(path.relative_to(package).as_posix().encode() + b"\0")
            digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def describe_run(case: Case) -> dict[str, str]:
    """Say when, with what and on which data."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "attribution": attribution.__version__,
        "code_fingerprint": code_fingerprint(),
        "python": platform.python_version(),
        **{library: version(library) for library in LIBRARIES},
        "case_fingerprint": case.fingerprint(),
    }


def as_json(results: Results) -> str:
    """Write all figures as JSON; a figure that does not exist is null."""

    def figure(value: float) -> float | None:
        return value if np.isfinite(value) else None

    content = {
        "about": dict(results.about),
        "folds": results.folds,
        "seeds": list(results.seeds),
        "counts": dict(results.counts),
        "scores": {
            name: {key: [figure(one) for one in values] for key, values in row.items()}
            for name, row in results.scores.items()
        },
        "differences": {
            name: {
                key: {part: figure(one) for part, one in each._asdict().items()}
                for key, each in row.items()
            }
            for name, row in results.differences.items()
        },
        "interval": LEVEL,
    }
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def render(results: Results) -> str:
    """Write the generated part of docs/evaluation.md."""
    parts = [
        _head(results),
        _score_table(results),
        _difference_table(results),
        _short(results),
        _words(results),
    ]
    return "\n\n".join(parts)


def _head(results: Results) -> str:
    about, counts = results.about, results.counts
    libraries = ", ".join(f"{name} {about[name]}" for name in LIBRARIES if name in about)
    seeds = ", ".join(str(seed) for seed in results.seeds)
    return (
        f"Run of {about['date']}: attribution {about['attribution']}, Python {about['python']}, "
        f"{libraries}. {results.folds} folds, fold seeds {seeds}; refits are seeded with "
        f"{SEEDS_APART} times the fold seed plus the fold's number, the bootstrap "
        f"({BOOTSTRAP_DRAWS} draws) with {BOOTSTRAP_SEED}. {counts['incidents']} incidents with a "
        f"direct label, {counts['incidents_one_militia']} of them with one that names a single "
        f"militia, in {counts['weeks']} weeks. SHA-256 of the case's rows "
        f"`{about['case_fingerprint']}`, of the model's code `{about['code_fingerprint'][:16]}`."
    )


def _score_table(results: Results) -> str:
    lead = (
        f"Means over {_seeds_in_words(results)}; the best figure of a column is bold, whether or "
        "not the next table can tell it apart."
    )
    lines = [
        lead,
        "",
        "| | " + " | ".join(metric.title for metric in METRICS) + " |",
        "|---|" + "---|" * len(METRICS),
    ]
    means = {
        name: {key: float(np.mean(values)) for key, values in row.items()}
        for name, row in results.scores.items()
    }
    best = {
        metric.key: (min if metric.lower_is_better else max)(
            round(row[metric.key], metric.digits) for row in means.values()
        )
        for metric in METRICS
    }
    for name, row in means.items():
        cells = [
            _bold_if(
                f"{row[metric.key]:.{metric.digits}f}",
                holds=round(row[metric.key], metric.digits) == best[metric.key],
            )
            for metric in METRICS
        ]
        lines.append(f"| {name.replace('_', ' ')} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _difference_table(results: Results) -> str:
    paired = [metric for metric in METRICS if metric.paired]
    lead = (
        f"This model minus each baseline, with {100 * LEVEL:.0f} % intervals (paired bootstrap "
        "over weeks). In losses and Brier below 0 is better, in top-1 and militia-or-not above 0; "
        "an interval without 0 is bold."
    )
    lines = [
        lead,
        "",
        "| this model minus | " + " | ".join(metric.title for metric in paired) + " |",
        "|---|" + "---|" * len(paired),
    ]
    for name, row in results.differences.items():
        cells = [
            _bold_if(_difference(row[metric.key]), holds=_told_apart(row[metric.key]))
            for metric in paired
        ]
        lines.append(f"| {name.replace('_', ' ')} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _short(results: Results) -> str:
    """Compare the model with the baseline that is hardest to beat, whichever that is."""
    hardest = min(
        results.differences, key=lambda name: float(np.mean(results.scores[name]["label_loss"]))
    )
    row = results.differences[hardest]
    said = [
        f"{metric.title} {_verdict(metric, row[metric.key])} ({_difference(row[metric.key])})"
        for metric in METRICS
        if metric.paired
    ]
    return (
        f"In short, against {hardest.replace('_', ' ')}, the baseline with the lowest label loss: "
        f'{", ".join(said)}. "Not told apart" means that the interval holds 0: such a difference '
        "is no evidence that the model is better."
    )


def _words(results: Results) -> str:
    """Say for each metric which baselines the model beats, and which it does not."""
    lines = ["What the intervals say:", ""]
    for metric in METRICS:
        if not metric.paired:
            continue
        sides: dict[str, list[str]] = {"better": [], "not told apart": [], "worse": []}
        for name, row in results.differences.items():
            each = row[metric.key]
            shown = f"{name.replace('_', ' ')} ({_difference(each)})"
            sides[_verdict(metric, each)].append(shown)
        joined = {"better": "better than", "not told apart": "not told apart from"}
        said = "; ".join(
            f"{joined.get(side, 'worse than')} {', '.join(names)}"
            for side, names in sides.items()
            if names
        )
        lines.append(f"* {metric.title}: {said}.")
    return "\n".join(lines)


def _difference(each: Difference) -> str:
    return f"{_signed(each.mean)} [{_signed(each.lo)}, {_signed(each.hi)}]"


def _signed(value: float) -> str:
    rounded = round(value, 3)
    return f"{rounded:+.3f}" if rounded else "0.000"


def _verdict(metric: Metric, each: Difference) -> str:
    if not _told_apart(each):
        return "not told apart"
    return "better" if (each.mean < 0) == metric.lower_is_better else "worse"


def _told_apart(each: Difference) -> bool:
    return each.lo > 0 or each.hi < 0


def _bold_if(text: str, *, holds: bool) -> str:
    return f"**{text}**" if holds else text


def _seeds_in_words(results: Results) -> str:
    count = len(results.seeds)
    return "one fold seed" if count == 1 else f"{count} fold seeds"


def replace_block(text: str, block: str) -> str:
    """Put a block between the markers of a text.

    Raises
    ------
    ValueError
        If the text does not hold each marker once, in order.
    """
    before, begin, rest = text.partition(BEGIN)
    inside, end, after = rest.partition(END)
    if not begin or not end or BEGIN in inside + after or END in before + after:
        raise ValueError(f"the text needs one line '{BEGIN}' and, below it, one '{END}'")
    return f"{before}{BEGIN}\n\n{block}\n\n{END}{after}"


def read_options(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", type=Path, default=bundled_case_folder(), help="folder of a case")
    parser.add_argument(
        "--output",
        type=Path,
        help="text whose marked block is replaced (default: docs/evaluation.md, none with --quick)",
    )
    parser.add_argument("--json", type=Path, help="write all figures to this file as well")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--quick", action="store_true", help="one fold seed only")
    group.add_argument("--seeds", type=int, nargs="+", default=SEEDS, help="fold seeds")
    options = parser.parse_args(argv)
    if options.quick:
        options.seeds = SEEDS[:1]
    elif options.output is None:
        options.output = ROOT / "docs" / "evaluation.md"
    if options.output is not None:
        try:
            # Now, not after minutes of sampling.
            replace_block(options.output.read_text(encoding="utf-8"), "")
        except (OSError, ValueError) as fault:
            parser.error(f"{options.output}: {fault}")
    return options


def main(argv: Sequence[str] | None = None) -> int:
    options = read_options(argv)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    start = time.monotonic()

    def tell(text: str) -> None:
        print(f"[{time.monotonic() - start:5.0f} s] {text}", file=sys.stderr, flush=True)

    case = load_case(options.case)
    targets = targets_from_case(case)
    # Before the run: files may change under it.
    about = describe_run(case)
    predictions = predict_all(case, targets, options.seeds, tell)
    tell("comparing")
    results = summarise(case, targets, options.seeds, predictions, about)
    block = render(results)
    print(block)
    if options.json is not None:
        options.json.write_text(as_json(results), encoding="utf-8")
    if options.output is not None:
        text = options.output.read_text(encoding="utf-8")
        options.output.write_text(replace_block(text, block), encoding="utf-8")
        tell(f"wrote {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
