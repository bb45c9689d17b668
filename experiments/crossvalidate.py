"""Evaluate the model next to its baselines, and write docs/evaluation.md.

python experiments/crossvalidate.py                      # random folds, three fold seeds
python experiments/crossvalidate.py --scheme temporal    # each quarter from what was known before
python experiments/crossvalidate.py --scheme labeller    # each labeller from the others
python experiments/crossvalidate.py --quick              # one fold seed, prints instead of writing

The figures are those of `attribution evaluate`; here they are only written into the page.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from page import EVALUATION, markdown, require_block, write_block

from attribution.case.load import bundled_case_folder, load_case
from attribution.evaluate.baselines import (
    LogisticRegression,
    MajorityOfLabellers,
    standard_baselines,
)
from attribution.evaluate.heldout import SEEDS_APART
from attribution.evaluate.metrics import METRICS, UNCLEAR, Metric
from attribution.evaluate.run import SEEDS, evaluate
from attribution.evaluate.schemes import SCHEMES
from attribution.evaluate.summary import (
    asked_in_words,
    in_short,
    interval,
    run_in_words,
    shown,
    verdicts,
)
from attribution.evaluate.tables import BOOTSTRAP_SEED, LEVEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from attribution.evaluate.baselines import Baseline
    from attribution.evaluate.results import EvaluationReport

#: What the markers of a scheme's block name.
COMMAND = "experiments/crossvalidate.py --scheme {}"
DIGITS = 3
#: More rounds than EM ever needed to settle on the folds of the Iraq tables (279).
EM_ROUNDS = 1000


def competitors(scheme: str) -> tuple[Baseline, ...]:
    """List the standard baselines, and the logit whose EM always runs until it settles."""
    own = (MajorityOfLabellers(),) if scheme == "labeller" else ()
    plain = LogisticRegression(rounds=(EM_ROUNDS,), name="logistic_regression_plain_em")
    return (*standard_baselines(), plain, *own)


def render(report: EvaluationReport) -> str:
    """Write the generated part of docs/evaluation.md for one scheme."""
    held = report.held
    scores = (
        "The best figure of a column is bold, whether or not the next table can tell it apart. "
        "Skill is the share of the class frequencies' label loss that is saved; losses, Brier and "
        "ECE are better when lower."
    )
    against = "This model minus each baseline" if held.has_model else "Minus class frequencies"
    lead = (
        f"{against}, with {100 * LEVEL:.0f} % intervals (paired bootstrap over weeks, seed "
        f"{BOOTSTRAP_SEED}). In losses, Brier and ECE below 0 is better, elsewhere above 0; an "
        "interval without 0 is bold."
    )
    seeds = (
        f"Refits are seeded with {SEEDS_APART} times the seed plus the number of the fold, quarter "
        "or labeller, baselines with the seed."
    )
    parts = [
        run_in_words(held, report.about),
        f"{asked_in_words(held)} {seeds}",
        scores,
        _score_table(report.table),
        lead,
        _difference_table(report),
        in_short(held, report.table, report.differences),
        "What the intervals say:",
        "\n".join(f"* {line}" for line in verdicts(held, report.differences)),
    ]
    if held.left_out:
        parts.append("Left out: " + ", ".join(map(shown, held.left_out)) + ".")
    return "\n\n".join(parts)


def _score_table(table: pd.DataFrame) -> str:
    columns = {"label_skill": "skill", **{each.key: each.title for each in METRICS}}
    order = ["label_loss", "label_skill", *(each.key for each in METRICS[1:])]
    lower = {each.key for each in METRICS if each.lower_is_better}
    rounded = table[order].round(DIGITS)
    best = {key: rounded[key].min() if key in lower else rounded[key].max() for key in order}
    rows = []
    for name, row in rounded.iterrows():
        cells = [_bold_if(f"{row[key]:.{DIGITS}f}", holds=row[key] == best[key]) for key in order]
        rows.append([shown(str(name)), *cells])
    return markdown(rows, ["", *(columns[key] for key in order)])


def _difference_table(report: EvaluationReport) -> str:
    frame, side = report.differences, "predictor"
    if report.held.has_model:
        frame, side = frame[frame["predictor"] == report.table.index[0]], "minus"
    rows = []
    for name in frame[side].unique():
        own = frame[frame[side] == name].set_index("score")
        rows.append([shown(name), *(_difference_cell(own, each) for each in METRICS)])
    return markdown(rows, ["", *(each.title for each in METRICS)])


def _difference_cell(own: pd.DataFrame, each: Metric) -> str:
    if each.key not in own.index:
        return ""
    row = own.loc[each.key]
    return _bold_if(interval(row), holds=row["verdict"] != UNCLEAR)


def _bold_if(text: str, *, holds: bool) -> str:
    return f"**{text}**" if holds else text


def as_json(report: EvaluationReport) -> str:
    """Write all figures as JSON; a figure that does not exist is null."""

    def records(table: pd.DataFrame) -> list[dict[str, object]]:
        return table.astype(object).where(table.notna(), None).to_dict("records")

    plan = report.held.plan
    content = {
        "about": dict(report.about),
        "scheme": plan.scheme,
        "options": dict(plan.options),
        "seeds": [each.seed for each in plan.repetitions],
        "incidents": report.held.targets.n_incidents,
        "weeks": len(np.unique(report.held.blocks)),
        "scores": records(report.table.reset_index()),
        "scores_by_seed": records(report.by_seed),
        "differences": records(report.differences),
        "interval": LEVEL,
    }
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def read_options(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", type=Path, default=bundled_case_folder(), help="folder of a case")
    parser.add_argument("--scheme", choices=SCHEMES, default="kfold", help="what is hidden")
    parser.add_argument(
        "--output",
        type=Path,
        help="text whose marked block is replaced (default: docs/evaluation.md, none with --quick "
        "or --no-model)",
    )
    parser.add_argument("--json", type=Path, help="write all figures to this file as well")
    parser.add_argument("--no-model", action="store_true", help="baselines only; prints")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--quick", action="store_true", help="one seed only; prints")
    group.add_argument("--seeds", type=int, nargs="+", help="seeds of folds and fits")
    options = parser.parse_args(argv)
    if options.quick:
        options.seeds = SEEDS[options.scheme][:1]
    if options.output is None and not (options.quick or options.no_model):
        options.output = EVALUATION
    if options.output is not None:
        try:
            # Now, not after minutes of sampling.
            require_block(options.output, COMMAND.format(options.scheme))
        except (OSError, ValueError) as fault:
            parser.error(str(fault))
    return options


def main(argv: Sequence[str] | None = None) -> int:
    options = read_options(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    report = evaluate(
        load_case(options.case),
        scheme=options.scheme,
        seeds=options.seeds,
        baselines=competitors(options.scheme),
        model=not options.no_model,
    )
    block = render(report)
    print(block)
    if options.json is not None:
        options.json.write_text(as_json(report), encoding="utf-8")
    if options.output is not None:
        write_block(options.output, block, COMMAND.format(options.scheme))
    return 0


if __name__ == "__main__":
    sys.exit(main())
