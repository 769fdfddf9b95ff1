"""What is made of the corpus: augmentation, and batches of about equal length."""
import random
import re

import numpy as np
import torch
from tokenizers import Tokenizer

PAD, EOS, IGNORE = 1, 2, -100
LONGEST = 120  # tokens a side; the model has 256 positions

# How often a pair of each file is drawn. Speech is what the model is for; interface strings give it words.
WEIGHT = {"forum": 2.0, "tvnews": 2.0, "tatoeba": 1.5, "unicef": 1.5,
          "chromium": 0.7, "mozilla": 0.6, "libreoffice": 0.6, "aosp": 0.7, "cldr": 0.3}
SPEECH = {"forum", "tvnews", "tatoeba", "unicef"}


def plain(text):
    """As a recogniser without case and punctuation writes it."""
    return " ".join(re.sub(r"[^\w\s-]|(?<!\w)-|-(?!\w)", " ", text.lower()).split())


def noisy(text, rng):
    """One word lost or said twice, as happens in recognised speech."""
    words = text.split()
    if len(words) > 3:
        i = rng.randrange(len(words))
        words[i:i + 1] = [] if rng.random() < 0.5 else [words[i]] * 2
    return " ".join(words)


def other_numbers(a, b, rng):
    """The same pair with other digits, so that numbers are copied and not remembered."""
    found = re.findall(r"\d+", a)
    if not found or found != re.findall(r"\d+", b) or re.search(r"[%${&<]", a):
        return a, b
    new = {n: "".join([rng.choice("123456789")] + [rng.choice("0123456789") for _ in n[1:]]) for n in found}
    swap = lambda m: new[m.group()]
    return re.sub(r"\d+", swap, a), re.sub(r"\d+", swap, b)


class Splitter:
    """Splits some pieces in two (subword regularisation): rare stems and names are then met in known parts."""

    def __init__(self, tokenizer):
        vocab = {p: i for p, i in tokenizer.get_vocab().items() if i > 3}
        self.ways = {}
        for piece, i in vocab.items():
            ways = [(vocab[piece[:k]], vocab[piece[k:]]) for k in range(1, len(piece))
                    if piece[:k] in vocab and piece[k:] in vocab and piece[:k] != "▁"]
            if ways:
                self.ways[i] = ways

    def __call__(self, ids, rate, rng):
        out = []
        for i in ids:
            ways = self.ways.get(i)
            if ways and rng.random() < rate:
                out.extend(rng.choice(ways))
            else:
                out.append(i)
        return out


class Batches(torch.utils.data.IterableDataset):
    """An endless stream of batches, each a dict of numpy arrays; every worker draws its own."""

    def __init__(self, sets, tokenizer_path, tokens, seed=1, pool=20000):
        self.sets, self.path, self.tokens, self.seed, self.pool = sets, tokenizer_path, tokens, seed, pool

    def __iter__(self):
        info = torch.utils.data.get_worker_info()
        self.rng = random.Random(self.seed * 1000 + (info.id if info else 0))
        self.tokenizer = Tokenizer.from_file(self.path)
        self.split = Splitter(self.tokenizer)
        self.language = [self.tokenizer.token_to_id("kaz_Cyrl"), self.tokenizer.token_to_id("rus_Cyrl")]
        names = list(self.sets)
        weights = [WEIGHT.get(n, 1.0) * len(self.sets[n]) for n in names]
        size = self.pool // 20  # the first pool is small, so that a worker's first batch does not take long
        while True:
            drawn = [self.example(n) for n in self.rng.choices(names, weights, k=size)]
            yield from self.cut([e for e in drawn if e])
            size = self.pool

    def example(self, name):
        rng, pairs = self.rng, self.sets[name]
        at, count = rng.randrange(len(pairs)), 1
        if name in SPEECH and rng.random() < 0.2:
            count = rng.choice((2, 2, 3))  # following rows are often one talk: the model learns to go on past a full stop
        chosen = pairs[at:at + count]
        pair = [" ".join(p[0] for p in chosen), " ".join(p[1] for p in chosen)]
        if rng.random() < 0.3:
            pair = other_numbers(*pair, rng)
        to = rng.randrange(2)
        source, target = pair[1 - to], pair[to]
        if name in SPEECH:
            if rng.random() < 0.15:
                source = plain(source)
            if rng.random() < 0.05:
                source = noisy(source, rng)
        ids = self.tokenizer.encode(source, add_special_tokens=False).ids
        if rng.random() < 0.5:
            ids = self.split(ids, 0.1, rng)
        out = self.tokenizer.encode(target, add_special_tokens=False).ids
        if not (0 < len(ids) < LONGEST and 0 < len(out) < LONGEST):
            return None
        return [0] + ids + [EOS], [self.language[to]] + out + [EOS]

    def cut(self, examples):
        self.rng.shuffle(examples)
        examples.sort(key=lambda e: max(map(len, e)))
        batches, batch, width = [], [], 0
        for e in examples:
            longest = max(width, len(e[0]), len(e[1]))
            if batch and longest * (len(batch) + 1) > self.tokens:
                batches.append(batch)
                batch, longest = [], max(len(e[0]), len(e[1]))
            batch.append(e)
            width = longest
        batches.append(batch)
        self.rng.shuffle(batches)
        return map(collate, batches)


def padded(rows, value):
    width = -(-max(map(len, rows)) // 4) * 4  # few shapes, so that memory is used again
    out = np.full((len(rows), width), value, np.int64)
    for i, row in enumerate(rows):
        out[i, :len(row)] = row
    return out


def collate(batch):
    labels = padded([t for _, t in batch], IGNORE)
    return {
        "source": padded([s for s, _ in batch], PAD),
        "input": padded([[EOS] + t[:-1] for _, t in batch], PAD),
        "labels": labels[labels != IGNORE],
        "places": np.flatnonzero(labels != IGNORE),  # where they stand in the flattened batch
    }
