"""The captioners that are compared, and how each one is run."""

import dataclasses
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import environment, views
from .child import Usage, run
from .environment import ROOT
from .peer import Job
from .views import TraceLine, view_of

SIMULATED, REAL_TIME = "simulated", "real time"
#: A run that takes this much longer than the recording is given up.
PATIENCE = 20.0
PATIENCE_SECS = 600.0


@dataclass(frozen=True)
class Setting:
    """What all systems share."""

    dostyq: Path
    lang: str
    threads: int


@dataclass(frozen=True)
class Recording:
    """A recording with its reference beside it."""

    sound: Path
    reference: dict[str, Any]

    @property
    def name(self) -> str:
        """Its name in the table."""
        return self.sound.stem

    @property
    def secs(self) -> float:
        """Its length."""
        return float(self.reference["seconds"])

    @property
    def limit_secs(self) -> float:
        """When a run is given up."""
        return self.secs * PATIENCE + PATIENCE_SECS


@dataclass(frozen=True)
class Captions:
    """What a system showed of a recording."""

    #: The trace for all figures but that of finished lines.
    flow: list[TraceLine]
    #: The trace for finished lines.
    lines: list[TraceLine]
    cpu_secs: float
    peak_memory_mb: float
    versions: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class System:
    """A captioner in one configuration."""

    key: str
    title: str
    mode: str
    configuration: str
    caption: Callable[[Setting, Recording], Captions]
    is_dostyq: bool = False


def read_trace(path: Path) -> list[TraceLine]:
    """A file of trace lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf8").splitlines() if line.strip()]


def dostyq_versions(setting: Setting) -> dict[str, str]:
    """As `dostyq --version` says."""
    name, number = run([setting.dostyq, "--version"], PATIENCE_SECS).output.split()[:2]
    return {name: number}


def dostyq_simulated(setting: Setting, recording: Recording) -> Captions:
    """`dostyq eval speech` on a folder of one recording."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, traces = Path(scratch) / "recording", Path(scratch) / "traces"
        folder.mkdir()
        for path in (recording.sound, recording.sound.with_suffix(".json")):
            (folder / path.name).symlink_to(path.resolve())
        command: list[str | Path] = [
            setting.dostyq,
            "eval",
            "speech",
            folder,
            "--lang",
            setting.lang,
            "--trace",
            traces,
            "--json",
        ]
        usage = run([*command, "--threads", str(setting.threads)], recording.limit_secs)
        trace = read_trace(traces / f"{recording.name}.jsonl")
    # It reports what it charged, which is processor time over the threads.
    cpu_secs = json.loads(usage.output)["rtf"] * recording.secs * setting.threads
    return Captions(trace, trace, cpu_secs, usage.peak_memory_mb, dostyq_versions(setting))


def dostyq_real_time(setting: Setting, recording: Recording) -> Captions:
    """`dostyq transcribe --realtime`."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "trace.jsonl"
        command: list[str | Path] = [
            setting.dostyq,
            "transcribe",
            recording.sound,
            "--realtime",
            "--lang",
            setting.lang,
        ]
        usage = run([*command, "--trace", path, "--out", scratch], recording.limit_secs)
        trace = read_trace(path)
    return Captions(trace, trace, usage.cpu_secs, usage.peak_memory_mb, dostyq_versions(setting))


def peer(environment_name: str, module: str, **options: Any) -> Callable[[Setting, Recording], Captions]:
    """A captioner that a module of this package drives in an environment of its own."""

    def caption(setting: Setting, recording: Recording) -> Captions:
        python, weights = environment.python_of(environment_name), environment.weights()
        with tempfile.TemporaryDirectory() as scratch:
            job_file, outcome_file = Path(scratch) / "job.json", Path(scratch) / "outcome.json"
            job = Job(
                recording=str(recording.sound.resolve()),
                weights=str(weights),
                lang=setting.lang,
                threads=setting.threads,
                outcome=str(outcome_file),
                options=options,
            )
            job_file.write_text(json.dumps(dataclasses.asdict(job)), encoding="utf8")
            usage = run([python, "-m", f"benchmarks.{module}", job_file], recording.limit_secs, surroundings(setting))
            return captions_of(json.loads(outcome_file.read_text(encoding="utf8")), usage, setting)

    return caption


def surroundings(setting: Setting) -> dict[str, str]:
    """The environment variables of a captioner in Python: no network, and as many threads as everybody has. Threads that
    wait do so asleep, since a busy wait would be charged as work."""
    return {
        "PYTHONPATH": str(ROOT / "scripts"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": str(setting.threads),
        "OMP_WAIT_POLICY": "PASSIVE",
        "HF_HUB_OFFLINE": "1",
    }


def captions_of(outcome: dict[str, Any], usage: Usage, setting: Setting) -> Captions:
    """What a peer answered, as traces."""
    shown = [view_of(view) for view in outcome["views"]]
    return Captions(
        flow=views.flow(shown, setting.lang),
        lines=views.lines(shown, setting.lang),
        cpu_secs=outcome["cpu_secs"],
        peak_memory_mb=usage.peak_memory_mb,
        versions=outcome["versions"],
        facts=outcome["facts"],
    )


AGREEMENT = (
    "a loop of this project's own in front of faster-whisper, with the rules of whisper_streaming: a run of the model for "
    "every second of new sound, beam of five, word times, the buffer cut at the last completed segment when it is over "
    "15 s, a prompt of 200 characters; "
)
LIVEKIT = (
    "its audio processor in one process, without web socket and browser; faster-whisper backend, LocalAgreement policy, "
    "Silero voice activity detection as bundled in its package, lines at pauses of 0.5 s as Dostyq makes them; "
)
SYSTEMS = [
    System(
        "dostyq",
        "Dostyq",
        SIMULATED,
        "`dostyq eval speech`: whisper-base-q8, the code that `serve` runs, translation included.",
        dostyq_simulated,
        is_dostyq=True,
    ),
    System(
        "faster-whisper",
        "faster-whisper + LocalAgreement, int8",
        SIMULATED,
        AGREEMENT + "compute type int8, no voice activity detection (the default of whisper_streaming).",
        peer("faster-whisper", "run_faster_whisper", compute_type="int8", vad=False),
    ),
    System(
        "faster-whisper-vad",
        "faster-whisper + LocalAgreement, int8, VAD",
        SIMULATED,
        "the same with faster-whisper's own voice activity filter.",
        peer("faster-whisper", "run_faster_whisper", compute_type="int8", vad=True),
    ),
    System(
        "faster-whisper-float32",
        "faster-whisper + LocalAgreement, float32",
        SIMULATED,
        "the first one with compute type float32.",
        peer("faster-whisper", "run_faster_whisper", compute_type="float32", vad=False),
    ),
    System(
        "dostyq-real-time",
        "Dostyq",
        REAL_TIME,
        "`dostyq transcribe --realtime`: the same models; loading them, translation and the files count.",
        dostyq_real_time,
        is_dostyq=True,
    ),
    System(
        "whisperlivekit",
        "WhisperLiveKit",
        REAL_TIME,
        LIVEKIT + "everything else as it comes, so that it runs the model again as soon as it is free.",
        peer("whisperlivekit", "run_whisperlivekit", pause_segmentation_seconds=0.5),
    ),
    System(
        "whisperlivekit-paced",
        "WhisperLiveKit, a run a second",
        REAL_TIME,
        "the same, but a run of the model waits for one second of new sound (its option `asr_coalesce_min_s`).",
        peer("whisperlivekit", "run_whisperlivekit", pause_segmentation_seconds=0.5, asr_coalesce_min_s=1.0),
    ),
]
