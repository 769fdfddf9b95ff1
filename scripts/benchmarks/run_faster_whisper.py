"""Captions a recording with faster-whisper in a LocalAgreement-2 loop, on a simulated clock.

usage, in the environment of faster-whisper: python -m benchmarks.run_faster_whisper JOB.json

The job is an object with the fields of `Job`; the outcome is written as `peer.Outcome`.
"""

import dataclasses
import json
import sys
from functools import partial
from pathlib import Path

import faster_whisper
import numpy as np
from faster_whisper.audio import decode_audio

from .agreement import SAMPLE_RATE, Captioner, Hypothesis, Word
from .clock import SimulatedClock
from .peer import Job, Outcome, versions_of

#: New sound that a run of the model waits for, seconds.
CHUNK_SECS = 1.0
#: Segments that the model itself takes for silence are left out from this probability on.
NO_SPEECH = 0.9
BEAM = 5


class Model:
    """Whisper on a processor."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._model = faster_whisper.WhisperModel(
            job.weights, device="cpu", compute_type=job.options["compute_type"], cpu_threads=job.threads
        )

    @property
    def compute_type(self) -> str:
        """What the weights are computed in."""
        return str(self._model.model.compute_type)

    def recognise(self, samples: np.ndarray, prompt: str) -> Hypothesis:
        """The words in the sound, with their times."""
        segments, _ = self._model.transcribe(
            samples,
            language=self._job.lang,
            initial_prompt=prompt,
            beam_size=BEAM,
            word_timestamps=True,
            condition_on_previous_text=True,
            vad_filter=self._job.options["vad"],
        )
        heard = list(segments)
        words = [
            Word(word.word, word.start, word.end, closes=word is segment.words[-1])
            for segment in heard
            if segment.no_speech_prob <= NO_SPEECH
            for word in segment.words or []
        ]
        return Hypothesis(words, [segment.end for segment in heard])


def caption(job: Job) -> Outcome:
    """Runs the loop over the whole recording."""
    model = Model(job)
    sound = decode_audio(job.recording, sampling_rate=SAMPLE_RATE)
    length = len(sound) / SAMPLE_RATE
    clock = SimulatedClock(job.threads)
    captioner = Captioner(model.recognise)
    views = []
    heard = 0.0
    while heard < length:
        clock.wait_until(min(heard + CHUNK_SECS, length))
        until = min(clock.now, length)
        chunk = sound[int(heard * SAMPLE_RATE) : int(until * SAMPLE_RATE)]
        clock.charge(partial(captioner.hear, chunk))
        heard = until
        views.append(captioner.view(clock.now))
    captioner.finish()
    views.append(captioner.view(clock.now))
    versions = versions_of("faster-whisper", "ctranslate2")
    return Outcome(views, clock.charged, length, versions, {"compute type": model.compute_type})


if __name__ == "__main__":
    job = Job(**json.loads(Path(sys.argv[1]).read_text(encoding="utf8")))
    Path(job.outcome).write_text(json.dumps(dataclasses.asdict(caption(job))), encoding="utf8")
