"""The figures of a system on a recording, and how two systems compare."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from score_trace import score

from .systems import Captions, Recording


@dataclass(frozen=True)
class Quantiles:
    """Seconds; absent where nothing could be measured."""

    p50: float | None
    p95: float | None


@dataclass(frozen=True)
class Figures:
    """One row; shares are of 1. What cannot be computed is absent."""

    wer: float | None
    cer: float | None
    first_display: Quantiles
    commit: Quantiles
    final: Quantiles
    erasure: float | None
    committed_changed: int
    #: Processor seconds a second of sound: one fully used core is 1.
    load: float
    peak_memory_mb: float


def figures(captions: Captions, recording: Recording) -> Figures:
    """Scores both traces; only what concerns finished lines is taken from the second."""
    shown: dict[str, Any] = score(captions.flow, recording.reference)
    finished: dict[str, Any] = score(captions.lines, recording.reference)
    return Figures(
        wer=shown["wer"],
        cer=shown["cer"],
        first_display=Quantiles(**shown["first_display_s"]),
        commit=Quantiles(**shown["commit_s"]),
        final=Quantiles(**finished["final_s"]),
        erasure=shown["normalised_erasure"],
        committed_changed=shown["committed_changed"],
        load=captions.cpu_secs / recording.secs,
        peak_memory_mb=captions.peak_memory_mb,
    )


#: What is compared, smaller being better.
COMPARED: dict[str, Callable[[Figures], float | None]] = {
    "WER": lambda row: row.wer,
    "CER": lambda row: row.cer,
    "first display p50": lambda row: row.first_display.p50,
    "commit p50": lambda row: row.commit.p50,
    "commit p95": lambda row: row.commit.p95,
    "final p50": lambda row: row.final.p50,
    "erasure": lambda row: row.erasure,
    "CPU": lambda row: row.load,
    "memory": lambda row: row.peak_memory_mb,
}


def ratios(dostyq: Figures, peer: Figures) -> list[float | None]:
    """Dostyq over the peer, in the order of `COMPARED`; absent where one has no figure or the peer's is not above 0."""

    def ratio(ours: float | None, theirs: float | None) -> float | None:
        return None if ours is None or theirs is None or theirs <= 0 else ours / theirs

    return [ratio(of(dostyq), of(peer)) for of in COMPARED.values()]
