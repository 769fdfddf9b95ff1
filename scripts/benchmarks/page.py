"""Writes docs/benchmarks.md."""

import datetime
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .figures import COMPARED, Figures, Quantiles, ratios
from .systems import System

COLUMNS = (
    "system",
    "mode",
    "recording",
    "WER",
    "CER",
    "first display p50 / p95",
    "commit p50 / p95",
    "final p50 / p95",
    "erasure",
    "committed text changed",
    "CPU seconds / length",
    "peak memory",
)
#: A machine is called idle up to this share of its cores.
IDLE_SHARE = 0.25
LEGEND = """\
Latencies count from the end of a word, or of the speech for *final*, which is when a line is finished. *First display* is
the moment from which a word stays on screen, *commit* the one from which it can no longer change. *Erasure* is the number
of shown words that were taken back, over those that stayed. One fully used core is 1 *CPU second / length*. *Simulated*:
time passes with the sound, and work takes the processor time of all its threads over the threads, as on a machine that
does nothing else. *Real time*: the clock on the wall, so compare these rows only if the machine was idle. Every figure is
that of `scripts/score_trace.py`.

The other systems show one running text. It is scored as one segment, so that a word which moves to another line counts
neither as late nor as taken back; only *final* is taken per line of theirs, and a line of theirs is finished when its last
word was confirmed. Their CPU seconds leave out the loading of the model; those of Dostyq in real time include it. Dostyq
translates every line as well, the others do not translate."""


@dataclass(frozen=True)
class Row:
    """A system on a recording: its figures, or why there are none."""

    system: System
    recording: str
    outcome: Figures | str


@dataclass(frozen=True)
class Machine:
    """Where it ran."""

    name: str
    cores: int
    #: The load averages over a minute, before and after.
    load_before: float
    load_after: float

    @property
    def warning(self) -> list[str]:
        """Threads that wait for each other waste processor time when something else keeps them from running."""
        if self.load_before <= self.cores * IDLE_SHARE:
            return []
        return ["**The machine was not idle: latencies and processor times below are too high. Run it again.**"]


def machine(load_before: float) -> Machine:
    """This machine."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf8")
    name = re.search(r"model name\s*: (.*)", text)
    cores = os.cpu_count() or 1
    return Machine(name.group(1) if name else "unknown processor", cores, load_before, os.getloadavg()[0])


def today() -> datetime.date:
    """The day of the measurement."""
    return datetime.datetime.now(datetime.UTC).date()


def page(command: str, at: Machine, setting: str, rows: Sequence[Row], notes: Sequence[str]) -> str:
    """The section on recognition."""
    parts = [
        "## Recognition",
        "This section is written by the command below, which installs the other systems in a cache folder of its own and runs "
        "all in turn on the same recordings with the same Whisper base weights.",
        f"```sh\n{command}\n```",
        f"{today()}, {at.name}, {at.cores} cores; load {at.load_before:.1f} before and {at.load_after:.1f} after. {setting}",
        *at.warning,
        table(COLUMNS, [cells(row) for row in rows]),
        LEGEND,
        "### How each was configured",
        "\n".join(f"- {note}" for note in notes),
    ]
    compared = comparison(rows)
    if compared:
        parts += [
            "### Dostyq over the others",
            "Each figure of Dostyq over that of the other system in the same mode; below 1 Dostyq is better.",
            table(("system", "mode", "recording", *COMPARED), compared),
        ]
    return "\n\n".join(parts) + "\n"


def comparison(rows: Sequence[Row]) -> list[list[str]]:
    """A line for each row of another system whose mode and recording Dostyq has figures for too."""
    ours = {
        (row.system.mode, row.recording): row.outcome
        for row in rows
        if row.system.is_dostyq and isinstance(row.outcome, Figures)
    }
    compared = []
    for row in rows:
        dostyq = ours.get((row.system.mode, row.recording))
        if row.system.is_dostyq or dostyq is None or not isinstance(row.outcome, Figures):
            continue
        figures = [number(ratio) for ratio in ratios(dostyq, row.outcome)]
        compared.append([row.system.title, row.system.mode, row.recording, *figures])
    return compared


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)


def cells(row: Row) -> list[str]:
    """A row of the table; a system that could not run says so in its first figure."""
    head = [row.system.title, row.system.mode, row.recording]
    if isinstance(row.outcome, str):
        return [*head, f"not run: {row.outcome}", *["–"] * (len(COLUMNS) - len(head) - 1)]
    figures = row.outcome
    return [
        *head,
        percent(figures.wer),
        percent(figures.cer),
        seconds(figures.first_display),
        seconds(figures.commit),
        seconds(figures.final),
        number(figures.erasure),
        str(figures.committed_changed),
        number(figures.load),
        f"{figures.peak_memory_mb:.0f} MB",
    ]


def note(system: System, versions: dict[str, str], facts: dict[str, str]) -> str:
    """How a system was configured, with what it says itself."""
    known = [f"{name} {number}" for name, number in versions.items()]
    known += [f"{name} {value}" for name, value in facts.items()]
    ending = f" ({', '.join(known)})" if known else ""
    return f"**{system.title}**, {system.mode}: {system.configuration}{ending}"


def percent(share: float | None) -> str:
    """A share as per cent."""
    return "–" if share is None else f"{100 * share:.1f} %"


def number(value: float | None) -> str:
    """Two decimals."""
    return "–" if value is None else f"{value:.2f}"


def seconds(quantiles: Quantiles) -> str:
    """The median and the 95th percentile."""
    return f"{number(quantiles.p50)} s / {number(quantiles.p95)} s".replace("– s", "–")
