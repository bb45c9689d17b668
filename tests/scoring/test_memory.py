"""Memory does not grow with the rows, and a record without an end does not fill it."""

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

HERE = Path(__file__).parent
MIB = 1024

PROGRAM = """
import re, sys
from pathlib import Path
sys.path[:0] = [{here!r}]
from echo import Echo
from attribution.scoring.errors import InputFileError
from attribution.scoring.files import ScoreSettings, score_file

class Forgets(Echo):
    def attribute(self, incidents):
        self.seen.clear()
        return super().attribute(incidents)

try:
    score_file(Forgets(), {source!r}, {out!r}, ScoreSettings(part_rows=20_000))
except InputFileError as error:
    print(error, file=sys.stderr)
# Not ru_maxrss: a process starts with that of the one that began it.
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def peak(source: Path, out: Path) -> tuple[int, str]:
    """Largest resident memory of a process that scores a file, KiB, and what it complained of."""
    text = PROGRAM.format(here=str(HERE), source=str(source), out=str(out))
    result = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, check=True, timeout=600
    )
    return int(result.stdout), result.stderr.decode()


def feed(path: Path, rows: int) -> Path:
    count = 10_000
    table = pa.table(
        {
            "incident_id": [f"id{n}" for n in range(count)],
            "date": ["2020-01-02"] * (count - 1) + ["bad"],
            "place": [f"a place with number {n % 977}" for n in range(count)],
        }
    )
    if path.suffix == ".parquet":
        # Texts that do not shrink: what a reader keeps of the file must show.
        random = np.random.default_rng(1)
        noted = table.append_column("note", pa.array([""] * count))
        with pq.ParquetWriter(path, noted.schema) as writer:
            for _ in range(rows // count):
                texts = [random.bytes(60).hex() for _ in range(count)]
                writer.write_table(table.append_column("note", pa.array(texts)))
        return path
    lines = "".join(
        f"{a},{b},{c}\n" for a, b, c in zip(*table.to_pydict().values(), strict=True)
    ).encode()
    with path.open("wb") as stream:
        stream.write(b"incident_id,date,place\n")
        for _ in range(rows // count):
            stream.write(lines)
    return path


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_twenty_times_the_rows_take_the_same_memory(tmp_path: Path, ending: str) -> None:
    small, _ = peak(feed(tmp_path / f"small.{ending}", 100_000), tmp_path / "small.out.csv")
    large, _ = peak(feed(tmp_path / f"large.{ending}", 2_000_000), tmp_path / "large.out.csv")
    with (tmp_path / "large.out.csv").open("rb") as stream:
        assert sum(1 for _ in stream) == 2_000_001
    assert large < small + 64 * MIB
    assert large < 1024 * MIB


@pytest.mark.slow
@pytest.mark.parametrize("begins", [b"", b'a,2020-01-01,"'])
def test_a_record_of_two_gigabytes(tmp_path: Path, begins: bytes) -> None:
    path = tmp_path / "in.csv.gz"
    # With line ends only inside the quotation.
    block = (b"x" * 1023 + (b"\n" if begins else b"x")) * 1024
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(b"incident_id,date,place\n" + begins)
        for _ in range(2 * 1024):
            stream.write(block)
    used, told = peak(path, tmp_path / "out.csv")
    assert "row 2: the record that starts here is longer than 8 MiB" in told
    assert used < 400 * MIB
    assert [each.name for each in tmp_path.iterdir()] == ["in.csv.gz"]
