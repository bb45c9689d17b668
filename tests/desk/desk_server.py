"""A desk in a process of its own, as a user starts it."""

import re
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from attribution.posterior.store import bundled_model_folder


@contextmanager
def desk_process(*arguments: str):
    """Start the desk; yield its address and process, and stop it as Ctrl-C does."""
    command = [sys.executable, "-m", "attribution.cli", "desk", str(bundled_model_folder("iraq"))]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with (
            log.open("w") as stream,
            subprocess.Popen([*command, "--port", "0", *arguments], stderr=stream) as process,
        ):
            try:
                yield _address(process, log), process, log
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(timeout=60)


def _address(process: subprocess.Popen, log: Path) -> str:
    import time

    for _ in range(1200):
        found = re.search(r"open at (http://\S+/)", log.read_text())
        if found:
            return found.group(1).rstrip("/")
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(f"the desk did not open: {log.read_text()}")
