"""Rebuild the fitted model that comes with the package: data/iraq.model.

Run it after every change of data/iraq, of a channel or of the package's version:

    uv run python experiments/build_bundled_posterior.py

The model is fitted as `attribution fit` fits it, thinned to 500 draws, and its draws are rounded
to 9 significant bits, a relative error of at most 0.1 %, so that it stays a few megabytes; the log
densities of the draws are kept whole. A fit that fails its own diagnostics is not written. How the
headline's shares change without single kinds of evidence goes into the folder, too: measured here,
or read from what `experiments/sensitivity.py --json FILE` wrote about the same tables.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from sensitivity import measure

import attribution
from attribution.model.fit import thin
from attribution.posterior.diagnosis import Densities
from attribution.posterior.share_sensitivity import share_sensitivity_from

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from attribution.case.case import Case
    from attribution.posterior.share_sensitivity import ShareSensitivity

DATA = Path(__file__).parents[1] / "data"
DRAWS = 500
BITS = 9


def rounded(values: NDArray[np.float32], bits: int) -> NDArray[np.float32]:
    """Round to a number of significant bits; the zeroed ones cost nothing when compressed."""
    mantissa, exponent = np.frexp(values)
    return np.ldexp(np.round(mantissa * 2**bits) / 2**bits, exponent).astype(np.float32)


def small(draws: Mapping[str, NDArray[np.float32]]) -> Mapping[str, NDArray[np.float32]]:
    """Thin and round every array."""
    return MappingProxyType(
        {name: rounded(thin(values[None], DRAWS), BITS) for name, values in draws.items()}
    )


def thinned(densities: Densities | None) -> Densities | None:
    """Keep the log densities of the draws that are kept."""
    if densities is None:
        return None
    priors = {name: thin(each[None], DRAWS) for name, each in densities.log_prior.items()}
    return Densities(MappingProxyType(priors), thin(densities.log_likelihood[None], DRAWS))


def read_sensitivity(path: Path, case: Case) -> ShareSensitivity:
    """Read what was measured on these tables; stop at what was measured on others."""
    found = share_sensitivity_from(json.loads(path.read_text(encoding="utf-8")))
    if found.case_fingerprint != case.fingerprint():
        raise SystemExit(f"{path} was measured on other tables; run experiments/sensitivity.py")
    return found


def main() -> None:
    """Fit, shrink, replace."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, default=DATA / "iraq.model")
    parser.add_argument("--sensitivity", type=Path, help="from experiments/sensitivity.py --json")
    arguments = parser.parse_args()
    logging.basicConfig(format="%(message)s")
    logging.getLogger("attribution").setLevel(logging.INFO)
    case = attribution.load_case(DATA / "iraq")
    given = None if arguments.sensitivity is None else read_sensitivity(arguments.sensitivity, case)
    posterior = attribution.fit(case, seed=arguments.seed)
    bundled = replace(
        posterior,
        tables=small(posterior.tables),
        reported=small(posterior.reported),
        densities=thinned(posterior.densities),
        share_sensitivity=given or measure(case, arguments.seed),
        manifest=replace(
            posterior.manifest,
            draws=DRAWS,
            metadata=MappingProxyType(
                {"made_by": "experiments/build_bundled_posterior.py", "significant_bits": str(BITS)}
            ),
        ),
    )
    if arguments.output.exists():
        shutil.rmtree(arguments.output)
    bundled.save(arguments.output)
    size = sum(path.stat().st_size for path in arguments.output.rglob("*") if path.is_file())
    print(f"{arguments.output}: {size / 2**20:.1f} MiB")
    full, kept = (model.attribute()["top_p"] for model in (posterior, bundled))
    print(f"largest difference of a top probability from all draws: {abs(full - kept).max():.4f}")


if __name__ == "__main__":
    main()
