"""How long the desk takes to answer what-if questions, alone and under many users.

python experiments/bench_desk.py                          # 20 users for 30 seconds
python experiments/bench_desk.py --users 20 --pause 1     # users who look for a second
python experiments/bench_desk.py --seconds 10 --json FILE

Starts a desk on the bundled model in a process of its own and asks ``POST /api/what-if`` over
connections that stay open: every user takes a random incident of the case, asks ten questions about
it - another weapon, target, place, day, claimant, or without its labels - and takes the next one.
First one user alone, then all at once, each asking again when the answer is there or after a pause.
The client is of the standard library, so that it takes little of the machine that both share.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import random
import re
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from attribution.case.load import bundled_case_folder, load_case
from attribution.posterior.store import bundled_model_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attribution.case.case import Case

SEED = 1
#: Questions that one user alone asks, after as many that warm the desk up.
ALONE = 100
#: Questions about one incident.
QUESTIONS = 10
OPENED = re.compile(r"open at http://([^:]+):(\d+)/")


@dataclass(frozen=True)
class Latencies:
    """What one measurement found, in milliseconds; ``errors`` counts answers other than 200.

    ``processor`` is what the desk took of a processor for an answer, which other work on the
    machine changes less; NaN where the system does not tell.
    """

    users: int
    seconds: float
    requests: int
    errors: int
    median: float
    p99: float
    worst: float
    processor: float

    @property
    def line(self) -> str:
        """The same in words."""
        rate = self.requests / self.seconds
        return (
            f"{self.users:3d} users: {self.requests} answers in {self.seconds:.0f} s "
            f"({rate:.0f}/s), {self.errors} errors; median {self.median:.1f} ms, "
            f"99th percentile {self.p99:.1f} ms, worst {self.worst:.1f} ms; "
            f"{self.processor:.1f} ms of a processor an answer"
        )


def questions(case: Case, seed: int) -> Iterator[dict[str, Any]]:
    """Ask random what-if questions without end."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    incidents = case.incidents["incident_id"].tolist()
    places = case.incidents[["country", "province", "place"]].drop_duplicates().to_dict("records")
    days = case.incidents["date"].dt.strftime("%Y-%m-%d").dropna().tolist()
    claimants = case.groups["group_id"][case.groups["kind"] == "brand"].tolist()
    words = case.config.vocabularies
    for turn in count():
        if turn % QUESTIONS == 0:
            incident = dice.choice(incidents)
        columns: dict[str, str] = {}
        kind = dice.choice(("weapon", "weapon", "target", "place", "day", "claim", "labels"))
        asked: dict[str, Any] = {"incident_id": incident}
        if kind in ("weapon", "labels"):
            columns["weapon_type"] = dice.choice(words["weapon_type"])
        if kind == "target":
            columns["target_type"] = dice.choice(words["target_type"])
        if kind == "place":
            columns |= {name: str(word) for name, word in dice.choice(places).items() if word}
        if kind == "day":
            columns["date"] = dice.choice(days)
        if kind == "claim":
            asked["claims"] = dice.sample(claimants, dice.randrange(3))
        yield asked | {"columns": columns, "keep_labels": kind != "labels"}


async def user(
    place: tuple[str, int], asked: Iterator[dict[str, Any]], stop: float, pause: float, most: int
) -> list[tuple[float, bool]]:
    """Ask until the time is over; return how long each answer took, and whether it was one."""
    reader, writer = await asyncio.open_connection(*place)
    found: list[tuple[float, bool]] = []
    host = f"{place[0]}:{place[1]}"
    while time.perf_counter() < stop and len(found) < most:
        body = json.dumps(next(asked)).encode()
        head = (
            f"POST /api/what-if HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        start = time.perf_counter()
        writer.write(head.encode() + body)
        header = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"content-length: (\d+)", header)
        assert length, header
        await reader.readexactly(int(length.group(1)))
        found.append((time.perf_counter() - start, header.startswith("HTTP/1.1 200")))
        if pause:
            await asyncio.sleep(pause)
    writer.close()
    return found


def processor_seconds(pid: int) -> float:
    """Return what a process has taken of the processors so far."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return math.nan
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Opened:
    """A desk: its process and where it answers."""

    pid: int
    place: tuple[str, int]


async def measure(
    desk: Opened, case: Case, *, users: int, seconds: float, pause: float, most: int
) -> Latencies:
    """Let users ask at the same time."""
    place, busy = desk.place, processor_seconds(desk.pid)
    start = time.perf_counter()
    asked = [questions(case, SEED + 1000 * users + number) for number in range(users)]
    each = await asyncio.gather(*(user(place, own, start + seconds, pause, most) for own in asked))
    took = time.perf_counter() - start
    times = np.array([1000 * one for answers in each for one, _ in answers])
    errors = sum(not fine for answers in each for _, fine in answers)
    median, p99 = np.quantile(times, [0.5, 0.99])
    worst = float(times.max())
    processor = 1000 * (processor_seconds(desk.pid) - busy) / len(times)
    return Latencies(users, took, len(times), errors, float(median), float(p99), worst, processor)


def opened(process: subprocess.Popen[str]) -> tuple[str, int]:
    """Wait until the desk says where it is."""
    assert process.stderr is not None
    for line in process.stderr:
        found = OPENED.search(line)
        if found:
            return found.group(1), int(found.group(2))
    raise SystemExit("the desk did not open")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between two questions")
    parser.add_argument("--json", type=Path, help="file for the figures")
    arguments = parser.parse_args()
    case = load_case(bundled_case_folder())
    command = [sys.executable, "-m", "attribution.cli", "desk", str(bundled_model_folder("iraq"))]
    with subprocess.Popen(  # noqa: S603 - this very package
        [*command, "--port", "0"], stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            desk = Opened(process.pid, opened(process))
            asyncio.run(measure(desk, case, users=1, seconds=600, pause=0, most=ALONE))
            one = asyncio.run(measure(desk, case, users=1, seconds=600, pause=0, most=ALONE))
            print(one.line)
            many = asyncio.run(
                measure(
                    desk,
                    case,
                    users=arguments.users,
                    seconds=arguments.seconds,
                    pause=arguments.pause,
                    most=sys.maxsize,
                )
            )
            print(many.line)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()
    if arguments.json:
        found = {"pause": arguments.pause, "alone": asdict(one), "together": asdict(many)}
        arguments.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
