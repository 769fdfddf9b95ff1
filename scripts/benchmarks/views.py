"""What a captioner shows, and the trace lines that `scripts/score_trace.py` reads.

Other captioners show one running text: confirmed words, cut into lines in their own way, and a draft that may become the
rest of a line or several lines. Two traces are made of it. The *flow* is that running text as a single segment, so that a
word which moves from one line to the next counts neither as taken back nor as shown late. The *lines* trace has a segment
a line, which is final when its last word was confirmed; it tells how long after the end of the speech a line is finished.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

TraceLine = dict[str, Any]


class Line(NamedTuple):
    """Confirmed text and when it was spoken, seconds since the start of the recording."""

    text: str
    start: float
    end: float


class View(NamedTuple):
    """All that is shown from the moment `at` on: confirmed lines from the start of the recording, and the draft."""

    at: float
    lines: tuple[Line, ...]
    draft: str

    @property
    def confirmed(self) -> str:
        """The running text of all lines."""
        return " ".join(line.text.strip() for line in self.lines)


def view_of(fields: Sequence[Any]) -> View:
    """A view as JSON gives it back: arrays for tuples."""
    at, lines, draft = fields
    return View(at, tuple(Line(*line) for line in lines), draft)


def changes(views: Iterable[View]) -> list[View]:
    """The views that show something else than the one before."""
    kept: list[View] = []
    for view in views:
        if not kept or (view.lines, view.draft) != (kept[-1].lines, kept[-1].draft):
            kept.append(view)
    return kept


def flow(views: Sequence[View], lang: str) -> list[TraceLine]:
    """The running text as one segment, which is final with the last view."""
    shown = [view for view in changes(views) if view.lines or view.draft.strip()]
    return [
        {
            "at": view.at,
            "seg": 1,
            "committed": view.confirmed,
            "tentative": view.draft,
            "final": view is shown[-1],
            "lang": lang,
            "start": view.lines[0].start if view.lines else 0.0,
            "end": view.lines[-1].end if view.lines else 0.0,
        }
        for view in shown
    ]


def lines(views: Sequence[View], lang: str) -> list[TraceLine]:
    """A segment a line, without drafts; the moment from which its text stays as it ends is when it is final."""
    trace: list[TraceLine] = []
    newest: dict[int, TraceLine] = {}
    for view in views:
        for number, line in enumerate(view.lines, start=1):
            before = newest.get(number)
            if before is not None and before["committed"] == line.text:
                continue
            newest[number] = {
                "at": view.at,
                "seg": number,
                "committed": line.text,
                "tentative": "",
                "final": False,
                "lang": lang,
                "start": line.start,
                "end": line.end,
            }
            trace.append(newest[number])
    for last in newest.values():
        last["final"] = True
    return trace
