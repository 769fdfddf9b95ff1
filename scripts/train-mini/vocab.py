"""Cut an XLM-R unigram tokenizer.json down to the pieces that Kazakh and Russian text needs, and add the two
language tokens.

    vocab.py FULL_TOKENIZER.json CORPUS_DIR SIZE OUT_TOKENIZER.json

Only needed to start a model with another vocabulary: dostyq-mini keeps the tokenizer.json it has.
"""
import collections
import glob
import json
import os
import sys

from tokenizers import Tokenizer

# Speech counts more than interface strings, since speech is what the model is for.
WEIGHT = {"forum": 6, "tvnews": 5, "tatoeba": 3}
LETTERS = set("абвгдежзийклмнопрстуфхцчшщъыьэюяёәғқңөұүһі")
LETTERS |= {c.upper() for c in LETTERS}
SIGNS = "«»—–…№„“”’‘°€₸₽§×±"


def main():
    full_path, corpus, size, out = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    full = Tokenizer.from_file(full_path)
    spec = json.load(open(full_path, encoding="utf8"))
    vocab = spec["model"]["vocab"]

    count = collections.Counter()
    for path in sorted(glob.glob(f"{corpus}/*.tsv")):
        weight = WEIGHT.get(os.path.basename(path)[:-4], 1)
        for line in open(path, encoding="utf8"):
            for side in line.rstrip("\n").split("\t")[:2]:
                for i in full.encode(side, add_special_tokens=False).ids:
                    count[i] += weight

    # The four special pieces keep their places, and every single letter stays, so that nothing becomes unknown.
    keep = set(range(4))
    for i, (piece, _) in enumerate(vocab):
        c = piece.replace("▁", "")
        if len(c) <= 1 and (c == "" or c in LETTERS or c.isascii() or c in SIGNS):
            keep.add(i)
    for i, _ in count.most_common():
        if len(keep) >= size:
            break
        keep.add(i)

    ids = sorted(keep)
    spec["model"]["vocab"] = [vocab[i] for i in ids]
    spec["added_tokens"] = [t for t in spec["added_tokens"] if t["content"] != "<mask>"] + [
        {"id": len(ids) + j, "content": token, "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False, "special": True}
        for j, token in enumerate(["kaz_Cyrl", "rus_Cyrl"])
    ]
    spec["truncation"] = spec["padding"] = None
    json.dump(spec, open(out, "w", encoding="utf8"), ensure_ascii=False)


if __name__ == "__main__":
    main()
