"""Translates with CTranslate2, from the weights that Dostyq ships.

usage, in the environment of ctranslate2: python -m benchmarks.run_ctranslate2 MODEL_FOLDER CONVERTED_FOLDER COMPUTE_TYPE

Speaks as `crates/translate/examples/bench.rs` does: a line of JSON in, a line of JSON out.
"""

import json
import re
import sys
import time
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from ctranslate2.specs import common_spec, transformer_spec
from tokenizers import Tokenizer

from . import bart_weights
from .bart_weights import Weights

LANGUAGES = {"kk": "kaz_Cyrl", "ru": "rus_Cyrl"}
PARTS = {"encoder": "encoder_model_quantized.onnx", "decoder": "decoder_model_merged_quantized.onnx"}
#: BART's table of positions begins with two that are never used.
POSITIONS_BEFORE_THE_FIRST = 2


class Converter(ctranslate2.converters.Converter):
    """Makes a CTranslate2 model of a BART with norms after the layers, as CTranslate2's own converter does from torch."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._config = json.loads((folder / "config.json").read_text(encoding="utf8"))

    def _load(self) -> transformer_spec.TransformerSpec:
        config = self._config
        spec = transformer_spec.TransformerSpec.from_config(
            (config["encoder_layers"], config["decoder_layers"]),
            config["encoder_attention_heads"],
            pre_norm=False,
            activation=common_spec.Activation.GELU,
            layernorm_embedding=True,
        )
        encoder, decoder = (bart_weights.read(self._folder / "onnx" / PARTS[part]) for part in PARTS)
        side(spec.encoder, encoder)
        side(spec.decoder, decoder)
        linear(spec.decoder.projection, decoder, "lm_head")
        tokens = tokens_of(self._folder, config["vocab_size"])
        spec.register_source_vocabulary(tokens)
        spec.register_target_vocabulary(tokens)
        spec.config.bos_token, spec.config.eos_token, spec.config.unk_token = "<s>", "</s>", "<unk>"
        spec.config.decoder_start_token = tokens[config["decoder_start_token_id"]]
        return spec


def side(spec: Any, weights: Weights) -> None:
    """Encoder or decoder: its tables and layers."""
    spec.scale_embeddings = False
    spec.position_encodings.encodings = weights["embed_positions.weight"][POSITIONS_BEFORE_THE_FIRST:]
    embeddings = spec.embeddings[0] if isinstance(spec.embeddings, list) else spec.embeddings
    embeddings.weight = weights["embed_tokens.weight"]
    norm(spec.layernorm_embedding, weights, "layernorm_embedding")
    for number, layer in enumerate(spec.layer):
        within = f"layers.{number}."
        attention(layer.self_attention, weights, within + "self_attn", fused=[("q_proj", "k_proj", "v_proj")])
        if hasattr(layer, "attention"):
            attention(layer.attention, weights, within + "encoder_attn", fused=[("q_proj",), ("k_proj", "v_proj")])
        linear(layer.ffn.linear_0, weights, within + "fc1")
        linear(layer.ffn.linear_1, weights, within + "fc2")
        norm(layer.ffn.layer_norm, weights, within + "final_layer_norm")


def attention(spec: Any, weights: Weights, name: str, fused: list[tuple[str, ...]]) -> None:
    """An attention with the norm after it; projections that read the same states are one matrix."""
    for place, parts in enumerate(fused):
        spec.linear[place].weight = np.concatenate([weights[f"{name}.{part}.weight"] for part in parts])
        spec.linear[place].bias = np.concatenate([weights[f"{name}.{part}.bias"] for part in parts])
    linear(spec.linear[-1], weights, f"{name}.out_proj")
    norm(spec.layer_norm, weights, f"{name}_layer_norm")


def linear(spec: Any, weights: Weights, name: str) -> None:
    """A matrix and its bias."""
    spec.weight, spec.bias = weights[f"{name}.weight"], weights[f"{name}.bias"]


def norm(spec: Any, weights: Weights, name: str) -> None:
    """A layer norm."""
    spec.gamma, spec.beta = weights[f"{name}.weight"], weights[f"{name}.bias"]


def tokens_of(folder: Path, size: int) -> list[str]:
    """The vocabulary in the order of its ids, filled up to the size of the model."""
    tokens = {number: token for token, number in Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab().items()}
    return [tokens.get(number, f"<filled {number}>") for number in range(size)]


class Translator:
    """A model and its tokenizer."""

    def __init__(self, folder: Path, converted: Path, compute_type: str) -> None:
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._model = ctranslate2.Translator(
            str(converted), device="cpu", compute_type=compute_type, inter_threads=1, intra_threads=1
        )

    def answer(self, job: dict[str, Any]) -> dict[str, Any]:
        """Translates the text of a job; times are milliseconds, from text to text."""
        began, began_cpu = time.perf_counter(), time.process_time()
        source = self._tokenizer.encode(job["text"], add_special_tokens=False).tokens
        found = self._model.translate_batch(
            [["<s>", *source, "</s>"]],
            target_prefix=[[LANGUAGES[job["to"]]]],
            beam_size=job["beams"],
            length_penalty=1.0,
            no_repeat_ngram_size=4,
            max_decoding_length=len(source) * 3 // 2 + 10,
        )
        tokens = found[0].hypotheses[0][1:]
        ids = [number for number in map(self._tokenizer.token_to_id, tokens) if number is not None]
        text = self._tokenizer.decode(ids, skip_special_tokens=True).strip()
        cpu, wall = time.process_time() - began_cpu, time.perf_counter() - began
        return {"text": text, "tokens": len(tokens), "cpu_ms": cpu * 1000, "wall_ms": wall * 1000}


def resident_mb(field: str) -> float:
    """What the kernel says of this process: `VmRSS` now, `VmHWM` at most."""
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="utf8"))
    return int(found.group(1)) / 1024 if found else 0.0


def main() -> None:
    """Answers until the input ends."""
    folder, converted, compute_type = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    if not converted.is_dir():
        Converter(folder).convert(str(converted), quantization=None if compute_type == "float32" else compute_type)
        # The conversion took memory that translation does not take.
        print(json.dumps({"converted": str(converted)}), flush=True)
        return
    empty = resident_mb("VmRSS")
    translator = Translator(folder, converted, compute_type)
    for line in sys.stdin:
        print(json.dumps(translator.answer(json.loads(line)), ensure_ascii=False), flush=True)
    print(json.dumps({"empty_mb": empty, "peak_mb": resident_mb("VmHWM")}), flush=True)


if __name__ == "__main__":
    main()
