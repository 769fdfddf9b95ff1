"""The command line of `scripts/bench`."""

import argparse
import json
import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from . import hub, page, scaling, sections, translation, trim
from .child import CouldNotRun
from .environment import CACHE, ROOT, say
from .figures import figures
from .page import Row
from .systems import SYSTEMS, Recording, Setting, System
from .views import TraceLine

DEMO = ROOT / "tests" / "fixtures" / "speech" / "demo.flac"
DOSTYQ = ROOT / "target" / "release" / "dostyq"


def parser() -> argparse.ArgumentParser:
    """The options."""
    top = argparse.ArgumentParser(prog="scripts/bench", description="Compares Dostyq with other programs.")
    commands = top.add_subparsers(dest="command", required=True)
    recognition = commands.add_parser(
        "recognition",
        help="live recognition, beside faster-whisper with LocalAgreement and WhisperLiveKit",
        description="Captions recordings with each system in turn and writes its section of docs/benchmarks.md. Real time rows take as "
        "long as the recordings, and want a machine that does nothing else.",
    )
    recognition.add_argument(
        "recordings", nargs="*", type=Path, default=[DEMO], help="NAME.flac with its reference NAME.json beside it"
    )
    recognition.add_argument("--dostyq", type=Path, default=DOSTYQ, help="the program, a release build")
    recognition.add_argument("--lang", default="ru", help="the language of the recordings, told to every system")
    recognition.add_argument("--threads", type=int, default=2, help="threads, and processors, for every system")
    recognition.add_argument("--only", nargs="+", choices=[system.key for system in SYSTEMS], help="only these systems")
    recognition.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks.md", help="the page")
    recognition.add_argument("--traces", type=Path, help="a folder for the traces of all runs")
    translation.add_options(
        commands.add_parser(
            "translation",
            help="translation of single sentences, beside CTranslate2",
            description="Translates sentences with Dostyq and CTranslate2 in turn and writes its section of docs/benchmarks.md.",
        )
    )
    trim.add_options(
        commands.add_parser(
            "trim",
            help="a large translation model before and after `dostyq models trim`",
            description="Makes a model of the shape of NLLB-200 distilled 600M with random weights (3 GB of disk, 6 GB of memory, "
            "once), trims it and writes its section of docs/benchmarks.md.",
        )
    )
    hub.add_options(
        commands.add_parser(
            "hub",
            help="fan-out to many viewers, beside nchan",
            description="Shows lines to many viewers with Dostyq and with nchan on nginx in turn and writes its section of "
            "docs/benchmarks.md.",
        )
    )
    scaling.add_options(
        commands.add_parser(
            "scaling",
            help="what a viewer costs here, and what follows for large events",
            description="Measures what a viewer costs and is sent, works out and simulates large events, and writes its section of "
            "docs/scaling.md.",
        )
    )
    return top


def main(arguments: Sequence[str]) -> int:
    """Runs the comparison; 1 when a system could not be run."""
    options = parser().parse_args(arguments)
    if options.command == "translation":
        return translation.compare(options)
    if options.command == "hub":
        return hub.compare(options)
    if options.command == "scaling":
        return scaling.compare(options)
    if options.command == "trim":
        return trim.compare(options)
    try:
        recordings = [read(path) for path in options.recordings]
    except CouldNotRun as error:
        say(f"bench: {error}")
        return 2
    setting = Setting(options.dostyq.resolve(), options.lang, options.threads)
    chosen = [system for system in SYSTEMS if not options.only or system.key in options.only]
    load_before = os.getloadavg()[0]
    processors = restrict(setting.threads)
    rows: list[Row] = []
    notes: list[str] = []
    for system in chosen:
        versions: dict[str, str] = {}
        facts: dict[str, str] = {}
        for recording in recordings:
            say(f"{system.title}, {system.mode}, {recording.name}")
            try:
                captions = system.caption(setting, recording)
            except CouldNotRun as error:
                rows.append(Row(system, recording.name, without_paths(str(error))))
            else:
                versions, facts = captions.versions, captions.facts
                rows.append(Row(system, recording.name, figures(captions, recording)))
                if options.traces:
                    keep(options.traces, system, recording, captions.flow, captions.lines)
            say("  " + " | ".join(page.cells(rows[-1])[3:]))
        notes.append(page.note(system, versions, facts))
    ordered = sorted(rows, key=lambda row: (row.system.mode != chosen[0].mode, row.recording))
    told = f"Language {setting.lang} and {setting.threads} threads for all, on {processors} of the cores."
    text = page.page(spelled(options), page.machine(load_before), told, ordered, notes)
    sections.put(options.out, "recognition", text)
    say(f"Written: {options.out}")
    return int(any(isinstance(row.outcome, str) for row in rows))


def read(sound: Path) -> Recording:
    """A recording with its reference."""
    try:
        reference = json.loads(sound.with_suffix(".json").read_text(encoding="utf8"))
    except (OSError, ValueError) as error:
        raise CouldNotRun(f"{sound} has no reference {sound.with_suffix('.json').name} beside it: {error}") from error
    if not sound.is_file():
        raise CouldNotRun(f"there is no recording {sound}")
    return Recording(sound, reference)


def restrict(threads: int) -> int:
    """Keeps all that is run from here on to as many processors as it has threads; returns how many these are."""
    allowed = sorted(os.sched_getaffinity(0))[:threads]
    os.sched_setaffinity(0, allowed)
    return len(allowed)


def keep(folder: Path, system: System, recording: Recording, *traces: list[TraceLine]) -> None:
    """Writes the traces of a run."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind, trace in zip(("flow", "lines"), traces, strict=True):
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in trace)
        (folder / f"{recording.name}.{system.key}.{kind}.jsonl").write_text(text, encoding="utf8")


def without_paths(message: str) -> str:
    """A message for the page: where things are on this machine is of no use to its readers."""
    return message.replace(str(ROOT) + os.sep, "").replace(str(CACHE) + os.sep, "").replace(str(Path.home()), "~")


def spelled(options: argparse.Namespace) -> str:
    """The command as others can give it: recordings by their names, options that are not the default."""
    names = [path.name for path in options.recordings if path.resolve() != DEMO]
    if names and len(names) < len(options.recordings):
        names.insert(0, str(DEMO.relative_to(ROOT)))
    words = ["scripts/bench", "recognition", *names]
    for name, default in (("lang", "ru"), ("threads", 2)):
        if getattr(options, name) != default:
            words += [f"--{name}", str(getattr(options, name))]
    if options.only:
        words += ["--only", *options.only]
    return shlex.join(words)
