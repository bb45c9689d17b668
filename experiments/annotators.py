"""Score the label model on its own next to majority vote, Dawid-Skene and GLAD.

python experiments/annotators.py FILES...               # prints the table
python experiments/annotators.py FILES... --json FILE   # also writes every figure
python experiments/annotators.py FILES... --write       # also into docs/evaluation.md
python experiments/annotators.py FILES... --ablation    # what each part is worth to unseen labels

A file is a CSV of labels, one a row: task, worker, label and, for scoring only, gold (may be
blank).
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from page import EVALUATION, markdown, require_block, write_block, write_whole

from attribution.channels.label import RHO
from attribution.evaluate.annotators.files import LabelFileError, read_label_files
from attribution.evaluate.annotators.model import fit_label_model
from attribution.evaluate.annotators.scoring import ClassScores, score_classes
from attribution.evaluate.annotators.settings import LabelModelSettings
from attribution.evaluate.baselines.dawid_skene import DawidSkeneSettings, dawid_skene
from attribution.evaluate.baselines.glad import glad
from attribution.evaluate.baselines.majority_vote import majority_vote
from attribution.evaluate.provenance import describe_code

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from attribution.evaluate.annotators.files import LabelFile
    from attribution.evaluate.annotators.table import LabelTable
    from attribution.evaluate.targets import Floats

COMMAND = "experiments/annotators.py"
SEED = 1
#: Share of labels that the ablation holds out.
HELD_OUT = 0.2
SETTINGS = LabelModelSettings()
#: The ablation makes many fits, and compares them with each other only.
ABLATED = replace(SETTINGS, chains=1, warmup=250, draws=250, work=3e7)
VARIANTS = {
    "as reported": ABLATED,
    "no task effects": replace(ABLATED, difficulty=False, decoy=False),
    "no decoy": replace(ABLATED, decoy=False),
    "no difficulty": replace(ABLATED, difficulty=False),
    "no leaning": replace(ABLATED, leaning=False),
    "no confusion": replace(ABLATED, confusion=False),
    "no similarity": replace(ABLATED, similarity=False),
    f"no task effects, weight n^-{RHO}": replace(ABLATED, difficulty=False, decoy=False, rho=RHO),
}


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    file: str
    method: str
    scores: ClassScores
    seconds: float


def methods(seed: int) -> dict[str, Callable[[LabelTable], Floats]]:
    """List what is compared, ours first."""
    return {
        "attribution": partial(_attribution, seed=seed),
        "majority_vote": majority_vote,
        "dawid_skene": partial(dawid_skene, settings=DawidSkeneSettings(stop="early")),
        "dawid_skene_settled": dawid_skene,
        "dawid_skene_smoothed": partial(dawid_skene, settings=DawidSkeneSettings(pseudo=0.5)),
        "glad": glad,
    }


def _attribution(table: LabelTable, *, seed: int) -> Floats:
    fit = fit_label_model(table, SETTINGS, seed=seed)
    if fit.disagreement > 0.1:
        tell(f"  the chains differ by {fit.disagreement:.2f}: read the probabilities with care")
    return fit.probability


def compare(files: Sequence[LabelFile], seed: int) -> list[Row]:
    """Score every method on every file."""
    rows = []
    for file in files:
        tell(f"{file.name}: {in_words(file)}")
        for name, method in methods(seed).items():
            began = time.perf_counter()
            scores = score_classes(method(file.table), file.gold)
            rows.append(Row(file.name, name, scores, time.perf_counter() - began))
    return rows


def in_words(file: LabelFile) -> str:
    """Count what a file holds."""
    table, known = file.table, int((file.gold >= 0).sum())
    counts = (
        f"{len(table)} labels of {table.n_tasks} tasks by {table.n_workers} workers, "
        f"{table.n_classes} classes, "
    )
    return counts + (f"{known} tasks with gold" if known else "no gold, so nothing to score")


def render(rows: Sequence[Row]) -> str:
    """Write the table in Markdown; the best log loss of a file is bold."""
    lines = []
    for row in rows:
        losses = [other.scores.log_loss for other in rows if other.file == row.file]
        loss = _figure(row.scores.log_loss)
        if row.scores.tasks and row.scores.log_loss <= min(losses):
            loss = f"**{loss}**"
        accuracy, ece = _figure(row.scores.accuracy), _figure(row.scores.ece)
        lines.append([row.file, row.method, accuracy, loss, ece, f"{row.seconds:.1f}"])
    return markdown(lines, ["file", "method", "accuracy", "log loss", "ECE", "seconds"])


def as_json(rows: Sequence[Row]) -> str:
    """Write every figure; null where a file has no gold."""
    found: dict[str, dict[str, dict[str, float | None]]] = {}
    for row in rows:
        figures = {name: getattr(row.scores, name) for name in ("accuracy", "log_loss", "ece")}
        found.setdefault(row.file, {})[row.method] = {
            name: None if math.isnan(value) else value for name, value in figures.items()
        }
    return json.dumps(found, indent=2, allow_nan=False) + "\n"


def ablate(files: Sequence[LabelFile], seed: int) -> str:
    """Predict labels that were held out with and without each part of the model."""
    rows = []
    for file in files:
        reference: Floats | None = None
        for name, settings in VARIANTS.items():
            tell(f"{file.name}: {name}")
            each = _predicted(file, settings, seed)
            reference = each if reference is None else reference
            gain = each - reference
            error = gain.std() / np.sqrt(max(len(gain), 1))
            change = f"{gain.mean():+.4f} ± {error:.4f}" if name != "as reported" else ""
            rows.append([file.name, name, f"{each.mean():.4f}", change])
    head = ["file", "variant", "log probability of a held-out label", "minus as reported"]
    return markdown(rows, head)


def _predicted(file: LabelFile, settings: LabelModelSettings, seed: int) -> Floats:
    hidden = np.random.default_rng(seed).random(len(file.table)) < HELD_OUT
    seen = file.table.take(~hidden)
    return fit_label_model(seen, settings, seed=seed, held_out=file.table.take(hidden)).held_out


def provenance(seed: int) -> str:
    """Say when and with what."""
    about = describe_code()
    versions = ", ".join(f"{name} {about[name]}" for name in ("numpy", "scipy", "numba"))
    return (
        f"Run of {about['date']}: attribution {about['attribution']}, Python {about['python']}, "
        f"{versions}; seed {seed}. SHA-256 of the code `{about['code_fingerprint'][:16]}`."
    )


def _figure(value: float) -> str:
    return "n/a" if math.isnan(value) else f"{value:.3f}"


def tell(text: str) -> None:
    """Say how far it is; the standard output is kept for results."""
    print(text, file=sys.stderr, flush=True)


def read_options(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path, help="files of labels")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure")
    parser.add_argument("--write", action="store_true", help="also into docs/evaluation.md")
    parser.add_argument("--ablation", action="store_true", help="predict labels held out instead")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the sampler ({SEED})")
    return parser.parse_args(argv)


def run(options: argparse.Namespace) -> None:
    """Do what the command line asks."""
    files = read_label_files(options.files)
    if options.json is not None and not options.json.absolute().parent.is_dir():
        raise FileNotFoundError(f"{options.json}: there is no folder to write this file to")
    command = f"{COMMAND} --ablation" if options.ablation else COMMAND
    if options.write:
        require_block(EVALUATION, command)
    if options.ablation:
        table = ablate(files, options.seed)
    else:
        rows = compare(files, options.seed)
        table = render(rows)
        if options.json is not None:
            write_whole(options.json, as_json(rows))
    print(table)
    if options.write:
        write_block(EVALUATION, f"{provenance(options.seed)}\n\n{table}", command)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the experiment; 0 done, 1 the input is at fault."""
    options = read_options(argv)
    try:
        run(options)
    except (LabelFileError, OSError, ValueError) as error:
        tell(str(error))
        return 1
    except KeyboardInterrupt:
        tell("interrupted; nothing was written")
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
