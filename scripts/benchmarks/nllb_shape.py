"""Makes a model of the shape of NLLB-200 distilled 600M, with random weights, in int8.

usage, in the environment of scripts/train-mini: python -m benchmarks.nllb_shape TOKENIZER.json OUT_FOLDER

How long a model takes and how much memory it wants depends on its shape alone, so random weights will do. The tokenizer is that
of XLM-R, 250,002 pieces of a hundred languages, with marks of languages added; NLLB's own, which cannot be had here, has a few
more. The layers are exported with a vocabulary of a few tokens, and the tables are put to their size in the int8 files: a model of
this size cannot be exported in 8 GB.
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from optimum.exporters.onnx import main_export
from transformers import M2M100Config, M2M100ForConditionalGeneration

TOKENS = 256206
#: The vocabulary of the export; no other side of a tensor is as long.
FEW = 520
LANGUAGES = ("eng_Latn", "kaz_Cyrl", "rus_Cyrl")
GRAPHS = ("encoder_model", "decoder_model_merged")


def config(tokens: int) -> M2M100Config:
    """That of facebook/nllb-200-distilled-600M."""
    return M2M100Config(
        vocab_size=tokens,
        d_model=1024,
        encoder_layers=12,
        decoder_layers=12,
        encoder_attention_heads=16,
        decoder_attention_heads=16,
        encoder_ffn_dim=4096,
        decoder_ffn_dim=4096,
        max_position_embeddings=1024,
        scale_embedding=True,
        bos_token_id=0,
        pad_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=2,
    )


def inflate(path: Path, out: Path) -> None:
    """Writes a graph with all tokens in the place of the few; the new ones are copies in another order."""
    model = onnx.load(str(path))
    draw = np.random.default_rng(1)
    chosen = np.concatenate([np.arange(FEW), draw.integers(4, FEW, TOKENS - FEW)])
    for tensor in model.graph.initializer:
        if FEW in tensor.dims:
            numbers = numpy_helper.to_array(tensor)
            grown = np.take(numbers, chosen, axis=numbers.shape.index(FEW))
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(grown), tensor.name))
    resize(model.graph)
    onnx.save(model, str(out))


def resize(graph: onnx.GraphProto) -> None:
    """Brings declared shapes up to date."""
    for value in [*graph.input, *graph.output, *graph.value_info]:
        for side in value.type.tensor_type.shape.dim:
            if side.dim_value == FEW:
                side.dim_value = TOKENS
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                resize(attribute.g)


def tokenizer(full: Path) -> dict[str, object]:
    """XLM-R's tokenizer with marks of languages at its end."""
    spec: dict[str, object] = json.loads(full.read_text(encoding="utf8"))
    added = [token for token in spec["added_tokens"] if token["content"] != "<mask>"]  # type: ignore[attr-defined]
    size = len(spec["model"]["vocab"])  # type: ignore[index]
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    marks = [{"id": size + place, "content": mark, **plain} for place, mark in enumerate(LANGUAGES)]
    spec["added_tokens"] = added + marks
    spec["truncation"] = spec["padding"] = None
    return spec


def main() -> None:
    """Writes the folder; it appears when it is whole."""
    full, out = Path(sys.argv[1]), Path(sys.argv[2])
    torch.manual_seed(1)
    staging = out.with_name(out.name + ".partial")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as work:
        torch_folder, onnx_folder = Path(work) / "torch", Path(work) / "onnx"
        M2M100ForConditionalGeneration(config(FEW)).save_pretrained(torch_folder)
        main_export(
            str(torch_folder),
            str(onnx_folder),
            task="text2text-generation-with-past",
            library_name="transformers",
            do_validation=False,
        )
        for name in GRAPHS:
            small = Path(work) / f"{name}.onnx"
            quantize_dynamic(
                onnx_folder / f"{name}.onnx",
                small,
                per_channel=True,
                weight_type=QuantType.QInt8,
                op_types_to_quantize=["MatMul", "Gather", "Gemm"],
                extra_options={"EnableSubgraph": True, "MatMulConstBOnly": True},
            )
            inflate(small, staging / f"{name}_quantized.onnx")
            small.unlink()
    (staging / "config.json").write_text(json.dumps(config(TOKENS).to_dict()), encoding="utf8")
    (staging / "tokenizer.json").write_text(json.dumps(tokenizer(full), ensure_ascii=False), encoding="utf8")
    staging.rename(out)


if __name__ == "__main__":
    main()
