"""Score model folders as they ship (int8 ONNX, one thread, greedy, no 4-gram twice) on held-out pairs.

    evaluate.py --models old=DIR new=DIR --sets forum_dev.tsv flores_dev.kk-ru.tsv:120 [--show 3]

FILE:N takes the first N pairs. Prints a Markdown table of sacrebleu's BLEU, chrF and chrF++ in both directions.
"""
import argparse
import os
import time

import numpy as np
import onnxruntime as ort
import sacrebleu
from tokenizers import Tokenizer

from pairs import read_tsv

EOS = 2


class Model:
    def __init__(self, folder):
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        open_one = lambda name: ort.InferenceSession(
            os.path.join(folder, "onnx", name), options, providers=["CPUExecutionProvider"])
        self.encoder = open_one("encoder_model_quantized.onnx")
        self.decoder = open_one("decoder_model_merged_quantized.onnx")
        self.tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
        self.vocabulary = self.tokenizer.get_vocab_size()  # the model's own is padded beyond it
        self.past = [i for i in self.decoder.get_inputs() if i.name.startswith("past_key_values")]
        self.outputs = [o.name for o in self.decoder.get_outputs()]
        self.done = {}

    def translate(self, text, language):
        """The translation and the seconds it took; what was translated before is not translated again."""
        if (text, language) not in self.done:
            begin = time.process_time()
            self.done[text, language] = self.search(text, language), time.process_time() - begin
        return self.done[text, language]

    def search(self, text, language):
        ids = [0] + self.tokenizer.encode(text, add_special_tokens=False).ids[:120] + [EOS]
        mask = np.ones((1, len(ids)), np.int64)
        hidden = self.encoder.run(None, {"input_ids": np.array([ids]), "attention_mask": mask})[0]
        past = {i.name: np.zeros((1, i.shape[1], 0, i.shape[3]), np.float32) for i in self.past}
        forced = self.tokenizer.token_to_id(language)
        out, token, limit = [], EOS, min(200, int(len(ids) * 1.6) + 10)
        while len(out) < limit:
            found = dict(zip(self.outputs, self.decoder.run(None, {
                "input_ids": np.array([[token]]), "encoder_hidden_states": hidden, "encoder_attention_mask": mask,
                "use_cache_branch": np.array([bool(out)]), **past})))
            for name in past:
                if not out or ".encoder." not in name:  # the cross-attention's part is only right on the first step
                    past[name] = found[name.replace("past_key_values", "present")]
            if not out:
                token = forced
            else:
                logits = found["logits"][0, -1, :self.vocabulary].copy()
                for i in range(len(out) - 3):
                    if out[i:i + 3] == out[-3:]:
                        logits[out[i + 3]] = -np.inf
                token = int(logits.argmax())
            if token == EOS:
                break
            out.append(token)
        return self.tokenizer.decode(out, skip_special_tokens=True)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--models", nargs="+", required=True, metavar="NAME=DIR")
    ap.add_argument("--sets", nargs="+", required=True, metavar="FILE[:N]")
    ap.add_argument("--show", type=int, default=0, help="print this many examples of each set")
    a = ap.parse_args()

    print("| model | text | pairs | kk→ru BLEU / chrF / chrF++ | ru→kk BLEU / chrF / chrF++ | CPU ms a sentence |\n" + "|---" * 6 + "|")
    for entry in a.models:
        name, folder = entry.split("=", 1)
        model = Model(folder)
        for spec in a.sets:
            path, _, first = spec.partition(":")
            pairs = read_tsv(path)[:int(first) if first else None]
            cells, examples, spent = [], [], 0
            for to, language in ((1, "rus_Cyrl"), (0, "kaz_Cyrl")):
                found = [model.translate(p[1 - to], language) for p in pairs]
                got, spent = [text for text, _ in found], spent + sum(seconds for _, seconds in found)
                refs = [[p[to] for p in pairs]]
                cells.append("%.1f / %.1f / %.1f" % (
                    sacrebleu.corpus_bleu(got, refs).score, sacrebleu.corpus_chrf(got, refs).score,
                    sacrebleu.corpus_chrf(got, refs, word_order=2).score))
                examples += [f"  {p[1 - to]} => {g}" for p, g in zip(pairs[:a.show], got)]
            each = spent / len(pairs) / 2 * 1000
            print(f"| {name} | {os.path.basename(path)} | {len(pairs)} | {cells[0]} | {cells[1]} | {each:.0f} |", flush=True)
            print(*examples, sep="\n", end="\n" if examples else "")


if __name__ == "__main__":
    main()
