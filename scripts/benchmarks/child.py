"""Programs that are run and accounted for."""

import os
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


class CouldNotRun(Exception):
    """A program is missing or failed; the message is for the reader of the table."""


@dataclass(frozen=True)
class Usage:
    """What a program took from its start to its end, with its own children."""

    output: str
    cpu_secs: float
    peak_memory_mb: float


def run(command: Sequence[str | Path], limit_secs: float, env: Mapping[str, str] | None = None) -> Usage:
    """Runs a program to its end, kills it after `limit_secs`. Errors are what it wrote last to its error output."""
    name = Path(command[0]).name
    with (
        tempfile.TemporaryFile("w+", encoding="utf8") as output,
        tempfile.TemporaryFile("w+", encoding="utf8") as errors,
    ):
        try:
            child = subprocess.Popen(command, stdout=output, stderr=errors, env={**os.environ, **(env or {})})
        except OSError as error:
            raise CouldNotRun(f"{name} cannot be started: {error.strerror}") from error
        watchdog = threading.Timer(limit_secs, child.kill)
        watchdog.start()
        _, status, usage = os.wait4(child.pid, 0)
        watchdog.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if child.returncode == -9:
            raise CouldNotRun(f"{name} did not end within {limit_secs:.0f} s, or was killed")
        if child.returncode != 0:
            last = [line for line in errors.read().splitlines() if line.strip()][-1:]
            raise CouldNotRun(f"{name} failed: {' '.join(last) or f'exit status {child.returncode}'}")
        return Usage(output.read(), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
