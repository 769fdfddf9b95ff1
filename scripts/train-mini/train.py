"""Train dostyq-mini for a number of seconds; see README.md for the commands.

The schedule follows the clock, not the steps: the rate has come down to nothing when the time is up, on any machine.
A training writes its whole state (weights, average, optimiser, clock) to --out/state.pt and goes on with --resume.
"""
import argparse
import copy
import json
import math
import os
import signal
import sys
import time

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # the batch workers are processes already

import numpy as np
import sacrebleu
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from transformers import BartConfig, BartForConditionalGeneration

from data import PAD, Batches, collate
from pairs import read_corpus, read_tsv

PARTS = 4


def arguments():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--corpus", required=True, help="folder of NAME.tsv files, columns Kazakh and Russian")
    ap.add_argument("--model", required=True, help="folder with the model's config.json and tokenizer.json")
    ap.add_argument("--init", help="init.npz of e5init.py; not needed with --resume")
    ap.add_argument("--dev", required=True, help="held-out pairs; the average that scores best on them is kept")
    ap.add_argument("--test", nargs="*", default=[], help="more held-out pairs, scored once at the end")
    ap.add_argument("--out", required=True, help="folder for state.pt, log.txt and the weights")
    ap.add_argument("--seconds", type=float, default=450)
    ap.add_argument("--resume", action="store_true", help="go on from --out/state.pt; --seconds counts from its start")
    ap.add_argument("--tokens", type=int, default=16000, help="padded target tokens a batch")
    ap.add_argument("--workers", type=int, default=12)
    ap.add_argument("--rate", type=float, default=6e-4)
    ap.add_argument("--warmup", type=float, default=0.04, help="share of the time")
    ap.add_argument("--dropout", type=float, default=0.2)
    ap.add_argument("--smoothing", type=float, default=0.1)
    ap.add_argument("--rdrop", type=float, default=2.0, help="weight of the divergence between two passes; 0 for one pass")
    ap.add_argument("--average", type=float, default=0.999, help="decay of the running average of the weights")
    ap.add_argument("--check", type=float, default=60, help="seconds between two looks at the held-out pairs")
    ap.add_argument("--log", type=float, default=15, help="seconds between two lines of the log")
    ap.add_argument("--scored", type=int, default=300, help="pairs of a held-out file that a look translates at most")
    ap.add_argument("--seed", type=int, default=1)
    return ap.parse_args()


def start_from(path, model):
    """Fill a new model with e5's layers: encoder 0–5; decoder 0, 2, 4, 6, whose cross-attention starts as a copy of
    the same layer's self-attention (better than random, since both read states of the same kind)."""
    given = {k: torch.from_numpy(v.astype(np.float32)) for k, v in np.load(path).items()}

    def put(module, name):
        module.weight.copy_(given[name + ".w"])
        module.bias.copy_(given[name + ".b"])

    def attention(module, layer):
        for part, name in (("q_proj", "q"), ("k_proj", "k"), ("v_proj", "v"), ("out_proj", "ao")):
            put(getattr(module, part), f"{layer}.{name}")

    def block(module, layer):
        attention(module.self_attn, layer)
        for part, name in (("self_attn_layer_norm", "aln"), ("fc1", "fi"), ("fc2", "fo"), ("final_layer_norm", "oln")):
            put(getattr(module, part), f"{layer}.{name}")

    with torch.no_grad():
        table = model.model.shared.weight
        table.normal_(0, given["embedding"].std().item())  # the language tokens and the padded rows are new
        table[:len(given["embedding"])] = given["embedding"]
        table[PAD] = 0
        for side in (model.model.encoder, model.model.decoder):
            side.embed_positions.weight[2:258] = given["positions"]  # BART's positions begin at 2
            put(side.layernorm_embedding, "norm")
        for i, layer in enumerate(model.model.encoder.layers):
            block(layer, i)
        for i, layer in enumerate(model.model.decoder.layers):
            block(layer, 2 * i)
            attention(layer.encoder_attn, 2 * i)
            put(layer.encoder_attn_layer_norm, f"{2 * i}.aln")


def losses(model, batch, smoothing, rdrop):
    """Label-smoothed cross-entropy; with R-Drop the batch passes twice, under different dropout, and the two answers
    are drawn together: a strong regulariser, worth its double cost when the corpus is small and time is not."""
    passes = 2 if rdrop else 1
    source, entry = batch["source"].repeat(passes, 1), batch["input"].repeat(passes, 1)
    hidden = model.model(input_ids=source, attention_mask=(source != PAD).long(), decoder_input_ids=entry,
                         use_cache=False).last_hidden_state
    hidden = hidden.view(passes, -1, hidden.shape[-1])[:, batch["places"]]
    log_p = F.linear(hidden, model.model.shared.weight).float().log_softmax(-1)
    wanted = log_p.gather(-1, batch["labels"].expand(passes, -1)[..., None]).mean()
    entropy = -(1 - smoothing) * wanted - smoothing * log_p.mean()
    if not rdrop:
        return entropy, entropy.detach(), -wanted.detach()
    # the mean of both directed divergences
    apart = 0.5 * ((log_p[0].exp() - log_p[1].exp()) * (log_p[0] - log_p[1])).sum(-1).mean()
    return entropy + rdrop * apart, entropy.detach(), -wanted.detach()


def dev_batches(pairs, tokenizer, tokens):
    """Both directions of some pairs, for the held-out loss."""
    out, batch = [], []
    ids = [[tokenizer.encode(s, add_special_tokens=False).ids for s in p] for p in pairs]
    examples = [([0] + p[1 - to] + [2], [tokenizer.token_to_id(lang)] + p[to] + [2])
                for p in ids for to, lang in ((0, "kaz_Cyrl"), (1, "rus_Cyrl"))]
    for e in sorted(examples, key=lambda e: len(e[0])):
        batch.append(e)
        if len(batch) * 100 > tokens:
            out.append(collate(batch))
            batch = []
    return out + ([collate(batch)] if batch else [])


@torch.no_grad()
def translate(model, tokenizer, texts, language, device, size):
    """Greedy, no 4-gram twice."""
    out, order = [""] * len(texts), sorted(range(len(texts)), key=lambda i: len(texts[i]))
    for start in range(0, len(order), size):
        part = order[start:start + size]
        ids = [[0] + tokenizer.encode(texts[i], add_special_tokens=False).ids[:120] + [2] for i in part]
        width = max(map(len, ids))
        source = torch.tensor([x + [PAD] * (width - len(x)) for x in ids], device=device)
        got = model.generate(input_ids=source, attention_mask=(source != PAD).long(), num_beams=1, do_sample=False,
                             forced_bos_token_id=tokenizer.token_to_id(language), no_repeat_ngram_size=4,
                             max_length=min(200, int(width * 1.6) + 10))
        for i, row in zip(part, got.tolist()):
            out[i] = tokenizer.decode(row, skip_special_tokens=True)
    return out


def scores(model, tokenizer, pairs, device, size=512):
    """BLEU, chrF, chrF++ Kazakh to Russian, then Russian to Kazakh."""
    out = []
    for to, language in ((1, "rus_Cyrl"), (0, "kaz_Cyrl")):
        got = translate(model, tokenizer, [p[1 - to] for p in pairs], language, device, size)
        refs = [[p[to] for p in pairs]]
        out.append((sacrebleu.corpus_bleu(got, refs).score, sacrebleu.corpus_chrf(got, refs).score,
                    sacrebleu.corpus_chrf(got, refs, word_order=2).score))
    return out


def show(found):
    return " | ".join("%.1f %.1f %.1f" % s for s in found)


def write_weights(model, folder):
    """Half-precision weights in a few files of about equal size, each small enough to move about."""
    tied = ("embed_tokens.weight", "lm_head.weight", "final_logits_bias")  # the same table again, and zeros
    state = {k: v.half().cpu().numpy() for k, v in model.state_dict().items() if not k.endswith(tied)}
    parts, sizes = [{} for _ in range(PARTS)], [0] * PARTS
    for name in sorted(state, key=lambda k: -state[k].nbytes):
        least = sizes.index(min(sizes))
        parts[least][name] = state[name]
        sizes[least] += state[name].nbytes
    for i, part in enumerate(parts):
        path = os.path.join(folder, f"weights-{i}")
        np.savez(path + ".tmp.npz", **part)
        os.replace(path + ".tmp.npz", path + ".npz")


def main():
    a = arguments()
    # Leaving in good order ends the batch workers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(a.seed)
    torch.backends.cuda.matmul.allow_tf32 = True
    os.makedirs(a.out, exist_ok=True)
    log = open(os.path.join(a.out, "log.txt"), "a", encoding="utf8")

    def say(text):
        print(text, flush=True)
        print(text, file=log, flush=True)

    tokenizer_path = os.path.join(a.model, "tokenizer.json")
    tokenizer = Tokenizer.from_file(tokenizer_path)
    config = BartConfig.from_dict(json.load(open(os.path.join(a.model, "config.json"))))
    config.dropout, config.attention_dropout, config.activation_dropout = a.dropout, a.dropout / 2, a.dropout / 2
    config._attn_implementation = "sdpa"
    model = BartForConditionalGeneration(config)
    state = None
    if a.resume:
        if not os.path.exists(os.path.join(a.out, "state.pt")):
            raise SystemExit(f"{a.out} holds no state.pt to go on from: the first one is written at the first --check")
        state = torch.load(os.path.join(a.out, "state.pt"), map_location="cpu", weights_only=True)
        model.load_state_dict(state["model"])
    elif a.init:
        start_from(a.init, model)
    else:
        raise SystemExit("a new training needs --init (see e5init.py); an old one goes on with --resume")
    model.to(device).train()
    average, best = (copy.deepcopy(model).eval().requires_grad_(False) for _ in range(2))
    best_score = -1.0
    weights, averaged = list(model.parameters()), list(average.parameters())
    optimizer = torch.optim.AdamW(weights, lr=a.rate, betas=(0.9, 0.98), weight_decay=0.01, fused=device == "cuda")
    step, tokens, before = 0, 0, 0.0
    if state:
        average.load_state_dict(state["average"])
        best.load_state_dict(state["best"])
        optimizer.load_state_dict(state["optimizer"])
        step, tokens, before, best_score = state["step"], state["tokens"], state["seconds"], state["best_score"]

    sets = read_corpus(a.corpus, [a.dev] + a.test)
    dev = read_tsv(a.dev)
    held = dev_batches(dev, tokenizer, a.tokens)
    say(f"torch {torch.__version__} on {torch.cuda.get_device_name() if device == 'cuda' else 'CPU'}, "
        f"{sum(p.numel() for p in weights) / 1e6:.2f}M parameters, "
        f"pairs {({n: len(p) for n, p in sets.items()})}, arguments {vars(a)}")
    # A resumed training draws other examples than it began with: the seed moves with the step.
    stream = Batches(sets, tokenizer_path, a.tokens, seed=a.seed + step)
    loader = torch.utils.data.DataLoader(stream, batch_size=None, num_workers=a.workers,
                                         prefetch_factor=4 if a.workers else None, collate_fn=lambda x: x)

    def on_device(batch):
        moved = {k: torch.from_numpy(v) for k, v in batch.items()}
        if device == "cuda":  # pinned, so that the copy does not wait for the work queued before it
            moved = {k: v.pin_memory().to(device, non_blocking=True) for k, v in moved.items()}
        return moved

    # A processor without instructions for bfloat16 computes with it many times slower than in single precision.
    has_halves = device == "cuda" or torch.cpu._is_avx512_bf16_supported()

    def half():
        return torch.autocast(device, dtype=torch.bfloat16, enabled=has_halves)

    begin = time.time()
    spent = lambda: before + time.time() - begin

    def look():
        """Score the running average on the held-out pairs, keep it if it is the best so far, save everything."""
        nonlocal best_score
        with torch.no_grad(), half():
            sums = [0.0, 0]
            for batch in held:
                n = len(batch["labels"])
                sums[0] += losses(average, on_device(batch), a.smoothing, 0)[2].item() * n
                sums[1] += n
        found = scores(average, tokenizer, dev[:a.scored], device)
        score = sum(s[2] for s in found) / 2
        kept = score > best_score
        if kept:
            best_score = score
            best.load_state_dict(average.state_dict())
            write_weights(best, a.out)
        say(f"  {spent():.0f} s: held-out loss {sums[0] / sums[1]:.3f}; BLEU chrF chrF++ kk-ru | ru-kk: {show(found)}"
            f"{' (kept)' if kept else ''}")
        saved = {"model": model.state_dict(), "average": average.state_dict(), "best": best.state_dict(),
                 "optimizer": optimizer.state_dict(), "step": step, "tokens": tokens, "seconds": spent(),
                 "best_score": best_score}
        torch.save(saved, os.path.join(a.out, "state.tmp"))
        os.replace(os.path.join(a.out, "state.tmp"), os.path.join(a.out, "state.pt"))

    running, steps = torch.zeros(2, device=device), 0
    next_log, next_look, last = spent() + a.log, spent() + a.check, (spent(), tokens)
    for batch in loader:
        done = spent() / a.seconds
        if done >= 1:
            break
        rate = a.rate * min(1, done / a.warmup) * 0.5 * (1 + math.cos(math.pi * done))
        for group in optimizer.param_groups:
            group["lr"] = max(rate, a.rate * 0.002)
        with half():
            loss, entropy, plain_loss = losses(model, on_device(batch), a.smoothing, a.rdrop)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        step += 1
        tokens += len(batch["labels"])
        # A young average would drag the start along: let its memory grow with the training.
        torch._foreach_lerp_(averaged, weights, 1 - min(a.average, (step + 1) / (step + 10)))
        running += torch.stack((loss.detach(), plain_loss))
        steps += 1
        if spent() > next_log:
            shown = (running / steps).tolist()
            now = spent()
            say(f"{now:.0f} s step {step} loss {shown[0]:.3f} (plain {shown[1]:.3f}) rate {rate:.1e} "
                f"{tokens / 1e6:.1f}M target tokens, {(tokens - last[1]) / (now - last[0]) / 1e3:.0f}k/s")
            running.zero_()
            steps, next_log, last = 0, now + a.log, (now, tokens)
        if spent() > next_look:
            look()
            last = (spent(), tokens)
            next_look = spent() + a.check
    look()
    say(f"done: {step} steps, {tokens} target tokens in {spent():.0f} s; best held-out chrF++ {best_score:.2f}")
    for path in a.test:
        say(f"{os.path.basename(path)}: {show(scores(best, tokenizer, read_tsv(path)[:min(120, a.scored)], device))}")


if __name__ == "__main__":
    main()
