"""The LocalAgreement-2 policy of streaming recognition with a model that wants whole clips.

A growing buffer of sound is recognised again and again. What two runs in a row begin with alike is confirmed; the rest
stays a draft. Source: Macháček, Dabre, Bojar, "Turning Whisper into Real-Time Transcription System" (2023), whose program
whisper_streaming this follows in its rules: words before the last confirmed one are passed over, a repetition of at most
five confirmed words at the seam is dropped, the buffer is cut at the last completed segment once it is over 15 s long,
and the last 200 characters that the buffer no longer holds are the next run's prompt. All times are seconds since the
start of the recording.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from .views import Line, View

SAMPLE_RATE = 16_000
#: How far before the last confirmed word a word may begin and still be new.
TOLERANCE_SECS = 0.1
#: How near to the last confirmed word a hypothesis must begin for the seam to be searched for repeated words.
SEAM_SECS = 1.0
LONGEST_REPETITION = 5
LONGEST_BUFFER_SECS = 15.0
PROMPT_CHARACTERS = 200


class Word(NamedTuple):
    """A word as the model spells it, with its leading space; `closes` when a segment of the model ends with it."""

    text: str
    start: float
    end: float
    closes: bool = False


class Hypothesis(NamedTuple):
    """What the model heard in the buffer: words and the ends of its segments, seconds since the buffer's start."""

    words: Sequence[Word]
    segment_ends: Sequence[float]


#: Recognises a buffer of sound after a prompt.
Recognise = Callable[[np.ndarray, str], Hypothesis]


@dataclass
class Agreement:
    """Confirms words. `confirmed` only ever grows; `draft` is what the last run heard after it."""

    confirmed: list[Word] = field(default_factory=list)
    draft: list[Word] = field(default_factory=list)
    #: Where the confirmed words begin that the buffer still holds.
    held_from: int = 0

    def hear(self, words: Sequence[Word]) -> None:
        """Takes the words of a new run."""
        until = self.confirmed[-1].end if self.confirmed else 0.0
        fresh = [word for word in words if word.start > until - TOLERANCE_SECS]
        if fresh and abs(fresh[0].start - until) < SEAM_SECS:
            fresh = fresh[self._repeated(fresh) :]
        agreed = 0
        while agreed < min(len(fresh), len(self.draft)) and fresh[agreed].text == self.draft[agreed].text:
            agreed += 1
        self.confirmed += fresh[:agreed]
        self.draft = fresh[agreed:]

    def _repeated(self, fresh: Sequence[Word]) -> int:
        """How many words at the start of `fresh` say again what the confirmed ones end with."""
        held = [word.text for word in self.confirmed[self.held_from :]]
        for count in range(1, min(len(held), len(fresh), LONGEST_REPETITION) + 1):
            if held[-count:] == [word.text for word in fresh[:count]]:
                return count
        return 0

    def forget_before(self, moment: float) -> None:
        """The buffer was cut at `moment`: the confirmed words before it are no longer looked for."""
        while self.held_from < len(self.confirmed) and self.confirmed[self.held_from].end <= moment:
            self.held_from += 1

    def finish(self) -> None:
        """No more sound comes: what is left counts as confirmed."""
        self.confirmed += self.draft
        self.draft = []


class Captioner:
    """A growing buffer, the model, and the policy."""

    def __init__(self, recognise: Recognise) -> None:
        self._recognise = recognise
        self._agreement = Agreement()
        self._sound = np.zeros(0, dtype=np.float32)
        self._offset = 0.0

    def hear(self, samples: np.ndarray) -> None:
        """Adds sound, mono at 16 kHz, and recognises the buffer."""
        self._sound = np.append(self._sound, samples)
        hypothesis = self._recognise(self._sound, self._prompt())
        shift = self._offset
        self._agreement.hear(
            [word._replace(start=word.start + shift, end=word.end + shift) for word in hypothesis.words]
        )
        if len(self._sound) / SAMPLE_RATE > LONGEST_BUFFER_SECS:
            self._cut([end + shift for end in hypothesis.segment_ends])

    def finish(self) -> None:
        """No more sound comes."""
        self._agreement.finish()

    def view(self, at: float) -> View:
        """What a viewer sees at that moment: a line a segment of the model, all confirmed, and the draft."""
        lines: list[Line] = []
        begins = True
        for word in self._agreement.confirmed:
            if begins:
                lines.append(Line(word.text, word.start, word.end))
            else:
                last = lines[-1]
                lines[-1] = Line(last.text + word.text, last.start, max(last.end, word.end))
            begins = word.closes
        return View(at, tuple(lines), "".join(word.text for word in self._agreement.draft))

    def _prompt(self) -> str:
        """The last confirmed words before the buffer, about 200 characters of them."""
        words: list[str] = []
        length = 0
        for word in reversed(self._agreement.confirmed):
            if word.end > self._offset:
                continue
            if length >= PROMPT_CHARACTERS:
                break
            words.append(word.text)
            length += len(word.text) + 1
        return "".join(reversed(words))

    def _cut(self, ends: Sequence[float]) -> None:
        """Cuts the buffer at the end of the last segment that is not the newest one and is confirmed whole."""
        confirmed = self._agreement.confirmed
        if not confirmed:
            return
        moment = next((end for end in reversed(ends[:-1]) if end <= confirmed[-1].end), None)
        if moment is None:
            return
        self._sound = self._sound[int((moment - self._offset) * SAMPLE_RATE) :]
        self._offset = moment
        self._agreement.forget_before(moment)
