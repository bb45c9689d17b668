"""How far the approximation's answers are from the sampler's on one simulated case.

python experiments/approximation.py --size 40000

Fits the case by both methods, whatever their diagnostics say, and prints k-hat, seconds, and the
largest and the mean difference of the posterior mean probabilities over incidents and actors.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
from simulated_case import simulated_case

from attribution.case.load import bundled_case_folder, load_case
from attribution.posterior.fit import fit

if TYPE_CHECKING:
    from collections.abc import Sequence

SEED = 1
METHODS = ("laplace", "nuts")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=40_000, help="labelled incidents")
    parser.add_argument("--methods", default=",".join(METHODS), help="laplace, nuts or both")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    case = simulated_case(load_case(bundled_case_folder()), options.size, SEED)
    figures: dict[str, object] = {"size": options.size}
    means = []
    for method in options.methods.split(","):
        start = time.perf_counter()
        posterior = fit(case, seed=SEED, force=True, method=method)
        answers = posterior.attribute()
        means.append(answers[[f"p_{actor}" for actor in posterior.actors]].to_numpy())
        checks = {check.name: check.value for check in posterior.manifest.verdict.checks}
        figures[method] = {"seconds": time.perf_counter() - start, **checks}
    if len(means) == len(METHODS):
        apart = np.abs(means[0] - means[1])
        figures["largest_difference"] = float(apart.max())
        figures["mean_difference"] = float(apart.mean())
        figures["quantile_99_9"] = float(np.quantile(apart, 0.999))
    print(json.dumps(figures, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
