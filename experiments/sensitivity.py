"""How the headline's shares change without officials, series labels or default preference.

python experiments/sensitivity.py                       # writes its table into docs/evaluation.md
python experiments/sensitivity.py --json FILE           # and the figures, for the bundled model:
python experiments/build_bundled_posterior.py --sensitivity FILE

One compiled model, four refits; minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from page import EVALUATION, markdown, require_block, write_block

from attribution.case.load import bundled_case_folder, load_case
from attribution.evaluate.provenance import describe_run
from attribution.evaluate.refit import compile_refitter
from attribution.evaluate.sensitivity import share_sensitivity
from attribution.model.words import interval, percent
from attribution.posterior.share_sensitivity import LEFT_OUT
from attribution.report.headline import END, START, WHERE
from attribution.report.sensitivity import sensitivity_sentence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from attribution.case.case import Case
    from attribution.posterior.share_sensitivity import ShareSensitivity

COMMAND = "experiments/sensitivity.py"
#: Actors whose share never reaches this are summed up in one column.
SHOWN = 0.02


def measure(case: Case, seed: int) -> ShareSensitivity:
    """Compile the model of the case and refit it for every variant."""
    refitter = compile_refitter(case)
    return share_sensitivity(case, refitter, start=START, end=END, where=WHERE, seed=seed)


def render(found: ShareSensitivity, case: Case, about: Mapping[str, str]) -> str:
    """Write the block: the run, the table, and the sentence that the report prints."""
    names = {actor.id: actor.name for actor in case.config.actors}
    ordered = sorted(found.as_fitted.shares, key=lambda share: -share.share)
    shown = [
        one.actor
        for one in ordered
        if max(variant.of(one.actor).share for variant in found.variants) >= SHOWN
    ]
    rows = []
    for variant in found.variants:
        shares = [variant.of(actor) for actor in shown]
        cells = [f"{percent(s.share)} ({interval(s.lo, s.hi)})" for s in shares]
        rest = max(0.0, 1 - sum(share.share for share in shares))
        left_out = LEFT_OUT.get(variant.variant, "nothing")
        rows.append([left_out, str(variant.labels), *cells, percent(rest)])
    libraries = ", ".join(f"{name} {about[name]}" for name in ("pymc", "nutpie", "numpy"))
    run = (
        f"Run of {about['date']} with attribution {about['attribution']} (code "
        f"{about['code_fingerprint'][:16]}; {libraries}), seed {found.seed}, {found.draws} draws a "
        f"refit, case {found.case_fingerprint[:16]}: the {found.n_incidents} incidents of the "
        f"headline, {found.start} to {found.end}. In brackets 90 % intervals."
    )
    head = ["left out", "labels", *(names[actor] for actor in shown), "all others"]
    lead = ordered[0]
    said = sensitivity_sentence(found, lead, names[lead.actor])
    return "\n\n".join([run, markdown(rows, head), said])


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", type=Path, default=bundled_case_folder(), help="folder of a case")
    parser.add_argument("--seed", type=int, default=1, help="seed of every refit")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--output", type=Path, default=EVALUATION, help="page with the block")
    options = parser.parse_args(argv)
    try:
        require_block(options.output, COMMAND)
    except (OSError, ValueError) as fault:
        parser.error(str(fault))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    case = load_case(options.case)
    found = measure(case, options.seed)
    block = render(found, case, describe_run(case))
    print(block)
    if options.json is not None:
        text = json.dumps(found.as_dict(), indent=1, ensure_ascii=False)
        options.json.write_text(text + "\n", encoding="utf-8")
    write_block(options.output, block, COMMAND)
    return 0


if __name__ == "__main__":
    sys.exit(main())
