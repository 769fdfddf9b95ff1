"""Files of pairs, and what must never be trained on."""
import glob
import os
import re


def read_tsv(path):
    """Pairs (Kazakh, Russian) of a file."""
    with open(path, encoding="utf8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    return [(row[0], row[1]) for row in rows if len(row) >= 2 and row[0].strip() and row[1].strip()]


def words(text):
    """What makes two texts the same: their words, whatever their case, marks and spaces."""
    return " ".join(re.findall(r"\w+", text.lower()))


def read_corpus(folder, held_out):
    """The files of a folder, by name, less every pair that shares a side with a held-out file."""
    seen = {words(side) for path in held_out for pair in read_tsv(path) for side in pair} - {""}
    sets = {os.path.basename(path)[:-4]: read_tsv(path) for path in sorted(glob.glob(os.path.join(folder, "*.tsv")))}
    return {name: [p for p in pairs if not any(words(s) in seen for s in p)] for name, pairs in sets.items()}
