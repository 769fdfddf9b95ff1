"""Captions a recording with WhisperLiveKit, fed in real time as a microphone would feed it.

usage, in the environment of WhisperLiveKit: python -m benchmarks.run_whisperlivekit JOB.json

Its audio processor runs in this process, without the web socket that a browser would need besides. The job is an object
with the fields of `Job`; the outcome is written as `peer.Outcome`.
"""

import asyncio
import dataclasses
import json
import logging
import resource
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
from faster_whisper.audio import decode_audio
from whisperlivekit import AudioProcessor, TranscriptionEngine
from whisperlivekit.timed_objects import FrontData

from .peer import Job, Outcome, versions_of
from .views import Line, View, changes

SAMPLE_RATE = 16_000
#: Sound that is handed in at once, seconds.
CHUNK_SECS = 0.1
#: Sound that the model is warmed up with, seconds.
WARM_UP_SECS = 3.0


def processor_secs() -> float:
    """Processor time of this process and of its children that have ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def engine_of(job: Job) -> TranscriptionEngine:
    """WhisperLiveKit with local weights; an empty warm-up file keeps it from fetching one."""
    return TranscriptionEngine(
        backend="faster-whisper",
        backend_policy="localagreement",
        model_path=job.weights,
        lan=job.lang,
        pcm_input=True,
        warmup_file="",
        **job.options,
    )


def view_of(front: FrontData, at: float) -> View:
    """Its lines of speech and its buffer; lines of silence are left out."""
    lines = tuple(Line(line.text, line.start, line.end) for line in front.lines if not line.is_silence() and line.text)
    return View(at, lines, front.buffer_transcription)


async def watch(results: AsyncIterator[FrontData], began: float) -> list[View]:
    """Notes everything that it sends to its page, with the time of its arrival."""
    return [view_of(front, time.monotonic() - began) async for front in results]


async def caption(job: Job) -> Outcome:
    """Feeds the recording, each piece when the last of its samples has been spoken."""
    engine = engine_of(job)
    sound = decode_audio(job.recording, sampling_rate=SAMPLE_RATE)
    engine.asr.transcribe(sound[: int(WARM_UP_SECS * SAMPLE_RATE)])
    processor = AudioProcessor(transcription_engine=engine)
    results = await processor.create_tasks()
    samples = np.clip(sound * 32768.0, -32768, 32767).astype(np.int16)
    size = int(CHUNK_SECS * SAMPLE_RATE)
    spent_before = processor_secs()
    began = time.monotonic()
    watcher = asyncio.create_task(watch(results, began))
    for first in range(0, len(samples), size):
        piece = samples[first : first + size]
        spoken = began + (first + len(piece)) / SAMPLE_RATE
        await asyncio.sleep(max(0.0, spoken - time.monotonic()))
        await processor.process_audio(piece.tobytes())
    await processor.process_audio(b"")
    views = await watcher
    spent = processor_secs() - spent_before
    await processor.cleanup()
    versions = versions_of("whisperlivekit", "faster-whisper", "ctranslate2", "torch")
    facts = {"compute type": str(engine.asr.model.model.compute_type)}
    return Outcome(changes(views), spent, len(samples) / SAMPLE_RATE, versions, facts)


if __name__ == "__main__":
    logging.disable(logging.INFO)
    job = Job(**json.loads(Path(sys.argv[1]).read_text(encoding="utf8")))
    outcome = asyncio.run(caption(job))
    Path(job.outcome).write_text(json.dumps(dataclasses.asdict(outcome)), encoding="utf8")
