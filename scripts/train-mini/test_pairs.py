"""Tests of what must never be trained on. Run: python3 -m unittest discover -s scripts/train-mini"""
import os
import tempfile
import unittest

from pairs import read_corpus


class HeldOut(unittest.TestCase):
    def check(self, corpus, held_out, expect):
        with tempfile.TemporaryDirectory() as folder:
            files = {"corpus/forum.tsv": corpus, "dev.tsv": held_out}
            os.mkdir(os.path.join(folder, "corpus"))
            for name, rows in files.items():
                with open(os.path.join(folder, name), "w", encoding="utf8") as file:
                    file.writelines("\t".join(row) + "\n" for row in rows)
            sets = read_corpus(os.path.join(folder, "corpus"), [os.path.join(folder, "dev.tsv")])
        self.assertEqual(sets["forum"], expect)

    def test_other_pairs_stay(self):
        self.check([("Сәлем", "Привет"), ("Рақмет", "Спасибо")], [("Иә", "Да")], [("Сәлем", "Привет"), ("Рақмет", "Спасибо")])

    def test_a_held_out_pair_is_refused(self):
        self.check([("Сәлем", "Привет"), ("Иә", "Да")], [("Иә", "Да")], [("Сәлем", "Привет")])

    def test_one_side_is_enough(self):
        self.check([("Иә", "Так"), ("Жоқ", "Да")], [("Иә", "Да")], [])

    def test_case_marks_and_spaces_hide_nothing(self):
        self.check([("ИӘ, солай!", "Так"), ("x", " да  конечно ")], [("Иә солай", "y"), ("z", "Да, конечно.")], [])

    def test_rows_without_both_sides_are_no_pairs(self):
        self.check([("Иә",), ("Жоқ", " "), ("", "Да")], [("a", "b")], [])


if __name__ == "__main__":
    unittest.main()
