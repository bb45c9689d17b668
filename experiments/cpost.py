"""Predict the perpetrators of the CPOST suicide attack data with the model of this project.

python experiments/cpost.py --events events.csv -o probs.csv              # the unlabelled part
python experiments/cpost.py --events events.csv --validate                # fit `fit`, score `val`
python experiments/cpost.py --events events.csv --validate --rolling      # refitted every quarter

The events become a case like any other: a folder with tables and a ``case.toml``, loaded and fitted
as they stand. The data are not part of this project (CPOST, University of Chicago, 2020: research
use, with citation).
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from cpost_case import CLASSES_COLUMN, OTHER, Plan, actor_ids, read_events, write_case

from attribution.case.faults import CaseError
from attribution.case.load import load_case
from attribution.evaluate.refit import compile_refitter
from attribution.model.fit import NothingToLearnError

logger = logging.getLogger(__name__)

#: Columns of the benchmark that say which events a validation may use.
FIT, VALIDATION = "fit", "val"
SEED = 1
LOSS_FLOOR = 1e-12
BINS = 10


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
    start = events.loc[asked, "date"].min()
    plan = Plan(start=start, known=events["label"].ne("") & ~asked & (events["date"] < start))
    if not plan.known.any():
        raise NothingToLearnError(f"no event before {start:%Y-%m-%d} has a label")
    classes = sorted(set(events.loc[plan.known, "label"]) | {OTHER})
    with tempfile.TemporaryDirectory() as folder:
        write_case(events[plan.known | asked], plan, Path(folder))
        case = load_case(folder)
    refitter = compile_refitter(case)
    p = pd.DataFrame(refitter.predict(case, seed), columns=list(case.config.actor_ids))
    p.index = pd.Index(case.incidents["incident_id"])
    named = actor_ids(classes)
    result = p.loc[events.loc[asked, "event_id"], [named[name] for name in classes]]
    result.columns = pd.Index(classes)
    return result.rename_axis("event_id").reset_index()


def rolling(events: pd.DataFrame, asked: pd.Series, seed: int) -> pd.DataFrame:
    """Predict quarter by quarter, each from all labels before it."""
    quarters = events["date"].dt.to_period("Q")
    parts = []
    for number, quarter in enumerate(sorted(set(quarters[asked]))):
        logger.info("quarter %s", quarter)
        parts.append(predict(events, asked & (quarters == quarter), seed + number))
    whole = pd.concat(parts, ignore_index=True).fillna(0.0)
    order = {name: row for row, name in enumerate(events.loc[asked, "event_id"])}
    return whole.sort_values("event_id", key=lambda ids: ids.map(order), ignore_index=True)


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
    parser.add_argument("--seed", type=int, default=SEED, help="seed of the sampler")
    parser.add_argument("--json", type=Path, help="write the scores of --validate to this file")
    options = parser.parse_args(argv)
    if options.output is None and not options.validate:
        parser.error("give -o, --validate or both")
    return options


def main(argv: list[str] | None = None) -> int:
    options = read_options(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    start = time.monotonic()
    try:
        events = read_events(options.events)
    except (OSError, ValueError) as fault:
        print(f"{options.events}: {fault}", file=sys.stderr)
        return 1
    asked = events["label"] == ""
    if options.validate:
        events = events[events["fold"].isin([FIT, VALIDATION])].reset_index(drop=True)
        asked = events["fold"] == VALIDATION
    if not asked.any():
        print(f"{options.events}: every event has a label, nothing to predict", file=sys.stderr)
        return 1
    for path in filter(None, (options.output, options.json)):
        if not path.absolute().parent.is_dir():
            print(f"{path}: there is no such folder", file=sys.stderr)
            return 1
    try:
        p = (rolling if options.rolling else predict)(events, asked, options.seed)
    except (CaseError, NothingToLearnError) as fault:
        print(f"{options.events}: {fault}", file=sys.stderr)
        return 1
    if options.output is not None:
        part = options.output.with_name(options.output.name + ".part")
        p.to_csv(part, index=False)
        part.replace(options.output)
    if options.validate:
        figures = scores(p, events.set_index("event_id")[CLASSES_COLUMN])
        print("  ".join(f"{name} {value:.3f}" for name, value in figures.items()))
        if options.json is not None:
            options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(f"{len(p)} events in {time.monotonic() - start:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
