"""How fast and in how much memory whole files are scored, next to the sum over draws alone.

python experiments/bench_files.py                               # a million rows of each kind
python experiments/bench_files.py --rows 50000000 --kinds repeated
python experiments/bench_files.py --write                       # into docs/performance.md

Rows are drawn from the incidents of the Iraq case: ``repeated`` as they stand, ``distinct`` with
every column drawn by itself, the day anew and the coordinates moved, so that no two rows have the
same evidence. The file is scored with the bundled model, Parquet to Parquet, in a process of its
own, whose largest memory is taken; the sum alone is timed in that process too.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from page import ROOT, markdown, require_block, write_block

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from attribution.posterior.batch import DrawTables
    from attribution.posterior.kernel import Query, Summary

logger = logging.getLogger(__name__)

PAGE = ROOT / "docs" / "performance.md"
COMMAND = "experiments/bench_files.py"
KINDS = ("distinct", "repeated")
ROWS, SEED = 1_000_000, 1
#: Rows that are drawn and written at once.
CHUNK = 250_000
PLACE = ["country", "province", "place", "latitude", "longitude", "location_precision"]
#: Rows of which the sum alone is timed.
SAMPLE = 250_000
FIRST, DAYS, MOVED = "2018-06-01", 2_900, 0.05
FIGURES = {
    "rows": "rows",
    "file_rows_s": "Parquet to Parquet, rows a second",
    "sum_rows_s": "the sum over draws alone, rows a second",
    "share": "share of it",
    "peak_mib": "peak MiB",
}


def write_rows(path: Path, kind: str, rows: int) -> None:
    """Write a Parquet file of incidents."""
    from attribution.case.load import bundled_case_folder  # noqa: PLC0415 - imports are timed

    known = pd.read_csv(bundled_case_folder() / "incidents.csv", dtype=str, keep_default_na=False)
    rng = np.random.default_rng(SEED)
    writer = None
    for start in range(0, rows, CHUNK):
        count = min(CHUNK, rows - start)
        if kind == "distinct" or not start:
            drawn = known.iloc[rng.integers(0, len(known), count)].reset_index(drop=True)
            table = pa.Table.from_pandas(
                shuffled(drawn, rng) if kind == "distinct" else drawn, preserve_index=False
            )
        numbers = pa.array(range(start, start + count)).cast(table.schema.field("incident_id").type)
        place = table.schema.get_field_index("incident_id")
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table[:count].set_column(place, "incident_id", numbers))
    if writer is not None:
        writer.close()


def shuffled(drawn: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Draw every column by itself, what tells the place together."""
    result = drawn.copy()
    for columns in (["weapon_type"], ["target_type"], PLACE):
        result[columns] = drawn[columns].iloc[rng.permutation(len(drawn))].to_numpy()
    for name in ("latitude", "longitude"):
        degrees = pd.to_numeric(result[name], errors="coerce").fillna(33.0)
        result[name] = (degrees + rng.normal(0.0, MOVED, len(result))).round(6).astype(str)
    days = pd.to_timedelta(rng.integers(0, DAYS, len(result)), unit="D")
    return result.assign(date=(pd.Timestamp(FIRST) + days).strftime("%Y-%m-%d"))


def measure(source: Path, rows: int) -> dict[str, float]:
    """Score a file in this process."""
    import attribution  # noqa: PLC0415 - only in the process that is measured
    from attribution.posterior import posterior as module  # noqa: PLC0415
    from attribution.posterior.store import bundled_model_folder  # noqa: PLC0415
    from attribution.scoring.rows import PART_ROWS  # noqa: PLC0415

    posterior = attribution.load(bundled_model_folder())
    # What is compiled or prepared once is not what is timed.
    posterior.attribute(pd.DataFrame({"date": ["2020-01-01"]}))
    begun = time.perf_counter()
    attribution.score_file(posterior, source, source.with_suffix(".out.parquet"))
    took = time.perf_counter() - begun
    # Not ru_maxrss: a process starts with that of the one that began it.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    alone = 0.0
    inner = module.summarise_many

    def timed(tables: DrawTables, query: Query) -> Summary:
        nonlocal alone
        start = time.perf_counter()
        summary = inner(tables, query)
        alone += time.perf_counter() - start
        return summary

    module.summarise_many = timed
    done = 0
    for batch in pq.ParquetFile(source).iter_batches(batch_size=PART_ROWS):
        posterior.attribute(batch.to_pandas())
        done += len(batch)
        if done >= SAMPLE:
            break
    return {
        "rows": rows,
        "file_rows_s": rows / took,
        "sum_rows_s": done / alone,
        "share": rows / took / (done / alone),
        "peak_mib": peak,
    }


def run_one(kind: str, rows: int) -> dict[str, float]:
    """Write a file and score it in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "in.parquet"
        write_rows(source, kind, rows)
        logger.info("%s: %d rows, %.0f MiB", kind, rows, source.stat().st_size / 2**20)
        done = subprocess.run(  # noqa: S603 - this script
            [sys.executable, __file__, "--one", str(source), str(rows)],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    result: dict[str, float] = json.loads(done.stdout)
    return result


def render(kinds: Mapping[str, Mapping[str, float]]) -> str:
    """Write the run and a table with a column a kind."""
    from attribution.evaluate.provenance import describe_code  # noqa: PLC0415 - heavy

    about = describe_code()
    run = (
        f"Run of {about['date']}: attribution {about['attribution']}; code "
        f"`{about['code_fingerprint'][:16]}`; {os.cpu_count()} cores."
    )
    rows = [
        [label, *(f"{kinds[kind][key]:,.4g}" for kind in kinds)] for key, label in FIGURES.items()
    ]
    return f"{run}\n\n{markdown(rows, ['', *kinds])}"


def read_options(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=ROWS, help="rows to score")
    parser.add_argument("--kinds", default=",".join(KINDS), help="by commas")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure")
    parser.add_argument("--write", action="store_true", help="also into docs/performance.md")
    parser.add_argument("--one", nargs=2, metavar=("FILE", "ROWS"), help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    options.kinds = tuple(options.kinds.split(","))
    for kind in options.kinds:
        if kind not in KINDS:
            parser.error(f"--kinds: '{kind}' is not one of {', '.join(KINDS)}")
    if options.rows < 1:
        parser.error("--rows: at least one")
    return options


def main(argv: Sequence[str] | None = None) -> int:
    options = read_options(argv)
    if options.one:
        print(json.dumps(measure(Path(options.one[0]), int(options.one[1]))))
        return 0
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    if options.write:
        require_block(PAGE, COMMAND)
    kinds = {kind: run_one(kind, options.rows) for kind in options.kinds}
    block = render(kinds)
    print(block)
    if options.json is not None:
        options.json.write_text(json.dumps(kinds, indent=2) + "\n", encoding="utf-8")
    if options.write:
        write_block(PAGE, block, COMMAND)
    return 0


if __name__ == "__main__":
    sys.exit(main())
