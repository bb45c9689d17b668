"""What each part of the model is worth: refits without it, on the same hidden labels.

python experiments/ablation.py                     # random folds, one fold seed
python experiments/ablation.py --scheme temporal   # each quarter; an hour, prints
python experiments/ablation.py --only territory    # one variant next to the whole model; prints
"""

from __future__ import annotations

import argparse
import logging
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from page import EVALUATION, markdown, require_block, write_block

from attribution.case.config import ChannelSpec
from attribution.case.load import bundled_case_folder, load_case
from attribution.evaluate.heldout import MODEL, ask
from attribution.evaluate.provenance import describe_run
from attribution.evaluate.refit import compile_refitter
from attribution.evaluate.schemes import plan_kfold, plan_temporal
from attribution.evaluate.steps import choose_steps
from attribution.evaluate.summary import interval, run_in_words
from attribution.evaluate.tables import difference_table, score_table, scores_by_seed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attribution.case.case import Case
    from attribution.evaluate.heldout import HeldOut
    from attribution.evaluate.schemes import Plan

logger = logging.getLogger(__name__)

COMMAND = "experiments/ablation.py"
SEEDS = (0,)
COLUMNS = {
    "label_loss": "label loss",
    "parent_loss": "parent loss",
    "top1": "top-1",
    "militia_or_not": "militia-or-not",
    "brier": "Brier",
}
#: The losses whose differences are shown.
PAIRED = ("label_loss", "parent_loss")


#: Channels that the case does not list: tried here, and left out for what the table says.
CANDIDATES = (
    ChannelSpec(
        "neighbours",
        ("date", "latitude", "longitude", "labels:group_id"),
        {
            "scales": [
                {"kilometres": 150},
                {"same": "province", "half_life_days": 365},
                {"kilometres": 10, "half_life_days": 90},
            ]
        },
    ),
    ChannelSpec("recency", ("date", "country", "labels:group_id"), {}),
)


@dataclass(frozen=True)
class Variant:
    """The model with something changed.

    Parameters
    ----------
    name
        What is changed, in words.
    silent
        Channels that say nothing.
    unlabelled
        Weight in the fit of incidents that nobody has labelled.
    """

    name: str
    silent: tuple[str, ...]
    unlabelled: float = 0.0


def variants(case: Case) -> tuple[Variant, ...]:
    """List the whole model, then each channel taken out or added, then unlabelled incidents."""
    fixed = ("label", "base_rate")
    listed = tuple(spec.name for spec in case.config.channels if spec.name not in fixed)
    added = tuple(spec.name for spec in CANDIDATES)
    return (
        Variant(MODEL, added),
        *(Variant(f"without {name}", (*added, name)) for name in listed),
        *(Variant(f"with {name}", tuple(n for n in added if n != name)) for name in added),
        Variant("unlabelled incidents with weight 0.1", added, 0.1),
        Variant("unlabelled incidents in full", added, 1.0),
    )


def extended(case: Case) -> Case:
    """Return the case with the candidates among its channels."""
    channels = (*case.config.channels, *CANDIDATES)
    return replace(case, config=replace(case.config, channels=channels))


def predict_all(
    case: Case, chosen: Sequence[Variant], scheme: str, seeds: Sequence[int]
) -> HeldOut:
    """Put the plan's questions to every variant; only unlabelled incidents need a compilation."""
    whole = extended(case)
    compiled = {False: compile_refitter(whole)}
    if any(each.unlabelled for each in chosen):
        compiled[True] = compile_refitter(whole, unlabelled=1.0)
    plan = plan_of(whole, scheme, seeds)
    held: HeldOut | None = None
    answers = {}
    for each in chosen:
        logger.info("%s", each.name)
        refitter = compiled[bool(each.unlabelled)]
        changed = replace(refitter, silent=each.silent, unlabelled=each.unlabelled)
        with choose_steps(show=None) as steps:
            held = ask(plan, changed, (), steps)
        answers[each.name] = held.predictions[MODEL]
    if held is None:
        raise ValueError("no variant was chosen")
    return replace(held, predictions=answers)


def plan_of(case: Case, scheme: str, seeds: Sequence[int]) -> Plan:
    return plan_temporal(case, seeds) if scheme == "temporal" else plan_kfold(case, seeds)


def render(held: HeldOut, about: dict[str, str]) -> str:
    """Write the table: scores, and what a variant loses against the whole model."""
    table, differences = score_table(scores_by_seed(held)), difference_table(held)
    head = ["", *COLUMNS.values(), *(f"{COLUMNS[key]}, variant minus whole" for key in PAIRED)]
    rows = []
    for name, row in table.iterrows():
        own = differences[differences["minus"] == name].set_index("score")
        cells = [_turned(own.loc[key]) if key in own.index else "" for key in PAIRED]
        shown = "**the whole model**" if name == MODEL else str(name)
        rows.append([shown, *(f"{row[key]:.3f}" for key in COLUMNS), *cells])
    note = (
        "A part earns its place if the model is worse without it (above 0); a candidate, if the "
        "model is better with it (below 0). Intervals of 90 % (paired bootstrap over weeks) that "
        "hold 0 cannot tell the two apart."
    )
    return "\n\n".join([run_in_words(held, about), markdown(rows, head), note])


def _turned(row: pd.Series) -> str:
    """Turn whole minus variant into variant minus whole."""
    return interval(pd.Series({"mean": -row["mean"], "lo": -row["hi"], "hi": -row["lo"]}))


def read_options(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--case", type=Path, default=bundled_case_folder(), help="folder of a case")
    parser.add_argument("--scheme", choices=("kfold", "temporal"), default="kfold")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS, help="fold seeds")
    parser.add_argument("--only", nargs="+", help="words that a variant's name must hold; prints")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    options = read_options(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    prints = options.only or options.scheme != "kfold"
    if not prints:
        require_block(EVALUATION, COMMAND)
    case = load_case(options.case)
    words = (MODEL, *(options.only or ("",)))
    chosen = [each for each in variants(case) if any(word in each.name for word in words)]
    about = describe_run(case)
    block = render(predict_all(case, chosen, options.scheme, options.seeds), about)
    print(block)
    if not prints:
        write_block(EVALUATION, block, COMMAND)
    return 0


if __name__ == "__main__":
    sys.exit(main())
