"""Translation: Dostyq beside CTranslate2, with the weights that ship.

Both programs stand ready, one thread each, and get each sentence in turn, so that what else the machine does falls on both.
Processor time counts, from text to text.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import environment, page, sections
from .child import CouldNotRun, run
from .environment import CACHE, ROOT, say

MODEL = ROOT / "models" / "dostyq-mini"
PEER = "ctranslate2"
BUILD_LIMIT_SECS = 7200.0
CONVERSION_LIMIT_SECS = 600.0
#: How many tokens a sentence may be longer or shorter than asked for.
TOLERANCE = 1
SEARCHES = {"greedy": 1, "beam 4": 4}
DIRECTIONS = (("kk", "ru"), ("ru", "kk"))
COLUMNS = ("search", "system", "CPU ms p50 / p95", "CPU ms a produced token", "clock ms p50 / p95")
LEGEND = """\
A sentence counts from its text to its translation's text, the tokenizer included. Both programs use one thread, the int8
form of the same weights, the same limits, beams and rule against repetition, and answer each sentence in turn, three times in an
order drawn anew. A *produced token* is one of the translation. CTranslate2 runs in Python, which adds to its memory; *model* is
what the process grew by from before it opened the model to its peak. Their translations differ now and then, because each
rounds activations in its own way: *same text* says how often they agree."""


@dataclass(frozen=True)
class Sentence:
    """A text to translate."""

    text: str
    source: str
    target: str


@dataclass
class System:
    """A program that stands ready."""

    title: str
    process: "subprocess.Popen[str]"
    #: What it answered, by search and sentence, once a round.
    answers: dict[tuple[str, int], list[dict[str, Any]]] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)

    def ask(self, job: dict[str, Any]) -> dict[str, Any]:
        """One sentence."""
        assert self.process.stdin and self.process.stdout
        try:
            self.process.stdin.write(json.dumps(job, ensure_ascii=False) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise CouldNotRun(f"{self.title} ended before its time") from error
        answer = self.process.stdout.readline()
        if not answer:
            raise CouldNotRun(f"{self.title} gave no answer")
        found: dict[str, Any] = json.loads(answer)
        return found

    def finish(self) -> None:
        """Ends the input; the last line tells the memory."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.memory = json.loads(self.process.stdout.readline())
        self.process.wait()


def add_options(command: argparse.ArgumentParser) -> None:
    """The options of `scripts/bench translation`."""
    command.add_argument("texts", nargs="+", type=Path, help="FILE.tsv with the columns Kazakh and Russian")
    command.add_argument("--model", type=Path, default=MODEL, help="a BART in Optimum's int8 ONNX form")
    command.add_argument("--onnxruntime", type=Path, help="the library; by default what DOSTYQ_ONNXRUNTIME or the cache has")
    command.add_argument("--tokens", type=int, default=25, help="the length of the sentences")
    command.add_argument("--sentences", type=int, default=20, help="at most so many of each file and direction")
    command.add_argument("--rounds", type=int, default=3, help="how often each is translated")
    command.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks.md", help="the page")


def compare(options: argparse.Namespace) -> int:
    """Runs the comparison and writes its section."""
    try:
        python = environment.python_of(PEER)
        sentences = chosen(python, options)
        load_before = os.getloadavg()[0]
        dostyq, peer = measured(python, options, sentences)
    except CouldNotRun as error:
        say(f"bench: {error}")
        return 2
    text = section(options, page.machine(load_before), sentences, dostyq, peer)
    sections.put(options.out, "translation", text)
    say(f"Written: {options.out}")
    return 0


def chosen(python: Path, options: argparse.Namespace) -> list[Sentence]:
    """The sentences of the wanted length, by the model's own tokenizer; the first ones of each file and direction."""
    wanted = []
    for path in options.texts:
        try:
            rows = [line.split("\t") for line in path.read_text(encoding="utf8").splitlines()]
        except OSError as error:
            raise CouldNotRun(f"{path} cannot be read: {error.strerror}") from error
        pairs = [dict(zip(("kk", "ru"), row, strict=False)) for row in rows if len(row) >= 2]
        for source, target in DIRECTIONS:
            lengths = token_counts(python, options.model, [pair[source] for pair in pairs])
            fitting = [
                Sentence(pair[source], source, target)
                for pair, length in zip(pairs, lengths, strict=True)
                if abs(length - options.tokens) <= TOLERANCE
            ]
            wanted += fitting[: options.sentences]
    if not wanted:
        raise CouldNotRun(f"no sentence has {options.tokens} tokens")
    return wanted


def token_counts(python: Path, model: Path, texts: Sequence[str]) -> list[int]:
    """How many tokens each text has."""
    program = (
        "import json, sys; from tokenizers import Tokenizer; t = Tokenizer.from_file(sys.argv[1]); "
        "print(json.dumps([len(t.encode(x, add_special_tokens=False).ids) for x in json.load(sys.stdin)]))"
    )
    command = [python, "-c", program, model / "tokenizer.json"]
    done = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=False)
    if done.returncode:
        raise CouldNotRun(f"the tokenizer failed: {done.stderr.strip().splitlines()[-1]}")
    counts: list[int] = json.loads(done.stdout)
    return counts


def measured(python: Path, options: argparse.Namespace, sentences: Sequence[Sentence]) -> tuple[System, System]:
    """Both systems, with what they answered."""
    ours = [program(), library(options), options.model]
    theirs = peer_command(python, options.model, "int8")
    with running("Dostyq", ours) as dostyq, running("CTranslate2", theirs) as peer:
        interview([dostyq, peer], sentences, options.rounds)
    return dostyq, peer


def program() -> Path:
    """The benchmark of crates/translate, built if need be."""
    say("Building the benchmark of crates/translate")
    build = ["cargo", "build", "--release", "--locked", "--package", "dostyq-translate", "--example", "bench"]
    run(build, BUILD_LIMIT_SECS, {"CARGO_TARGET_DIR": str(ROOT / "target")})
    return ROOT / "target" / "release" / "examples" / "bench"


def interview(systems: Sequence[System], sentences: Sequence[Sentence], rounds: int) -> None:
    """Asks all systems for every sentence in every round, in an order drawn anew, and ends them."""
    draw = random.Random(1)
    first, second = systems
    for search, beams in SEARCHES.items():
        # The first sentences find caches cold; they do not count.
        for sentence in sentences[:3]:
            for system in systems:
                system.ask(job(sentence, beams))
        for _ in range(rounds):
            for place in draw.sample(range(len(sentences)), len(sentences)):
                for system in draw.sample(systems, len(systems)):
                    answer = system.ask(job(sentences[place], beams))
                    system.answers.setdefault((search, place), []).append(answer)
        say(f"  {search}: {first.title} takes {ratio(first, second, search):.2f} of the processor time of {second.title}")
    for system in systems:
        system.finish()


def job(sentence: Sentence, beams: int) -> dict[str, Any]:
    """What is asked of a system."""
    return {"text": sentence.text, "from": sentence.source, "to": sentence.target, "beams": beams}


def peer_command(python: Path, model: Path, compute_type: str) -> list[str | Path]:
    """The command of CTranslate2, with the weights converted once."""
    stamp = "-".join(str(int(path.stat().st_mtime)) for path in sorted((model / "onnx").glob("*.onnx")))
    converted = CACHE / "translation" / f"{model.name}-{compute_type}-{stamp}"
    command: list[str | Path] = [python, "-m", "benchmarks.run_ctranslate2", model.resolve(), converted, compute_type]
    if not converted.is_dir():
        say(f"Converting {model.name} for CTranslate2")
        converted.parent.mkdir(parents=True, exist_ok=True)
        run(command, CONVERSION_LIMIT_SECS, {"PYTHONPATH": str(ROOT / "scripts")})
    return command


def library(options: argparse.Namespace) -> Path:
    """ONNX Runtime."""
    named = options.onnxruntime or os.environ.get("DOSTYQ_ONNXRUNTIME")
    if named:
        return Path(named).resolve()
    models = Path(os.environ.get("DOSTYQ_MODELS") or CACHE.parent / "models")
    found = sorted((models / "onnxruntime").rglob("libonnxruntime.so*"))
    if not found:
        raise CouldNotRun("ONNX Runtime is not here: dostyq models pull onnxruntime, or name it with --onnxruntime")
    return found[0]


@contextmanager
def running(title: str, command: Sequence[str | Path]) -> Iterator[System]:
    """A program that stands ready, ended in any case."""
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT / "scripts"), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=surroundings
    )
    try:
        yield System(title, process)
    finally:
        process.kill()
        process.wait()


def times(system: System, search: str, what: str) -> list[float]:
    """One figure a sentence, the median of its rounds."""
    return [
        statistics.median(answer[what] for answer in answers)
        for (found, _), answers in sorted(system.answers.items())
        if found == search
    ]


def ratio(dostyq: System, peer: System, search: str) -> float:
    """The median over the sentences of Dostyq's processor time over the peer's."""
    pairs = zip(times(dostyq, search, "cpu_ms"), times(peer, search, "cpu_ms"), strict=True)
    return statistics.median(ours / theirs for ours, theirs in pairs)


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that so large a share does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def section(
    options: argparse.Namespace, at: page.Machine, sentences: Sequence[Sentence], dostyq: System, peer: System
) -> str:
    """The text of the section."""
    rows, compared = [], []
    for search in SEARCHES:
        for system in (dostyq, peer):
            cpu, wall = times(system, search, "cpu_ms"), times(system, search, "wall_ms")
            tokens = times(system, search, "tokens")
            each = f"{sum(cpu) / max(1, sum(tokens)):.2f}"
            rows.append([search, system.title, both(cpu), each, both(wall)])
        pairs = [(system.answers[search, place][0]["text"]) for place in range(len(sentences)) for system in (dostyq, peer)]
        same = sum(one == other for one, other in zip(pairs[::2], pairs[1::2], strict=True))
        each_token = [sum(times(s, search, "cpu_ms")) / max(1, sum(times(s, search, "tokens"))) for s in (dostyq, peer)]
        compared.append(
            [search, f"{ratio(dostyq, peer, search):.2f}", f"{each_token[0] / each_token[1]:.2f}", f"{same} of {len(sentences)}"]
        )
    memory = [
        [system.title, f"{system.memory['peak_mb']:.0f} MB", f"{system.memory['peak_mb'] - system.memory['empty_mb']:.0f} MB"]
        for system in (dostyq, peer)
    ]
    names = " ".join(path.name for path in options.texts)
    parts = [
        "## Translation",
        f"```sh\nscripts/bench translation {names}\n```",
        f"{page.today()}, {at.name}, {at.cores} cores; load {at.load_before:.1f} before and {at.load_after:.1f} after. "
        f"{options.model.name}, int8, one thread; {len(sentences)} sentences of {options.tokens} ± {TOLERANCE} tokens; "
        f"{environment.REQUIREMENTS.joinpath(PEER + '.txt').read_text(encoding='utf8').split()[0]}.",
        *at.warning,
        page.table(COLUMNS, rows),
        page.table(("memory", "peak", "model"), memory),
        "Dostyq over CTranslate2, below 1 Dostyq is better:",
        page.table(("search", "CPU of a sentence, median", "CPU of a produced token", "same text"), compared),
        LEGEND,
    ]
    return "\n\n".join(parts)


def both(values: Sequence[float]) -> str:
    """The median and the 95th percentile."""
    return f"{quantile(values, 0.5):.1f} / {quantile(values, 0.95):.1f}"
