"""Predict the perpetrators of the CPOST suicide attack data with the model of this project.

python experiments/cpost.py --events events.csv -o probs.csv              # the unlabelled part
python experiments/cpost.py --events events.csv --validate                # fit `fit`, score `val`
python experiments/cpost.py --events events.csv --validate --rolling      # refitted every quarter
python experiments/cpost.py --events events.csv --validate --write        # next to baselines, also
                                                                          # into docs/evaluation.md

The events become a case like any other: a folder with tables and a ``case.toml``, loaded and fitted
as they stand. The data are not part of this project (CPOST, University of Chicago, 2020: research
use, with citation).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import cpost_baselines
import numpy as np
import pandas as pd
from cpost_case import CLASSES_COLUMN, actor_ids, classes_of, plan_for, read_events, write_case
from page import EVALUATION, markdown, require_block, write_block

from attribution.case.faults import CaseError
from attribution.case.load import load_case
from attribution.evaluate import refit
from attribution.evaluate.baselines import MissingExtraError
from attribution.evaluate.provenance import describe_code
from attribution.evaluate.refit import compile_refitter
from attribution.model.fit import NothingToLearnError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    #: Events, which of them are asked, and a seed: ``event_id`` and one column a class.
    type Forecast = Callable[[pd.DataFrame, pd.Series, int], pd.DataFrame]

logger = logging.getLogger(__name__)

#: Columns of the benchmark that say which events a validation may use.
FIT, VALIDATION = "fit", "val"
SEED = 1
LOSS_FLOOR = 1e-12
BINS = 10
MODEL = "this model"
#: Scores of a table, and whether more is better.
SHOWN = {"accuracy": True, "log_loss": False, "brier": False, "ece": False}
NAMES = {"accuracy": "accuracy", "log_loss": "log loss", "brier": "Brier", "ece": "ECE"}
LIBRARIES = ("numpy", "pandas", "pymc", "nutpie", "scikit-learn", "xgboost", "xgboost-cpu")


def predict(events: pd.DataFrame, asked: pd.Series, seed: int) -> pd.DataFrame:
    """Fit on the labelled events before the first one asked for, and predict those asked for.

    Parameters
    ----------
    events
        Events of `cpost_case.read_events`; labels of those asked for are not read.
    asked
        Which events are to be predicted.
    seed
        Seed of the sampler.

    Returns
    -------
    One row an event asked for, in order: ``event_id`` and one probability a class, OTHER included.

    Raises
    ------
    NothingToLearnError
        If too few events before the first one asked for have a label.
    """
    plan = plan_for(events, asked)
    classes = classes_of(events, plan.known)
    with tempfile.TemporaryDirectory() as folder:
        write_case(events[plan.known | asked], plan, Path(folder))
        case = load_case(folder)
    refitter = compile_refitter(case)
    p = pd.DataFrame(refitter.predict(case, seed), columns=list(case.config.actor_ids))
    p.index = pd.Index(case.incidents["incident_id"])
    named = actor_ids(classes)
    result: pd.DataFrame = p.loc[events.loc[asked, "event_id"], [named[name] for name in classes]]
    result.columns = pd.Index(classes)
    result.index.name = "event_id"
    return result.reset_index()


def questions(events: pd.DataFrame, asked: pd.Series, *, rolling: bool) -> list[pd.Series]:
    """Divide what is asked into forecasts: one a quarter if they roll, else one for all."""
    if not rolling:
        return [asked]
    quarters = events["date"].dt.to_period("Q")
    return [asked & (quarters == quarter) for quarter in sorted(set(quarters[asked]))]


def forecast(
    method: Forecast, events: pd.DataFrame, parts: Sequence[pd.Series], seed: int
) -> pd.DataFrame:
    """Predict part by part, each from all labels before it.

    Parameters
    ----------
    method
        What predicts a part.
    events
        Events of `cpost_case.read_events`.
    parts
        Which events each part asks for, in the order of their days.
    seed
        Seed of the first part; each later one takes the next.

    Returns
    -------
    One row an event asked for, in order; a class that was not known yet has probability 0.
    """
    found = []
    for number, part in enumerate(parts):
        logger.info("from %s: %d events", f"{events.loc[part, 'date'].min():%Y-%m-%d}", part.sum())
        found.append(method(events, part, seed + number))
    return pd.concat(found, ignore_index=True).fillna(0.0)


def compare(
    events: pd.DataFrame, parts: Sequence[pd.Series], seed: int
) -> tuple[dict[str, pd.DataFrame], dict[str, float]]:
    """Let the model and every baseline predict the same parts from the same labels.

    Parameters
    ----------
    events, parts, seed
        As for `forecast`; the baselines have a seed of their own.

    Returns
    -------
    Predictions and seconds of each, the model first.
    """
    methods: dict[str, Forecast] = {
        # First, since they take seconds and may find that a library is missing.
        **{name: partial(_baseline, name) for name in cpost_baselines.BASELINES},
        MODEL: predict,
    }
    found, seconds = {}, {}
    for name, method in methods.items():
        logger.info("%s", name)
        began = time.monotonic()
        found[name] = forecast(method, events, parts, seed)
        seconds[name] = time.monotonic() - began
    return {name: found[name] for name in (MODEL, *cpost_baselines.BASELINES)}, seconds


def _baseline(name: str, events: pd.DataFrame, asked: pd.Series, seed: int) -> pd.DataFrame:  # noqa: ARG001
    return cpost_baselines.predict(cpost_baselines.BASELINES[name], events, asked)


def scores(p: pd.DataFrame, truth: pd.Series) -> dict[str, float]:
    """Score predictions: accuracy, log loss (nats), Brier (0 to 2), calibration error of the top.

    Parameters
    ----------
    p
        ``event_id`` and one column a class.
    truth
        Class by ``event_id``; one without a column of its own counts as wholly missed.
    """
    values = p.drop(columns="event_id").to_numpy()
    classes = list(p.columns[1:])
    wanted = truth.loc[p["event_id"]].to_numpy()
    hot = np.array([[float(name == label) for name in classes] for label in wanted])
    own = (values * hot).sum(axis=1)
    listed = hot.any(axis=1)
    top = values.max(axis=1)
    hit = (values.argmax(axis=1) == hot.argmax(axis=1)) & listed
    bins = np.minimum((top * BINS).astype(int), BINS - 1)
    gaps = [abs(top[bins == each].sum() - hit[bins == each].sum()) for each in range(BINS)]
    return {
        "accuracy": float(np.mean(hit)),
        "log_loss": float(-np.log(np.maximum(own, LOSS_FLOOR)).mean()),
        # The column that a class without one would have: 0 where there should be 1.
        "brier": float((((values - hot) ** 2).sum(axis=1) + ~listed).mean()),
        "ece": float(sum(gaps) / len(top)),
    }


def render(figures: dict[str, dict[str, float]]) -> str:
    """Write the table; the best figure of a column is bold, as printed."""
    columns = {}
    for key, more in SHOWN.items():
        texts = {name: f"{figures[name][key]:.3f}" for name in figures}
        best = (max if more else min)(texts.values(), key=float)
        columns[key] = {n: f"**{text}**" if text == best else text for n, text in texts.items()}
    rows = [[name, *(columns[key][name] for key in SHOWN)] for name in figures]
    return markdown(rows, ["", *(NAMES[key] for key in SHOWN)])


def describe(
    events: pd.DataFrame,
    parts: Sequence[pd.Series],
    options: argparse.Namespace,
    seconds: dict[str, float],
) -> str:
    """Say when, with what, from how many events and in what time."""
    about = describe_code()
    versions = ", ".join(f"{name} {about[name]}" for name in LIBRARIES if name in about)
    known = [int(plan_for(events, part).known.sum()) for part in parts]
    fits = f"{known[0]} events"
    if len(parts) > 1:
        fits = f"{known[0]} events at first and {known[-1]} at last, {len(parts)} forecasts"
    data = hashlib.sha256(options.events.read_bytes()).hexdigest()
    return (
        f"Run of {about['date']}: attribution {about['attribution']}, Python {about['python']}, "
        f"{versions}; seed {options.seed} (baselines: {cpost_baselines.SEED}), "
        f"{refit.SETTINGS.chains} chains of {refit.SETTINGS.draws} draws. SHA-256 of the code "
        f"`{about['code_fingerprint'][:16]}`, of the events `{data[:16]}`. Learned from {fits}; "
        f"predicted {sum(int(part.sum()) for part in parts)} events; "
        f"{sum(seconds.values()):.0f} s, of which {seconds[MODEL]:.0f} s for this model."
    )


def read_options(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=Path, required=True, help="events.csv of the benchmark")
    parser.add_argument("-o", "--output", type=Path, help="where probabilities are written (CSV)")
    parser.add_argument(
        "--validate", action="store_true", help="fit on the part `fit`, predict and score `val`"
    )
    parser.add_argument(
        "--rolling", action="store_true", help="refit every quarter on all earlier labels"
    )
    parser.add_argument(
        "--write",
        action="store_true",
        help=f"with --validate: score baselines as well, and write a table to {EVALUATION.name}",
    )
    parser.add_argument("--seed", type=int, default=SEED, help="seed of the sampler")
    parser.add_argument("--json", type=Path, help="write the scores of --validate to this file")
    options = parser.parse_args(argv)
    if options.output is None and not options.validate:
        parser.error("give -o, --validate or both")
    if options.write and not options.validate:
        parser.error("--write needs --validate: only there is the truth known")
    return options


def command_of(options: argparse.Namespace) -> str:
    """Return the command that the markers of the block name."""
    return f"experiments/cpost.py --validate{' --rolling' if options.rolling else ''}"


def prepare(options: argparse.Namespace) -> tuple[pd.DataFrame, pd.Series]:
    """Read the events, and find what would stop the run before minutes of work are spent on it.

    Returns
    -------
    Events that the run may see, and which of them are asked.

    Raises
    ------
    ValueError
        If a file cannot be read or written.
    """
    if options.write:
        try:
            require_block(EVALUATION, command_of(options))
        except (OSError, ValueError) as fault:
            raise ValueError(f"{EVALUATION}: {fault}") from fault
    for path in filter(None, (options.output, options.json)):
        if not path.absolute().parent.is_dir():
            raise ValueError(f"{path}: there is no such folder")
    try:
        events = read_events(options.events)
    except (OSError, ValueError) as fault:
        raise ValueError(f"{options.events}: {fault}") from fault
    asked = events[CLASSES_COLUMN] == ""
    if options.validate:
        events = events[events["fold"].isin([FIT, VALIDATION])].reset_index(drop=True)
        asked = events["fold"] == VALIDATION
    if not asked.any():
        raise ValueError(f"{options.events}: every event has a label, nothing to predict")
    return events, asked


def run(events: pd.DataFrame, asked: pd.Series, options: argparse.Namespace) -> None:
    """Predict, and write and score what was asked for."""
    parts = questions(events, asked, rolling=options.rolling)
    if options.write:
        found, seconds = compare(events, parts, options.seed)
    else:
        found, seconds = {MODEL: forecast(predict, events, parts, options.seed)}, {}
    if options.output is not None:
        part = options.output.with_name(options.output.name + ".part")
        found[MODEL].to_csv(part, index=False)
        part.replace(options.output)
    if not options.validate:
        return
    truth = events.set_index("event_id")[CLASSES_COLUMN]
    figures = {name: scores(p, truth) for name, p in found.items()}
    if options.json is not None:
        text = json.dumps(figures[MODEL], indent=2)
        options.json.write_text(text + "\n", encoding="utf-8")
    if options.write:
        block = f"{describe(events, parts, options, seconds)}\n\n{render(figures)}"
        print(block)
        write_block(EVALUATION, block, command_of(options))
    else:
        print("  ".join(f"{name} {value:.3f}" for name, value in figures[MODEL].items()))


def main(argv: list[str] | None = None) -> int:
    options = read_options(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    start = time.monotonic()
    try:
        events, asked = prepare(options)
    except ValueError as fault:
        print(fault, file=sys.stderr)
        return 1
    try:
        run(events, asked, options)
    except (CaseError, NothingToLearnError, MissingExtraError) as fault:
        print(f"{options.events}: {fault}", file=sys.stderr)
        return 1
    print(f"{asked.sum()} events in {time.monotonic() - start:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
