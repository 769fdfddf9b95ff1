"""Tests of what decides: the policy, the traces, the comparison. Run: python3 -m unittest discover -s scripts -t scripts

Only numpy is needed besides Python.
"""

import unittest

import numpy as np

from .agreement import SAMPLE_RATE, Agreement, Captioner, Hypothesis, Word
from .figures import COMPARED, Figures, Quantiles, ratios
from .storm import BACKLOG, Node, storm
from .views import Line, View, flow, lines


def words(text: str, first: float = 0.0) -> list[Word]:
    """A word a second, from `first` on; a full stop closes a segment."""
    return [Word(f" {word}", first + n, first + n + 0.9, word.endswith(".")) for n, word in enumerate(text.split())]


def texts(some: list[Word]) -> str:
    """The words as one text."""
    return "".join(word.text for word in some).strip()


class Policy(unittest.TestCase):
    def check(self, runs: list[str], confirmed: str, draft: str) -> None:
        agreement = Agreement()
        for run in runs:
            agreement.hear(words(run))
        self.assertEqual((texts(agreement.confirmed), texts(agreement.draft)), (confirmed, draft), runs)

    def test_words_are_confirmed_by_two_runs_in_a_row(self) -> None:
        self.check(["один"], "", "один")
        self.check(["один два", "один два три"], "один два", "три")
        self.check(["один пять", "один два", "один два три"], "один два", "три")
        self.check(["один два", "пять два", "один два"], "", "один два")
        self.check(["один два", "один два", "шесть семь три"], "один два", "три")

    def test_a_repetition_at_the_seam_is_dropped(self) -> None:
        agreement = Agreement()
        agreement.hear(words("один два"))
        agreement.hear(words("один два"))
        agreement.hear(words("один два три", first=1.9))
        self.assertEqual(texts(agreement.draft), "три")
        agreement.forget_before(2.0)
        agreement.hear(words("один два три", first=1.9))
        self.assertEqual(texts(agreement.confirmed), "один два")

    def test_the_end_confirms_the_draft(self) -> None:
        agreement = Agreement()
        agreement.hear(words("один"))
        agreement.finish()
        self.assertEqual((texts(agreement.confirmed), agreement.draft), ("один", []))


class ScriptedModel:
    """Hears a word each second of the buffer, of a text that is known; a full stop closes a segment."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.heard: list[tuple[int, str]] = []
        self.from_second = 0

    def recognise(self, samples: np.ndarray, prompt: str) -> Hypothesis:
        length = len(samples) // SAMPLE_RATE
        self.heard.append((length, prompt))
        if len(self.heard) > 1 and length <= self.heard[-2][0]:
            self.from_second += self.heard[-2][0] + 1 - length
        said = words(" ".join(self._text.split()[self.from_second : self.from_second + length]))
        ends = [word.end for word in said if word.closes] + [float(length)]
        return Hypothesis(said, ends)


class Buffer(unittest.TestCase):
    def test_it_is_cut_at_a_confirmed_segment_and_prompts_with_what_it_lost(self) -> None:
        text = " ".join(f"{n}." if n % 5 == 4 else str(n) for n in range(40))
        model = ScriptedModel(text)
        captioner = Captioner(model.recognise)
        for _ in range(18):
            captioner.hear(np.zeros(SAMPLE_RATE, dtype=np.float32))
        lengths = [length for length, _ in model.heard]
        self.assertEqual(max(lengths), 16)
        self.assertLess(lengths[-1], 10)
        self.assertTrue(model.heard[-1][1].strip().startswith("0 1 2 3 4."), model.heard[-1])
        view = captioner.view(18.0)
        self.assertEqual([line.text for line in view.lines[:2]], [" 0 1 2 3 4.", " 5 6 7 8 9."])


class Traces(unittest.TestCase):
    VIEWS = [
        View(1.0, (), "а б"),
        View(2.0, (Line("а б", 0.0, 1.0),), "в"),
        View(2.5, (Line("а б", 0.0, 1.0),), "в"),
        View(3.0, (Line("а б", 0.0, 1.0), Line("в г", 2.0, 3.0)), ""),
    ]

    def test_the_flow_is_one_segment(self) -> None:
        trace = flow(self.VIEWS, "ru")
        shown = [(line["at"], line["committed"], line["tentative"], line["final"]) for line in trace]
        expected = [(1.0, "", "а б", False), (2.0, "а б", "в", False), (3.0, "а б в г", "", True)]
        self.assertEqual(shown, expected)

    def test_a_line_is_final_when_its_last_word_was_confirmed(self) -> None:
        trace = lines(self.VIEWS, "ru")
        shown = [(line["seg"], line["at"], line["committed"], line["final"]) for line in trace]
        self.assertEqual(shown, [(1, 2.0, "а б", True), (2, 3.0, "в г", True)])

    def test_text_that_was_confirmed_and_changed_is_told(self) -> None:
        changed = [View(1.0, (Line("а", 0.0, 1.0),), ""), View(2.0, (Line("б", 0.0, 1.0),), "")]
        self.assertEqual([line["committed"] for line in flow(changed, "ru")], ["а", "б"])
        self.assertEqual([line["final"] for line in lines(changed, "ru")], [False, True])


class Comparison(unittest.TestCase):
    def test_ratios_are_dostyq_over_the_peer(self) -> None:
        def row(wer: float | None, load: float) -> Figures:
            nothing = Quantiles(None, None)
            return Figures(wer, None, nothing, nothing, nothing, 0.0, 0, load, 100.0)

        found = dict(zip(COMPARED, ratios(row(0.1, 0.5), row(0.2, 2.0)), strict=True))
        self.assertEqual((found["WER"], found["CPU"], found["CER"], found["erasure"]), (0.5, 0.25, None, None))


class Storm(unittest.TestCase):
    def test_all_come_back_and_nobody_sooner_than_the_machine_can(self) -> None:
        node = Node(cores=2, arrival_secs=0.002, viewer_share=0.0)
        found = storm(node, nodes=1, staying=0, coming=2000)
        # Two cores take a thousand a second.
        self.assertGreaterEqual(found.all_secs, 2.0)
        self.assertLess(found.all_secs, 2.6)
        self.assertEqual(found.refused, 0)

    def test_what_the_queue_does_not_hold_comes_later(self) -> None:
        slow = Node(cores=1, arrival_secs=0.01, viewer_share=0.0)
        found = storm(slow, nodes=1, staying=0, coming=BACKLOG + 1000)
        self.assertEqual(found.longest_queue, BACKLOG)
        self.assertGreater(found.refused, 0)
        self.assertGreaterEqual(found.all_secs, (BACKLOG + 1000) * 0.01)

    def test_those_who_stayed_slow_the_arrivals_down(self) -> None:
        node = Node(cores=1, arrival_secs=0.001, viewer_share=0.0001)
        idle = storm(node, nodes=1, staying=0, coming=1000)
        busy = storm(node, nodes=1, staying=8000, coming=1000)
        self.assertGreater(busy.all_secs, 2 * idle.all_secs)


if __name__ == "__main__":
    unittest.main()
